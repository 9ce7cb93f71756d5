//! The outermost tasks of a run, each with its counts: what is left to read when the run is over.

use super::path::{inside, top};

/// So many of the last ones may be open.
const NEAR: usize = 64;

/// The outermost tasks in the order in which they came up.
#[derive(Debug, Default)]
pub(super) struct Tops(pub Vec<Top>);

/// One of them, or a row of steps that were kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Top {
    /// Its name; of kept steps the path of the last.
    pub name: Box<str>,
    /// How it stands.
    pub standing: Standing,
    /// It is a step itself, not a container.
    pub single: bool,
    /// Steps that ran and are done.
    pub steps: u64,
    /// Steps that were passed by.
    pub kept: u64,
    /// Tasks that are not there this time.
    pub skipped: u64,
    /// Steps that failed and were passed over.
    pub failed: u64,
    /// Attempts that failed and were followed by another.
    pub retried: u64,
    /// When it began.
    pub began: u64,
    /// How long it took, once it is over.
    pub took: u64,
}

/// How an outermost task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Under way.
    Open,
    /// Done.
    Done,
    /// Its steps were done before.
    Kept,
    /// Its `when` is false.
    Skipped,
    /// It failed and the run goes on.
    PassedOver,
    /// It failed and the run with it.
    Failed,
    /// The run ended in the middle of it.
    Left,
}

impl Tops {
    /// The task around or at that path; a new one if it came up now.
    pub(super) fn of(&mut self, path: &str, now: u64) -> &mut Top {
        let at = self.find(path).unwrap_or_else(|| self.add(top(path), now));
        &mut self.0[at]
    }

    /// The same, asking for the time only if it is new.
    pub(super) fn touch(&mut self, path: &str, now: impl Fn() -> u64) {
        if self.find(path).is_none() {
            self.add(top(path), now());
        }
    }

    fn find(&self, path: &str) -> Option<usize> {
        let name = top(path);
        // Nearly always the last one,
        // and never far behind it.
        let first = self.0.len().saturating_sub(NEAR);
        let found = self.0[first..].iter().rposition(|top| top.standing == Standing::Open && *top.name == *name);
        found.map(|at| first + at)
    }

    fn add(&mut self, name: &str, now: u64) -> usize {
        self.0.push(Top {
            name: name.into(),
            standing: Standing::Open,
            single: false,
            steps: 0,
            kept: 0,
            skipped: 0,
            failed: 0,
            retried: 0,
            began: now,
            took: 0,
        });
        self.0.len() - 1
    }

    /// A step is done.
    pub(super) fn done(&mut self, path: &str, took: u64) {
        let top = self.of(path, 0);
        top.steps += 1;
        if *top.name == *path {
            (top.standing, top.single, top.took) = (Standing::Done, true, took);
        }
    }

    /// A container ended.
    pub(super) fn ended(&mut self, path: &str, took: u64) {
        if top(path).len() == path.len() {
            let top = self.of(path, 0);
            top.standing =
                if top.failed > 0 && top.steps + top.kept == 0 { Standing::PassedOver } else { Standing::Done };
            top.took = took;
        }
    }

    /// Steps were passed by, the last of them that.
    pub(super) fn kept(&mut self, path: &str, count: u64) {
        if let Some(top) = self.0.last_mut() {
            if top.standing == Standing::Open && inside(&top.name, path) {
                top.kept += count;
                return;
            }
            if top.standing == Standing::Kept {
                top.kept += count;
                top.name = path.into();
                return;
            }
        }
        let at = self.add(path, 0);
        (self.0[at].standing, self.0[at].kept) = (Standing::Kept, count);
    }

    /// A task is not there this time.
    pub(super) fn skipped(&mut self, path: &str, now: u64) {
        let top = self.of(path, now);
        top.skipped += 1;
        if *top.name == *path {
            top.standing = Standing::Skipped;
        }
    }

    /// A task failed for good.
    pub(super) fn failed(&mut self, path: &str, passed_over: bool, now: u64) {
        let top = self.of(path, now);
        let standing = if passed_over { Standing::PassedOver } else { Standing::Failed };
        top.failed += 1;
        top.single |= *top.name == *path;
        if !passed_over || top.single {
            (top.standing, top.took) = (standing, now.saturating_sub(top.began));
        }
    }

    /// What is open and is not that one was passed over in the middle.
    pub(super) fn left_before(&mut self, name: &str, now: u64) {
        for top in self.0.iter_mut().filter(|top| top.standing == Standing::Open && *top.name != *name) {
            (top.standing, top.took) = (Standing::PassedOver, now.saturating_sub(top.began));
        }
    }

    /// The run is over.
    pub(super) fn left(&mut self, now: u64) {
        for top in self.0.iter_mut().filter(|top| top.standing == Standing::Open) {
            (top.standing, top.took) = (Standing::Left, now.saturating_sub(top.began));
        }
    }
}
