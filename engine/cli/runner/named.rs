//! The crates that a manifest names.

use super::refusal;
use crate::cli::session::Session;
use std::path::{Path, PathBuf};
use thinking_diagnostic::{Diagnostics, Span};
use thinking_schema::ProfileWord;

/// A crate that a manifest names. Its folder is there and holds a `Cargo.toml`.
#[derive(Debug, Clone)]
pub(super) struct Named {
    /// As it is written.
    pub written: String,
    /// Its folder, without links.
    pub directory: PathBuf,
    /// Where it is written.
    pub span: Option<Span>,
}

/// All crates of a project, and how they are to be built.
pub(super) struct Asked {
    /// Each once, in the order of their folders' names.
    pub crates: Vec<Named>,
    /// `release` or `dev`. All are one program: if one of them is to be fast, all are.
    pub profile: &'static str,
}

impl Asked {
    /// Where their program is written, below a place for such programs. Other crates have another one.
    pub fn directory(&self, place: &Path) -> PathBuf {
        place.join(self.name())
    }

    /// Whether this program holds them all already: it is the project's own.
    pub fn are_here(&self) -> bool {
        let linked = thinking_native::linked_crates();
        let linked: Vec<PathBuf> = linked.iter().filter_map(|folder| Path::new(folder).canonicalize().ok()).collect();
        self.crates.iter().all(|one| linked.contains(&one.directory))
    }

    /// A name that no other program has, also where several projects share one target directory.
    pub fn name(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for one in &self.crates {
            hasher.update(one.directory.as_os_str().as_encoded_bytes()).update(&[0]);
        }
        format!("runner-{}", &hasher.finalize().to_hex()[..12])
    }
}

/// The crates that a manifest names under any facet; `None` if there are none.
pub(super) fn crates(session: &Session<'_>) -> Result<Option<Asked>, Diagnostics> {
    // Most manifests have none, and composing under every facet takes longer than to look for the word.
    if !session.sources.iter().any(|(_, file)| file.text.contains("components")) {
        return Ok(None);
    }
    let mut wrong = Diagnostics::new();
    let mut crates: Vec<Named> = Vec::new();
    let mut profile = "dev";
    for selection in session.project.facets.every_selection() {
        // What is wrong with the rest of the manifest is told when it is checked.
        let Some(model) = session.project.compose(&selection, &mut Diagnostics::new()) else { continue };
        for components in &model.manifest.components {
            if components.profile.as_ref().is_none_or(|profile| profile.value == ProfileWord::Release) {
                profile = "release";
            }
            match named(&session.project.directory, &components.folder.value, components.folder.span) {
                Ok(one) if crates.iter().any(|known| known.directory == one.directory) => {}
                Ok(one) => crates.push(one),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    crates.sort_by(|one, other| one.directory.cmp(&other.directory));
    Ok((!crates.is_empty()).then_some(Asked { crates, profile }))
}

fn named(project: &Path, written: &str, span: Option<Span>) -> Result<Named, thinking_diagnostic::Diagnostic> {
    let missing = |why: String, help: &str| Err(refusal::no_crate(written, span, why, help));
    let directory = match project.join(written).canonicalize() {
        Ok(directory) => directory,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return missing(
                "there is no such folder".to_owned(),
                "mend the path: it starts at the manifest's folder\nor begin with a project that has a crate: thinking init rust FOLDER",
            );
        }
        Err(error) => return missing(error.to_string(), "mend the path: it starts at the manifest's folder"),
    };
    if !directory.is_dir() {
        return missing("it is a file".to_owned(), "name the folder that holds the crate's Cargo.toml");
    }
    if !directory.join("Cargo.toml").is_file() {
        return missing("there is no Cargo.toml in it".to_owned(), "name the folder that holds the crate's Cargo.toml");
    }
    // Cargo.toml files are text, and so are the paths in them.
    if directory.to_str().is_none() {
        return missing("its path is not UTF-8".to_owned(), "cargo cannot name it: call the folder otherwise");
    }
    Ok(Named { written: written.to_owned(), directory, span })
}
