//! One hook, whatever happens in it.

use crate::lifecycle::Outcome;
use serde::de::value::StrDeserializer;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use thinking_step::{Arguments, ErrorKind, StepError};

/// What a hook is handed: the outcome, or nothing.
pub(crate) struct HookArguments(pub(crate) Option<Outcome>);

impl Arguments for HookArguments {
    fn positional(&self) -> Option<usize> {
        Some(usize::from(self.0.is_some()))
    }

    fn get<'a>(&'a mut self, position: usize, _: &str) -> Option<Box<dyn erased_serde::Deserializer<'a> + 'a>> {
        let outcome = self.0.filter(|_| position == 0)?;
        let word: StrDeserializer<'_, serde::de::value::Error> = StrDeserializer::new(outcome.name());
        Some(Box::new(<dyn erased_serde::Deserializer<'_>>::erase(word)))
    }
}

/// Runs foreign code; a panic in it is its failure.
pub(crate) fn contained<T>(work: impl FnOnce() -> Result<T, StepError>) -> Result<T, StepError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned());
        Err(StepError::new(ErrorKind::Native, format!("it panicked: {text}")))
    })
}

/// Runs foreign code; with a limit, on a thread of its own, which is left behind if it takes longer than that.
pub(crate) fn within(
    limit: Option<Duration>,
    work: impl FnOnce() -> Result<(), StepError> + Send + 'static,
) -> Result<(), StepError> {
    let Some(limit) = limit else { return contained(work) };
    let (done, waiting) = channel();
    let run = move || {
        // Nobody listens any more if it took too long.
        let _ = done.send(contained(work));
    };
    if let Err(error) = std::thread::Builder::new().name("hook".to_owned()).spawn(run) {
        return Err(StepError::new(ErrorKind::Native, format!("no thread could be started for it: {error}")));
    }
    match waiting.recv_timeout(limit) {
        Ok(Err(error)) if error.kind == ErrorKind::Timeout => Err(overrun(limit)),
        Ok(ended) => ended,
        Err(RecvTimeoutError::Timeout) => Err(overrun(limit)),
        Err(RecvTimeoutError::Disconnected) => Err(StepError::new(ErrorKind::Native, "its thread ended early")),
    }
}

fn overrun(limit: Duration) -> StepError {
    let text = match (limit.as_secs(), limit.subsec_millis()) {
        (seconds, 0) => format!("{seconds}s"),
        (0, millis) => format!("{millis}ms"),
        (seconds, millis) => format!("{seconds}.{millis:03}s"),
    };
    StepError::new(ErrorKind::Timeout, format!("did not stop within {text}"))
}
