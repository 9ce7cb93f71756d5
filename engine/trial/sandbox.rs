//! A copy of a project for one test: what its steps may write is the test's own, all else is linked.
//!
//! - what a step declares as output, and what a pattern such as `out/**` permits to write, is not there: no test sees what an earlier run left
//! - a file that may be written and is named as it is (`write "data/list.txt"`) is copied
//! - if programs are started, what is small is copied, so that what they do to it is done to the copy
//! - all else is a link to where it lies

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use thinking_plan::{Body, Plan, TaskKind};

/// What of a project is a test's own.
pub(crate) struct Sandbox {
    /// Files and directories that are not there, relative to the project.
    absent: GlobSet,
    /// Files that are copied.
    copied: GlobSet,
    /// Directories that hold any of these, relative to the project; they are made, not linked.
    made: Vec<PathBuf>,
    /// Whether any directory may hold some.
    anywhere: bool,
    /// Whether small files are copied, wherever they lie.
    programs: bool,
}

/// Larger files are linked, also where programs are started.
const SMALL: u64 = 16 << 20;
/// So many bytes and files are copied for one test, at most.
const MOST: (u64, usize) = (128 << 20, 5_000);
/// Folders that hold what is made of the project, or of others; they are linked.
const LINKED: &[&str] = &[".git", "target", "node_modules", ".venv", "__pycache__"];

impl Sandbox {
    /// What a plan needs; `None` if it writes no files.
    pub fn of(plan: &Plan) -> Option<Self> {
        let mut sandbox = Self {
            absent: GlobSet::empty(),
            copied: GlobSet::empty(),
            made: Vec::new(),
            anywhere: false,
            programs: false,
        };
        let (mut absent, mut copied) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let mut any = false;
        for task in &plan.tasks {
            let TaskKind::Step(step) = &task.kind else { continue };
            if matches!(step.body, Body::Exec(_)) {
                (any, sandbox.programs) = (true, true);
            }
            for output in &step.outputs {
                any = true;
                let pattern = match output.as_fixed() {
                    Some(path) => globset::escape(&path),
                    // What stands before the first template is known.
                    None => {
                        let known = output.source.split("${").next().unwrap_or_default();
                        let folder = known.rsplit_once('/').map_or("", |(folder, _)| folder);
                        if folder.is_empty() { continue } else { format!("{}/**", globset::escape(folder)) }
                    }
                };
                sandbox.add(&mut absent, &pattern);
            }
        }
        let root = plan.permissions.root();
        for pattern in plan.permissions.paths().1 {
            any = true;
            let within = Path::new(pattern).strip_prefix(root).ok().map(|path| path.display().to_string());
            let pattern = within.unwrap_or_else(|| pattern.clone());
            let is_folder = root.join(&pattern).is_dir();
            match pattern.contains(['*', '?', '[', '{']) || is_folder {
                // A pattern for the whole project says nothing of what is made anew.
                true if prefix(&pattern).as_os_str().is_empty() => {
                    sandbox.anywhere = true;
                    sandbox.add(&mut copied, &pattern);
                }
                true => sandbox.add(&mut absent, &pattern),
                false => sandbox.add(&mut copied, &pattern),
            }
        }
        sandbox.absent = absent.build().ok()?;
        sandbox.copied = copied.build().ok()?;
        any.then_some(sandbox)
    }

    fn add(&mut self, set: &mut GlobSetBuilder, pattern: &str) {
        let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
        for pattern in [pattern.to_owned(), format!("{pattern}/**")] {
            if let Ok(glob) = GlobBuilder::new(&pattern).literal_separator(true).build() {
                set.add(glob);
            }
        }
        let folder = prefix(pattern);
        let folder = if pattern.contains(['*', '?', '[', '{']) { folder } else { parent(Path::new(pattern)) };
        self.made.push(folder);
    }

    /// Whether a file is copied for the programs' sake.
    fn is_small(&self, file: &Path, copied: &mut (u64, usize)) -> bool {
        let Some(size) = std::fs::metadata(file).ok().map(|about| about.len()).filter(|_| self.programs) else {
            return false;
        };
        let fits = size <= SMALL && copied.0 + size <= MOST.0 && copied.1 < MOST.1;
        if fits {
            *copied = (copied.0 + size, copied.1 + 1);
        }
        fits
    }

    /// Makes the copy of `project` in `target`, which is there and empty.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn make(&self, project: &Path, target: &Path) -> io::Result<Linked> {
        let mut linked = Linked::default();
        self.directory(project, target, Path::new(""), &mut (0, 0), &mut linked)?;
        Ok(linked)
    }

    /// `copied`: bytes and files so far.
    fn directory(
        &self,
        project: &Path,
        target: &Path,
        within: &Path,
        copied: &mut (u64, usize),
        links: &mut Linked,
    ) -> io::Result<()> {
        for entry in std::fs::read_dir(project.join(within))? {
            let entry = entry?;
            let path = within.join(entry.file_name());
            if path.starts_with(".thinking") || self.absent.is_match(&path) {
                continue;
            }
            let (source, copy) = (project.join(&path), target.join(&path));
            let kind = entry.file_type()?;
            let linked = entry.file_name().to_str().is_some_and(|name| LINKED.contains(&name));
            let opened = self.anywhere || self.programs && !linked && copied.1 < MOST.1;
            if kind.is_dir() && (opened || self.made.iter().any(|made| made.starts_with(&path))) {
                std::fs::create_dir_all(&copy)?;
                self.directory(project, target, &path, copied, links)?;
            } else if kind.is_file() && (self.copied.is_match(&path) || self.is_small(&source, copied)) {
                std::fs::copy(&source, &copy)?;
            } else {
                if self.programs && kind.is_file() {
                    links.0.push((path, look(&source)));
                }
                symlink(&source, &copy)?;
            }
        }
        // What a step writes into is there as it is in the project.
        for made in self.made.iter().filter(|made| parent(made) == *within && !made.as_os_str().is_empty()) {
            if project.join(made).is_dir() && !target.join(made).exists() {
                std::fs::create_dir_all(target.join(made))?;
            }
        }
        Ok(())
    }
}

/// Files that are linked although programs are started: too large to be copied.
#[derive(Debug, Default)]
pub(crate) struct Linked(Vec<(PathBuf, Option<(u64, SystemTime)>)>);

impl Linked {
    /// Those that were changed since, relative to the project.
    pub fn changed<'l>(&'l self, project: &'l Path) -> impl Iterator<Item = &'l Path> {
        let changed = |(path, before): &&(PathBuf, Option<(u64, SystemTime)>)| look(&project.join(path)) != *before;
        self.0.iter().filter(changed).map(|(path, _)| path.as_path())
    }
}

/// A file's size and when it was changed.
fn look(file: &Path) -> Option<(u64, SystemTime)> {
    let about = std::fs::metadata(file).ok()?;
    Some((about.len(), about.modified().ok()?))
}

/// The folders of a pattern before the first part that is one.
fn prefix(pattern: &str) -> PathBuf {
    Path::new(pattern).iter().take_while(|part| !part.to_string_lossy().contains(['*', '?', '[', '{'])).collect()
}

fn parent(path: &Path) -> PathBuf {
    path.parent().map(Path::to_path_buf).unwrap_or_default()
}
