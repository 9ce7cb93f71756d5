//! Files that steps left, as they lie there now.

use super::left::{Left, blob_text};
use super::{Difference, What, new};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Larger texts are compared as bytes.
const MOST: u64 = 1 << 20;

/// A file's content.
#[derive(PartialEq)]
enum Content {
    Absent,
    Text(String),
    Bytes(String),
    /// A link's target, or a kind of file that is not read.
    Other(String),
}

pub(super) fn compare(one: &Left<'_>, other: &Left<'_>, found: &mut Vec<Difference>) {
    let mut paths: BTreeMap<&String, &(String, bool)> = other.files.iter().collect();
    paths.extend(&one.files);
    for (path, (step, output)) in paths {
        // What lies outside of the projects is one file for both.
        if Path::new(path).is_absolute() {
            continue;
        }
        let (mine, theirs) = (all(&one.side.root.join(path)), all(&other.side.root.join(path)));
        let inside: std::collections::BTreeSet<&PathBuf> = mine.iter().chain(&theirs).collect();
        for file in inside {
            let whole = if file.as_os_str().is_empty() { path.into() } else { Path::new(path).join(file) };
            let (mine, theirs) = (content(one, &whole), content(other, &whole));
            if mine == theirs {
                continue;
            }
            let name = whole.display().to_string();
            let what = if *output { What::Output(name) } else { What::File(name) };
            let (mine, theirs) = match (&mine, &theirs) {
                (Content::Text(mine), Content::Text(theirs)) => lines(mine, theirs),
                (mine, theirs) => (shown(mine), shown(theirs)),
            };
            found.push(new(Some(step.clone()), what, &mine, &theirs));
        }
    }
}

/// Files of the two projects that no step declares and that differ; links, and what both have as it was, are nothing.
pub(super) fn others(one: &Left<'_>, other: &Left<'_>, found: &mut Vec<Difference>) {
    if one.side.root == other.side.root {
        return;
    }
    let declared = |path: &Path| one.files.keys().chain(other.files.keys()).any(|known| path.starts_with(known));
    let files = |root: &Path| -> std::collections::BTreeSet<PathBuf> {
        let entries = walkdir::WalkDir::new(root).into_iter().flatten().filter(|entry| entry.file_type().is_file());
        entries.filter_map(|entry| entry.path().strip_prefix(root).ok().map(Path::to_owned)).collect()
    };
    for file in files(one.side.root).union(&files(other.side.root)).filter(|file| !declared(file)) {
        let (mine, theirs) = (content(one, file), content(other, file));
        if mine == theirs {
            continue;
        }
        let (mine, theirs) = match (&mine, &theirs) {
            (Content::Text(mine), Content::Text(theirs)) => lines(mine, theirs),
            (mine, theirs) => (shown(mine), shown(theirs)),
        };
        found.push(new(None, What::File(file.display().to_string()), &mine, &theirs));
    }
}

/// The file itself as an empty path, or what is in the directory.
fn all(path: &Path) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(path).into_iter().flatten().filter(|entry| !entry.file_type().is_dir());
    let inside = files.filter_map(|entry| entry.path().strip_prefix(path).ok().map(Path::to_owned));
    let mut inside: Vec<PathBuf> = inside.collect();
    if inside.is_empty() {
        inside.push(PathBuf::new());
    }
    inside
}

/// The content without names that only this run has.
fn content(left: &Left<'_>, path: &Path) -> Content {
    let path = left.side.root.join(path);
    let Ok(metadata) = fs::symlink_metadata(&path) else { return Content::Absent };
    if metadata.is_symlink() {
        let target = fs::read_link(&path).map(|target| target.display().to_string()).unwrap_or_default();
        return Content::Other(format!("a link to {}", left.plain(&target)));
    }
    if metadata.is_dir() {
        return Content::Other("a directory".to_owned());
    }
    // Opening a pipe or a device may never end.
    if !metadata.is_file() {
        return Content::Other("no plain file".to_owned());
    }
    if metadata.len() > MOST {
        let digest = fs::File::open(&path).and_then(|file| {
            let mut hasher = blake3::Hasher::new();
            hasher.update_reader(file).map(|hasher| hasher.finalize().to_hex().to_string())
        });
        return match digest {
            Ok(digest) => Content::Bytes(format!("{} bytes ({digest:.8}…)", metadata.len())),
            Err(error) => Content::Other(format!("it cannot be read: {error}")),
        };
    }
    match fs::read(&path).map(String::from_utf8) {
        Ok(Ok(text)) => Content::Text(left.plain(&text)),
        Ok(Err(bytes)) => Content::Bytes(blob_text(bytes.as_bytes())),
        Err(error) => Content::Other(format!("it cannot be read: {error}")),
    }
}

fn shown(content: &Content) -> String {
    match content {
        Content::Absent => "no such file".to_owned(),
        Content::Text(text) if text.is_empty() => "an empty file".to_owned(),
        Content::Text(text) => format!("a text of {}", counted(text.lines().count())),
        Content::Bytes(text) | Content::Other(text) => text.clone(),
    }
}

/// The first lines that differ.
fn lines(mine: &str, theirs: &str) -> (String, String) {
    let (mut one, mut other) = (mine.lines(), theirs.lines());
    for number in 1.. {
        let (left, right) = (one.next(), other.next());
        if left.is_none() && right.is_none() {
            break;
        }
        if left != right {
            let line = |line: Option<&str>, text: &str| match line {
                Some(line) => format!("line {number}: {line}"),
                None => format!("it ends after {}", counted(text.lines().count())),
            };
            return (line(left, mine), line(right, theirs));
        }
    }
    let ending = |text: &str| if text.ends_with('\n') { "its last line ends" } else { "its last line does not end" };
    match ending(mine) == ending(theirs) {
        false => (ending(mine).to_owned(), ending(theirs).to_owned()),
        true => ("lines that end in another way".to_owned(), "lines that end in another way".to_owned()),
    }
}

fn counted(lines: usize) -> String {
    if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") }
}
