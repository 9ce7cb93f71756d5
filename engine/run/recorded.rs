//! The steps that are recorded on the line, in order, page by page.

use std::collections::VecDeque;
use thinking_store::{InternId, Seq, StepEntry, Store, StoreError, View};

const PAGE: usize = 1000;

/// A walk over one pipeline's recorded steps.
pub(crate) struct Recorded {
    view: View,
    pipeline: InternId,
    page: VecDeque<(Seq, StepEntry)>,
    after: Option<Seq>,
    exhausted: bool,
    passed: Option<Seq>,
}

impl Recorded {
    /// The steps of `pipeline` that `view` sees.
    pub(crate) fn new(view: View, pipeline: InternId) -> Self {
        Self { view, pipeline, page: VecDeque::new(), after: None, exhausted: false, passed: None }
    }

    /// No steps at all.
    pub(crate) fn none(view: View, pipeline: InternId) -> Self {
        Self { exhausted: true, ..Self::new(view, pipeline) }
    }

    /// The line as it was when the walk began.
    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// The next step, without going past it.
    pub(crate) fn peek(&mut self, store: &dyn Store) -> Result<Option<&(Seq, StepEntry)>, StoreError> {
        while self.page.is_empty() && !self.exhausted {
            let page = store.steps(&self.view, self.after, PAGE)?;
            self.exhausted = page.len() < PAGE;
            self.after = page.last().map(|(seq, _)| *seq).or(self.after);
            self.page.extend(page.into_iter().filter(|(_, entry)| entry.pipeline == self.pipeline));
        }
        Ok(self.page.front())
    }

    /// Goes past the next step.
    pub(crate) fn pass(&mut self) -> Option<(Seq, StepEntry)> {
        let next = self.page.pop_front();
        self.passed = next.as_ref().map(|(seq, _)| *seq).or(self.passed);
        next
    }

    /// The last step that was gone past.
    pub(crate) fn passed(&self) -> Option<Seq> {
        self.passed
    }
}

/// Calls `each` with every step, of whatever pipeline, that `view` sees after the step `after`.
pub(crate) fn steps_after(
    store: &dyn Store,
    view: &View,
    mut after: Option<Seq>,
    mut each: impl FnMut(Seq, StepEntry),
) -> Result<(), StoreError> {
    loop {
        let page = store.steps(view, after, PAGE)?;
        let count = page.len();
        for (seq, entry) in page {
            after = Some(seq);
            each(seq, entry);
        }
        if count < PAGE {
            return Ok(());
        }
    }
}
