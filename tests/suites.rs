//! `thinking test` from the outside: each folder of `suites/` is a project and a session with it.
//!
//! `session.txt` has lines that begin with `$ `, which a shell runs in a copy of the folder, and what each of them said, with its exit code if that is not 0.
//! What differs from run to run is replaced: `<run>`, `<time>`, `<pid>`, `<port>`, `<seed>`, `<here>`. `THINKING_UPDATE=1` writes anew what they say.

use crate::support::{Sandbox, THINKING, root, update};
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};

/// So many sessions at once: most of the time they wait for processes and disks.
const AT_ONCE: usize = 8;

static CHANGING: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let all = [
        (r"\d{8}-\d{6}-[0-9a-f]{4}", "<run>"),
        (r"(?m) +\d+(\.\d+)?(µs|ms|s)( |$)", " <time>$3"),
        (r"\bin \d+(\.\d+)? ?(µs|ms|s|min)\b", "in <time>"),
        (r"process \d+ ", "process <pid> "),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:<port>"),
    ];
    all.map(|(pattern, name)| (Regex::new(pattern).unwrap(), name)).into()
});

/// A text without what differs from run to run; `here` is the folder of its project.
pub fn masked(text: &str, here: &Path) -> String {
    let text = text.replace(here.to_str().unwrap(), "<here>");
    CHANGING.iter().fold(text, |text, (pattern, name)| pattern.replace_all(&text, *name).into_owned())
}

/// What a line said, as it stands in a session.
fn said(line: &str, here: &Path) -> String {
    let folder = Path::new(THINKING).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1; {line}")])
        .current_dir(here)
        .env_clear()
        .env("PATH", path.unwrap())
        .env("HOME", here)
        .output()
        .unwrap();
    let mut text = masked(&String::from_utf8_lossy(&output.stdout), here);
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    match output.status.code() {
        Some(0) => {}
        Some(code) => writeln!(text, "[exit {code}]").unwrap(),
        None => writeln!(text, "[{}]", output.status).unwrap(),
    }
    text
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        match entry.path() {
            path if path.is_dir() => copy(&path, &to.join(entry.file_name())),
            path if path.ends_with("session.txt") => {}
            path => drop(std::fs::copy(path, to.join(entry.file_name())).unwrap()),
        }
    }
}

/// Runs a session; gives what is wrong with it.
fn session(folder: &Path) -> Option<String> {
    let sandbox = Sandbox::new();
    let here = sandbox.path().canonicalize().unwrap();
    copy(folder, &here);
    let file = folder.join("session.txt");
    let expected = std::fs::read_to_string(&file).unwrap();
    let mut found = String::new();
    for line in expected.lines().filter(|line| line.starts_with(['$', '#'])) {
        let _ = writeln!(found, "{line}");
        if let Some(line) = line.strip_prefix("$ ") {
            found.push_str(&said(line, &here));
        }
    }
    if update() {
        std::fs::write(&file, &found).unwrap();
        return None;
    }
    let difference = similar::TextDiff::from_lines(&expected, &found);
    (expected != found).then(|| {
        let shown = difference.unified_diff().context_radius(4).header("expected", "found").to_string();
        format!("{}\n{shown}", file.display())
    })
}

fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("tests/suites")).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn sessions_say_what_they_said() {
    let left = Mutex::new(folders());
    let wrong = Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(folder) = left.lock().unwrap().pop() else { return };
                    wrong.lock().unwrap().extend(session(&folder));
                }
            });
        }
    });
    let wrong: Vec<String> = wrong.into_inner().unwrap().into_iter().collect();
    assert!(wrong.is_empty(), "THINKING_UPDATE=1 writes these anew:\n{}", wrong.join("\n"));
}

const TWO: &str = r#"
runtime { permissions { run "sleep" } }
suite "s" {
    teardown { rhai "log::info(`torn down: ${outcome}`)" }
    test "runs" { exec "sleep" "60" }
    test "waits" { rhai "1" }
}
"#;

/// Ctrl-C as soon as a test runs; gives what was said.
fn interrupted(sandbox: &Sandbox) -> Vec<String> {
    let mut command = sandbox.command(&["test", "--json", "--jobs", "1"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        said.push(line.unwrap());
        if said.last().is_some_and(|line| line.contains("test-started")) {
            // SAFETY: the child is ours and was not waited for.
            unsafe { libc::kill(i32::try_from(child.id()).unwrap(), libc::SIGINT) };
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
    said
}

/// Every event is as `schema/test-events.schema.json` promises, and each kind of them comes.
#[test]
fn events_are_as_their_schema_says() {
    let sandbox = Sandbox::new();
    copy(&root().join("tests/suites/fails-in-every-way"), sandbox.path());
    let mut lines: Vec<String> = Vec::new();
    for arguments in [&["--retries", "1", "--repeat", "2", "-k", "a "][..], &["--fail-fast", "--shuffle", "3"]] {
        let ran = sandbox.run(&[&["test", "--json", "--jobs", "2"], arguments].concat()).expect(1);
        lines.extend(ran.out.lines().map(str::to_owned));
    }
    let stopped = interrupted(&Sandbox::with(TWO));
    let last: Value = serde_json::from_str(stopped.last().unwrap()).unwrap();
    assert_eq!(
        (&last["end"], &last["counts"]["failed"], &last["counts"]["not_run"]),
        (&"interrupted".into(), &1.into(), &1.into()),
        "{last}"
    );
    // What was under way is ended, and torn down.
    assert!(stopped.iter().any(|line| line.contains("torn down: failed")), "{stopped:#?}");
    lines.extend(stopped);
    let schema: Value = serde_json::from_str(include_str!("../schema/test-events.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut kinds = BTreeSet::new();
    for line in &lines {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let wrong: Vec<String> = validator.iter_errors(&event).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}: {line}");
        kinds.insert(event["event"].as_str().unwrap().to_owned());
    }
    let all = schema["oneOf"].as_array().unwrap().iter();
    let all: BTreeSet<String> =
        all.map(|event| event["properties"]["event"]["const"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, all);
}

/// What programs in tests do to files they do to copies, and to what is too large for that not unnoticed; secrets do not reach them.
#[test]
fn programs_in_tests_leave_the_project_alone() {
    let sandbox = Sandbox::with(
        r#"
param "key" secret=#true env="THINKING_TEST_KEY" optional=#true
runtime { permissions { run "sh" } }
suite "s" {
    test "small" { exec "sh" "-c" "echo more >> small.txt" }
    test "large" { exec "sh" "-c" "echo more >> large.bin" }
    test "secret" { exec "sh" "-c" "test -z \"$THINKING_TEST_KEY\"" }
}
"#,
    );
    sandbox.write("small.txt", "small\n");
    std::fs::File::create(sandbox.file("large.bin")).unwrap().set_len(17 << 20).unwrap();
    let mut command = sandbox.command(&["test", "--jobs", "1"]);
    let ran = crate::support::run(command.env("THINKING_TEST_KEY", "a secret word")).expect(1);
    assert_eq!(sandbox.read("small.txt"), "small\n");
    assert!(ran.err.contains("`large.bin` of the project itself was changed"), "{}", ran.err);
    assert!(ran.err.contains("failed: 1 of 3 tests, 2 passed"), "{}", ran.err);
}
