//! Why components stop.

/// Why a component stops: a hook that has a parameter of this type is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The pipeline is done.
    Done,
    /// Something failed.
    Failed,
    /// Someone stopped the run, or its time was up.
    Interrupted,
}
