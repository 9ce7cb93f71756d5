//! A note about a finished pipeline from which a later process sees at once that nothing is to be done.

use crate::compare::{stale, stale_output};
use crate::decide::Scope;
use crate::reads::Read;
use crate::tally::Tally;
use crate::world::World;
use crate::written::Written;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use thinking_store::{Piece, Seq, StoreError};

/// More than this is not summed up: walking is cheaper then.
const MOST: usize = 50_000;

/// What all steps and decisions of a pipeline saw outside and left there.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Summary {
    plan: String,
    reads: BTreeSet<Read>,
    outputs: BTreeMap<String, String>,
    tally: Tally,
    last: Seq,
    pieces: Vec<Piece>,
    /// What steps read, and the number of the last one that did.
    #[serde(skip)]
    step_reads: BTreeMap<Read, u64>,
    /// How many steps there were so far.
    #[serde(skip)]
    at: u64,
    #[serde(skip)]
    written: Written,
    #[serde(skip)]
    unusable: bool,
}

/// The note's name.
pub(crate) fn note(line: &str, pipeline: &str) -> String {
    format!("finished/{line}/{pipeline}")
}

impl Summary {
    /// Adds what a decision saw. Parameters that a `run` around sets come from the manifest and from other reads, so they need not be looked at.
    pub(crate) fn add_reads(&mut self, reads: &[Read], scope: &Scope) {
        if self.reads.len() > MOST {
            self.unusable = true;
        }
        if self.unusable {
            return;
        }
        for read in reads {
            if counts(read, scope) && !self.reads.contains(read) {
                self.reads.insert(read.clone());
            }
        }
    }

    /// Adds what a step saw; what it wrote comes next.
    pub(crate) fn add_step(&mut self, reads: &[Read], scope: &Scope) {
        if self.step_reads.len() > MOST {
            self.unusable = true;
        }
        if self.unusable {
            return;
        }
        self.at += 1;
        for read in reads {
            if !counts(read, scope) {
                continue;
            }
            match self.step_reads.get_mut(read) {
                Some(at) => *at = self.at,
                None => {
                    self.step_reads.insert(read.clone(), self.at);
                }
            }
        }
    }

    /// Adds a file that the last step wrote and that is no declared output.
    pub(crate) fn add_written(&mut self, path: &str, digest: Option<&str>) {
        if self.unusable {
            return;
        }
        self.written.add((0, self.at), path, digest);
        if let (Some(digest), Some(output)) = (digest, self.outputs.get_mut(path)) {
            digest.clone_into(output);
        }
    }

    /// Adds an output.
    pub(crate) fn add_output(&mut self, path: &str, digest: &str) {
        if self.outputs.len() > MOST {
            self.unusable = true;
        } else if !self.unusable {
            self.written.add((0, self.at), path, Some(digest));
            self.outputs.insert(path.to_owned(), digest.to_owned());
        }
    }

    /// A decision looked at the clock: it may come out otherwise next time.
    pub(crate) fn spoil(&mut self) {
        self.unusable = true;
    }

    /// The note to write when the pipeline is done, if it can be summed up.
    pub(crate) fn finish(mut self, world: &World, tally: Tally) -> Option<Vec<u8>> {
        if self.unusable {
            return None;
        }
        let scope = Scope::default();
        for (read, at) in std::mem::take(&mut self.step_reads) {
            // What the pipeline itself wrote later is how it has to be from now on.
            let of_files = matches!(read.inner(), Read::File(..) | Read::List(..) | Read::Glob(..));
            let explained = (of_files && self.written.any() && stale(world, &scope, &read).is_some())
                .then(|| self.written.since((0, at)).explains(world, &read));
            self.reads.insert(explained.flatten().unwrap_or(read));
        }
        let head = world.head();
        self.plan = world.plan.digest.to_string();
        self.tally = tally;
        self.last = head.last;
        self.pieces = closed(&head.view.pieces, head.last);
        serde_json::to_vec(&self).ok()
    }

    /// What became of all tasks, if the pipeline is finished and everything still holds.
    pub(crate) fn holds(world: &World) -> Result<Option<Tally>, StoreError> {
        let Some(bytes) = world.store.note(&note(&world.line, &world.plan.pipeline))? else { return Ok(None) };
        let Ok(summary) = serde_json::from_slice::<Self>(&bytes) else { return Ok(None) };
        let same = summary.plan == world.plan.digest.to_string()
            && summary.pieces == closed(&world.head().view.pieces, summary.last);
        let scope = Scope::default();
        let holds = same
            && summary.reads.iter().all(|read| stale(world, &scope, read).is_none())
            && summary.outputs.iter().all(|(path, digest)| stale_output(world, path, digest).is_none());
        Ok(holds.then_some(summary.tally))
    }
}

/// Whether a read says something that the plan's digest does not.
fn counts(read: &Read, scope: &Scope) -> bool {
    match read {
        Read::Param(name, _) => scope.param(name).is_none(),
        // The plan's digest says which task a name means.
        Read::Sibling(..) | Read::Task(..) => false,
        _ => true,
    }
}

/// The pieces up to and including the commit `last`.
fn closed(pieces: &[Piece], last: Seq) -> Vec<Piece> {
    pieces.iter().filter(|piece| piece.lo <= last).map(|piece| Piece { hi: piece.hi.min(last), ..*piece }).collect()
}
