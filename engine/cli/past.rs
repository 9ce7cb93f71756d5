//! What `history`, `show` and `logs` have in common: finding the recorded state, without a manifest, and how the past is shown.

use crate::cli::exit::Trouble;
use crate::cli::output;
use clap::Args;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use thinking_diagnostic::{Style, did_you_mean};
use thinking_report::PastPage;
use thinking_run::past::Past;
use thinking_store::{RunRecord, Store, StoreError};
use thinking_store_lmdb::{LmdbStore, holder};

/// What the verbs that look at the past take.
#[derive(Debug, Args)]
pub(crate) struct PastArgs {
    /// Directory of the recorded state [default: .thinking beside the manifest, or here]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// For machines: JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// Less talk on standard error; of logs only failures
    #[arg(long, short)]
    pub quiet: bool,
}

/// A recorded state that is open for reading; also while a run writes to it.
pub(crate) struct Opened {
    pub directory: PathBuf,
    pub store: LmdbStore,
}

impl Opened {
    /// The state as it is at this moment.
    pub fn past(&self) -> Result<Past<'_>, StoreError> {
        let alive = holder(&self.directory)?.is_some();
        Ok(Past { store: &self.store, line: crate::cli::prepare::LINE, alive })
    }

    /// The record of the run with that number as it is now.
    pub fn record(&self, number: u32) -> Result<Option<RunRecord>, StoreError> {
        let latest = self.store.runs_before(Some(number.saturating_add(1)), 1)?;
        Ok(latest.into_iter().find(|run| run.number == number))
    }
}

/// Where the state lies. The manifest itself is not read: it may be wrong, or gone.
pub(crate) fn directory(args: &PastArgs, manifest: Option<&Path>) -> PathBuf {
    let beside = match manifest {
        Some(path) if path.is_dir() => path.to_path_buf(),
        Some(path) => path.parent().map(Path::to_path_buf).unwrap_or_default(),
        None => PathBuf::new(),
    };
    let directory = args.state.clone().unwrap_or_else(|| beside.join(".thinking"));
    std::path::absolute(&directory).unwrap_or(directory)
}

/// Opens the state; `None` if there is none.
pub(crate) fn open(directory: PathBuf) -> Result<Option<Opened>, Trouble> {
    match LmdbStore::open_read_only(&directory) {
        Ok(store) => Ok(Some(Opened { directory, store })),
        Err(StoreError::Absent(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What to say if there is no state.
pub(crate) fn nothing(directory: &Path) -> String {
    format!("nothing was run here yet: there is no state in {}\n", directory.display())
}

/// How the past is shown on standard output; `all`: nothing is shortened.
pub(crate) fn page(args: &PastArgs, manifest: Option<&Path>, all: bool) -> PastPage {
    let terminal = std::io::stdout().is_terminal();
    let zone = jiff::tz::TimeZone::try_system().unwrap_or_else(|_| {
        if !args.quiet {
            output::talk("the local time zone is not known here: times are UTC\n");
        }
        jiff::tz::TimeZone::UTC
    });
    PastPage {
        style: style(),
        width: width().filter(|_| terminal && !all),
        zone,
        resume_command: resume(args, manifest),
    }
}

/// The path or id that may have been meant, if one is near. `known` are paths of tasks, with keys or without; what is around a task counts, too.
pub(crate) fn nearest(target: &str, known: &[String], ids: &[String]) -> Option<String> {
    let bare = without_keys(target);
    let tasks: Vec<String> = known.iter().map(|task| without_keys(task)).collect();
    let mut candidates: Vec<&str> = ids.iter().map(String::as_str).collect();
    for task in &tasks {
        candidates.extend(task.match_indices('/').filter_map(|(at, _)| task.get(..at)));
        candidates.push(task);
    }
    // A beginning counts as near, so what is as deep comes first.
    let depth = |path: &str| path.matches('/').count();
    let as_deep = candidates.iter().copied().filter(|candidate| depth(candidate) == depth(&bare));
    let near = did_you_mean(&bare, as_deep).or_else(|| did_you_mean(&bare, candidates.iter().copied()));
    near.map(str::to_owned)
}

/// `fit/epoch[3]/train` as `fit/epoch/train`
pub(crate) fn without_keys(path: &str) -> String {
    let mut depth = 0usize;
    let keep = |letter: &char| match letter {
        '[' => {
            depth += 1;
            false
        }
        ']' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    };
    path.chars().filter(keep).collect()
}

/// What to type to go on with a run.
pub(crate) fn resume(args: &PastArgs, manifest: Option<&Path>) -> String {
    let mut words = vec!["thinking apply".to_owned()];
    words.extend(manifest.map(|manifest| manifest.display().to_string()));
    words.extend(args.state.as_ref().map(|state| format!("--state {}", state.display())));
    words.join(" ")
}

/// How text on standard output looks: as on standard error, if it is a terminal too.
pub(crate) fn style() -> Style {
    let terminal = std::io::stdout().is_terminal();
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    Style { color: terminal && !plain && !dumb, ..output::style() }
}

/// Columns of the terminal on standard output.
pub(crate) fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(test)]
mod tests {
    use super::{nearest, without_keys};

    #[test]
    fn keys_are_left_out() {
        assert_eq!(without_keys(r#"fit/epoch[3]/url["a]"#), "fit/epoch/url");
        assert_eq!(without_keys("fit]/a"), "fit]/a".replace(']', ""));
    }

    #[test]
    fn near_paths_are_as_deep() {
        let known = ["prepare".to_owned(), "fit/epoch[1]/train".to_owned()];
        let near = |target: &str| nearest(target, &known, &["20261120-081115-cdbe".to_owned()]);
        assert_eq!(near("fit/epocx").as_deref(), Some("fit/epoch"));
        assert_eq!(near("fit/epoch[3]/tran").as_deref(), Some("fit/epoch/train"));
        assert_eq!(near("20261120-081115-cdbf").as_deref(), Some("20261120-081115-cdbe"));
        assert_eq!(near("nothing/like/that"), None);
    }
}
