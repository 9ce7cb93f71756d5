//! The text of a string in a manifest, with the place of every character.

use crate::literal;
use thinking_diagnostic::{MappedText, SourceMap, Spanned};

/// The decoded string with places; opaque if it was not written in a manifest.
#[must_use]
pub fn mapped_string(string: &Spanned<String>, sources: &SourceMap) -> Option<MappedText> {
    let span = string.span?;
    Some(literal::mapped(sources.slice(span), &string.value, span))
}
