//! What scripts may ask of the test around them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use thinking_container::Calls;
use thinking_run::{Clock, VirtualClock};
use thinking_step::{Called, ErrorKind, StepError, Trial, Value};

/// The test of one try.
pub(crate) struct Asked {
    pub calls: Arc<Calls>,
    pub clock: Arc<VirtualClock>,
    /// Where snapshots of this test lie.
    pub snapshots: PathBuf,
    /// Those that differ are written anew.
    pub update: bool,
    pub discarded: AtomicBool,
    /// Names of secret parameters and their values, as texts.
    pub secrets: Vec<(String, String)>,
    /// Snapshots that were written.
    pub written: Mutex<Vec<String>>,
}

impl Asked {
    pub fn is_discarded(&self) -> bool {
        self.discarded.load(Ordering::Relaxed)
    }

    fn wrote(&self, name: &str) {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
    }
}

impl Trial for Asked {
    fn calls(&self, operation: Option<&str>) -> Result<Vec<Called>, StepError> {
        match operation {
            Some(operation) => self.calls.of(operation),
            None => Ok(self.calls.all()),
        }
    }

    fn now(&self) -> i64 {
        self.clock.now()
    }

    fn advance(&self, by: Duration) -> Result<(), StepError> {
        self.clock.advance(by);
        Ok(())
    }

    fn set(&self, now: i64) -> Result<(), StepError> {
        self.clock.set(now);
        Ok(())
    }

    fn snapshot(&self, name: &str, value: &Value) -> Result<(), StepError> {
        let name = name.strip_suffix(".json").unwrap_or(name);
        let file = self.snapshots.join(format!("{}.json", crate::names::file_name(name)));
        let failed = |what: &str, error: std::io::Error| {
            StepError::new(ErrorKind::Native, format!("the snapshot `{}` cannot be {what}: {error}", file.display()))
        };
        let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
        text.push('\n');
        if let Some((secret, _)) = self.secrets.iter().find(|(_, value)| text.contains(value.as_str())) {
            return Err(StepError::script(format!("the secret `{secret}` must not be stored in a snapshot")));
        }
        let known = match std::fs::read_to_string(&file) {
            Ok(known) => Some(known),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed("read", error)),
        };
        match known {
            Some(known) if known == text => Ok(()),
            // Some editors write lines as others do.
            Some(known) if serde_json::from_str::<Value>(&known).is_ok_and(|known| known == *value) => Ok(()),
            Some(known) if !self.update => Err(differs(name, &file, &known, &text)),
            _ => {
                std::fs::create_dir_all(&self.snapshots).map_err(|error| failed("written", error))?;
                std::fs::write(&file, text).map_err(|error| failed("written", error))?;
                self.wrote(name);
                Ok(())
            }
        }
    }

    fn discard(&self) -> StepError {
        self.discarded.store(true, Ordering::Relaxed);
        StepError::script("this case says nothing: what it assumes does not hold")
    }
}

/// A path from where one stands.
fn near(path: &Path) -> &Path {
    std::env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path)
}

/// So many lines of a difference are shown.
const SHOWN: usize = 40;

fn differs(name: &str, file: &Path, known: &str, now: &str) -> StepError {
    let diff = similar::TextDiff::from_lines(known, now);
    let mut lines: Vec<String> = Vec::new();
    for (at, group) in diff.grouped_ops(2).iter().enumerate() {
        if at > 0 {
            lines.push("…".to_owned());
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let sign = match change.tag() {
                similar::ChangeTag::Delete => "-",
                similar::ChangeTag::Insert => "+",
                similar::ChangeTag::Equal => " ",
            };
            lines.push(format!("{sign} {}", change.value().trim_end_matches('\n')));
        }
    }
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    if more > 0 {
        lines.push(format!("… and {more} more lines"));
    }
    StepError::script(format!("the snapshot `{name}` differs"))
        .details(["- as it was written, + as it is now".to_owned()].into_iter().chain(lines))
        .help(format!(
            "it lies in {}; if it is right as it is now, write it anew: thinking test --last-failed --update",
            near(file).display()
        ))
}
