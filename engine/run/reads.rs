//! What a step or a decision saw outside of the line: a change of it is a reason to run again.

use serde::{Deserialize, Serialize};
use thinking_step::Digest;

/// One thing seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Read {
    /// A parameter (never a secret): name as in the manifest, value as JSON text, so that a change can be shown.
    Param(String, String),
    /// A facet, and whether it was active.
    Facet(String, bool),
    /// `app` or `test`.
    Mode(String),
    /// The seed of random numbers.
    Seed(i64),
    /// An environment variable; its value only as a digest.
    Env(String, Option<String>),
    /// A file or directory; the digest of its content, or that it was not there. Paths are relative to the project's directory if they are inside.
    File(String, Option<String>),
    /// What a directory lists: without these names, which the step makes itself, a digest of the others, or that it was not there; and the names, if
    /// they are not too many.
    List(String, Vec<String>, Option<String>, Vec<String>),
    /// The files that a glob of `input` matched: a digest of their paths, without those in the step's own outputs; and the paths, if they are not too many.
    Glob(String, String, Vec<String>, Vec<String>),
    /// `results.name`, and the path without keys of the step that it meant, if any.
    Sibling(String, Option<String>),
    /// `result("path")`, without keys: whether that is a step. (A container's result is among the facts.)
    Task(String, bool),
    /// What a component that the step used saw while it started: a parameter, facet, variable or file, as it is outside of any task.
    Start(Box<Read>),
}

impl Read {
    /// What was looked at, whoever did.
    pub(crate) fn inner(&self) -> &Self {
        match self {
            Self::Start(read) => read.inner(),
            other => other,
        }
    }
}

/// What was seen, as bytes to intern; the order of seeing does not count.
pub(crate) fn to_bytes(reads: &mut Vec<Read>) -> Vec<u8> {
    reads.sort_unstable();
    reads.dedup();
    serde_json::to_vec(reads).unwrap_or_default()
}

/// What was seen, from interned bytes. `None` if they are of another version: then nothing is known, and the step runs again.
pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Vec<Read>> {
    serde_json::from_slice(bytes).ok()
}

/// The digest of a directory's names, without some.
pub(crate) fn names_digest(names: &[String], without: &[String]) -> String {
    let mut text = String::new();
    for name in names.iter().filter(|name| !without.iter().any(|other| name.trim_end_matches('/') == other)) {
        text.push_str(name);
        text.push('\0');
    }
    hex(thinking_step::digest(text.as_bytes()))
}

/// Names to record one by one: none if that would be too much.
pub(crate) fn few(names: Vec<String>) -> Vec<String> {
    if names.len() <= 500 { names } else { Vec::new() }
}

/// A digest as text.
pub(crate) fn hex(digest: Digest) -> String {
    digest.to_string()
}

/// The result of a container that a step saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResultRead {
    /// The name or path.
    pub name: String,
    /// Whether it is a name.
    pub sibling: bool,
    /// The value's digest.
    pub digest: String,
}

/// What is recorded with one instance of a task: its outputs, the loop variables that its key does not already say, and for steps that run every
/// time the keys that they wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Declared outputs and digests of their contents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<(String, String)>,
    /// Other files that it wrote, as far as the engine knows, and digests of their contents; `None` for one that it removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<(String, Option<String>)>,
    /// Names and digests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<(String, String)>,
    /// Results of containers that it saw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<ResultRead>,
    /// Of a container that passed a failure over: the step that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// Of a step that runs every time: what it wrote. `None` as a key: everything was cleared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrote: Vec<(u16, Option<Vec<u8>>)>,
}

impl Facts {
    /// What it left in files.
    pub(crate) fn left(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let outputs = self.outputs.iter().map(|(path, digest)| (path.as_str(), Some(digest.as_str())));
        outputs.chain(self.files.iter().map(|(path, digest)| (path.as_str(), digest.as_deref())))
    }

    /// Bytes to store; none if there is nothing to say.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        if *self == Self::default() { Vec::new() } else { serde_json::to_vec(self).unwrap_or_default() }
    }

    /// What was stored; `None` if it is of another version.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() { Some(Self::default()) } else { serde_json::from_slice(bytes).ok() }
    }
}
