//! What a test leaves behind: processes, open files, files in the project's folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use thinking_event::testing::Leak;

/// What there was before a test.
pub(crate) struct Before {
    project: PathBuf,
    children: BTreeSet<i32>,
    open: BTreeSet<PathBuf>,
    files: BTreeSet<PathBuf>,
}

impl Before {
    /// Looks. `project` is the project's folder: what is new in it is told, what is new further down is not looked for.
    pub fn look(project: &Path) -> Self {
        Self { project: project.to_owned(), children: children(), open: open_files(), files: files(project) }
    }

    /// What is there now and was not. Processes that are left are ended.
    pub fn leaks(&self) -> Vec<Leak> {
        let mut leaks = Vec::new();
        for child in children().difference(&self.children) {
            // One that has ended is nobody's trouble; it only waits to be asked how.
            if let Some(name) = name_of(*child) {
                leaks.push(Leak::Process(format!("{child} {name}")));
                end(*child);
            }
        }
        for file in open_files().difference(&self.open) {
            leaks.push(Leak::File(format!("{} (open)", file.display())));
        }
        for file in files(&self.project).difference(&self.files) {
            let name = file.strip_prefix(&self.project).unwrap_or(file);
            leaks.push(Leak::File(name.display().to_string()));
        }
        leaks
    }
}

/// Processes that this one started, or that were left to it.
fn children() -> BTreeSet<i32> {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().filter_map(Result::ok);
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()).collect()
}

/// A process's command line; `None` if it has ended.
fn name_of(process: i32) -> Option<String> {
    let text = std::fs::read(format!("/proc/{process}/cmdline")).ok()?;
    let text = String::from_utf8_lossy(&text).replace('\0', " ").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn end(process: i32) {
    if let Some(process) = rustix::process::Pid::from_raw(process) {
        // It may have ended by itself meanwhile.
        let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
        let _ = rustix::process::waitpid(Some(process), rustix::process::WaitOptions::empty());
    }
}

/// Files that are open here; pipes, sockets and devices left out.
fn open_files() -> BTreeSet<PathBuf> {
    let entries = std::fs::read_dir("/proc/self/fd").into_iter().flatten().filter_map(Result::ok);
    let targets = entries.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    let real = |path: &PathBuf| path.is_absolute() && !path.starts_with("/dev") && !path.starts_with("/proc");
    targets.filter(real).collect()
}

/// What lies in a folder, but for the state.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    // Snapshots of other tests may be the first there.
    let own = |path: &PathBuf| path.file_name().is_some_and(|name| name == ".thinking" || name == "tests");
    entries.map(|entry| entry.path()).filter(|path| !own(path)).collect()
}
