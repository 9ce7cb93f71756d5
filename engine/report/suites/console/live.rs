//! A test run as it is at this moment, at the bottom of a terminal, with failures above it.

use super::frame::{Picture, Running, frame};
use super::{Teller, TestConsoleOptions, selected};
use crate::Terminal;
use crate::live::screen::Screen;
use crate::suites::words;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use thinking_event::testing::{Outcome, TestEvent, TestReporter};

/// Shows a test run on a terminal: how far it is, which tests run, how many failed, and the time left if earlier runs tell. Above it scrolls by what the
/// plain lines would say. Whoever gives it events also calls [`TestReporter::tick`] a few times a second, so that times move on.
///
/// A terminal that is closed is not a failure. Text from tests cannot steer it.
pub struct TestLive {
    screen: Screen,
    teller: Teller,
    picture: Picture,
    began: Instant,
    painted: Option<Instant>,
    head: String,
    above: String,
    continued: Arc<AtomicBool>,
}

/// Time between two pictures.
const PAUSE: Duration = Duration::from_millis(100);
/// Messages cannot be told in fewer columns.
const NARROWEST: usize = 20;

impl TestLive {
    /// A reporter that paints there. `continued` is set by whoever learns that the process was stopped and goes on (SIGCONT); `reflows` says whether the
    /// terminal breaks lines anew when its width changes, as nearly all do.
    #[must_use]
    pub fn new(
        terminal: Box<dyn Terminal>,
        options: TestConsoleOptions,
        continued: Arc<AtomicBool>,
        reflows: bool,
    ) -> Self {
        Self {
            screen: Screen::new(terminal, reflows),
            teller: Teller::new(options),
            picture: Picture::default(),
            began: Instant::now(),
            painted: None,
            head: String::new(),
            above: String::new(),
            continued,
        }
    }

    /// Takes what a picture needs.
    fn take(&mut self, event: &TestEvent) {
        let picture = &mut self.picture;
        match event {
            TestEvent::RunStarted { run, tests, known, expected, .. } => {
                self.began = Instant::now();
                picture.title = format!("run {run}  {}", selected(*tests, *known));
                picture.total = *tests;
                picture.expected = *expected;
            }
            TestEvent::Started { project, test, repetition, attempt, at } => {
                let name = self.teller.name(project, &words::numbered(test, *repetition));
                // A test that is tried again is one already.
                picture.running.retain(|running| running.name != name);
                picture.running.push(Running { name, attempt: *attempt, at: *at });
            }
            TestEvent::Retried { .. } => picture.retried += 1,
            TestEvent::Ended(record) => {
                let name = self.teller.name(&record.test.project, &words::path(&record.test, record.repetition));
                picture.running.retain(|running| running.name != name);
                picture.done += usize::from(record.outcome != Outcome::NotRun);
                picture.failed += usize::from(record.outcome.is_failure());
                picture.flaky += usize::from(record.outcome == Outcome::Flaky);
            }
            TestEvent::Stopping { .. } => picture.stopping = true,
            TestEvent::RunEnded { .. } => picture.over = true,
        }
    }

    fn paint(&mut self, now: bool) {
        if self.screen.broken() || (!now && self.painted.is_some_and(|painted| painted.elapsed() < PAUSE)) {
            return;
        }
        let settled = self.screen.measure();
        if self.continued.swap(false, Ordering::Relaxed) {
            self.screen.forget();
        }
        // While somebody pulls at the window's edge nothing is painted.
        if !settled && !now {
            return;
        }
        self.painted = Some(Instant::now());
        let (columns, lines) = self.screen.room();
        let elapsed = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let date = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let date = i64::try_from(date).unwrap_or(i64::MAX);
        let picture = frame(&self.picture, columns, lines, elapsed, date, &self.teller.marks);
        self.screen.paint(&std::mem::take(&mut self.above), picture);
    }
}

impl TestReporter for TestLive {
    fn event(&mut self, event: &TestEvent) {
        self.take(event);
        if matches!(event, TestEvent::RunEnded { .. }) {
            self.screen.measure();
            let columns = self.screen.room().0.max(NARROWEST);
            self.teller.options.style.width = self.teller.options.style.width.min(columns);
        }
        let mut text = String::new();
        self.teller.tell(&mut text, event);
        // What is said of the start stands in the picture, then above the first line that scrolls by.
        if matches!(event, TestEvent::RunStarted { .. }) {
            self.head = text;
        } else if !text.is_empty() {
            self.above.push_str(&std::mem::take(&mut self.head));
            self.above.push_str(&text);
        }
        self.paint(matches!(event, TestEvent::RunEnded { .. }));
    }

    fn tick(&mut self) {
        self.paint(false);
    }

    fn finish(&mut self) -> Result<(), String> {
        self.picture.over = true;
        self.paint(true);
        Ok(())
    }
}
