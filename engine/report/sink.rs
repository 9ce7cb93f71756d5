//! Buffered text that still arrives soon: many small lines are written together, and none waits long.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// As much text is written at once.
const FULL: usize = 64 * 1024;
/// What comes after a pause this long is written at once; what comes sooner waits this long at most, give or take the scheduler.
const PAUSE: Duration = Duration::from_millis(50);

/// A writer with a buffer before it and a thread that empties it.
pub(crate) struct Sink {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    buffer: String,
    writer: Box<dyn Write + Send>,
    flushed: Option<Instant>,
    /// The thread waits for something to be in the buffer.
    idle: bool,
    /// There is a thread, so nothing can stay in the buffer.
    attended: bool,
    closed: bool,
    broken: bool,
}

impl Sink {
    pub(crate) fn new(writer: Box<dyn Write + Send>) -> Self {
        let state = State {
            buffer: String::new(),
            writer,
            flushed: None,
            idle: false,
            attended: false,
            closed: false,
            broken: false,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let behind = shared.clone();
        let thread = std::thread::Builder::new().name("reporter".to_owned()).spawn(move || behind.attend()).ok();
        shared.lock().attended = thread.is_some();
        Self { shared, thread: Mutex::new(thread) }
    }

    /// Adds what `fill` writes; `now` when someone waits for it.
    pub(crate) fn add(&self, now: bool, fill: impl FnOnce(&mut String)) {
        let mut state = self.shared.lock();
        if state.broken {
            return;
        }
        fill(&mut state.buffer);
        if state.buffer.is_empty() {
            return;
        }
        let due = || state.flushed.is_none_or(|flushed| flushed.elapsed() >= PAUSE);
        if now || !state.attended || state.buffer.len() >= FULL || due() {
            state.flush();
        } else if state.idle {
            state.idle = false;
            drop(state);
            self.shared.changed.notify_one();
        }
    }

    /// Writes what is there and ends the thread. Later text is written at once.
    pub(crate) fn finish(&self) {
        let mut state = self.shared.lock();
        state.flush();
        state.closed = true;
        state.attended = false;
        drop(state);
        self.shared.changed.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A thread that panicked has nothing left to write.
            let _ = thread.join();
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Empties the buffer a little after something came into it, until the sink is closed.
    fn attend(&self) {
        let mut state = self.lock();
        while !state.closed {
            if state.buffer.is_empty() {
                state.idle = true;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else {
                let waited = self.changed.wait_timeout_while(state, PAUSE, |state| !state.closed);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                state.flush();
            }
        }
    }
}

impl State {
    fn flush(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        let written = self.writer.write_all(self.buffer.as_bytes()).and_then(|()| self.writer.flush());
        // Nobody reads any more (`thinking apply | head`), or the disk of a redirected output is full. The run matters more, so it
        // goes on in silence.
        self.broken = written.is_err();
        self.buffer.clear();
        self.flushed = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::Sink;
    use crate::testing::Paper;
    use std::io::{self, Write};
    use std::time::{Duration, Instant};

    #[test]
    fn text_arrives_without_more_text() {
        let paper = Paper::default();
        let sink = Sink::new(Box::new(paper.clone()));
        for line in ["one\n", "two\n", "three\n"] {
            sink.add(false, |out| out.push_str(line));
        }
        assert!(paper.text().starts_with("one\n"), "the first is written at once");
        let began = Instant::now();
        while paper.text() != "one\ntwo\nthree\n" {
            assert!(began.elapsed() < Duration::from_secs(20), "{:?}", paper.text());
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(paper.writes() <= 3);
    }

    #[test]
    fn much_text_is_few_writes_and_nothing_is_lost() {
        let paper = Paper::default();
        let sink = Sink::new(Box::new(paper.clone()));
        for _ in 0..100_000 {
            sink.add(false, |out| out.push_str("0123456789\n"));
        }
        sink.finish();
        assert_eq!(paper.text().len(), 1_100_000);
        // Whatever the machine is busy with, far fewer than lines.
        assert!(paper.writes() < 1_000, "{}", paper.writes());
        sink.add(false, |out| out.push_str("late\n"));
        assert!(paper.text().ends_with("late\n"));
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let sink = Sink::new(Box::new(Closed));
        sink.add(true, |out| out.push('x'));
        sink.add(true, |_| unreachable!("nothing is made for nobody"));
        sink.finish();
    }
}
