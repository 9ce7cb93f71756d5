//! `fs`: files.

use crate::evaluation::{check_cancelled, host};
use crate::failure::{Answer, fail, raise};
use crate::file;
use crate::file_view::FileView;
use crate::lines::Lines;
use crate::namespace::Namespace;
use crate::permitted;
use crate::stream::Stream;
use globset::GlobBuilder;
use rhai::{Array, Blob, Dynamic, INT, ImmutableString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use thinking_step::{Access, Class};

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("fs");
    ns.function(
        "read_text",
        Class::Observe,
        "read_text(path) -> string",
        "Reads a file as UTF-8 text. Throws where it is not UTF-8, with the byte, and if there is no such file; large files are better read by `fs::lines`.",
        |path: ImmutableString| file::read_text(&path, "fs::read_text"),
    )
    .reads(0);
    ns.function(
        "read_blob",
        Class::Observe,
        "read_blob(path) -> blob",
        "Reads a file's bytes as a blob. Throws if there is no such file.",
        |path: ImmutableString| -> Answer<Blob> { file::read(&path, "fs::read_blob") },
    )
    .reads(0);
    ns.function(
        "lines",
        Class::Observe,
        "lines(path) -> list",
        "The lines of a UTF-8 text file, without their ends, read one at a time: `for line in fs::lines(\"big.txt\") { … }` holds one line, \
         whatever the size of the file. The value can do all that a list can; what needs all lines at once (`[0]`, `sort`, `push`) reads them all. \
         Lines that are not UTF-8 are thrown when they are reached, with their number, and so is a file that became shorter meanwhile.",
        |path: ImmutableString| -> Answer<Dynamic> { Ok(Stream::dynamic(Lines(FileView::open(&path, "fs::lines")?))) },
    )
    .reads(0)
    .streams();
    ns.function(
        "exists",
        Class::Observe,
        "exists(path) -> bool",
        "Whether there is a file or directory; that one is looked for counts as an input of the step, also in vain.",
        |path: ImmutableString| -> Answer<bool> { Ok(file::to_read(&path, "fs::exists")?.exists()) },
    )
    .reads(0);
    ns.function(
        "size",
        Class::Observe,
        "size(path) -> int",
        "A file's size in bytes. Throws if there is no such file.",
        |path: ImmutableString| -> Answer<INT> {
            let real = file::to_read(&path, "fs::size")?;
            let about = fs::metadata(real).map_err(|error| file::problem("look at", &path, &error))?;
            Ok(INT::try_from(about.len()).unwrap_or(INT::MAX))
        },
    )
    .reads(0);
    ns.function(
        "glob",
        Class::Observe,
        "glob(pattern) -> list",
        "The files that match, sorted: `fs::glob(\"data/**/*.csv\")`. Hidden ones only if the pattern names them.",
        |pattern: ImmutableString| glob(&pattern),
    )
    .reads_below(0);
    ns.function(
        "write_text",
        Class::Effect,
        "write_text(path, text)",
        "Replaces a file's content, as a whole or not at all; makes its directory if needed.",
        |path: ImmutableString, text: ImmutableString| file::write(&path, text.as_bytes(), "fs::write_text"),
    )
    .writes(0);
    ns.function(
        "write_blob",
        Class::Effect,
        "write_blob(path, blob)",
        "Replaces a file's content with the bytes of a blob, as a whole or not at all; makes its directory if needed.",
        |path: ImmutableString, bytes: Blob| file::write(&path, &bytes, "fs::write_blob"),
    )
    .writes(0);
    ns.function(
        "append_text",
        Class::Effect,
        "append_text(path, text)",
        "Adds text at a file's end; makes the file if needed. A step that runs again appends again.",
        |path: ImmutableString, text: ImmutableString| append(&path, &text),
    )
    .writes(0);
    ns.function(
        "copy",
        Class::Effect,
        "copy(from, to)",
        "Copies a file of any size, as a whole or not at all; replaces what is there. Throws if there is no such file.",
        |from: ImmutableString, to: ImmutableString| copy(&from, &to),
    )
    .reads(0)
    .writes(1);
    ns.function(
        "remove",
        Class::Effect,
        "remove(path) -> bool",
        "Removes a file; says whether it was there.",
        |path: ImmutableString| remove(&path),
    )
    .writes(0);
    ns
}

fn append(path: &str, text: &str) -> Answer<()> {
    let real = file::to_write(path, "fs::append_text")?;
    file::regular("append to", path, &real)?;
    let opened = real
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| permitted::append(&real)?.write_all(text.as_bytes()));
    host()?.wrote_file(&real);
    opened.map_err(|error| file::problem("append to", path, &error))
}

fn copy(from: &str, to: &str) -> Answer<()> {
    let host = host()?;
    let source = host.permit(Access::Read(Path::new(from))).map_err(raise)?;
    let target = file::to_write(to, "fs::copy")?;
    host.saw_file(&source);
    file::regular("read", from, &source)?;
    let mut content = permitted::read(&source).map_err(|error| file::problem("read", from, &error))?;
    file::replace(&target, &*host, |file| std::io::copy(&mut content, file).map(drop))
        .map_err(|error| file::problem("write", to, &error))
}

fn remove(path: &str) -> Answer<bool> {
    let real = file::to_write(path, "fs::remove")?;
    match permitted::remove(&real) {
        Ok(()) => {
            host()?.wrote_file(&real);
            Ok(true)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(file::problem("remove", path, &error)),
    }
}

/// The last directory that a pattern names without a wildcard, with its `/`; empty if there is none.
fn base(pattern: &str) -> &str {
    let special = pattern.find(['*', '?', '[', '{']).unwrap_or(pattern.len());
    pattern[..special].rfind('/').map_or("", |at| &pattern[..=at])
}

/// The directory that `fs::glob` reads for a pattern: `.` if it names none.
#[must_use]
pub fn glob_base(pattern: &str) -> &str {
    match base(pattern) {
        "" => ".",
        "/" => "/",
        base => base.trim_end_matches('/'),
    }
}

fn glob(pattern: &str) -> Answer<Array> {
    let matcher = GlobBuilder::new(pattern.strip_prefix("./").unwrap_or(pattern))
        .literal_separator(true)
        .build()
        .map_err(|error| fail(format!("`{pattern}` is not a pattern: {}", error.kind())))?
        .compile_matcher();
    let base = base(pattern);
    let real = file::to_read(if base.is_empty() { "." } else { base }, "fs::glob")?;
    let hidden = pattern.split('/').any(|part| part.starts_with('.') && part != "." && part != "..");
    let mut found = Vec::new();
    walk(&real, &PathBuf::from(base.strip_prefix("./").unwrap_or(base)), hidden, &mut |shown| {
        if matcher.is_match(shown) {
            found.push(shown.display().to_string());
        }
    })?;
    found.sort_unstable();
    Ok(found.into_iter().map(Dynamic::from).collect())
}

/// Goes through a directory and those below it; links to directories are not followed. What may not be read is not seen.
fn walk(real: &Path, shown: &Path, hidden: bool, each: &mut dyn FnMut(&Path)) -> Answer<()> {
    let host = host()?;
    let mut open = vec![(real.to_path_buf(), shown.to_path_buf())];
    while let Some((real, shown)) = open.pop() {
        check_cancelled()?;
        let Ok(entries) = fs::read_dir(&real) else { continue };
        host.saw_file(&real);
        for entry in entries.flatten() {
            let name = entry.file_name();
            if !hidden && name.to_string_lossy().starts_with('.') {
                continue;
            }
            if host.permit(Access::Read(&entry.path())).is_err() {
                continue;
            }
            let shown = shown.join(&name);
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push((entry.path(), shown));
            } else {
                each(&shown);
            }
        }
    }
    Ok(())
}
