//! The example as a whole, through the crate's own binary: it runs, it gives the same each time, and a kill changes nothing.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What a run leaves.
const OUTPUTS: [&str; 5] = ["vectors.txt", "neighbours.csv", "kinds.json", "words.svg", "loss.svg"];

/// A copy of the example in a folder of its own, with a link to the crate: its components are in the binary, so nothing is built.
struct Copy(TempDir);

impl Copy {
    fn new() -> Self {
        let components = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (example, copy) = (components.join(".."), tempfile::tempdir().unwrap());
        for folder in ["", "data", "scripts"] {
            std::fs::create_dir_all(copy.path().join(folder)).unwrap();
            for entry in std::fs::read_dir(example.join(folder)).unwrap().map(Result::unwrap) {
                if entry.path().is_file() {
                    std::fs::copy(entry.path(), copy.path().join(folder).join(entry.file_name())).unwrap();
                }
            }
        }
        std::os::unix::fs::symlink(components, copy.path().join("components")).unwrap();
        Self(copy)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_word-vectors"));
        command.args(arguments).current_dir(&self.0).env_remove("THINKING_FACETS").env_remove("NO_COLOR");
        command
    }

    /// What it said, once it has ended with that code.
    #[track_caller]
    fn run(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{}{told}", String::from_utf8_lossy(&output.stdout));
        told
    }

    /// Runs until so many events have told of epochs, and kills the process. Whether it came to that.
    fn killed(&self, arguments: &[&str], events: usize) -> bool {
        let mut command = self.command(arguments);
        let mut child = command.arg("--json").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let told = lines.filter(|line| line.contains("\"step-") && line.contains("fit/epoch[")).take(events).count();
        child.kill().unwrap();
        child.wait().unwrap();
        told == events
    }

    fn outputs(&self) -> Vec<Vec<u8>> {
        OUTPUTS.iter().map(|name| std::fs::read(self.0.path().join("out").join(name)).unwrap()).collect()
    }
}

#[test]
fn smoke() {
    let copy = Copy::new();
    copy.run(0, &["validate"]);
    copy.run(0, &["apply", "--facet", "smoke"]);
    let vectors = String::from_utf8(copy.outputs().swap_remove(0)).unwrap();
    let lines: Vec<&str> = vectors.lines().collect();
    let (words, dimensions) = lines[0].split_once(' ').unwrap();
    assert_eq!(words.parse::<usize>().unwrap(), lines.len() - 1);
    assert!(lines[1..].iter().all(|line| line.split(' ').count() == 1 + dimensions.parse::<usize>().unwrap()));
    assert!(copy.run(0, &["apply", "--facet", "smoke"]).contains("nothing to do"));
    // More epochs keep those that are done.
    let told = copy.run(0, &["apply", "-p", "epochs=3"]);
    assert!(told.contains("✓ fit/epoch[3]/train") && !told.contains("✓ fit/epoch[2]/train"), "{told}");
}

/// Killed again and again, in epochs and between them, and applied again each time, all outputs are byte by byte those of a run that nothing disturbed.
fn survives_kills(device: &str) {
    let arguments = ["apply", "--facet", device, "-p", "epochs=3"];
    let undisturbed = Copy::new();
    undisturbed.run(0, &arguments);
    let copy = Copy::new();
    // At the beginning of a step, at its end, and at the beginning of the next one, by turns: an epoch has two steps.
    let kills = (0..30).take_while(|attempt| copy.killed(&arguments, 1 + attempt % 3)).count();
    assert!((4..30).contains(&kills), "{kills} kills");
    copy.run(0, &arguments);
    for (name, (killed, expected)) in OUTPUTS.iter().zip(copy.outputs().into_iter().zip(undisturbed.outputs())) {
        assert!(killed == expected, "{name} differs with {device}");
    }
    // Words of a kind are more alike than all of these words are: what was learned makes sense, whatever happened on the way.
    let kinds: Value = serde_json::from_slice(&copy.outputs()[2]).unwrap();
    for (kind, alike) in kinds["within"].as_object().unwrap() {
        assert!(alike.as_f64().unwrap() > kinds["all"].as_f64().unwrap() + 0.25, "{kind} with {device}: {kinds}");
    }
}

#[test]
fn cpu_survives_kills() {
    survives_kills("cpu");
}

#[test]
fn fast_survives_kills() {
    survives_kills("fast");
}
