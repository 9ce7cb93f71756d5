//! Reading and writing files the permitted way: ask, tell the host, then act.

use crate::evaluation::host;
use crate::failure::{Answer, fail, raise};
use crate::permitted;
use rhai::EvalAltResult;
use std::fs;
use std::io::{ErrorKind, Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use thinking_step::{Access, Class, Host};

/// Where `path` really is, if it may be read. The host notes that it was looked at.
///
/// # Errors
/// It may not be read, or not here.
pub fn to_read(path: &str, function: &str) -> Answer<PathBuf> {
    let host = host()?;
    let real = host.permit(Access::Read(Path::new(path))).map_err(raise)?;
    host.touch(Class::Observe, function).map_err(raise)?;
    host.saw_file(&real);
    Ok(real)
}

/// Where `path` really is, if it may be written; everything before is durable then.
///
/// # Errors
/// It may not be written, or not here.
pub fn to_write(path: &str, function: &str) -> Answer<PathBuf> {
    let host = host()?;
    let real = host.permit(Access::Write(Path::new(path))).map_err(raise)?;
    host.touch(Class::Effect, function).map_err(raise)?;
    Ok(real)
}

/// The bytes of a file.
///
/// # Errors
/// It may not be read, or cannot.
pub fn read(path: &str, function: &str) -> Answer<Vec<u8>> {
    let real = to_read(path, function)?;
    regular("read", path, &real)?;
    let mut content = Vec::new();
    let read = permitted::read(&real).and_then(|mut file| file.read_to_end(&mut content));
    read.map_err(|error| problem("read", path, &error))?;
    Ok(content)
}

/// Pipes and devices are refused: opening one may never end.
///
/// # Errors
/// There is one.
pub fn regular(verb: &str, path: &str, real: &Path) -> Answer<()> {
    match fs::metadata(real) {
        Ok(about) if !about.is_file() && !about.is_dir() => {
            Err(fail(format!("cannot {verb} `{path}`: it is not a regular file")))
        }
        _ => Ok(()),
    }
}

/// The text of a file.
///
/// # Errors
/// It may not be read, cannot, or is not UTF-8.
pub fn read_text(path: &str, function: &str) -> Answer<String> {
    String::from_utf8(read(path, function)?).map_err(|error| {
        fail(format!("cannot read `{path}`: it is not UTF-8 text (byte {})", error.utf8_error().valid_up_to()))
    })
}

/// Replaces a file's content as a whole: readers see the old content or the new, never a part. Makes the directory if needed.
///
/// # Errors
/// It may not be written, or cannot.
pub fn write(path: &str, content: &[u8], function: &str) -> Answer<()> {
    let real = to_write(path, function)?;
    let host = host()?;
    replace(&real, &*host, |file| file.write_all(content)).map_err(|error| problem("write", path, &error))
}

/// Writes a new content elsewhere and renames it into place. The host notes that the file was written.
///
/// # Errors
/// The file system refused.
pub fn replace(
    real: &Path,
    host: &dyn Host,
    fill: impl FnOnce(&mut fs::File) -> std::io::Result<()>,
) -> std::io::Result<()> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    if let Some(parent) = real.parent() {
        fs::create_dir_all(parent)?;
    }
    let name = real.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let unique = COUNTER.fetch_add(1, Ordering::Relaxed);
    let temporary = format!(".{name}.{}-{unique}.tmp", std::process::id());
    let beside = match host.temporary_directory(real) {
        Some(directory) => directory.join(format!(".{}-{unique}.tmp", std::process::id())),
        None => real.with_file_name(temporary),
    };
    let written = permitted::create(&beside).and_then(|mut file| fill(&mut file));
    let done = written.and_then(|()| permitted::rename(&beside, real));
    if done.is_err() {
        // The half-written file is of no use; that it cannot be removed would hide the real reason.
        let _ = fs::remove_file(&beside);
    } else {
        host.wrote_file(real);
    }
    done
}

/// One clear line for what the file system refused.
pub fn problem(verb: &str, path: &str, error: &std::io::Error) -> Box<EvalAltResult> {
    let why = match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::PermissionDenied => "the system does not allow it".to_owned(),
        ErrorKind::IsADirectory => "it is a directory".to_owned(),
        ErrorKind::NotADirectory => "a part of the path is not a directory".to_owned(),
        _ if permitted::is_link(error) => "a link has taken the place of what was permitted".to_owned(),
        ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => error.to_string(),
    };
    fail(format!("cannot {verb} `{path}`: {why}"))
}
