//! What a step saw, in words.

use crate::reads::{Facts, Read};
use thinking_event::past::PastRead;

/// What is recorded as read, and the container results and loop variables among the facts.
pub(super) fn seen(reads: Vec<Read>, facts: &Facts) -> Vec<PastRead> {
    let mut seen: Vec<PastRead> = reads.into_iter().map(read).collect();
    let result = |name: &String, sibling| if sibling { format!("results.{name}") } else { name.clone() };
    seen.extend(facts.results.iter().map(|read| PastRead {
        kind: "result",
        name: result(&read.name, read.sibling),
        value: None,
    }));
    seen.extend(facts.variables.iter().map(|(name, _)| PastRead { kind: "variable", name: name.clone(), value: None }));
    seen
}

fn read(read: Read) -> PastRead {
    let absent = |there: bool| (!there).then(|| "not there".to_owned());
    let (kind, name, value) = match read {
        Read::Param(name, value) => ("param", name, Some(value)),
        Read::Facet(name, on) => ("facet", name, Some(if on { "on" } else { "off" }.to_owned())),
        Read::Mode(mode) => ("mode", mode, None),
        Read::Seed(seed) => ("seed", seed.to_string(), None),
        Read::Env(name, value) => ("env", name, absent(value.is_some())),
        Read::File(path, digest) => ("file", path, absent(digest.is_some())),
        Read::List(path, _, digest, names) => {
            let count = (!names.is_empty()).then(|| format!("{} names", names.len()));
            ("directory", path, absent(digest.is_some()).or(count))
        }
        Read::Glob(pattern, _, _, paths) => {
            ("files", pattern, (!paths.is_empty()).then(|| format!("{} files", paths.len())))
        }
        Read::Sibling(name, path) => {
            ("result", format!("results.{name}"), Some(path.unwrap_or_else(|| "not there".to_owned())))
        }
        Read::Task(path, there) => ("result", path, absent(there)),
        Read::Start(inner) => return self::read(*inner),
    };
    PastRead { kind, name, value }
}
