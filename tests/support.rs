//! Running the binary in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The binary under test.
pub const THINKING: &str = env!("CARGO_BIN_EXE_thinking");

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether expected texts are to be written anew: `THINKING_UPDATE=1 cargo test`.
pub fn update() -> bool {
    std::env::var_os("THINKING_UPDATE").is_some()
}

/// A project in a temporary folder.
pub struct Sandbox {
    folder: TempDir,
}

/// What a run of the binary left.
pub struct Ran {
    /// Exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Sandbox {
    /// An empty folder.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder with that `pipeline.kdl`.
    pub fn with(manifest: &str) -> Self {
        let sandbox = Self::new();
        sandbox.write("pipeline.kdl", manifest);
        sandbox
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file, with the folders it needs.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A command that runs the binary here, with a plain environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        command(self.path(), arguments)
    }

    /// Runs the binary here.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(arguments))
    }
}

/// A command that runs the binary in a folder, with a plain environment.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(THINKING);
    command.args(arguments).current_dir(folder).env_clear();
    for kept in ["PATH", "HOME", "TMPDIR"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().unwrap();
    Ran {
        code: status.code(),
        out: String::from_utf8_lossy(&stdout).into_owned(),
        err: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

impl Ran {
    /// Fails the test unless the exit code is that.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n--- out\n{}\n--- err\n{}", self.out, self.err);
        self
    }
}

/// A copy of an example in a folder of its own.
pub fn copy_example(name: &str) -> Sandbox {
    fn all(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name();
            if entry.path().is_dir() {
                // What a person's own run left behind is no part of the example.
                if name != ".thinking" && name != "out" {
                    all(&entry.path(), &to.join(name));
                }
            } else {
                std::fs::copy(entry.path(), to.join(name)).unwrap();
            }
        }
    }
    let sandbox = Sandbox::new();
    all(&root().join("examples").join(name), sandbox.path());
    sandbox
}
