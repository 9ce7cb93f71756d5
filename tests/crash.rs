//! The process is really killed (SIGKILL): at every commit and at random moments. Applied again, the state is that of an undisturbed run.

use crate::support::Sandbox;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use thinking_store::Store;
use thinking_store::dump::data;
use thinking_store_lmdb::LmdbStore;

/// A bit of everything that writes: data, results, files, loops, a step whose body takes a while.
const MANIFEST: &str = r##"
param "pause" type="int" default=0
runtime {
    database "rows" kind="kv"
    database "sums" kind="kv"
    permissions { run "sh"; write "out/**" }
}
pipeline "main" {
    stage "fill" {
        each "n" in="1..=6" {
            step "put" {
                rhai #"""
                    for k in 0..20 { rows.put(`n${n}-k${k}`, n * k); }
                    if n > 1 { rows.delete(`n${n - 1}-k3`); }
                    sums.put("total", (sums.get("total") ?? 0) + n);
                    rand::int(0, 1000000)
                    """#
            }
        }
    }
    step "file" {
        exec "sh" "-c" "mkdir -p out; echo ${result(\"fill/n[6]/put\")} > out/file.txt"
        output "out/file.txt"
    }
    step "clear" { rhai #"let before = rows.len(); rows.clear(); rows.put("only", before); before"# }
    step "slow" { exec "sh" "-c" "sleep 0.0${params.pause}" }
    each "word" in=#"["b", "a", "c"]"# {
        step "note" { rhai #"sums.put(`word ${word}`, #{ index: index, seen: sums.len() }); word + "!""# }
    }
    step "report" { rhai #"fs::write_text("out/report.txt", `${rows.len()} ${sums.keys()} ${result("word")}`)"# }
}
"##;

/// All that an undisturbed run leaves: every database, every step with its result, every output.
#[derive(Debug, PartialEq)]
struct Left {
    data: BTreeMap<String, BTreeMap<Vec<u8>, Vec<u8>>>,
    steps: Vec<(String, String)>,
    files: Vec<(String, String)>,
}

fn left(sandbox: &Sandbox) -> Left {
    let store = LmdbStore::open_read_only(&sandbox.file(".thinking")).unwrap();
    let view = store.view("main").unwrap();
    let steps = store.steps(&view, None, usize::MAX).unwrap();
    let steps = steps.into_iter().map(|(_, step)| (step.path, String::from_utf8(step.result).unwrap())).collect();
    let files = ["out/file.txt", "out/report.txt"];
    Left {
        data: data(&store, &view).unwrap(),
        steps,
        files: files.iter().map(|file| ((*file).to_owned(), sandbox.read(file))).collect(),
    }
}

fn undisturbed() -> Left {
    let sandbox = Sandbox::with(MANIFEST);
    sandbox.run(&["apply", "--quiet"]).expect(0);
    left(&sandbox)
}

fn last_seq(folder: &Path) -> u64 {
    LmdbStore::open_read_only(folder).unwrap().progress().durable.0
}

#[test]
fn killed_at_every_commit() {
    let expected = undisturbed();
    let whole = Sandbox::with(MANIFEST);
    whole.run(&["apply", "--quiet"]).expect(0);
    let commits = last_seq(&whole.file(".thinking"));
    assert!(commits >= 12, "{commits} commits");
    for place in ["after-accept", "before-sync", "after-commit"] {
        let mut kills = 0;
        for seq in 1..=commits {
            let sandbox = Sandbox::with(MANIFEST);
            let fault = format!("kill:{place}:{seq}");
            let killed = crate::support::run(sandbox.command(&["apply", "--quiet"]).env("THINKING_FAULT", &fault));
            // A group may carry several commits past the place; the process is killed at the next one or ends.
            assert!(matches!(killed.code, None | Some(0)), "{fault}: {:?} {}", killed.code, killed.err);
            kills += u64::from(killed.code.is_none());
            let resumed = sandbox.run(&["apply", "--quiet"]);
            assert_eq!(resumed.code, Some(0), "{fault}: {}", resumed.err);
            assert_eq!(left(&sandbox), expected, "{fault}");
        }
        assert!(kills * 2 > commits, "{place}: only {kills} of {commits} runs were really killed");
    }
}

#[test]
fn killed_at_random_moments() {
    let expected = undisturbed();
    let mut kills = 0;
    for round in 0..6u64 {
        let sandbox = Sandbox::with(MANIFEST);
        // The same project is killed again and again until it gets through.
        for attempt in 0..40u64 {
            let mut child = sandbox
                .command(&["apply", "--quiet", "-p", "pause=5"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let patience = Duration::from_micros(2_000 + (round * 7_919 + attempt * 6_151) % 9_000 + attempt * 3_000);
            let start = Instant::now();
            let done = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break Some(status);
                }
                if start.elapsed() > patience {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    break None;
                }
                std::thread::sleep(Duration::from_micros(200));
            };
            match done {
                Some(status) => {
                    assert!(status.success(), "{status:?}");
                    break;
                }
                None => kills += 1,
            }
        }
        sandbox.run(&["apply", "--quiet", "-p", "pause=5"]).expect(0);
        assert_eq!(left(&sandbox), expected, "round {round}");
    }
    assert!(kills > 6, "only {kills} kills: the moments are badly chosen");
}

/// The disk is full at every commit in turn: exit code 1, a message, nothing lost; with room again the run goes on.
#[test]
fn a_full_disk_ends_the_run_and_it_goes_on_later() {
    let expected = undisturbed();
    for seq in [1, 3, 6, 9, 12] {
        let sandbox = Sandbox::with(MANIFEST);
        let fault = format!("full:before-commit:{seq}");
        let full = crate::support::run(sandbox.command(&["apply"]).env("THINKING_FAULT", &fault));
        assert_eq!(full.code, Some(1), "{fault}: {}", full.err);
        assert!(full.err.contains("full") && full.err.contains("safe"), "{fault}: {}", full.err);
        sandbox.run(&["apply", "--quiet"]).expect(0);
        assert_eq!(left(&sandbox), expected, "{fault}");
    }
}

/// Ctrl-C: no new step starts, the exit code is 130, and the next apply goes on.
#[test]
fn interrupted_and_resumed() {
    let manifest = r#"
runtime { permissions { run "sh" } }
pipeline "main" {
    each "n" in="1..=50" { step "nap" { exec "sh" "-c" "sleep 0.1; echo nap ${n}" } }
}
"#;
    for signal in ["INT", "TERM"] {
        let sandbox = Sandbox::with(&manifest.replace("1..=50", "1..=5"));
        sandbox.write("pipeline.kdl", manifest);
        let mut child = sandbox.command(&["apply"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        // In the middle: the second nap has begun, so the first is done.
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let mut err = String::new();
        while !err.contains("n[2]/nap") {
            err += &(lines.next().expect("it goes on") + "\n");
        }
        std::process::Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
        lines.for_each(|line| err += &(line + "\n"));
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(130), "{err}");
        assert!(err.contains("safe"), "{err}");
        sandbox.write("pipeline.kdl", &manifest.replace("1..=50", "1..=8"));
        let rest = sandbox.run(&["apply"]).expect(0);
        assert!(!rest.err.contains("nap 1\n"), "the first is done: {}", rest.err);
        assert!(rest.err.contains("nap 8"), "{}", rest.err);
    }
}

/// A second process is told who holds the state; reading works all the same.
#[test]
fn one_writer() {
    let manifest = "runtime { permissions { run \"sh\" } }\npipeline \"main\" { step \"nap\" { exec \"sh\" \"-c\" \"sleep 3\" } }\n";
    let sandbox = Sandbox::with(manifest);
    let mut first = sandbox.command(&["apply", "--quiet"]).spawn().unwrap();
    let first_id = first.id().to_string();
    let lock = sandbox.file(".thinking/lock");
    let start = Instant::now();
    // The holder writes its process id into the lock when it has it.
    let held = || std::fs::read_to_string(&lock).is_ok_and(|text| text.contains(&first_id));
    while !held() && start.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let second = sandbox.run(&["apply"]).expect(75);
    assert!(second.err.contains(&first.id().to_string()), "names the holder: {}", second.err);
    sandbox.run(&["plan"]).expect(0);
    first.kill().unwrap();
    first.wait().unwrap();
    sandbox.run(&["apply", "--quiet"]).expect(0);
}

/// Whether a process is there and not just waiting to be looked at.
fn lives(process: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.trim())).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

fn soon(what: impl Fn() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end {
        if what() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

#[test]
fn a_program_does_not_outlive_a_killed_run_and_what_it_started_ends_before_the_next() {
    let sandbox = Sandbox::with(
        r##"
runtime { permissions { run "sh" } }
pipeline "main" {
    step "slow" { exec "sh" "-c" "test -e again && exit 0; sh -c 'sleep 300; echo late > late.txt' > /dev/null 2>&1 & echo $! > inner; echo $$ > outer; wait" }
}
"##,
    );
    let mut command = sandbox.command(&["apply"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    assert!(soon(|| std::fs::read_to_string(sandbox.file("outer")).is_ok_and(|text| text.ends_with('\n'))));
    let (outer, inner) = (sandbox.read("outer"), sandbox.read("inner"));
    assert!(lives(&outer) && lives(&inner));
    assert!(soon(|| std::fs::read_dir(sandbox.file(".thinking/running")).is_ok_and(|files| files.count() == 1)));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(soon(|| !lives(&outer)), "the system ends the program itself");
    sandbox.write("again", "");
    sandbox.run(&["apply"]).expect(0);
    assert!(soon(|| !lives(&inner)), "the next run ends what it had started");
    assert_eq!(std::fs::read_dir(sandbox.file(".thinking/running")).unwrap().count(), 0);
}

/// `load` adds to a file that it does not declare, and all kinds of data are made of that.
const UNSAFE: &str = r##"
runtime {
    database "papers" kind="documents" { index "lines" }
    database "model" kind="objects"
    database "rows" kind="kv"
    permissions { run "sh"; read "log.txt" }
}
component "counter" script="counter.rhai" persistent=#true
pipeline "main" {
    step "count" { rhai "counter.add(1); rows.put(`of ${run.id}`, step.key); ()" }
    step "load" { exec "sh" "-c" "echo line >> log.txt" }
    stage "use" {
        step "document" { rhai #"papers.insert(#{ lines: fs::read_text("log.txt").len() / 5 }); ()"# }
        step "value" { rhai #"model.put("a.b", [papers.get(1).lines]); ()"# }
        step "state" { rhai #"counter.add(papers.get(1).lines); ()"# }
        step "file" { exec "sh" "-c" "cp log.txt out.txt"; output "out.txt" }
    }
}
"##;

#[test]
fn a_step_that_is_not_safe_to_repeat_is_found() {
    use thinking_run::faults::{KillPoint, Killed};
    let project = || {
        let sandbox = Sandbox::with(UNSAFE);
        sandbox.write("counter.rhai", "fn add(n) { this.sum = (this.sum ?? 0) + n; }\n");
        sandbox
    };
    let whole = project();
    whole.run(&["apply", "--quiet"]).expect(0);
    let undisturbed = LmdbStore::open_read_only(&whole.file(".thinking")).unwrap();
    let commits = undisturbed.progress().durable.0;
    let mut found = Vec::new();
    for seq in 1..=commits {
        let sandbox = project();
        let fault = format!("kill:before-accept:{seq}");
        let killed = crate::support::run(sandbox.command(&["apply", "--quiet"]).env("THINKING_FAULT", &fault));
        assert_eq!(killed.code, None, "{fault}: {}", killed.err);
        // Commits that were accepted and not durable are lost with it.
        let durable =
            LmdbStore::open_read_only(&sandbox.file(".thinking")).map_or(0, |store| store.progress().durable.0);
        sandbox.run(&["apply", "--quiet"]).expect(0);
        let store = LmdbStore::open_read_only(&sandbox.file(".thinking")).unwrap();
        let side = |store, root| thinking_run::Side { store, line: "main", root };
        let (one, other) = (side(&undisturbed, whole.path()), side(&store, sandbox.path()));
        if let Some(difference) = thinking_run::difference(one, other).unwrap() {
            let killed = Killed::new(KillPoint::Before(durable + 1), commits, &undisturbed).unwrap();
            found.push((killed.repeated().map(str::to_owned), difference));
        }
    }
    let told: Vec<String> = found
        .iter()
        .map(|(repeated, found)| {
            let step = found.step.as_deref().unwrap_or_default();
            let (one, other) = (&found.undisturbed, &found.disturbed);
            format!("{}: {} of {step}: {one} | {other} +{}", repeated.as_deref().unwrap_or("-"), found.what, found.more)
        })
        .collect();
    // Beside the document: its index, the value, the state, the output, and the file that no step declares.
    let expected = r#"load: `1` in the database `papers` of use/document: {"lines":1,"id":1} | {"lines":2,"id":1} +6"#;
    assert!(!told.is_empty() && told.iter().all(|line| line == expected), "{told:#?}");
}
