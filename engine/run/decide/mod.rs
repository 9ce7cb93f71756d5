//! The decision core: which task is next, and what its outcome means. It knows no clock, no randomness, no store and no file.

mod core;
mod frame;
mod items;
mod message;
mod passes;
mod place;
mod retry;
mod scope;
mod selection;
mod shown;

pub(crate) use self::core::{Core, Remaining};
pub(crate) use items::{Items, own_key};
pub(crate) use message::{Command, Ending, Failure, Input, Question, Shape};
pub(crate) use place::{Place, TypedPath, push_key};
pub(crate) use retry::RetryPolicy;
pub(crate) use scope::{Scope, Siblings};
pub(crate) use selection::{Force, Selection};
pub(crate) use shown::shown;
