//! Laying a manifest's text out anew: the same nodes, strings, numbers and comments, with the blanks between them as everyone writes them.
//!
//! The phases, in order:
//!
//! 1. `token`: text to tokens, each with its place
//! 2. `tree`: tokens to lines of nodes, with comments where they stand
//! 3. `print`: lines with four blanks for each block, blocks on one line where they were and fit; `string` moves texts of several lines along
//!
//! What comes out is parsed again and compared with what went in. If a mistake in here made it mean something else, the text is left as it is.

mod files;
mod print;
mod string;
mod token;
mod tree;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests;

pub use files::{manifests_below, read};

use crate::parse::parse;
use kdl::{KdlDocument, KdlNode, KdlValue};
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, SourceFile, SourceId, SourceMap};

/// Columns that a line with blocks in it may have. A longer one is broken at its blocks.
const WIDTH: usize = 120;
/// Blanks for each block.
const INDENT: usize = 4;
const BOM: char = '\u{feff}';

/// A KDL text laid out anew. Line ends stay what the first one is (`\n` or `\r\n`), a byte order mark stays.
///
/// # Errors
/// Everything that the parser finds wrong: a text that is not KDL has no layout.
pub fn format(source: SourceId, file: &SourceFile) -> Result<String, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let Some(before) = parse(source, file, &mut diagnostics) else { return Err(diagnostics) };
    let new = lay_out(&file.text);
    if new == *file.text {
        return Ok(new);
    }
    let mut sources = SourceMap::new();
    let id = sources.add(file.name.clone(), new.as_str());
    let after = sources.get(id).and_then(|laid_out| parse(id, laid_out, &mut Diagnostics::new()));
    if after.is_some_and(|after| same(&before, &after)) {
        return Ok(new);
    }
    diagnostics.push(
        Diagnostic::error(
            Code::Syntax,
            format!("`{}` is left as it is: laid out anew it would mean something else", file.name),
        )
        .help("this is a mistake in thinking; please report it with the file".to_owned()),
    );
    Err(diagnostics)
}

/// Whether a text has nothing but comments in it (`true`) or not even those (`false`); `None` if there is more.
pub(crate) fn is_all_comments(text: &str) -> Option<bool> {
    use token::Kind;
    let tokens = token::tokens(text.strip_prefix(BOM).unwrap_or(text));
    let comment = |kind| matches!(kind, Kind::LineComment | Kind::BlockComment);
    let nothing = tokens.iter().all(|token| comment(token.kind) || token.kind == Kind::Newline);
    nothing.then(|| tokens.iter().any(|token| comment(token.kind)))
}

/// The layout of a text that is KDL.
fn lay_out(text: &str) -> String {
    let (mark, text) = match text.strip_prefix(BOM) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let windows = text.find('\n').is_some_and(|end| text[..end].ends_with('\r'));
    // To KDL all line ends are the same, also in strings.
    let unix = text.replace("\r\n", "\n").replace('\r', "\n");
    let tokens = token::tokens(&unix);
    let mut new = print::print(&tree::tree(&tokens));
    if windows {
        new = new.replace('\n', "\r\n");
    }
    if mark {
        new.insert(0, BOM);
    }
    new
}

/// Whether two documents say the same, however they are written.
fn same(one: &KdlDocument, other: &KdlDocument) -> bool {
    one.nodes().len() == other.nodes().len()
        && one.nodes().iter().zip(other.nodes()).all(|(one, other)| same_node(one, other))
}

fn same_node(one: &KdlNode, other: &KdlNode) -> bool {
    let name = |name: &kdl::KdlIdentifier| name.value().to_owned();
    let children = match (one.children(), other.children()) {
        (Some(one), Some(other)) => same(one, other),
        (None, None) => true,
        _ => false,
    };
    children
        && one.name().value() == other.name().value()
        && one.ty().map(name) == other.ty().map(name)
        && one.entries().len() == other.entries().len()
        && one.entries().iter().zip(other.entries()).all(|(one, other)| {
            one.name().map(name) == other.name().map(name)
                && one.ty().map(name) == other.ty().map(name)
                && same_value(one.value(), other.value())
        })
}

fn same_value(one: &KdlValue, other: &KdlValue) -> bool {
    match (one, other) {
        // `#nan` is not equal to itself.
        (KdlValue::Float(one), KdlValue::Float(other)) => one.to_bits() == other.to_bits(),
        _ => one == other,
    }
}
