//! Which program was built from what: if all of that lies there as it did, cargo is not needed.

use super::named::Asked;
use super::project::RunnerProject;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Settings in the environment that change what cargo builds, or where.
const VARIABLES: [&str; 7] =
    ["CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_", "CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC", "CC"];

/// A program, and what it was built from. Written last, as a whole.
#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    /// Of everything that it was built from.
    digest: String,
    program: PathBuf,
    /// The program as it was then: in a shared target directory another one may take its place.
    stamp: Stamp,
    /// What the digest covers, some of it not there.
    files: Vec<PathBuf>,
}

/// A file as it was: bytes, and time of the last change.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct Stamp(u64, SystemTime);

impl Record {
    /// The program, if it is there and what it was built from did not change.
    pub fn fresh(directory: &Path, asked: &Asked) -> Option<PathBuf> {
        let record: Self = serde_json::from_slice(&fs::read(path(directory)).ok()?).ok()?;
        let same = stamp(&record.program).ok()? == record.stamp && digest(asked, &record.files).ok()? == record.digest;
        same.then_some(record.program)
    }

    /// Writes down that a program was built, unless something changed since it was `begun`, or cannot be found again.
    pub fn write(
        directory: &Path,
        asked: &Asked,
        project: &RunnerProject,
        program: &Path,
        begun: SystemTime,
    ) -> io::Result<()> {
        let mut files = sources(&fs::read_to_string(program.with_extension("d"))?);
        for source in &files {
            let odd = !source.is_absolute() || fs::metadata(source)?.modified()? > begun;
            if odd {
                return Ok(());
            }
        }
        files.extend(project.settings.iter().cloned());
        files.extend(for_build_scripts(asked));
        files.extend(user_settings());
        files.sort();
        files.dedup();
        let changed =
            |file: &PathBuf| fs::metadata(file).and_then(|about| about.modified()).is_ok_and(|time| time > begun);
        if files.iter().any(|file| file.is_file() && changed(file)) {
            return Ok(());
        }
        let record =
            Self { digest: digest(asked, &files)?, program: program.to_path_buf(), stamp: stamp(program)?, files };
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(&serde_json::to_vec(&record)?)?;
        file.persist(path(directory))?;
        Ok(())
    }
}

fn path(directory: &Path) -> PathBuf {
    directory.join("built.json")
}

fn stamp(program: &Path) -> io::Result<Stamp> {
    let about = fs::metadata(program)?;
    Ok(Stamp(about.len(), about.modified()?))
}

/// The files that the compiler read, from what it wrote beside the program: `program: file file\ with\ blanks`.
fn sources(text: &str) -> Vec<PathBuf> {
    let Some((_, rest)) = text.lines().next().and_then(|line| line.split_once(": ")) else { return Vec::new() };
    let whole = rest.replace("\\ ", "\0");
    whole.split(' ').filter(|file| !file.is_empty()).map(|file| PathBuf::from(file.replace('\0', " "))).collect()
}

/// A build script that does not say what it reads may read all files of its crate.
fn for_build_scripts(asked: &Asked) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for named in asked.crates.iter().filter(|named| named.directory.join("build.rs").is_file()) {
        let inside = |name: &std::ffi::OsStr| !name.as_encoded_bytes().starts_with(b".") && name != "target";
        walk(&named.directory, &inside, &mut files);
    }
    files
}

/// Files below a folder, in no order.
fn walk(folder: &Path, inside: &dyn Fn(&std::ffi::OsStr) -> bool, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !inside(&entry.file_name()) {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&entry.path(), inside, files),
            Ok(_) => files.push(entry.path()),
            Err(_) => {}
        }
    }
}

/// The user's own settings of cargo and of the toolchain.
fn user_settings() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let folder = |variable: &str, usual: &str| {
        let given = std::env::var_os(variable).filter(|given| !given.is_empty()).map(PathBuf::from);
        given.or_else(|| home.as_ref().map(|home| home.join(usual)))
    };
    let cargo =
        folder("CARGO_HOME", ".cargo").into_iter().flat_map(|at| ["config.toml", "config"].map(|name| at.join(name)));
    let rustup = folder("RUSTUP_HOME", ".rustup").map(|at| at.join("settings.toml"));
    cargo.chain(rustup).collect()
}

/// A digest over everything that a program is built from.
fn digest(asked: &Asked, files: &[PathBuf]) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    };
    add(b"thinking runner 1");
    add(asked.profile.as_bytes());
    let mut variables: Vec<_> = std::env::vars_os()
        .filter(|(name, _)| VARIABLES.iter().any(|known| name.as_encoded_bytes().starts_with(known.as_bytes())))
        .collect();
    variables.sort();
    for (name, value) in variables {
        add(name.as_encoded_bytes());
        add(value.as_encoded_bytes());
    }
    for file in files {
        add(file.as_os_str().as_encoded_bytes());
        if file.is_dir() {
            // A folder that a build script looks at.
            let mut inside = Vec::new();
            walk(file, &|_| true, &mut inside);
            inside.sort();
            for file in inside {
                add(file.as_os_str().as_encoded_bytes());
                add(&fs::read(file)?);
            }
            continue;
        }
        match fs::read(file) {
            Ok(text) => add(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => add(b"\0absent"),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => add(b"\0absent"),
            Err(error) => return Err(error),
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_compiler_read() {
        let text = "/t/release/runner: /p/src/lib.rs /p/my\\ data/a.txt /p/src/b.rs\n";
        assert_eq!(sources(text), ["/p/src/lib.rs", "/p/my data/a.txt", "/p/src/b.rs"].map(PathBuf::from));
        assert!(sources("").is_empty() && sources("odd").is_empty());
    }
}
