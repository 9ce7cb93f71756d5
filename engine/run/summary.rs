//! A note about a finished pipeline from which a later process sees at once that nothing is to be done.

use crate::compare::{stale, stale_output};
use crate::decide::Scope;
use crate::reads::Read;
use crate::world::World;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use thinking_store::{Piece, Seq, StoreError};

/// More than this is not summed up: walking is cheaper then.
const MOST: usize = 50_000;

/// What all steps and decisions of a pipeline saw outside and left there.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Summary {
    plan: String,
    reads: BTreeSet<Read>,
    outputs: BTreeSet<(String, String)>,
    steps: u64,
    last: Seq,
    pieces: Vec<Piece>,
    #[serde(skip)]
    unusable: bool,
}

/// The note's name.
pub(crate) fn note(line: &str, pipeline: &str) -> String {
    format!("finished/{line}/{pipeline}")
}

impl Summary {
    /// Adds what was seen. Parameters that a `run` around sets come from the manifest and from other reads, so they need not be looked at.
    pub(crate) fn add_reads(&mut self, reads: &[Read], scope: &Scope) {
        if self.reads.len() > MOST {
            self.unusable = true;
        }
        if self.unusable {
            return;
        }
        for read in reads {
            let skipped = match read {
                Read::Param(name, _) => scope.param(name).is_some(),
                // The plan's digest says which task a name means.
                Read::Sibling(..) | Read::Task(..) => true,
                _ => false,
            };
            if !skipped && !self.reads.contains(read) {
                self.reads.insert(read.clone());
            }
        }
    }

    /// Adds an output.
    pub(crate) fn add_output(&mut self, path: &str, digest: &str) {
        if self.outputs.len() > MOST {
            self.unusable = true;
        } else if !self.unusable {
            self.outputs.insert((path.to_owned(), digest.to_owned()));
        }
    }

    /// A decision looked at the clock: it may come out otherwise next time.
    pub(crate) fn spoil(&mut self) {
        self.unusable = true;
    }

    /// The note to write when the pipeline is done, if it can be summed up.
    pub(crate) fn finish(mut self, world: &World, steps: u64) -> Option<Vec<u8>> {
        if self.unusable {
            return None;
        }
        let head = world.head();
        self.plan = world.plan.digest.to_string();
        self.steps = steps;
        self.last = head.last;
        self.pieces = closed(&head.view.pieces, head.last);
        serde_json::to_vec(&self).ok()
    }

    /// How many steps are done, if the pipeline is finished and everything still holds.
    pub(crate) fn holds(world: &World) -> Result<Option<u64>, StoreError> {
        let Some(bytes) = world.store.note(&note(&world.line, &world.plan.pipeline))? else { return Ok(None) };
        let Ok(summary) = serde_json::from_slice::<Self>(&bytes) else { return Ok(None) };
        let same = summary.plan == world.plan.digest.to_string()
            && summary.pieces == closed(&world.head().view.pieces, summary.last);
        let scope = Scope::default();
        let holds = same
            && summary.reads.iter().all(|read| stale(world, &scope, read).is_none())
            && summary.outputs.iter().all(|(path, digest)| stale_output(world, path, digest).is_none());
        Ok(holds.then_some(summary.steps))
    }
}

/// The pieces up to and including the commit `last`.
fn closed(pieces: &[Piece], last: Seq) -> Vec<Piece> {
    pieces.iter().filter(|piece| piece.lo <= last).map(|piece| Piece { hi: piece.hi.min(last), ..*piece }).collect()
}
