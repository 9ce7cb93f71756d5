//! Where the line stands: what attempts see, and the change of the line that the next commit carries.

use std::sync::Arc;
use thinking_store::{Commit, LineChange, Piece, RunRecord, Seq, Store, StoreError, View};

/// The head of the line as this process moves it.
#[derive(Debug)]
pub(crate) struct Head {
    /// What is seen now.
    pub view: View,
    /// Whether new commits are seen: everything recorded was walked over.
    pub live: bool,
    /// The last commit of this process, or what was accepted before it.
    pub last: Seq,
    /// The line as it was before it last went back, if it ever did.
    pub before: Option<View>,
    change: Option<Change>,
    /// Notes that the next commit sets, whatever it is.
    notes: Vec<(String, Option<Vec<u8>>)>,
    /// The run's record that the next commit sets, unless it sets a newer one itself.
    run: Option<RunRecord>,
}

#[derive(Debug)]
struct Change {
    keep: Vec<Piece>,
    notes: Vec<(String, Option<Vec<u8>>)>,
}

impl Head {
    /// Stands at that view.
    pub(crate) fn new(view: View, previous: Vec<Piece>) -> Self {
        let before = (!previous.is_empty()).then(|| View { pieces: previous.into(), at: view.at });
        Self { last: view.at, view, live: false, before, change: None, notes: Vec::new(), run: None }
    }

    /// Walks on over what is recorded.
    pub(crate) fn replay(&mut self, view: View) {
        self.view = view;
    }

    /// Everything recorded was walked over: from here on commits are seen.
    pub(crate) fn go_live(&mut self, view: View) {
        self.view = view;
        self.live = true;
    }

    /// Gives up everything that `keep` does not keep. The next commit makes it so, and sets these notes.
    pub(crate) fn go_back(&mut self, from: View, keep: Vec<Piece>, notes: Vec<(String, Option<Vec<u8>>)>) {
        self.view = View { at: keep.last().map_or(Seq(0), |piece| piece.hi), pieces: Arc::from(keep.as_slice()) };
        self.live = true;
        self.before = Some(from);
        self.change = Some(Change { keep, notes });
    }

    /// Whether the next commit changes the line.
    pub(crate) fn is_changing(&self) -> bool {
        self.change.is_some()
    }

    /// Differs between two times at which the same result is made anew: that takes a change of the line in between.
    pub(crate) fn stretch(&self) -> String {
        match (&self.change, self.view.pieces.last()) {
            (None, Some(piece)) => stretch_of(piece),
            _ => format!("after {}", self.last.0),
        }
    }

    /// The next commit sets this note too.
    pub(crate) fn ride(&mut self, name: String, note: Option<Vec<u8>>) {
        self.notes.push((name, note));
    }

    /// The next commit sets the run's record too.
    pub(crate) fn ride_run(&mut self, run: RunRecord) {
        self.run = Some(run);
    }

    /// Commits, with the change of the line if one is pending.
    pub(crate) fn commit(&mut self, store: &dyn Store, mut commit: Commit) -> Result<Seq, StoreError> {
        let changed = match self.change.take() {
            Some(change) => {
                commit.change = Some(LineChange { keep: change.keep });
                commit.notes.splice(0..0, change.notes);
                true
            }
            None => false,
        };
        let run = self.run.take();
        commit.run = commit.run.or(run);
        commit.notes.append(&mut self.notes);
        let refresh = (changed || self.view.pieces.is_empty()).then(|| commit.line.clone());
        let seq = store.accept(commit)?;
        self.last = seq;
        if self.live {
            if let Some(line) = refresh {
                self.view.pieces = store.view(&line)?.pieces;
            }
            self.view.at = seq;
        }
        Ok(seq)
    }
}

/// The stretch that a line is in while this piece is its last.
pub(crate) fn stretch_of(piece: &Piece) -> String {
    format!("segment {}", piece.segment.0)
}

/// The pieces up to, not including, the commit `seq`, which one of them holds.
pub(crate) fn cut(pieces: &[Piece], seq: Seq) -> Vec<Piece> {
    let mut keep = Vec::new();
    for piece in pieces {
        let holds = piece.lo <= seq && seq <= piece.hi;
        if !holds {
            keep.push(*piece);
            continue;
        }
        if piece.lo < seq {
            keep.push(Piece { hi: Seq(seq.0 - 1), ..*piece });
        }
        break;
    }
    keep
}
