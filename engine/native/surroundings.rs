//! What the engine itself has to give: parameters, facets, the run.

use crate::dependency::{Injectable, Wanted, misfit};
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use thinking_step::{ErrorKind, Provided, ProvidedKind, RunInfo, StepError, VariableKind, current};

/// The parameters of the run.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Params;

impl Params {
    /// The parameter of that name; one that is optional and has no value is `None` of an `Option`.
    ///
    /// # Errors
    /// There is none of that name, it is of another type, or this is not inside of a call.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T, StepError> {
        let host = current()?;
        let Some(value) = host.param(name) else {
            let known = host.param_names().join(", ");
            let help = if known.is_empty() { "there are none".to_owned() } else { format!("there are: {known}") };
            return Err(StepError::new(ErrorKind::Native, format!("there is no parameter `{name}`")).help(help));
        };
        T::deserialize(value)
            .map_err(|error| StepError::new(ErrorKind::Native, format!("parameter `{name}` does not fit: {error}")))
    }

    /// The names of all parameters, as in scripts.
    ///
    /// # Errors
    /// This is not inside of a call.
    pub fn names(&self) -> Result<Vec<String>, StepError> {
        Ok(current()?.param_names())
    }
}

/// The facets of the run.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Facets;

impl Facets {
    /// Whether a facet is active.
    ///
    /// # Errors
    /// This is not inside of a call.
    pub fn has(&self, name: &str) -> Result<bool, StepError> {
        Ok(current()?.facet(name))
    }
}

/// The run itself. Looking at it never makes a step run again.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Run;

impl Run {
    /// Its id.
    ///
    /// # Errors
    /// This is not inside of a call, or nothing runs yet.
    pub fn id(&self) -> Result<String, StepError> {
        Ok(run()?.id.to_string())
    }

    /// Its directory (absolute).
    ///
    /// # Errors
    /// As [`Run::id`].
    pub fn dir(&self) -> Result<PathBuf, StepError> {
        Ok(run()?.directory)
    }

    /// When it started, RFC 3339 in UTC.
    ///
    /// # Errors
    /// As [`Run::id`].
    pub fn started(&self) -> Result<String, StepError> {
        Ok(run()?.started.to_string())
    }
}

fn run() -> Result<RunInfo, StepError> {
    current()?.run().ok_or_else(|| StepError::new(ErrorKind::Native, "the run is not known yet"))
}

macro_rules! injectable {
    ($own:ident, $name:literal, $kind:pat) => {
        impl Injectable for $own {
            fn wanted() -> Wanted {
                Wanted::engine($name)
            }

            fn from_provided(provided: Provided) -> Result<Self, StepError> {
                match provided.what {
                    ProvidedKind::Engine($kind) => Ok($own),
                    _ => Err(misfit(&format!("`{}` is not `{}`", provided.binding, $name))),
                }
            }
        }
    };
}

injectable!(Params, "params", VariableKind::Params(_));
injectable!(Facets, "facets", VariableKind::Facets(_));
injectable!(Run, "run", VariableKind::Run);
