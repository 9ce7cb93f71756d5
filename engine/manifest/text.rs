//! The text of a string in a manifest, with the place of every character.

use crate::view::View;
use crate::{literal, map, parse};
use thinking_diagnostic::{Diagnostics, MappedText, SourceMap, Spanned};

/// The decoded string with places; opaque if it was not written in a manifest.
#[must_use]
pub fn mapped_string(string: &Spanned<String>, sources: &SourceMap) -> Option<MappedText> {
    let span = string.span?;
    Some(literal::mapped(sources.slice(span), &string.value, span))
}

/// A KDL text of names and values (`epochs 20`) as a JSON object: what `--params FILE.kdl` holds.
///
/// # Errors
/// What is wrong with it, in a line.
pub fn values(text: &str) -> Result<serde_json::Value, String> {
    let mut sources = SourceMap::new();
    let mut diagnostics = Diagnostics::new();
    let source = sources.add("params", text);
    let any = serde_json::Value::Bool(true);
    let mapped = sources
        .get(source)
        .cloned()
        .and_then(|file| parse::parse(source, &file, &mut diagnostics))
        .map(|document| map::map(&document, source, View::at(&any, &any), &mut diagnostics));
    match (mapped, diagnostics.iter().next()) {
        (Some(mapped), None) => Ok(mapped.to_json()),
        (_, Some(wrong)) => {
            let line = wrong.labels.first().and_then(|label| sources.place(label.span)).map_or(0, |place| place.line);
            Err(format!("line {line}: {}", wrong.message))
        }
        (None, None) => Err("it is not KDL".to_owned()),
    }
}
