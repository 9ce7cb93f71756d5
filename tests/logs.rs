//! Logs of long runs, of which the end is read, and of killed ones.

use crate::support::{Sandbox, run};
use std::path::PathBuf;

/// Enough for a log of several blocks; one step fails, some say something.
const MANIFEST: &str = r##"
pipeline "main" {
    each "row" in="1..=25" {
        each "n" in="1..=25" {
            step "one" on-error="skip" {
                rhai #"if n == 9 { log::warn(`row ${row}`); } if n == 25 && row % 5 == 0 { throw "no" } n"#
            }
        }
    }
}
"##;

fn log_of(sandbox: &Sandbox) -> PathBuf {
    let runs: Vec<_> =
        std::fs::read_dir(sandbox.file(".thinking/runs")).unwrap().map(|run| run.unwrap().path()).collect();
    let [only] = &*runs else { panic!("{runs:?}") };
    only.join("log.jsonl")
}

/// What can have become of a log, by name.
fn fates(text: &str) -> Vec<(&'static str, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut seed = 7u64;
    let mut chance = |of: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33).is_multiple_of(of)
    };
    let joined = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let mut keep = |keep: &mut dyn FnMut(usize, &str, bool) -> bool, of: u64| {
        let kept = lines.iter().enumerate().filter(|(at, line)| keep(*at, line, chance(of)));
        joined(&kept.map(|(_, line)| *line).collect::<Vec<_>>())
    };
    let end = lines.len() - 300;
    vec![
        ("whole", text.to_owned()),
        ("cut in its last line", text[..text.len() - 40].to_owned()),
        ("cut early", text[..text.len() * 3 / 5].to_owned()),
        ("some lines lost", keep(&mut |_, _, lost| !lost, 7)),
        ("most lines lost", keep(&mut |_, _, kept| kept, 9)),
        ("steps lost near the end", keep(&mut |at, line, _| at < end || !line.contains("step-done"), 2)),
        ("warnings only near the end", keep(&mut |at, line, _| at < end || line.contains("WARN"), 2)),
        ("the beginning lost", joined(&lines[lines.len() / 2..])),
        ("damaged", {
            let damaged =
                |line: &&str| if chance(11) { line.replacen(':', "\u{1}", 2) + "\r\n\n" } else { format!("{line}\n") };
            lines.iter().map(damaged).collect()
        }),
        ("warnings only", joined(&lines.iter().copied().filter(|line| line.contains("WARN")).collect::<Vec<_>>())),
        ("one long line", "x".repeat(200_000)),
        ("empty", String::new()),
    ]
}

/// The last events are those with which the whole log ends, whatever became of it.
#[test]
fn the_last_events_are_the_end_of_all() {
    let sandbox = Sandbox::with(MANIFEST);
    let mut killed = sandbox.command(&["apply", "--quiet"]);
    assert_eq!(run(killed.env("THINKING_FAULT", "kill:after-commit:60")).code, None);
    sandbox.run(&["apply", "--quiet"]).expect(0);
    let log = log_of(&sandbox);
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.len() > 2 << 16, "{} bytes are too few to be read in blocks", text.len());
    for (fate, text) in fates(&text) {
        std::fs::write(&log, text).unwrap();
        let filters: [(&[&str], &[usize]); 3] =
            [(&[], &[0, 1, 6, 333, 9_999]), (&["row[24]"], &[2]), (&["--level", "warn"], &[3])];
        for (filter, counts) in filters {
            let told = |more: &[&str]| sandbox.run(&[&["logs", "--json"], filter, more].concat()).expect(0);
            let all = told(&[]);
            let lines: Vec<&str> = all.out.lines().collect();
            for count in counts {
                let last = told(&["-n", &count.to_string()]);
                let expected = &lines[lines.len().saturating_sub(*count)..];
                assert_eq!(last.out.lines().collect::<Vec<_>>(), expected, "{fate}, {filter:?} -n {count}");
                if *count > lines.len() {
                    assert_eq!(last.err, all.err, "{fate}");
                }
            }
        }
    }
}

/// Of damage it is told where it is, but not if it is before what was asked for.
#[test]
fn damage_is_told_of_by_the_number_of_its_line() {
    let sandbox = Sandbox::with(MANIFEST);
    sandbox.run(&["apply", "--quiet"]).expect(0);
    let log = log_of(&sandbox);
    let text = std::fs::read_to_string(&log).unwrap();
    let count = text.lines().count();
    let damaged = |number: usize| {
        let line = |(at, line): (usize, &str)| if at + 1 == number { "{\n".to_owned() } else { format!("{line}\n") };
        std::fs::write(&log, text.lines().enumerate().map(line).collect::<String>()).unwrap();
        sandbox.run(&["logs", "-n", "5"]).expect(0).err
    };
    assert_eq!(damaged(2), "");
    let number = count - 3;
    assert_eq!(damaged(number), format!("line {number} of the log is cut or damaged and was left out\n"));
}

/// What a step said before a while that the kill came in is in the log.
#[test]
fn what_was_said_before_a_kill_is_there() {
    let sandbox = Sandbox::with(
        r##"
runtime { permissions { run "sh" } }
pipeline "main" {
    step "talk" { rhai #"log::info("before it"); 1"# }
    step "last" {
        exec "sh" "-c" "echo my last words; for i in $(seq 500); do grep -q 'last words' .thinking/runs/*/log.jsonl && break; sleep 0.02; done; kill -9 $PPID; sleep 9"
    }
}
"##,
    );
    assert_eq!(sandbox.run(&["apply", "--quiet"]).code, None);
    let logs = sandbox.run(&["logs"]).expect(0);
    assert!(logs.out.contains("before it") && logs.out.contains("last │ my last words"), "{}", logs.out);
    assert!(logs.err.contains("was killed"), "{}", logs.err);
}
