//! A log and a journal of one run, told as one.

use std::collections::VecDeque;
use thinking_event::{Event, RunEnd};

/// Puts what the journal knows and the log lacks in its place among the events of the log: a log may be told to keep warnings only, and that of a killed
/// run lacks its end. Both are in the order in which things happened.
pub struct Weave<T> {
    waiting: VecDeque<(T, Event)>,
}

/// So far ahead the journal is searched for an event of the log.
const AHEAD: usize = 5_000;

impl<T> Default for Weave<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new() }
    }
}

impl<T> Weave<T> {
    /// An event of the log. First tells what the journal has before it; `more` gives what comes next in the journal, nothing if that is all for now.
    ///
    /// # Errors
    /// What `more` gives.
    pub fn log<E>(
        &mut self,
        event: &Event,
        mut more: impl FnMut() -> Result<VecDeque<(T, Event)>, E>,
        mut tell: impl FnMut(T, Event),
    ) -> Result<(), E> {
        if !is_in_journal(event) {
            return Ok(());
        }
        let mut looked_at = 0;
        loop {
            let place = self.waiting.iter().skip(looked_at).position(|(_, other)| is_same(event, other));
            if let Some(place) = place {
                self.waiting.drain(..looked_at + place).for_each(|(at, event)| tell(at, event));
                // The log says more of it.
                self.waiting.pop_front();
                return Ok(());
            }
            looked_at = self.waiting.len();
            if looked_at >= AHEAD {
                return Ok(());
            }
            let next = more()?;
            if next.is_empty() {
                return Ok(());
            }
            self.waiting.extend(next);
        }
    }

    /// The log has ended: tells what the journal has after it.
    ///
    /// # Errors
    /// What `more` gives.
    pub fn finish<E>(
        &mut self,
        mut more: impl FnMut() -> Result<VecDeque<(T, Event)>, E>,
        mut tell: impl FnMut(T, Event),
    ) -> Result<(), E> {
        loop {
            self.waiting.drain(..).for_each(|(at, event)| tell(at, event));
            self.waiting = more()?;
            if self.waiting.is_empty() {
                return Ok(());
            }
        }
    }
}

/// Whether the journal knows of such events.
fn is_in_journal(event: &Event) -> bool {
    match event {
        Event::RunStarted { .. } | Event::StepDone { .. } | Event::TaskFailed { .. } => true,
        Event::RunEnded { end, .. } => !matches!(end, RunEnd::Unchanged | RunEnd::StoreFailed { .. }),
        _ => false,
    }
}

/// Whether an event of the log and one of the journal tell of the same. There is only one end of a run, so any two are.
#[must_use]
pub fn is_same(one: &Event, other: &Event) -> bool {
    match (one, other) {
        (Event::RunStarted { at, .. }, Event::RunStarted { at: also, .. }) => at == also,
        (Event::StepDone { task, attempt, took }, Event::StepDone { task: other, attempt: number, took: also }) => {
            (&task.path, attempt, took) == (&other.path, number, also)
        }
        (Event::TaskFailed { task, passed_over, .. }, Event::TaskFailed { task: other, passed_over: also, .. }) => {
            (&task.path, passed_over) == (&other.path, also)
        }
        (Event::RunEnded { .. }, Event::RunEnded { .. }) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Weave;
    use crate::testing::task;
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use thinking_event::{Counts, Event, RunEnd};

    /// `>` the run starts, a letter: that step is done, `o` something that is only in logs, `.` the run ends.
    fn events(text: &str) -> Vec<Event> {
        let event = |letter: char| match letter {
            '>' => Event::RunStarted {
                run: "r".into(),
                pipeline: "p".into(),
                at: 0,
                resumed: false,
                remembered: Vec::new(),
                directory: String::new(),
            },
            'o' => Event::TaskSkipped { task: task("o") },
            '.' => Event::RunEnded { run: "r".into(), end: RunEnd::Done, counts: Counts::default(), took: 0 },
            letter => Event::StepDone { task: task(&letter.to_string()), attempt: 1, took: 1 },
        };
        text.chars().map(event).collect()
    }

    /// What is told: letters of the log as they are, those of the journal doubled.
    fn woven(log: &str, journal: &str) -> String {
        let mut pages: VecDeque<VecDeque<(char, Event)>> =
            journal.chars().zip(events(journal)).map(|one| VecDeque::from([one])).collect();
        let mut more = || Ok::<_, Infallible>(pages.pop_front().unwrap_or_default());
        let (mut weave, mut told) = (Weave::default(), String::new());
        for (letter, event) in log.chars().zip(events(log)) {
            let Ok(()) = weave.log(&event, &mut more, |own, _| told.extend([own, own]));
            told.push(letter);
        }
        let Ok(()) = weave.finish(&mut more, |own, _| told.extend([own, own]));
        told
    }

    #[test]
    fn what_the_log_lacks_comes_from_the_journal() {
        let cases = [
            (">oaob.", ">ab.", ">oaob."),
            ("o", ">ab.", "o>>aabb.."),
            (">oao", ">ab", ">oaobb"),
            (">oa>ob.", ">ab>bc.", ">oabb>obcc."),
            (">ob.", ">ab.", ">oaab."),
            // A step that the journal does not know: what was not durable did not happen, but it was told.
            (">xa.", ">a.", ">xa."),
            ("", "", ""),
            ("oo", "", "oo"),
        ];
        for (log, journal, told) in cases {
            assert_eq!(woven(log, journal), told, "{log} and {journal}");
        }
    }
}
