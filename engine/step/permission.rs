//! What a manifest permits, as a pure decision; the file system is looked at only to resolve links.

use crate::{Access, ErrorKind, Limits, StepError};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What a manifest permits. Paths are absolute here.
#[derive(Debug, Clone)]
pub struct Permissions {
    root: PathBuf,
    state: PathBuf,
    read: Vec<String>,
    write: Vec<String>,
    net: Vec<String>,
    run: Vec<String>,
    env: Vec<String>,
    read_set: GlobSet,
    write_set: GlobSet,
    limits: Limits,
    served: Served,
}

/// Ports of this machine that this process listens on itself, each with how often.
type Served = Arc<Mutex<BTreeMap<u16, usize>>>;

/// While it is there, connecting to that port of 127.0.0.1 is permitted.
#[derive(Debug)]
pub struct Serving {
    served: Served,
    port: u16,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = served.get_mut(&self.port) {
            *count -= 1;
            if *count == 0 {
                served.remove(&self.port);
            }
        }
    }
}

/// A refused access and the line that would permit it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What was refused, in a sentence.
    pub message: String,
    /// The line to add to `runtime { permissions { … } }`; empty if none would permit it.
    pub line: String,
}

impl Refusal {
    /// The next thing to do.
    #[must_use]
    pub fn help(&self) -> String {
        if self.line.is_empty() {
            return "the recorded state is the engine's own: choose another place".to_owned();
        }
        format!("to permit it, add to the manifest: runtime {{ permissions {{ {} }} }}", self.line)
    }
}

impl From<Refusal> for StepError {
    fn from(refusal: Refusal) -> Self {
        let help = refusal.help();
        StepError::new(ErrorKind::Permission, refusal.message).help(help)
    }
}

impl Permissions {
    /// Permissions of the project in `root` (absolute), whose state lies in `state` (absolute). Without more, the project's directory but not
    /// its state is readable. Globs are relative to `root` unless absolute.
    ///
    /// # Errors
    /// A glob that is none: the glob and why.
    pub fn new(
        root: &Path,
        state: &Path,
        read: &[String],
        write: &[String],
        net: &[String],
        run: &[String],
        env: &[String],
    ) -> Result<Self, (String, String)> {
        let (root, state) = (resolved(root), resolved(state));
        Ok(Self {
            read_set: globs(&root, read)?,
            write_set: globs(&root, write)?,
            root,
            state,
            read: read.to_vec(),
            write: write.to_vec(),
            net: net.to_vec(),
            run: run.to_vec(),
            env: env.to_vec(),
            limits: Limits::default(),
            served: Served::default(),
        })
    }

    /// The same with limits for scripts.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Permits connections to a port of 127.0.0.1 that this process listens on itself: nobody else can be there as long as it does. All copies
    /// of these permissions know of it.
    #[must_use]
    pub fn serve(&self, port: u16) -> Serving {
        *self.served.lock().unwrap_or_else(PoisonError::into_inner).entry(port).or_default() += 1;
        Serving { served: Arc::clone(&self.served), port }
    }

    fn is_served(&self, host: &str, port: u16) -> bool {
        // Another name of this machine may lead to another address, where somebody else listens.
        host == "127.0.0.1" && self.served.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&port)
    }

    /// The same for a copy of the project in another directory: what may be written in the project may be written there, and the project may be read.
    ///
    /// # Errors
    /// As [`Permissions::new`].
    pub fn moved(&self, root: &Path, state: &Path) -> Result<Self, (String, String)> {
        let old = globset::escape(&self.root.display().to_string());
        let absolute = |pattern: &String| match Path::new(pattern).is_absolute() {
            true => pattern.clone(),
            false => format!("{old}/{pattern}"),
        };
        let inside = |pattern: &&String| {
            let path = Path::new(pattern.as_str());
            path.is_relative() && !path.components().any(|part| part == Component::ParentDir)
        };
        let mut read: Vec<String> = self.read.iter().map(absolute).collect();
        read.extend([old.clone(), format!("{old}/**")]);
        let write = self.write.iter().map(|pattern| if inside(&pattern) { pattern.clone() } else { absolute(pattern) });
        let moved = Self::new(root, state, &read, &write.collect::<Vec<_>>(), &self.net, &self.run, &self.env)?;
        Ok(Self { limits: self.limits, served: self.served.clone(), ..moved })
    }

    /// Ports of this machine that this process listens on itself, see [`Permissions::serve`].
    #[must_use]
    pub fn served_ports(&self) -> Vec<u16> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// What a script may take.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The project's directory, links resolved.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What may be read and written beyond the project: globs as written.
    #[must_use]
    pub fn paths(&self) -> (&[String], &[String]) {
        (&self.read, &self.write)
    }

    /// Decides. For paths gives the absolute path with links and `..` resolved; for other accesses an empty path.
    ///
    /// # Errors
    /// The refusal, with the line to add.
    pub fn check(&self, access: Access<'_>) -> Result<PathBuf, Refusal> {
        match access {
            Access::Read(path) => {
                let real = self.resolve(path);
                if self.is_state(&real) {
                    return Err(state_refusal("reading", path));
                }
                if real.starts_with(&self.root) || self.read_set.is_match(&real) || self.write_set.is_match(&real) {
                    return Ok(real);
                }
                Err(refusal("reading", path, "read", &self.shown(path, &real)))
            }
            Access::Write(path) => {
                let real = self.resolve(path);
                if self.is_state(&real) {
                    return Err(state_refusal("writing", path));
                }
                if self.write_set.is_match(&real) {
                    return Ok(real);
                }
                Err(refusal("writing", path, "write", &self.shown(path, &real)))
            }
            Access::Net(host, port) => {
                let allowed = self.net.iter().any(|rule| {
                    // The colons of an IPv6 address stand between brackets.
                    let port_at = rule.rfind(':').filter(|at| !rule[*at..].contains(']'));
                    let (rule_host, rule_port) =
                        port_at.map_or((rule.as_str(), "*"), |at| (&rule[..at], &rule[at + 1..]));
                    let rule_host = rule_host.to_ascii_lowercase();
                    let host_fits = rule_host == *host
                        || rule_host == "*"
                        || rule_host
                            .strip_prefix('*')
                            .is_some_and(|tail| tail.starts_with('.') && host.ends_with(tail));
                    host_fits && (rule_port == "*" || rule_port == port.to_string())
                });
                let allowed = allowed || self.is_served(host, port);
                if allowed { Ok(PathBuf::new()) } else { Err(plain("connecting to", "net", &format!("{host}:{port}"))) }
            }
            Access::Run(program) => {
                let allowed = self.run.iter().any(|rule| rule == program);
                if allowed { Ok(PathBuf::new()) } else { Err(plain("starting", "run", program)) }
            }
            Access::Env(name) => {
                let allowed = self.env.iter().any(|rule| rule == name);
                if allowed { Ok(PathBuf::new()) } else { Err(plain("reading the environment variable", "env", name)) }
            }
        }
    }

    /// The absolute path with links and `..` resolved, also links that lead to nothing: what would be made there is made where they lead.
    #[must_use]
    pub fn resolve(&self, path: &Path) -> PathBuf {
        resolved(&self.root.join(path))
    }

    /// Whether a path (absolute, links resolved) is in the recorded state, by whatever name.
    #[must_use]
    pub fn is_state(&self, real: &Path) -> bool {
        // A file system may take `.Thinking` for `.thinking`, or show one directory in two places.
        real.starts_with(&self.state)
            || identity(&self.state).is_some_and(|state| {
                real.ancestors().take_while(|part| *part != self.root).any(|part| identity(part) == Some(state))
            })
    }

    /// The path for the line to add: as written where that leads to the same place, otherwise where links lead.
    fn shown(&self, path: &Path, real: &Path) -> String {
        if path.is_relative() && normal(&self.root.join(path)) == real {
            return path.display().to_string();
        }
        real.strip_prefix(&self.root).unwrap_or(real).display().to_string()
    }
}

fn refusal(verb: &str, path: &Path, word: &str, shown: &str) -> Refusal {
    Refusal { message: format!("{verb} `{}` is not permitted", path.display()), line: format!("{word} {shown:?}") }
}

fn state_refusal(verb: &str, path: &Path) -> Refusal {
    Refusal {
        message: format!("{verb} `{}` is never permitted: the state lies there", path.display()),
        line: String::new(),
    }
}

fn plain(verb: &str, word: &str, what: &str) -> Refusal {
    Refusal { message: format!("{verb} `{what}` is not permitted"), line: format!("{word} {what:?}") }
}

fn globs(root: &Path, patterns: &[String]) -> Result<GlobSet, (String, String)> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let full = if Path::new(pattern).is_absolute() {
            pattern.clone()
        } else {
            let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
            format!("{}/{pattern}", globset::escape(&root.display().to_string()))
        };
        let full = match normal(Path::new(&full)).to_str() {
            Some(text) => text.to_owned(),
            None => full,
        };
        let glob = GlobBuilder::new(&full).literal_separator(true).build();
        set.add(glob.map_err(|error| (pattern.clone(), error.kind().to_string()))?);
        // What permits all in a directory permits to list it.
        if let Some(directory) = full.strip_suffix("/**")
            && let Ok(glob) = GlobBuilder::new(directory).literal_separator(true).build()
        {
            set.add(glob);
        }
        // A directory that is named permits what is in it.
        if let Ok(glob) =
            GlobBuilder::new(&format!("{}/**", full.trim_end_matches('/'))).literal_separator(true).build()
        {
            set.add(glob);
        }
    }
    set.build().map_err(|error| (String::new(), error.to_string()))
}

/// More links than this in one path lead nowhere.
const LINKS: usize = 40;

/// A path (absolute) with links and `..` resolved, one part after the other.
fn resolved(path: &Path) -> PathBuf {
    let mut ahead: Vec<PathBuf> = parts(path);
    let mut real = PathBuf::new();
    let mut links = 0;
    while let Some(part) = ahead.pop() {
        match part.components().next() {
            Some(Component::ParentDir) => {
                real.pop();
            }
            Some(Component::Normal(name)) => {
                let next = real.join(name);
                match std::fs::read_link(&next) {
                    Ok(target) if links < LINKS => {
                        links += 1;
                        ahead.extend(parts(&target));
                        if target.is_absolute() {
                            real = PathBuf::new();
                        }
                    }
                    _ => real = next,
                }
            }
            Some(other) => real.push(other),
            None => {}
        }
    }
    real
}

/// The parts of a path, the first one last.
fn parts(path: &Path) -> Vec<PathBuf> {
    path.components().rev().filter(|part| *part != Component::CurDir).map(|part| part.as_os_str().into()).collect()
}

/// What a file or directory is, whatever its name.
fn identity(path: &Path) -> Option<(u64, u64)> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.dev(), about.ino()))
}

/// A path without `.` and `..`, by its words alone.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}
