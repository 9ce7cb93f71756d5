//! Phase 1: text to a KDL document.

use crate::foreign::foreign;
use crate::lint::first_slip;
use kdl::{KdlDocument, KdlError};
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, SourceFile, SourceId, Span};

/// Most stumbles of the parser that are told: one slip makes many.
const MOST: usize = 3;
/// Deepest nesting of blocks and of block comments. A manifest needs a dozen; the parser's stack ends somewhere above.
const DEEPEST: usize = 100;
/// Stack of the thread that parses: enough for [`DEEPEST`] in a debug build.
const STACK: usize = 64 << 20;

/// Parses a text; `None` if it is not KDL, with everything that the parser found wrong.
pub(crate) fn parse(source: SourceId, file: &SourceFile, diagnostics: &mut Diagnostics) -> Option<KdlDocument> {
    if let Some(at) = too_deep(&file.text) {
        diagnostics.push(
            Diagnostic::error(Code::Syntax, format!("blocks are nested more than {DEEPEST} deep"))
                .at(Span::new(source, at, at + 1), "here"),
        );
        return None;
    }
    let text = file.text.clone();
    let parsed = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || KdlDocument::parse_v2(&text))
        .ok()
        .and_then(|thread| thread.join().ok());
    match parsed {
        Some(Ok(document)) => Some(document),
        Some(Err(error)) => {
            syntax_errors(source, file, &error, diagnostics);
            None
        }
        None => {
            diagnostics.push(Diagnostic::error(Code::Syntax, format!("`{}` could not be parsed", file.name)));
            None
        }
    }
}

/// The slip that a person would see, or else the first things that the parser stumbled over.
fn syntax_errors(source: SourceId, file: &SourceFile, error: &KdlError, diagnostics: &mut Diagnostics) {
    if let Some(other) = foreign(source, file) {
        diagnostics.push(other);
        return;
    }
    if let Some(slip) = first_slip(&file.text) {
        diagnostics.push(
            Diagnostic::error(Code::Syntax, slip.message)
                .at(Span::new(source, slip.start, slip.end), "here")
                .help(slip.help.to_owned()),
        );
        return;
    }
    for wrong in error.diagnostics.iter().take(MOST) {
        let start = wrong.span.offset().min(file.text.len());
        let mut span = Span::new(source, start, (start + wrong.span.len()).min(file.text.len()));
        let under = file.text.get(span.start as usize..span.end as usize).unwrap_or("");
        // Blanks at the end of a span say nothing, and what spans lines begins somewhere in the first.
        span.end -= (under.len() - under.trim_end().len()) as u32;
        if let Some(line) = under.find('\n') {
            span.end = span.start + line as u32;
        }
        let message = wrong.message.clone().unwrap_or_else(|| "this is not KDL".to_owned());
        diagnostics
            .push(Diagnostic::error(Code::Syntax, lower_first(&message)).at(span, "here").help(wrong.help.clone()));
    }
    if error.diagnostics.is_empty() {
        diagnostics.push(Diagnostic::error(Code::Syntax, format!("`{}` is not KDL", file.name)));
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// Where blocks or block comments get nested too deep, if they do. Strings and comments are passed over.
fn too_deep(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut blocks, mut comments) = (0, 0usize, 0usize);
    while at < bytes.len() {
        let rest = &bytes[at..];
        if comments > 0 {
            match rest {
                [b'*', b'/', ..] => (comments, at) = (comments - 1, at + 2),
                [b'/', b'*', ..] => (comments, at) = (comments + 1, at + 2),
                _ => at += 1,
            }
        } else {
            match rest {
                [b'/', b'*', ..] => (comments, at) = (1, at + 2),
                [b'/', b'/', ..] => at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
                [b'#', ..] => {
                    let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
                    at += hashes;
                    if bytes.get(at) == Some(&b'"') {
                        let close = format!("\"{}", "#".repeat(hashes));
                        // An opening quote is no closing one.
                        at += 1 + text
                            .get(at + 1..)
                            .and_then(|tail| tail.find(&close))
                            .map_or(0, |found| found + close.len());
                    }
                }
                [b'"', b'"', b'"', ..] => {
                    at += 3;
                    at += text.get(at..).and_then(|tail| tail.find("\"\"\"")).map_or(0, |found| found + 3);
                }
                [b'"', ..] => {
                    at += 1;
                    while let Some(byte) = bytes.get(at) {
                        at += if *byte == b'\\' { 2 } else { 1 };
                        if *byte == b'"' || *byte == b'\n' {
                            break;
                        }
                    }
                }
                [b'{', ..] => (blocks, at) = (blocks + 1, at + 1),
                [b'}', ..] => (blocks, at) = (blocks.saturating_sub(1), at + 1),
                _ => at += 1,
            }
        }
        if blocks > DEEPEST || comments > DEEPEST {
            return Some(at.saturating_sub(1));
        }
    }
    None
}
