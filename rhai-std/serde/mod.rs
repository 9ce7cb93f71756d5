//! Scripts' values and serde: what components written in Rust take and give, without a detour through JSON.

mod items;
mod read;
mod taken;
mod write;

pub use items::Given;
pub use read::Positional;
pub use taken::Taken;
pub use write::to_dynamic;

use std::fmt::{Debug, Display, Formatter, Result};

/// Why a value does not fit, for people.
pub struct Problem(String);

impl Display for Problem {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        formatter.write_str(&self.0)
    }
}

impl Debug for Problem {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

impl ::serde::ser::Error for Problem {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl ::serde::de::Error for Problem {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

#[cfg(test)]
mod tests;
