//! Passes events on to the reporter, in order, and not before what they tell is durable.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use thinking_event::{Event, Reporter};
use thinking_store::{Durability, Seq, Store};

/// A queue of events with a thread of its own behind it, so that a long step does not hold up what happened before it.
pub(crate) struct Announcer {
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
    gated: bool,
}

struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    drained: Condvar,
}

#[derive(Default)]
struct State {
    events: VecDeque<(Seq, Event)>,
    /// Bytes of output in them.
    output: usize,
    waiting: bool,
    closed: bool,
}

/// More waiting events than this hold up the run: a reporter that cannot keep up must not fill the memory.
const MOST: usize = 100_000;
/// The same for bytes of output.
const MOST_OUTPUT: usize = 16 << 20;

impl Announcer {
    /// Starts the thread. Without one (the system has none left) events are passed on at once.
    pub(crate) fn new(store: Arc<dyn Store>, reporter: Arc<dyn Reporter>, durability: Durability) -> Self {
        let queue = Arc::new(Queue { state: Mutex::default(), filled: Condvar::new(), drained: Condvar::new() });
        let behind = queue.clone();
        let thread = std::thread::Builder::new()
            .name("announcer".to_owned())
            .spawn(move || announce(&behind, &*store, &*reporter))
            .ok();
        Self { queue, thread: Mutex::new(thread), gated: durability == Durability::Step }
    }

    /// Tells something that is true already.
    pub(crate) fn tell(&self, event: Event) {
        self.push(Seq(0), event);
    }

    /// Tells something that is true as soon as the commit `seq` is durable.
    pub(crate) fn tell_after(&self, seq: Seq, event: Event) {
        self.push(if self.gated { seq } else { Seq(0) }, event);
    }

    /// Waits until everything was passed on.
    pub(crate) fn finish(&self) {
        self.queue.lock().closed = true;
        self.queue.filled.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }

    fn push(&self, seq: Seq, event: Event) {
        let mut state = self.queue.lock();
        while (state.events.len() >= MOST || state.output >= MOST_OUTPUT) && !state.closed {
            state = self.queue.drained.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if let Event::Output { line, .. } = &event {
            state.output += line.len();
        }
        state.events.push_back((seq, event));
        if state.waiting {
            self.queue.filled.notify_one();
        }
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn announce(queue: &Queue, store: &dyn Store, reporter: &dyn Reporter) {
    let mut durable = Seq(0);
    loop {
        let mut state = queue.lock();
        while state.events.is_empty() && !state.closed {
            state.waiting = true;
            state = queue.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting = false;
        }
        let batch = std::mem::take(&mut state.events);
        state.output = 0;
        if batch.is_empty() && state.closed {
            break;
        }
        drop(state);
        queue.drained.notify_all();
        for (seq, event) in batch {
            if seq > durable {
                // What a failed store did not make durable did not happen.
                if store.wait_durable(seq).is_err() {
                    continue;
                }
                durable = store.progress().durable.max(seq);
            }
            reporter.event(&event);
        }
    }
    reporter.finish();
}
