//! Where the state lies, or will lie.

use super::finding::{Finding, bytes};
use std::path::{Path, PathBuf};
use thinking_store::{Store, StoreError};
use thinking_store_lmdb::{FileSystem, LmdbStore, OpenOptions, file_system};

/// Looks at the place; `owner` is the project whose state it should be, if that is known.
pub(super) fn checks(state: &Path, owner: Option<&str>) -> Vec<Finding> {
    let Some(ground) = state.ancestors().find(|folder| folder.exists()) else {
        return vec![Finding::bad(
            "folder",
            format!("{} is nowhere", state.display()),
            "give a folder with --state DIR",
        )];
    };
    let mut findings = Vec::new();
    match file_system(ground) {
        Ok(found) => {
            findings.push(kind(&found));
            findings.push(disk(&found));
        }
        Err(error) => findings.push(Finding::note("disk", format!("it cannot be looked at: {error}"), "look yourself")),
    }
    findings.push(writing(ground, state));
    findings.push(recorded(state, owner));
    findings
}

fn kind(found: &FileSystem) -> Finding {
    let name = found.kind.unwrap_or("of a kind not known here");
    if found.network {
        let advice = "put the state on a local disk with --state DIR: over a network it can be damaged";
        return Finding::bad("file-system", format!("{name}, a network file system"), advice);
    }
    if found.passing {
        return Finding::note(
            "file-system",
            format!("{name}, which is in memory"),
            "a restart of the machine loses the state; --state DIR puts it elsewhere",
        );
    }
    Finding::fine("file-system", name)
}

/// Less than that holds no state at all.
const LEAST: u64 = 16_000_000;
/// Enough for a million small steps with their log.
const ROOMY: u64 = 1_000_000_000;

fn disk(found: &FileSystem) -> Finding {
    let free = format!("{} free", bytes(found.free));
    if found.free < LEAST || found.files == Some(0) {
        let what = if found.files == Some(0) { "no file can be made any more".to_owned() } else { free };
        return Finding::bad("disk", what, "make room, or put the state elsewhere with --state DIR");
    }
    if found.free < ROOMY {
        return Finding::note("disk", free, "a million small steps with their log take about 0.6 GB");
    }
    Finding::fine("disk", format!("{free}; a million small steps with their log take about 0.6 GB"))
}

/// A folder that goes with what is in it.
struct Trial(PathBuf);

impl Drop for Trial {
    fn drop(&mut self) {
        // It was made by this process alone, and what cannot be removed was told when it was made.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Makes a small state, as a run would: a folder, locks, memory maps, durable writes.
fn writing(ground: &Path, state: &Path) -> Finding {
    if !ground.is_dir() {
        return Finding::bad(
            "folder",
            format!("{} is not a folder", ground.display()),
            "move it away, or give another folder with --state DIR",
        );
    }
    let trial = Trial(ground.join(format!(".thinking-doctor-{}", std::process::id())));
    match LmdbStore::open(OpenOptions::new(&trial.0, "doctor")).and_then(|store| store.close()) {
        Ok(()) => Finding::fine("folder", "a state can be made, locked, mapped and synced here"),
        Err(error) => Finding::bad(
            "folder",
            // The trial's own name would only puzzle.
            error.to_string().replace(&trial.0.display().to_string(), &state.display().to_string()),
            match error {
                StoreError::Unusable { help, .. } => help,
                _ => "mend that, or give another folder with --state DIR".to_owned(),
            },
        ),
    }
}

fn recorded(state: &Path, owner: Option<&str>) -> Finding {
    if let Some(StoreError::InUse { pid, host, .. }) = LmdbStore::holder(state) {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let name = if name.trim().is_empty() { String::new() } else { format!(" ({})", name.trim()) };
        return Finding::note(
            "state",
            format!("in use by process {pid}{name} on {host}"),
            "`apply` can start when that ends; reading works now",
        );
    }
    match LmdbStore::open_read_only(state) {
        Ok(store) if owner.is_some_and(|owner| owner != store.identity().project) => Finding::bad(
            "state",
            format!("it belongs to the project `{}`", store.identity().project),
            "use this project's own, or another folder with --state DIR",
        ),
        Ok(store) => match store.runs() {
            Ok(runs) => {
                let size = std::fs::metadata(state.join("data.mdb")).map_or(0, |about| about.len());
                let runs = if runs.len() == 1 { "1 run".to_owned() } else { format!("{} runs", runs.len()) };
                Finding::fine("state", format!("{runs} in {}", bytes(size)))
            }
            Err(error) => Finding::bad("state", error.to_string(), "`thinking state verify` says what is damaged"),
        },
        Err(StoreError::Absent(_)) => Finding::fine("state", "none yet; `thinking apply` makes it"),
        Err(StoreError::Unusable { message, help }) => Finding::bad("state", message, help),
        Err(error) => Finding::bad("state", error.to_string(), "mend that, or give another folder with --state DIR"),
    }
}
