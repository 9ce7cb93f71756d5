//! Cargo builds the program.

use super::Stop;
use super::cargo::{Cargo, Ran};
use super::named::{Asked, Named};
use super::project::RunnerProject;
use super::refusal;
use crate::cli::output;
use serde::Deserialize;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Builds it and gives the program. `target` is where, unless the user's own settings say so.
pub(super) fn run(cargo: &Cargo, project: &RunnerProject, asked: &Asked, target: &Path) -> Result<PathBuf, Stop> {
    let Some(first) = asked.crates.first() else { return Err(Stop::Interrupted) };
    if !cargo.quiet {
        let names: Vec<String> = asked.crates.iter().map(|named| format!("`{}`", named.written)).collect();
        output::talk(&format!("building components: {}\n", names.join(", ")));
    }
    let attempt = |offline: bool| {
        let mut arguments: Vec<&OsStr> = vec![
            "build".as_ref(),
            "--message-format=json-render-diagnostics".as_ref(),
            "--profile".as_ref(),
            asked.profile.as_ref(),
            "--manifest-path".as_ref(),
            project.manifest.as_os_str(),
        ];
        let own = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"];
        if !own.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
            arguments.extend([OsStr::new("--target-dir"), target.as_os_str()]);
        }
        if offline {
            arguments.push("--offline".as_ref());
        }
        let ran = cargo.run(&first.directory, &arguments, !cargo.quiet);
        ran.map_err(|failure| failure.or(|error| refusal::no_cargo(first, error)))
    };
    // All that the crates need is here, or cargo would not have said what that is.
    let mut ran = attempt(true)?;
    let mut messages = Messages::of(&ran, &project.name);
    if !ran.status.success() && !messages.compiled {
        // Several crates together may need what none of them needs alone.
        ran = attempt(false)?;
        messages = Messages::of(&ran, &project.name);
    }
    if !ran.status.success() {
        output::talk(&ran.err);
        return Err(match (messages.compiled, messages.wrong(asked)) {
            (true, wrong) => refusal::does_not_build(wrong.unwrap_or(first)),
            (false, _) => refusal::not_resolved(first, false),
        }
        .into());
    }
    messages.program.ok_or_else(|| refusal::odd_cargo(first, "cargo built no program").into())
}

/// What cargo told as JSON.
#[derive(Debug, Default, PartialEq, Eq)]
struct Messages {
    /// The program.
    program: Option<PathBuf>,
    /// Whether the compiler was asked at all.
    compiled: bool,
    /// `Cargo.toml` of the first package with an error.
    wrong: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    manifest_path: Option<PathBuf>,
    executable: Option<PathBuf>,
    target: Option<Target>,
    message: Option<Said>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Said {
    level: String,
}

impl Messages {
    fn of(ran: &Ran, name: &str) -> Self {
        Self::read(&ran.out, name)
    }

    fn read(text: &str, name: &str) -> Self {
        let mut all = Self::default();
        // A build script may print whatever it likes: lines that are no messages are none.
        for message in text.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok()) {
            match message.reason.as_str() {
                "build-finished" => all.compiled = true,
                "compiler-artifact" if message.target.is_some_and(|target| target.name == name) => {
                    all.program = message.executable.or(all.program);
                }
                "compiler-message" if message.message.is_some_and(|said| said.level.starts_with("error")) => {
                    all.wrong = all.wrong.or(message.manifest_path);
                }
                _ => {}
            }
        }
        all
    }

    /// The crate that the first error is in, if it is in one of those that are named.
    fn wrong<'a>(&self, asked: &'a Asked) -> Option<&'a Named> {
        let folder = self.wrong.as_deref()?.parent()?.canonicalize().ok()?;
        asked.crates.iter().find(|named| named.directory == folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says() {
        let text = r#"
            {"reason":"compiler-artifact","target":{"name":"other"},"executable":null,"manifest_path":"/a/Cargo.toml"}
            not a message
            {"reason":"compiler-message","manifest_path":"/a/Cargo.toml","target":{"name":"a"},"message":{"level":"warning"}}
            {"reason":"compiler-message","manifest_path":"/b/Cargo.toml","target":{"name":"b"},"message":{"level":"error"}}
            {"reason":"compiler-artifact","target":{"name":"runner"},"executable":"/t/runner"}
            {"reason":"build-finished","success":false}"#;
        let expected =
            Messages { program: Some("/t/runner".into()), compiled: true, wrong: Some("/b/Cargo.toml".into()) };
        assert_eq!(Messages::read(text, "runner"), expected);
        assert_eq!(Messages::read("error: no such command\n", "runner"), Messages::default());
    }
}
