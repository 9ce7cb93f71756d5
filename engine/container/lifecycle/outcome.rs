//! Why components stop.

/// How the run ended, as hooks of the stop side are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// All went well.
    Done,
    /// Something failed.
    Failed,
    /// Somebody stopped it.
    Interrupted,
}

impl Outcome {
    /// The word for it: what `outcome` is in scripts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}
