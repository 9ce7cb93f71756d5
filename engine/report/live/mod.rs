//! A run as it is at this moment, painted over and over at the bottom of a terminal; and a clean picture when it is over.
//!
//! Taking an event only counts. A thread of its own looks at the counts ten times a second, paints, and writes what scrolls by above:
//! a run of a hundred thousand small steps must not wait for its picture.

mod ending;
pub(crate) mod frame;
pub(crate) mod left;
mod path;
mod rate;
pub(crate) mod row;
pub(crate) mod screen;
mod state;
mod terminal;
pub(crate) mod text;
mod tops;

pub use terminal::{StandardError, Terminal};

use crate::console::{ConsoleOptions, Teller};
use frame::Scene;
use left::{Known, Loop, Steady};
use row::Line;
use screen::Screen;
use state::State;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use thinking_diagnostic::SourceMap;
use thinking_event::{Event, Expected, ExpectedStep, Reporter};
use thinking_step::LogLevel;

/// What a [`LiveReporter`] shows, and how.
#[derive(Debug, Clone)]
pub struct LiveOptions {
    /// As for plain lines. The width for messages is the terminal's, if that is less.
    pub console: ConsoleOptions,
    /// What earlier runs took, for the time left.
    pub expected: Option<Expected>,
    /// Paths of all steps without keys (`fit/epoch/train`) in the order of the manifest.
    pub steps: Vec<Arc<str>>,
    /// Set by whoever learns that the process was stopped and goes on (SIGCONT).
    pub continued: Arc<AtomicBool>,
    /// Whether the terminal breaks lines anew when its width changes, as nearly all do.
    pub reflows: bool,
}

/// Shows a run on a terminal: its open tasks with bars, rates, tries and the time left, the last lines of programs, and above them
/// what the plain lines would say of logs and failures. When the run is over, a line per outermost task and the summary stay.
///
/// A terminal that is closed is not a failure. Text from programs and scripts cannot steer it.
pub struct LiveReporter {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    state: Mutex<Inner>,
    /// Something happened that is to be seen at once, or there is room again for lines above.
    changed: Condvar,
    began: Instant,
    teller: Teller,
    steps: Vec<(Arc<str>, Option<ExpectedStep>)>,
    continued: Arc<AtomicBool>,
}

#[derive(Default)]
struct Inner {
    state: State,
    /// Lines that scroll by above the picture.
    above: String,
    /// What is said of the run's start: it stands at the head of what stays, or of the first line that scrolls by.
    head: String,
    /// Lines that scrolled by since that was said.
    since: Option<usize>,
    /// The event that ended the run.
    end: Option<Event>,
    closed: bool,
    /// Nobody paints: the thread is gone or never was.
    unattended: bool,
}

/// Time between two pictures.
const PAUSE: Duration = Duration::from_millis(100);
/// Messages with their source cannot be told in fewer columns.
const NARROWEST: usize = 20;
/// More lines above than this are not kept: whoever speaks waits until they are written, as with plain lines.
const MOST: usize = 1 << 20;

impl LiveReporter {
    /// A reporter that paints there; `sources` are the texts that spans of events point into.
    #[must_use]
    pub fn new(terminal: Box<dyn Terminal>, options: LiveOptions, sources: Arc<SourceMap>) -> Self {
        let expected = options.expected.unwrap_or_default().steps;
        let steps = options.steps.into_iter().map(|path| {
            let step = expected.get(&path).copied();
            (path, step)
        });
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            began: Instant::now(),
            teller: Teller::new(options.console, sources),
            steps: steps.collect(),
            continued: options.continued,
        });
        let screen = Screen::new(terminal, options.reflows);
        let behind = shared.clone();
        let thread = std::thread::Builder::new().name("painter".to_owned()).spawn(move || behind.attend(screen)).ok();
        shared.lock().unattended = thread.is_none();
        Self { shared, thread: Mutex::new(thread) }
    }
}

impl Reporter for LiveReporter {
    fn event(&self, event: &Event) {
        let shared = &*self.shared;
        let mut guard = shared.lock();
        let inner = &mut *guard;
        if inner.unattended {
            return;
        }
        inner.state.take(event, || shared.now());
        match event {
            Event::StepStarted { .. } | Event::StepDone { .. } => {}
            Event::RunStarted { .. } => shared.teller.tell(&mut inner.head, event),
            // Told when the last picture is painted: only then the width is known.
            Event::RunEnded { .. } => inner.end = Some(event.clone()),
            event if scrolls(event, shared.teller.options.level) => {
                if inner.since.is_none() && !inner.head.is_empty() {
                    inner.above.push_str(&inner.head);
                }
                let before = inner.above.len();
                shared.teller.tell(&mut inner.above, event);
                let lines = inner.above[before..].matches('\n').count();
                if !inner.head.is_empty() {
                    inner.since = Some(inner.since.unwrap_or(0) + lines);
                }
                while guard.above.len() > MOST && !guard.unattended {
                    shared.changed.notify_all();
                    guard = shared.changed.wait(guard).unwrap_or_else(PoisonError::into_inner);
                }
            }
            _ => {}
        }
    }

    fn finish(&self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A thread that panicked has nothing left to paint.
            let _ = thread.join();
        }
    }
}

impl Drop for LiveReporter {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Whether an event is told in a line of its own.
fn scrolls(event: &Event, least: LogLevel) -> bool {
    match event {
        Event::Rerun { .. } | Event::AttemptFailed { .. } | Event::Stopping { .. } => true,
        Event::TaskFailed { passed_over, .. } => *passed_over,
        Event::HookEnded { error, took, .. } => error.is_some() || *took >= 100_000,
        Event::Log { level, .. } => *level >= least,
        _ => false,
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Paints until the reporter is closed or the terminal is gone.
    fn attend(&self, mut screen: Screen) {
        let _gone = Gone(self);
        let mut steady = Steady::default();
        loop {
            let settled = screen.measure();
            if self.continued.swap(false, Ordering::Relaxed) {
                screen.forget();
            }
            let mut inner = self.lock();
            if inner.closed {
                self.close(inner, &mut screen);
                return;
            }
            // While somebody pulls at the window's edge nothing is painted.
            if settled {
                let lines = self.look(&mut inner, &screen, &mut steady);
                let above = std::mem::take(&mut inner.above);
                drop(inner);
                self.changed.notify_all();
                screen.paint(&above, lines);
                inner = self.lock();
            }
            if screen.broken() {
                return;
            }
            let waited =
                self.changed.wait_timeout_while(inner, PAUSE, |inner| !inner.closed && inner.above.len() <= MOST);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// The picture of this moment.
    fn look(&self, inner: &mut Inner, screen: &Screen, steady: &mut Steady) -> Vec<Line> {
        let now = self.now();
        let date = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let date = i64::try_from(date).unwrap_or(i64::MAX);
        for open in &mut inner.state.open {
            open.rate.feed(now, open.done);
        }
        if inner.state.run.is_some() && steady.due(now) {
            steady.feed(now, self.left(&inner.state, date));
        }
        let (columns, lines) = screen.room();
        let marks = &self.teller.marks;
        frame::frame(&inner.state, Scene { columns, lines, now, date, left: steady.left(now), marks })
    }

    /// Microseconds that are left, if earlier runs tell.
    fn left(&self, state: &State, date: i64) -> Option<u64> {
        let steps: Vec<Known<'_>> = self
            .steps
            .iter()
            .map(|(path, expected)| {
                let took = state.took.get(&**path).copied().unwrap_or_default();
                Known { path, expected: *expected, done: took.done, took: took.sum }
            })
            .collect();
        let unkeyed = |path: &str| {
            let mut out = String::new();
            path::push_unkeyed(&mut out, path);
            out
        };
        let paths: Vec<String> = state.open.iter().map(|open| unkeyed(&open.path)).collect();
        let loops: Vec<Loop<'_>> = state
            .open
            .iter()
            .zip(&paths)
            .filter(|(open, _)| open.key().is_some())
            .map(|(open, path)| Loop { path, total: open.total, passed: open.passed, done: open.done })
            .collect();
        let running = state.running.last().map(|running| {
            // One that is over has nothing left.
            let elapsed = if running.over { u64::MAX } else { frame::elapsed(running, date) };
            (unkeyed(&running.path), elapsed)
        });
        left::left(&steps, &loops, running.as_ref().map(|(path, elapsed)| (path.as_str(), *elapsed)))
    }

    /// Takes the picture away and writes what stays.
    fn close(&self, mut inner: MutexGuard<'_, Inner>, screen: &mut Screen) {
        let mut out = std::mem::take(&mut inner.above);
        if let Some(end) = inner.end.take() {
            let (columns, lines) = screen.room();
            if inner.state.run.is_some() {
                // It is said again if it is out of sight.
                if inner.since.is_none_or(|since| since > lines / 2) {
                    out.push_str(&inner.head);
                }
                for line in ending::ending(&inner.state.tops.0, columns, &self.teller.marks) {
                    out.push_str(&line.text);
                    out.push('\n');
                }
            }
            let mut summary = String::new();
            self.teller.narrow(columns.max(NARROWEST)).tell(&mut summary, &end);
            text::push_wrapped(&mut out, &summary, columns);
        }
        drop(inner);
        screen.paint(&out, Vec::new());
    }
}

/// Says when the painter is gone, whatever became of it: nobody may wait for it.
struct Gone<'a>(&'a Shared);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        let mut inner = self.0.lock();
        inner.unattended = true;
        inner.above = String::new();
        drop(inner);
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests;
