//! What a person waits for: whole processes of the binary, timed from the outside. `cargo bench --bench whole`, or some of it: `… -- past changed`
//!
//! Each figure is the median of five runs, with the least and the greatest beside it.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints and may fail loudly")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use thinking_store::{Commit, Entry, RunChange, RunFigures, RunRecord, RunStatus, Store};
use thinking_store_lmdb::{LmdbStore, OpenOptions};

const THINKING: &str = env!("CARGO_BIN_EXE_thinking");
const RUNS: usize = 5;

fn main() {
    println!("{:<52} {:>10} {:>10} {:>10}", "", "median", "least", "greatest");
    // Names given behind `--` are the groups to measure.
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let groups: [(&str, fn()); 9] = [
        ("validate", validate_thousand),
        ("cold", cold_start),
        ("chain", || chain(100_000)),
        ("live", || live(100_000)),
        ("exec", || exec(1_000)),
        ("finished", || finished(1_000_000)),
        ("past", || past(10_000)),
        ("changed", || changed(1_000_000)),
        ("databases", || databases(100_000)),
    ];
    for (_, group) in groups.iter().filter(|(name, _)| asked.is_empty() || asked.iter().any(|asked| asked == name)) {
        group();
    }
}

/// Parse and check 1,000 steps, each with a script and a condition.
fn validate_thousand() {
    let mut manifest = String::from(
        "param \"n\" type=\"int\" default=1\nruntime { database \"rows\" kind=\"kv\" }\npipeline \"main\" {\n",
    );
    for stage in 0..50 {
        let _ = writeln!(manifest, "    stage \"s{stage}\" {{");
        for step in 0..20 {
            let _ = writeln!(
                manifest,
                "        step \"t{step}\" retry=2 timeout=\"5m\" when=\"params.n > 0\" {{ rhai #\"let x = {step} + params.n; rows.put(`k${{x}}`, x); x\"# }}"
            );
        }
        manifest.push_str("    }\n");
    }
    manifest.push_str("}\n");
    let folder = project(&manifest);
    measure("validate 1,000 steps", || timed(folder.path(), &["validate", "--quiet"]), 1_000, "step");
}

/// One step on empty state, and the same once more with nothing to do.
fn cold_start() {
    let manifest = "pipeline \"main\" { step \"one\" { rhai \"1\" } }\n";
    measure("cold start: one step, new state", || timed(project(manifest).path(), &["apply", "--quiet"]), 1, "run");
    let folder = project(manifest);
    timed(folder.path(), &["apply", "--quiet"]);
    measure("cold start: nothing to do", || timed(folder.path(), &["apply", "--quiet"]), 1, "run");
}

fn chain_of(steps: usize) -> String {
    format!(
        "runtime {{ database \"rows\" kind=\"kv\" }}\npipeline \"main\" {{\n    each \"i\" in=\"1..={steps}\" {{ step \"s\" {{ rhai #\"rows.put(\"sum\", (rows.get(\"sum\") ?? 0) + i)\"# }} }}\n}}\n"
    )
}

/// A chain of small steps, each durable.
fn chain(steps: usize) {
    let manifest = chain_of(steps);
    measure(
        &format!("a chain of {steps} Rhai steps, each durable"),
        || timed(project(&manifest).path(), &["apply", "--quiet"]),
        steps,
        "step",
    );
}

/// The same chain in a terminal: silent, and as a live picture. In turns, so that both see the same machine.
fn live(steps: usize) {
    let manifest = chain_of(steps);
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..RUNS {
        for (arguments, times) in [&["apply", "--quiet"] as &[&str], &["apply"]].iter().zip(times.chunks_mut(2)) {
            let before = processors();
            times[0].push(in_terminal(project(&manifest).path(), arguments));
            times[1].push(processors() - before);
        }
    }
    let [quiet, quiet_work, live, live_work] = &mut times;
    let pairs = [
        ("the same in a terminal, --quiet", "the same in a terminal, live", quiet, live),
        ("… time of processors, --quiet", "… time of processors, live", quiet_work, live_work),
    ];
    for (one, other, quiet, live) in pairs {
        let silent = tell(one, quiet, steps, "step");
        let shown = tell(other, live, steps, "step");
        println!("{:<52} {:>9.1} %", "the picture costs", (shown.as_secs_f64() / silent.as_secs_f64() - 1.0) * 100.0);
    }
}

/// What ended children used of the processors so far.
#[allow(unsafe_code, reason = "the standard library does not tell what a child used")]
fn processors() -> Duration {
    // SAFETY: a struct of integers, for which zeros are a value, and which the call fills.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage), 0);
        usage
    };
    let time =
        |time: libc::timeval| Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64);
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// Runs it in a terminal of 120 columns whose output is read and thrown away.
fn in_terminal(folder: &Path, arguments: &[&str]) -> Duration {
    use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let window = rustix::termios::Winsize { ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&master, window).unwrap();
    let slave = ioctl_tiocgptpeer(&master, flags).unwrap();
    let reader = std::thread::spawn(move || {
        let (mut master, mut buffer) = (std::fs::File::from(master), vec![0; 1 << 16]);
        // When nobody has the other end any more, reading fails.
        while std::io::Read::read(&mut master, &mut buffer).is_ok_and(|read| read > 0) {}
    });
    let start = Instant::now();
    let mut command = Command::new(THINKING);
    command.args(arguments).current_dir(folder).env("TERM", "xterm-256color");
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(slave).status().unwrap();
    let took = start.elapsed();
    // It holds the terminal.
    drop(command);
    reader.join().unwrap();
    assert!(status.success());
    took
}

/// Looking for little in much: documents with and without an index, vectors of 64 numbers, a small part of a large object. Each time a process that
/// looks once, beside one that does nothing.
fn databases(many: usize) {
    let manifest = |work: &str| {
        format!(
            r##"
runtime {{
    database "indexed" kind="documents" {{ index "year" }}
    database "plain" kind="documents"
    database "points" kind="vectors" dimensions=64
    database "model" kind="objects"
}}
pipeline "main" {{
    step "documents" {{
        rhai #"""
            for n in 0..{many} {{
                let document = #{{ year: n % 1000, title: `paper ${{n}}`, author: #{{ name: `author ${{n % 77}}` }} }};
                indexed.insert(document);
                plain.insert(document);
            }}
            """#
    }}
    step "vectors" {{
        rhai #"""
            for n in 0..{many} {{
                let vector = [];
                for at in 0..64 {{ vector.push(rand::float()); }}
                points.add(n, vector);
            }}
            """#
    }}
    step "objects" {{ rhai #"for n in 0..{many} {{ model.put(["layers", `l${{n % 100}}`, `n${{n}}`], n); }}"# }}
    step "look" always=#true {{ rhai #"{work}"# }}
}}
"##
        )
    };
    let folder = project(&manifest("()"));
    timed(folder.path(), &["apply", "--quiet"]);
    let look = |what: &str, work: &str| {
        std::fs::write(folder.path().join("pipeline.kdl"), manifest(work)).unwrap();
        measure(&format!("{what}, of {many}"), || timed(folder.path(), &["apply", "--quiet"]), 1, "run");
    };
    look("nothing", "()");
    look("find 100 documents by equality, indexed", "indexed.find(#{ year: 500 }).len()");
    look("find 100 documents by equality, all read", "plain.find(#{ year: 500 }).len()");
    look("find 1,000 documents by a range, indexed", "indexed.find(#{ year: #{ gte: 500, lt: 510 } }).len()");
    look("find 1,000 documents by a range, all read", "plain.find(#{ year: #{ gte: 500, lt: 510 } }).len()");
    look("nearest 10 vectors of 64 numbers", "let v = []; for n in 0..64 { v.push(n); } points.nearest(v, 10).len()");
    look("put a number into a large object", "model.put([\"layers\", \"l7\", \"n7\"], 1)");
    look("get a hundredth of a large object", "model.get(\"layers.l7\").len()");
}

/// Programs that do nothing, beside the same number of bare fork, exec and wait.
fn exec(steps: usize) {
    let manifest = format!(
        "runtime {{ permissions {{ run \"/bin/true\" }} }}\npipeline \"main\" {{\n    each \"i\" in=\"1..={steps}\" {{ step \"s\" {{ exec \"/bin/true\" }} }}\n}}\n"
    );
    measure(
        &format!("{steps} `exec` steps"),
        || timed(project(&manifest).path(), &["apply", "--quiet"]),
        steps,
        "step",
    );
    measure(
        &format!("{steps} bare fork, exec and wait"),
        || {
            let start = Instant::now();
            for _ in 0..steps {
                assert!(Command::new("/bin/true").stdin(Stdio::null()).status().unwrap().success());
            }
            start.elapsed()
        },
        steps,
        "program",
    );
}

/// A finished run is seen to be finished.
fn finished(steps: usize) {
    let manifest =
        format!("pipeline \"main\" {{\n    each \"i\" in=\"1..={steps}\" {{ step \"s\" {{ rhai \"i\" }} }}\n}}\n");
    let folder = project(&manifest);
    let first = timed(folder.path(), &["apply", "--quiet"]);
    println!("{:<52} {:>10}", format!("a chain of {steps} steps without data, once"), shown(first));
    measure(&format!("a finished run of {steps} steps"), || timed(folder.path(), &["apply", "--quiet"]), 1, "run");
    let size = std::fs::metadata(folder.path().join(".thinking/data.mdb")).map_or(0, |file| file.len());
    println!("{:<52} {:>10}", "bytes of state per step", size / steps as u64);
}

/// The history of many runs, all of them and the latest, and the latest run itself.
fn past(runs: u32) {
    let folder = tempfile::tempdir().unwrap();
    let store = LmdbStore::open(OpenOptions::new(folder.path().join(".thinking"), "bench")).unwrap();
    for number in 1..=runs {
        let at = 1_763_600_000_000 + i64::from(number) * 60_000;
        let run = RunRecord {
            number,
            id: format!("20261120-081115-{number:04x}"),
            line: "main".to_owned(),
            pipeline: "train".to_owned(),
            status: RunStatus::Done,
            started: at,
            ended: Some(at + 1_000),
            params: BTreeMap::from([("epochs".to_owned(), 5.into()), ("corpus".to_owned(), "data/corpus.txt".into())]),
            facets: vec!["gpu".to_owned()],
            figures: RunFigures {
                after: store.progress().accepted,
                processes: 1,
                resumed: at,
                took: 1_000_000,
                done: 9,
                changes: vec![RunChange {
                    at,
                    task: "fit/epoch[3]/train".to_owned(),
                    reason: "its `rhai` changed".to_owned(),
                    dropped: 7,
                }],
                ..RunFigures::default()
            },
        };
        let started = Commit::entry("main", Entry::RunStarted { run: number, at });
        store.accept(Commit { run: Some(run), ..started }).unwrap();
    }
    store.close().unwrap();
    drop(store);
    measure(&format!("history of {runs} runs, all of them"), || timed(folder.path(), &["history"]), 1, "run");
    measure(&format!("history of {runs} runs, as JSON"), || timed(folder.path(), &["history", "--json"]), 1, "run");
    measure(
        &format!("history of {runs} runs, the latest 20"),
        || timed(folder.path(), &["history", "-n", "20"]),
        1,
        "run",
    );
    measure(&format!("show the latest of {runs} runs"), || timed(folder.path(), &["show"]), 1, "run");
}

/// What one of many steps changed in data, and the log of them all.
fn changed(steps: usize) {
    let manifest = format!(
        "runtime {{ database \"rows\" kind=\"kv\" }}\npipeline \"main\" {{\n    each \"i\" in=\"1..={steps}\" {{ step \"s\" {{ rhai #\"rows.put(`k${{i}}`, i)\"# }} }}\n}}\n"
    );
    let folder = project(&manifest);
    timed(folder.path(), &["apply", "--quiet"]);
    let path = format!("i[{}]/s", steps / 2);
    measure(&format!("show one of {steps} steps and its data"), || timed(folder.path(), &["show", &path]), 1, "run");
    measure(&format!("show a loop of {steps} steps"), || timed(folder.path(), &["show", "i"]), 1, "run");
    measure(
        &format!("the last 10 lines of a log of {steps} steps"),
        || timed(folder.path(), &["logs", "-n", "10"]),
        1,
        "run",
    );
}

fn project(manifest: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pipeline.kdl"), manifest).unwrap();
    folder
}

fn timed(folder: &Path, arguments: &[&str]) -> Duration {
    let start = Instant::now();
    let output = Command::new(THINKING).args(arguments).current_dir(folder).output().unwrap();
    let took = start.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    took
}

fn measure(what: &str, mut run: impl FnMut() -> Duration, per: usize, unit: &str) {
    let mut times: Vec<Duration> = (0..RUNS).map(|_| run()).collect();
    tell(what, &mut times, per, unit);
}

/// A line of the table; the median.
fn tell(what: &str, times: &mut [Duration], per: usize, unit: &str) -> Duration {
    times.sort();
    let median = times[RUNS / 2];
    let each = if per > 1 {
        format!("  {:.2} µs per {unit}", median.as_secs_f64() * 1e6 / per as f64)
    } else {
        String::new()
    };
    println!("{what:<52} {:>10} {:>10} {:>10}{each}", shown(median), shown(times[0]), shown(times[RUNS - 1]));
    median
}

fn shown(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{:.1} ms", time.as_secs_f64() * 1e3)
    } else {
        format!("{:.2} s", time.as_secs_f64())
    }
}
