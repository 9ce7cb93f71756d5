use super::frame::{Scene, frame};
use super::state::State;
use super::{LiveOptions, LiveReporter, Terminal, ending};
use crate::console::ConsoleOptions;
use crate::marks::Marks;
use crate::testing::task;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use thinking_diagnostic::Style;
use thinking_event::{Counts, Event, Expected, ExpectedStep, Reporter, RunEnd};
use thinking_step::{LogLevel, StepError};

const SECOND: u64 = 1_000_000;

fn run() -> Event {
    Event::RunStarted {
        run: "20261120-070155-4f2a".into(),
        pipeline: "train".into(),
        at: 0,
        resumed: false,
        remembered: Vec::new(),
        directory: String::new(),
    }
}

fn container(path: &str, iterations: Option<u64>) -> Event {
    Event::ContainerStarted { task: task(path), iterations, passed: 0 }
}

fn over(path: &str, seconds: u64) -> Event {
    Event::ContainerEnded { task: task(path), took: seconds * SECOND }
}

fn start(path: &str, attempt: u32) -> Event {
    Event::StepStarted { task: task(path), attempt, at: 0 }
}

fn done(path: &str, seconds: u64) -> Event {
    Event::StepDone { task: task(path), attempt: 1, took: seconds * SECOND }
}

fn step(path: &str) -> [Event; 2] {
    [start(path, 1), done(path, 1)]
}

fn said(path: &str, line: &str) -> Event {
    Event::Output { task: task(path), stderr: false, line: line.to_owned() }
}

fn failed(path: &str, passed_over: bool) -> Event {
    Event::TaskFailed { task: task(path), attempts: 1, error: StepError::script("no"), passed_over }
}

/// A second passes with each event.
fn after(events: &[Event]) -> (State, u64) {
    let mut state = State::default();
    let mut now = 0;
    for event in events {
        now += SECOND;
        state.take(event, || now);
        for open in &mut state.open {
            open.rate.feed(now, open.done);
        }
    }
    (state, now)
}

fn picture(events: &[Event], columns: usize, lines: usize) -> String {
    let (state, now) = after(events);
    let marks = Marks::new(Style::default());
    let scene = Scene { columns, lines, now, date: 4200, left: None, marks: &marks };
    let lines = frame(&state, scene);
    assert!(lines.iter().all(|line| line.width <= columns));
    lines.into_iter().map(|line| line.text + "\n").collect()
}

fn last(events: &[Event], columns: usize) -> String {
    let (state, _) = after(events);
    ending::ending(&state.tops.0, columns, &Marks::new(Style::default()))
        .into_iter()
        .map(|line| line.text + "\n")
        .collect()
}

/// Two stages, the second in the fourth of twelve epochs.
fn fit() -> Vec<Event> {
    let mut events = vec![run(), container("prepare", None)];
    events.extend(step("prepare/count"));
    events.extend(step("prepare/index"));
    events.extend([over("prepare", 4), container("fit", None), container("fit/epoch", Some(12))]);
    for epoch in 1..=3 {
        events.extend(step(&format!("fit/epoch[{epoch}]/train")));
        events.extend(step(&format!("fit/epoch[{epoch}]/score")));
    }
    events.push(start("fit/epoch[4]/train", 1));
    events
}

#[test]
fn a_loop_with_its_bar() {
    insta::assert_snapshot!(picture(&fit(), 79, 23), @r#"
    run 20261120-070155-4f2a  pipeline train  21s
      ✓ prepare  2 steps  4.0s
      ▸ fit  14s
        ▸ epoch[4]  ━━━━━━──────────────────  3/12  14/min  ~40s left
          ▸ train  4.2s
      8 done
    "#);
}

#[test]
fn the_last_lines_of_a_program() {
    let mut events = fit();
    let path = "fit/epoch[4]/train";
    events.extend(
        ["one", "two", "\u{1b}[31mthree\u{1b}[0m", "10%\r20%", "a\ttab\u{1b}]0;title\u{7}"]
            .map(|line| said(path, line)),
    );
    events.push(said(path, &format!("long {}", "line ".repeat(1000))));
    insta::assert_snapshot!(picture(&events, 60, 23), @r#"
    run 20261120-070155-4f2a  pipeline train  27s
      ✓ prepare  2 steps  4.0s
      ▸ fit  20s
        ▸ epoch[4]  ━━━━╸──────────────  3/12  14/min  ~35s left
          ▸ train  4.2s
            │ 20%
            │ a    tab
            │ long line line line line line line line line line…
      8 done
    "#);
}

#[test]
fn low_and_narrow_terminals() {
    let mut events = fit();
    events.push(said("fit/epoch[4]/train", "loss 3.1"));
    let pictures: Vec<String> = [(79, 5), (39, 4), (19, 10), (19, 2), (9, 3), (0, 1), (79, 0)]
        .map(|(columns, lines)| picture(&events, columns, lines))
        .to_vec();
    insta::assert_snapshot!(pictures.join("---\n"), @r#"
    run 20261120-070155-4f2a  pipeline train  22s
      ▸ fit  15s
        ▸ epoch[4]  ━━━━━━──────────────────  3/12  14/min  ~40s left
          ▸ train  4.2s
      8 done
    ---
    run 20261120-0701…  pipeline train  22s
        ▸ epoch[4]  3/12  14/min  ~40s left
          ▸ train  4.2s
      8 done
    ---
    run 202… train  22s
      ✓ prepare  4.0s
      ▸ fit  15s
       ▸ epoch[4]  3/12
       ▸ train  4.2s
       │ loss 3.1
      8 done
    ---
    run 202… train  22s
       ▸ train  4.2s
    ---
    ru…n  22s
     ▸ train
     8 done
    ---

    ---
    "#);
}

#[test]
fn tries_and_waits() {
    let error = || StepError::script("not yet");
    let mut events = vec![run(), container("fetch", None), start("fetch/page", 1)];
    events.push(Event::AttemptFailed { task: task("fetch/page"), attempt: 1, error: error(), pause: 90_000 });
    let waits = picture(&events, 79, 23);
    events.push(start("fetch/page", 2));
    insta::assert_snapshot!(waits + "---\n" + &picture(&events, 79, 23), @r#"
    run 20261120-070155-4f2a  pipeline train  3.0s
      ▸ fetch  2.0s
        ↻ page  attempt 2  in 1m 30s
      0 done  1 retried
    ---
    run 20261120-070155-4f2a  pipeline train  4.0s
      ▸ fetch  3.0s
        ▸ page  attempt 2  4.2s
      0 done  1 retried
    "#);
}

#[test]
fn loops_in_loops_and_what_was_left_in_the_middle() {
    let mut events = vec![run(), container("year", Some(4))];
    events.push(container("year[2012]/month", Some(12)));
    events.extend(step("year[2012]/month[1]/sum"));
    events.push(start("year[2012]/month[2]/sum", 1));
    // `on-error="skip"` on the iteration: nobody says that the months of 2012 ended.
    events.push(failed("year[2012]/month[2]/sum", true));
    events.push(container("year[2013]/month", Some(12)));
    events.push(start("year[2013]/month[1]/sum", 1));
    insta::assert_snapshot!(picture(&events, 79, 23), @r#"
    run 20261120-070155-4f2a  pipeline train  8.0s
      ▸ year[2013]  ━━━━━━──────────────────  1/4  10/min  ~20s left
        ▸ month[1]  ────────────────────────  0/12
          ▸ sum  4.2s
      1 done  1 failed
    "#);
}

#[test]
fn several_at_once() {
    let mut events = vec![run(), container("urls", None)];
    events.extend((0..12).map(|number| start(&format!("urls/u{number}"), 1)));
    events.push(done("urls/u3", 1));
    events.push(start("urls/u12", 1));
    insta::assert_snapshot!(picture(&events, 79, 23), @r#"
    run 20261120-070155-4f2a  pipeline train  15s
      ▸ urls  14s
        ▸ u0  4.2s
        ▸ u1  4.2s
        ▸ u2  4.2s
        ▸ u4  4.2s
        ▸ u5  4.2s
        ▸ u6  4.2s
        ▸ u7  4.2s
        ▸ u8  4.2s
        and 4 more at once
      1 done
    "#);
}

#[test]
fn a_deep_tree_and_ten_thousand_tasks_stay_small() {
    let mut events = vec![run()];
    for number in 0..10_000 {
        events.extend(step(&format!("t{number}")));
    }
    events.push(failed("bad", true));
    let mut path = String::from("deep");
    for number in 0..60 {
        events.push(container(&path, Some(3)));
        path.push_str(&format!("[{number}]/d{number}"));
    }
    events.push(start(&path, 1));
    let picture = picture(&events, 79, 12);
    assert_eq!(picture.lines().count(), 12);
    insta::assert_snapshot!(picture, @r#"
    run 20261120-070155-4f2a  pipeline train  5h 34m
                   ▸ d50[51]  ────────────────────────  0/3
                   ▸ d51[52]  ────────────────────────  0/3
                   ▸ d52[53]  ────────────────────────  0/3
                   ▸ d53[54]  ────────────────────────  0/3
                   ▸ d54[55]  ────────────────────────  0/3
                   ▸ d55[56]  ────────────────────────  0/3
                   ▸ d56[57]  ────────────────────────  0/3
                   ▸ d57[58]  ────────────────────────  0/3
                   ▸ d58[59]  ────────────────────────  0/3
                   ▸ d59  4.2s
      10000 done  1 failed
    "#);
}

#[test]
fn what_stays() {
    let mut events = vec![run(), Event::StepsKept { task: task("fetch/all"), count: 30 }];
    events.extend(fit().split_off(1));
    events.extend([done("fit/epoch[4]/train", 1), over("fit/epoch", 7), over("fit", 7)]);
    events.push(Event::TaskSkipped { task: task("publish") });
    events.extend(step("report"));
    events.push(start("mail", 1));
    events.push(failed("mail", true));
    events.push(container("send", None));
    events.push(Event::TaskSkipped { task: task("send/fast") });
    events.push(start("send/slow", 1));
    events.push(Event::RunEnded { run: "".into(), end: RunEnd::Interrupted, counts: Counts::default(), took: 0 });
    let narrow = last(&events, 19);
    insta::assert_snapshot!(last(&events, 79) + "---\n" + &narrow, @r#"
      = fetch/all  kept, and 29 steps before
      ✓ prepare  2 steps  4.0s
      ✓ fit      7 steps  7.0s
      – publish  skipped
      ✓ report            1.0s
      ✗ mail              1.0s  failed, the run went on
      ▸ send     0 steps  3.0s  1 skipped  not finished
    ---
      = fetch/all
      ✓ prepare  4.0s
      ✓ fit      7.0s
      – publish
      ✓ report   1.0s
      ✗ mail     1.0s
      ▸ send     3.0s
    "#);
}

#[test]
fn much_that_stays_is_folded() {
    let mut events = vec![run()];
    for number in 0..500 {
        events.extend(step(&format!("t{number}")));
    }
    events.push(failed("bad", true));
    for number in 500..1000 {
        events.extend(step(&format!("t{number}")));
    }
    let text = last(&events, 79);
    assert_eq!(text.lines().count(), 43);
    let lines: Vec<&str> = text.lines().skip(19).take(5).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    ✓ t19    1.0s
    … 480 more tasks, 480 steps
    ✗ bad   0.0ms  failed, the run went on
    … 480 more tasks, 480 steps
    ✓ t980   1.0s
    "#);
}

/// A terminal that keeps what is written, or is gone.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<String>>, bool);

impl Terminal for Paper {
    fn size(&self) -> Option<(u16, u16)> {
        None
    }
    fn foreground(&self) -> bool {
        true
    }
    fn write(&mut self, text: &str) -> io::Result<()> {
        if self.1 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
        Ok(())
    }
}

fn reporter<const N: usize>(paper: &Paper, before: [(&str, ExpectedStep); N]) -> LiveReporter {
    let console = ConsoleOptions {
        style: Style::default(),
        quiet: false,
        level: LogLevel::Info,
        resume_command: "thinking apply".to_owned(),
    };
    let steps = before.iter().map(|(path, _)| Arc::from(*path)).collect();
    let expected = Expected { steps: before.iter().map(|(path, step)| (Arc::from(*path), *step)).collect() };
    let options = LiveOptions { console, expected: Some(expected), steps, continued: Arc::default(), reflows: true };
    LiveReporter::new(Box::new(paper.clone()), options, Arc::default())
}

#[test]
fn logs_scroll_by_and_the_summary_stays() {
    let paper = Paper::default();
    let reporter = reporter(&paper, []);
    let log = |level, message: &str| Event::Log { task: task("a"), level, message: message.to_owned() };
    let mut events =
        vec![run(), start("a", 1), log(LogLevel::Debug, "no"), log(LogLevel::Warn, "\u{1b}[2Jhm"), done("a", 1)];
    let counts = Counts { done: 1, ..Counts::default() };
    events.push(Event::RunEnded { run: "r".into(), end: RunEnd::Done, counts, took: SECOND });
    events.iter().for_each(|event| reporter.event(event));
    reporter.finish();
    reporter.event(&start("late", 1));
    reporter.finish();
    let text = paper.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let end = text.rfind("warning").expect("the warning");
    insta::assert_snapshot!(text[end..].replace('\u{1b}', "ESC").replace('\r', ""), @r#"
    warning: hmESC[K
      ✓ a  1.0sESC[K
    done: 1 step ran, in 1.0sESC[K
    ESC[J
    "#);
}

#[test]
fn what_earlier_runs_took_gives_the_time_left() {
    let paper = Paper::default();
    let step = ExpectedStep { instances: 1, mean: 3600 * SECOND };
    let reporter = reporter(&paper, [("a", step), ("b", step)]);
    reporter.event(&run());
    let began = std::time::Instant::now();
    let text = || paper.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    while !text().contains("~2h 00m left") {
        assert!(began.elapsed().as_secs() < 20, "{}", text());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn a_terminal_that_is_gone_holds_nothing_up() {
    let paper = Paper(Arc::default(), true);
    let reporter = reporter(&paper, []);
    reporter.event(&run());
    let log = Event::Log { task: task("a"), level: LogLevel::Info, message: "x".repeat(10_000) };
    for _ in 0..1000 {
        reporter.event(&log);
    }
    reporter.finish();
    assert!(paper.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty());
}
