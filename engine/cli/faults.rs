//! Breaking the store on purpose, for the crash tests: `THINKING_FAULT=kill:after-accept:12`.
//!
//! The first word is `kill` (SIGKILL to this process, as a power cut would) or `full` (the disk is full); the second a place in the store's
//! life of a commit; the third the first journal entry that it concerns.

use std::io;
use std::sync::Arc;
use thinking_store_lmdb::{Hook, Point};

/// The fault that the environment asks for, if it asks for one.
pub(crate) fn from_environment() -> Option<Hook> {
    let text = std::env::var("THINKING_FAULT").ok()?;
    let mut words = text.split(':');
    let (kind, place, at) = (words.next()?.to_owned(), words.next()?.to_owned(), words.next()?.parse::<u64>().ok()?);
    Some(Arc::new(move |point| {
        let (name, seq) = match point {
            Point::BeforeAccept(seq) => ("before-accept", seq.0),
            Point::AfterAccept(seq) => ("after-accept", seq.0),
            Point::BeforeCommit(_, last) => ("before-commit", last.0),
            Point::BeforeSync(last) => ("before-sync", last.0),
            Point::AfterCommit(last) => ("after-commit", last.0),
            Point::BeforeBlob | Point::AfterBlob => return Ok(()),
        };
        if name != place || seq < at {
            return Ok(());
        }
        if kind == "full" {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        Ok(())
    }))
}
