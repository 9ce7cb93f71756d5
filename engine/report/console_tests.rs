use super::{ConsoleOptions, ConsoleReporter};
use crate::testing::{Paper, manifest, task};
use std::sync::Arc;
use thinking_diagnostic::{SourceMap, Style};
use thinking_event::{Counts, Event, Reporter, RunEnd, TaskRef};
use thinking_step::{ErrorKind, LogLevel, StepError};

fn options() -> ConsoleOptions {
    ConsoleOptions {
        style: Style::default(),
        quiet: false,
        level: LogLevel::Info,
        resume_command: "thinking apply pipeline.kdl".to_owned(),
    }
}

fn told_with(options: ConsoleOptions, sources: Arc<SourceMap>, events: &[Event]) -> String {
    let paper = Paper::default();
    let reporter = ConsoleReporter::new(Box::new(paper.clone()), options, sources);
    events.iter().for_each(|event| reporter.event(event));
    reporter.finish();
    paper.text()
}

fn told(events: &[Event]) -> String {
    told_with(options(), Arc::default(), events)
}

fn run_started() -> Event {
    Event::RunStarted {
        run: "20261120-070155-4f2a".into(),
        pipeline: "train".into(),
        at: 0,
        resumed: false,
        remembered: Vec::new(),
        directory: String::new(),
    }
}

fn started(path: &str, attempt: u32) -> Event {
    Event::StepStarted { task: task(path), attempt, at: 0 }
}

fn done(path: &str, attempt: u32, took: u64) -> Event {
    Event::StepDone { task: task(path), attempt, took }
}

fn ended(end: RunEnd, counts: Counts) -> Event {
    Event::RunEnded { run: "20261120-070155-4f2a".into(), end, counts, took: 3_210_000 }
}

fn division() -> (Arc<SourceMap>, StepError, TaskRef) {
    let (sources, span) = manifest("1 / 0");
    let (_, node) = manifest("step \"train\"");
    let error = StepError::script("division by zero").at(Some(span));
    (sources, error, TaskRef { path: "fit/epoch[3]/train".into(), span: Some(node) })
}

fn failure() -> (Arc<SourceMap>, Vec<Event>) {
    let (sources, error, task) = division();
    let counts = Counts { done: 8, kept: 4, ..Counts::default() };
    let events = vec![
        run_started(),
        Event::StepStarted { task: task.clone(), attempt: 1, at: 0 },
        Event::TaskFailed { task: task.clone(), attempts: 1, error: error.clone(), passed_over: false },
        ended(RunEnd::Failed { task, error }, counts),
    ];
    (sources, events)
}

fn program_failed() -> StepError {
    StepError::new(ErrorKind::Exec, "`python3 export.py` ended with code 3")
        .details([
            "Traceback:".to_owned(),
            "\t\u{1b}[31mKeyError\u{1b}[0m: 'x'".to_owned(),
            String::new(),
            "bye\u{7}".to_owned(),
        ])
        .help("what it printed is in the run's log")
}

#[test]
fn success() {
    insta::assert_snapshot!(told(&[
        run_started(),
        Event::ContainerStarted { task: task("prepare"), iterations: None, passed: 0 },
        started("prepare/count", 1),
        done("prepare/count", 1, 812_000),
        Event::ContainerEnded { task: task("prepare"), took: 912_000 },
        Event::ContainerStarted { task: task("fit/epoch"), iterations: Some(20), passed: 0 },
        started("fit/epoch[3]/train", 1),
        done("fit/epoch[3]/train", 1, 7_500_000_000),
        started("a/name/that/is/longer/than/the/column/for/names", 1),
        done("a/name/that/is/longer/than/the/column/for/names", 1, 812),
        Event::TaskSkipped { task: task("publish") },
        ended(RunEnd::Done, Counts { done: 3, skipped: 1, ..Counts::default() }),
    ]), @r#"
    run 20261120-070155-4f2a  pipeline train
      ▸ prepare
      ▸ prepare/count
      ✓ prepare/count                         0.8s
      ✓ prepare                               0.9s
      ▸ fit/epoch  20 iterations
      ▸ fit/epoch[3]/train
      ✓ fit/epoch[3]/train                  2h 05m
      ▸ a/name/that/is/longer/than/the/column/for/names
      ✓ a/name/that/is/longer/than/the/column/for/names  0.8ms
      – publish  skipped: its `when` is false
    done: 3 steps ran, 1 was skipped, in 3.2s
    "#);
}

#[test]
fn goes_on_with_what_is_kept() {
    let (sources, span) = manifest("\"1 / 0\"");
    insta::assert_snapshot!(told_with(options(), sources, &[
        Event::RunStarted {
            run: "20261120-070155-4f2a".into(),
            pipeline: "train".into(),
            at: 0,
            resumed: true,
            remembered: vec!["-p epochs=5".to_owned(), "--facet smoke".to_owned()],
            directory: String::new(),
        },
        Event::StepsKept { task: task("fit/epoch[2]/score"), count: 4 },
        Event::StepsKept { task: task("fit/epoch[3]/train"), count: 1 },
        Event::Rerun { task: task("fit/train"), reason: "its `rhai` changed".to_owned(), span: Some(span), dropped: 8, others: vec![("other".into(), 3)] },
        Event::Rerun { task: task("fit/score"), reason: "it is new".to_owned(), span: None, dropped: 1, others: Vec::new() },
        done("fit/train", 1, 60_000),
        ended(RunEnd::Done, Counts { done: 21, kept: 4, failed: 1, retried: 2, ..Counts::default() }),
    ]), @r#"
    run 20261120-070155-4f2a goes on  pipeline train
      with -p epochs=5 --facet smoke, as given before
      = fit/epoch[2]/score  kept, and 3 steps before
      = fit/epoch[3]/train  kept
      ↻ again from `fit/train`: its `rhai` changed (pipeline.kdl:4:29); 8 recorded steps are given up, 3 of them of pipeline `other`
      ↻ again from `fit/score`: it is new; 1 recorded step is given up
      ✓ fit/train                           60.0ms
    done: 21 steps ran, 4 were kept, 1 failed and was passed over, after 2 failed attempts, in 3.2s
    "#);
}

#[test]
fn nothing_to_do() {
    let unchanged = |kept| told(&[ended(RunEnd::Unchanged, Counts { kept, ..Counts::default() })]);
    insta::assert_snapshot!(unchanged(25) + &unchanged(1) + &unchanged(0), @r#"
    nothing to do: all 25 steps are done and unchanged
    nothing to do: the only step is done and unchanged
    nothing to do: there is no step that has to run
    "#);
}

#[test]
fn a_failure_shows_the_source_first() {
    let (sources, events) = failure();
    insta::assert_snapshot!(told_with(options(), sources, &events), @r#"
    run 20261120-070155-4f2a  pipeline train
      ▸ fit/epoch[3]/train
      ✗ fit/epoch[3]/train  failed

    thinking::step-failed

      × `fit/epoch[3]/train` failed: division by zero
       ╭─[pipeline.kdl:4:30]
     3 │     stage "fit" {
     4 │         step "train" { rhai "1 / 0" }
       ·                              ──┬──
       ·                                ╰── here
     5 │         step "export" { exec "python3" "export.py" }
       ╰────

    12 steps are done and safe.
    `thinking apply pipeline.kdl` goes on at `fit/epoch[3]/train`.
    "#);
}

#[test]
fn a_failure_in_ascii() {
    let (sources, events) = failure();
    let style = Style { unicode: false, ..Style::default() };
    let text = told_with(ConsoleOptions { style, ..options() }, sources, &events);
    assert!(text.is_ascii());
    insta::assert_snapshot!(text, @r#"
    run 20261120-070155-4f2a  pipeline train
      > fit/epoch[3]/train
      x fit/epoch[3]/train  failed

    thinking::step-failed

      x `fit/epoch[3]/train` failed: division by zero
       ,-[pipeline.kdl:4:30]
     3 |     stage "fit" {
     4 |         step "train" { rhai "1 / 0" }
       :                              ^^|^^
       :                                `-- here
     5 |         step "export" { exec "python3" "export.py" }
       `----

    12 steps are done and safe.
    `thinking apply pipeline.kdl` goes on at `fit/epoch[3]/train`.
    "#);
}

#[test]
fn a_program_fails() {
    let (sources, span) = manifest("step \"export\"");
    let task = TaskRef { path: "fit/export".into(), span: Some(span) };
    let error = program_failed();
    insta::assert_snapshot!(told_with(options(), sources, &[
        Event::TaskFailed { task: task.clone(), attempts: 3, error: error.clone(), passed_over: false },
        ended(RunEnd::Failed { task, error }, Counts::default()),
    ]), @r#"
      ✗ fit/export  failed after 3 attempts

    thinking::step-failed

      × `fit/export` failed: `python3 export.py` ended with code 3
       ╭─[pipeline.kdl:5:9]
     4 │         step "train" { rhai "1 / 0" }
     5 │         step "export" { exec "python3" "export.py" }
       ·         ──────┬──────
       ·               ╰── this task
     6 │     }
       ╰────
      help: what it printed is in the run's log

      │ Traceback:
      │ 	KeyError: 'x'
      │
      │ bye\u{7}

    No step was done yet.
    `thinking apply pipeline.kdl` goes on at `fit/export`.
    "#);
}

#[test]
fn tries_again_and_passes_over() {
    insta::assert_snapshot!(told(&[
        started("fetch", 1),
        Event::AttemptFailed { task: task("fetch"), attempt: 1, error: StepError::new(ErrorKind::Http, "it took too long"), pause: 2_000 },
        started("fetch", 2),
        Event::AttemptFailed { task: task("fetch"), attempt: 2, error: StepError::script("two\nlines"), pause: 0 },
        started("fetch", 3),
        done("fetch", 3, 12_300),
        Event::TaskFailed { task: task("export"), attempts: 2, error: program_failed(), passed_over: true },
        ended(RunEnd::Done, Counts { done: 1, failed: 1, retried: 2, ..Counts::default() }),
    ]), @r#"
      ▸ fetch
      ↻ fetch  attempt 1 failed: it took too long
        trying again in 2.0s
      ▸ fetch  attempt 2
      ↻ fetch  attempt 2 failed: two
        lines
        trying again
      ▸ fetch  attempt 3
      ✓ fetch                               12.3ms  attempt 3
      ✗ export  failed after 2 attempts, the run goes on: `python3 export.py` ended with code 3
        │ Traceback:
        │ 	KeyError: 'x'
        │
        │ bye\u{7}
    done: 1 step ran, 1 failed and was passed over, after 2 failed attempts, in 3.2s
    "#);
}

#[test]
fn stops() {
    let counts = Counts { done: 12, ..Counts::default() };
    insta::assert_snapshot!(told(&[
        Event::Stopping { running: 2 },
        Event::Stopping { running: 1 },
        Event::Stopping { running: 0 },
        ended(RunEnd::Interrupted, counts),
        ended(RunEnd::Interrupted, Counts::default()),
        ended(RunEnd::Stopped { path: "fit/train".to_owned() }, Counts { kept: 1, ..Counts::default() }),
        ended(
            RunEnd::StoreFailed {
                message: "the disk is full".to_owned(),
                help: Some("make room, then go on".to_owned()),
                unusable: false,
            },
            counts,
        ),
    ]), @r#"
    stopping: 2 steps are given time to end; Ctrl-C again stops at once
    stopping: 1 step is given time to end; Ctrl-C again stops at once
    stopping
    stopped: 12 steps are done and safe.
    `thinking apply pipeline.kdl` goes on.
    stopped: no step was done yet.
    `thinking apply pipeline.kdl` goes on.
    stopped after `fit/train`, as asked: 1 step is done and safe.
    `thinking apply pipeline.kdl` goes on.

    thinking::state

      × the disk is full
      help: make room, then go on

    Steps that are on the disk are safe, the others run again.
    `thinking apply pipeline.kdl` goes on.
    "#);
}

#[test]
fn lines_of_scripts_and_programs_cannot_steer() {
    let log = |level, message: &str| Event::Log { task: task("a"), level, message: message.to_owned() };
    let output = |line: &str| Event::Output { task: task("b\u{1b}[2J"), stderr: true, line: line.to_owned() };
    insta::assert_snapshot!(told(&[
        log(LogLevel::Debug, "not shown"),
        log(LogLevel::Info, "two\nlines"),
        log(LogLevel::Warn, "looks \u{1b}]0;bad\u{7}wrong"),
        log(LogLevel::Error, ""),
        output("10%\r\u{1b}[K100%"),
        output("bell \u{7}"),
    ]), @r#"
    a │ two
    a │ lines
    a │ warning: looks wrong
    a │ error:
    b\u{1b}[2J │ 100%
    b\u{1b}[2J │ bell \u{7}
    "#);
    assert_eq!(told_with(ConsoleOptions { level: LogLevel::Warn, ..options() }, Arc::default(), &[output("x")]), "");
}

#[test]
fn quiet_shows_what_went_wrong() {
    let quiet = || ConsoleOptions { quiet: true, ..options() };
    let (sources, mut events) = failure();
    events.insert(1, done("prepare/count", 1, 1));
    events.insert(2, Event::Log { task: task("a"), level: LogLevel::Error, message: "x".to_owned() });
    events.insert(
        3,
        Event::TaskFailed { task: task("b"), attempts: 1, error: StepError::script("no"), passed_over: true },
    );
    insta::assert_snapshot!(told_with(quiet(), sources, &events), @r#"
      ✗ b  failed, the run goes on: no

    thinking::step-failed

      × `fit/epoch[3]/train` failed: division by zero
       ╭─[pipeline.kdl:4:30]
     3 │     stage "fit" {
     4 │         step "train" { rhai "1 / 0" }
       ·                              ──┬──
       ·                                ╰── here
     5 │         step "export" { exec "python3" "export.py" }
       ╰────

    12 steps are done and safe.
    `thinking apply pipeline.kdl` goes on at `fit/epoch[3]/train`.
    "#);
    assert_eq!(told_with(quiet(), Arc::default(), &[run_started(), ended(RunEnd::Done, Counts::default())]), "");
}

#[test]
fn colours_only_where_wanted() {
    let style = Style { color: true, ..Style::default() };
    let text = told_with(
        ConsoleOptions { style, ..options() },
        Arc::default(),
        &[done("a", 1, 1), Event::Log { task: task("a"), level: LogLevel::Warn, message: "hm".to_owned() }],
    );
    insta::assert_snapshot!(text.replace('\u{1b}', "ESC"), @r#"
    ESC[32m✓ESC[0m a                                    ESC[2m0.0msESC[0m
      ESC[2ma │ESC[0m ESC[33mwarning:ESC[0m hm
    "#);
    let (sources, events) = failure();
    assert!(!told_with(options(), sources, &events).contains('\u{1b}'));
}

#[test]
fn differences_are_coloured_but_lists_of_programs_are_not() {
    let lines = ["left (-), right (+):", "  same", "- one", "+   two", "  - three", "-3"].map(str::to_owned);
    let told = |kind| {
        let error = StepError::new(kind, "they differ").details(lines.clone());
        let options = ConsoleOptions { style: Style { color: true, ..Style::default() }, ..options() };
        let passed = Event::TaskFailed { task: task("a"), attempts: 1, error: error.clone(), passed_over: true };
        let end = ended(RunEnd::Failed { task: task("a"), error }, Counts::default());
        let text = told_with(options, Arc::default(), &[passed, end]);
        let lines = text.lines().filter(|line| line.contains('│'));
        lines.map(|line| line.trim_start().replace('\u{1b}', "ESC") + "\n").collect::<String>()
    };
    insta::assert_snapshot!(told(ErrorKind::Script), @r"
    │ left (-), right (+):
    │   same
    │ ESC[31m- oneESC[0m
    │ ESC[32m+   twoESC[0m
    │   - three
    │ -3
    ESC[2m│ESC[0m left (-), right (+):
    ESC[2m│ESC[0m   same
    ESC[2m│ESC[0m ESC[31m- oneESC[0m
    ESC[2m│ESC[0m ESC[32m+   twoESC[0m
    ESC[2m│ESC[0m   - three
    ESC[2m│ESC[0m -3
    ");
    let plain = told(ErrorKind::Exec);
    assert!(!plain.contains("ESC[31m") && !plain.contains("ESC[32m") && plain.contains("- one"), "{plain}");
}

#[test]
fn long_messages_are_wrapped_and_keep_their_lines() {
    let (sources, _, task) = division();
    let error = StepError::script(format!("{}\nsecond line\n\u{1b}[1mthird", "many words ".repeat(15)));
    let end = RunEnd::Failed { task, error };
    insta::assert_snapshot!(told_with(options(), sources, &[ended(end, Counts::default())]), @r#"

    thinking::step-failed

      × `fit/epoch[3]/train` failed: many words many words many words many words many words many words
      │ many words many words many words many words many words many words many words many words many
      │ words
      │ second line
      │ third
       ╭─[pipeline.kdl:4:9]
     3 │     stage "fit" {
     4 │         step "train" { rhai "1 / 0" }
       ·         ──────┬─────
       ·               ╰── this task
     5 │         step "export" { exec "python3" "export.py" }
       ╰────

    No step was done yet.
    `thinking apply pipeline.kdl` goes on at `fit/epoch[3]/train`.
    "#);
}
