//! Where text came from and what is wrong with it.
//!
//! A leaf: nothing here knows what a manifest is. [`SourceMap`] owns every text that was read, [`Span`] points into one,
//! [`MappedText`] is text that was decoded out of another (a string of a manifest) and still knows where each character
//! stood, and [`Diagnostic`] is one mistake with its places, its [`Code`] and the next thing to do.

mod code;
mod diagnostic;
mod mapped;
mod page;
mod render;
mod source;
mod spanned;
mod suggest;

pub use code::Code;
pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity};
pub use mapped::MappedText;
pub use page::{Block, Page};
pub use render::{Style, render, render_failure, to_json};
pub use source::{LineColumn, SourceFile, SourceId, SourceMap, Span};
pub use spanned::{SPANNED_FIELDS, SPANNED_NAME, Spanned};
pub use suggest::did_you_mean;
