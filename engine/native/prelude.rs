//! All that a crate with components and steps needs: `use thinking::prelude::*;`.

pub use crate::{Blob, Facets, Inject, Injectable, Kv, Outcome, Params, Run, State, here, log};
pub use anyhow::{Context, Error, Result, anyhow, bail, ensure};
pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};
pub use serde_json::json;
pub use thinking_macros::{component, data, operations, step};
pub use thinking_step::{ErrorKind, StepError, Value};
