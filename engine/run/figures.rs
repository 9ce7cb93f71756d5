//! What a process adds to the figures of its run: how many steps it did, how long it was at it, where the line went back.

use thinking_event::Counts;
use thinking_store::{Outcome, RunChange, RunFigures, RunRecord, RunStatus, Seq, StepEntry};

/// Keeps the figures of a run while a process is at it.
pub(crate) struct Figures {
    run: u32,
    /// As the last process left them.
    before: RunFigures,
    /// The last process was killed: what it did is known from its steps only.
    killed: bool,
    /// Recorded steps of this run that the walk came by.
    own: u64,
    /// When the last of them ended, milliseconds since 1970 UTC.
    until: i64,
}

impl Figures {
    /// For a run that begins, or is taken up as its record says.
    pub(crate) fn new(run: &RunRecord) -> Self {
        let killed = run.figures.processes > 0 && run.status == RunStatus::Running;
        Self { run: run.number, before: run.figures.clone(), killed, own: 0, until: 0 }
    }

    /// The walk came by a recorded step.
    pub(crate) fn pass(&mut self, entry: &StepEntry) {
        if entry.run == self.run && entry.outcome == Outcome::Done {
            self.own += 1;
            self.until = self.until.max(entry.started.saturating_add_unsigned(entry.took / 1000));
        }
    }

    /// The run goes on record; its entries come after `last`.
    pub(crate) fn start(&self, run: &mut RunRecord, at: i64, last: Seq) {
        let figures = &mut run.figures;
        if figures.processes == 0 {
            figures.after = last;
        }
        figures.processes += 1;
        figures.resumed = at;
        figures.until = Seq(0);
        (figures.done, figures.took) = self.earlier();
    }

    /// The process leaves the run, having been at it for `took` microseconds; its last entry is `last`.
    pub(crate) fn leave(&self, run: &mut RunRecord, counts: &Counts, took: u64, last: Seq) {
        let (done, earlier) = self.earlier();
        let figures = &mut run.figures;
        figures.until = last;
        figures.done = done + counts.done;
        figures.took = earlier.saturating_add(took);
        (figures.skipped, figures.failed) = (counts.skipped, counts.failed);
        figures.retried = self.before.retried + counts.retried;
    }

    /// The line goes back.
    pub(crate) fn change(run: &mut RunRecord, at: i64, task: &str, reason: &str, dropped: u64) {
        run.figures.change(RunChange { at, task: task.to_owned(), reason: reason.to_owned(), dropped });
    }

    /// Steps done and microseconds taken by the processes before this one.
    fn earlier(&self) -> (u64, u64) {
        let lost = if self.killed { self.until.saturating_sub(self.before.resumed).max(0) } else { 0 };
        (self.before.done.max(self.own), self.before.took.saturating_add(lost.unsigned_abs().saturating_mul(1000)))
    }
}
