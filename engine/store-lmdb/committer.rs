//! The one thread that writes: takes all that waits, commits it once, tells everyone.

use crate::batch::Batch;
use crate::environment::{Broken, lock};
use crate::options::Point;
use crate::store::Shared;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use thinking_store::{Seq, StoreError};

/// Runs until the store closes or fails.
pub(crate) fn run(shared: &Shared) {
    let ended = catch_unwind(AssertUnwindSafe(|| commit_groups(shared)));
    let failure = match ended {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error),
        Err(_) => Some(StoreError::Io("the committer stopped unexpectedly".into())),
    };
    if let Some(error) = failure {
        shared.fail(error);
    }
    lock(&shared.signals).finished = true;
    shared.done.notify_all();
}

fn commit_groups(shared: &Shared) -> Result<(), StoreError> {
    while let Some((batch, head)) = take(shared)? {
        let (first, last) = batch.range.unwrap_or_default();
        shared.at(Point::BeforeCommit(first, last))?;
        shared.environment.write(|txn, tables| {
            batch.write(&head, txn, tables)?;
            shared.at(Point::BeforeSync(last)).map_err(Broken::Other)
        })?;
        let told = shared.at(Point::AfterCommit(last));
        publish(shared, &batch);
        told?;
    }
    if shared.lazy { shared.environment.sync() } else { Ok(()) }
}

/// Waits for work. `None` at the end, when nothing is left.
fn take(shared: &Shared) -> Result<Option<(Arc<Batch>, crate::codec::Head)>, StoreError> {
    let mut signals = lock(&shared.signals);
    let closing = loop {
        if let Some(error) = &signals.failure {
            return Err(error.clone());
        }
        if signals.waiting_commits > 0 || signals.closing {
            break signals.closing;
        }
        signals.idle = true;
        signals = shared.work.wait(signals).unwrap_or_else(PoisonError::into_inner);
    };
    drop(signals);
    let mut state = shared.write_state();
    // At the end names and contents without a commit are written too.
    if state.open.is_empty() {
        return if closing { Ok(None) } else { take_later(shared) };
    }
    let batch = Arc::new(std::mem::take(&mut state.open));
    state.writing = Some(Arc::clone(&batch));
    let head = state.head;
    {
        let mut signals = lock(&shared.signals);
        signals.waiting_commits = 0;
        signals.waiting_bytes = 0;
    }
    drop(state);
    // There is room again.
    shared.done.notify_all();
    Ok(Some((batch, head)))
}

/// The store failed between the two looks, which emptied the batch.
fn take_later(shared: &Shared) -> Result<Option<(Arc<Batch>, crate::codec::Head)>, StoreError> {
    match &lock(&shared.signals).failure {
        Some(error) => Err(error.clone()),
        None => Err(StoreError::Io("commits were announced that do not exist".into())),
    }
}

fn publish(shared: &Shared, batch: &Batch) {
    let durable = batch.range.map(|(_, last): (Seq, Seq)| last.0);
    let written = {
        let mut state = shared.write_state();
        state.durable = durable.unwrap_or(state.durable);
        state.writing.take()
    };
    {
        let mut signals = lock(&shared.signals);
        signals.durable = durable.unwrap_or(signals.durable);
    }
    shared.done.notify_all();
    drop(written);
}
