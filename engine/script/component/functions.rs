//! The functions of a scripted component, as its text has them: where, and what is said above them.

use crate::tokens::{Shape, Token};

/// A function that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defined {
    /// Its name.
    pub name: String,
    /// First and last byte of the name.
    pub at: (usize, usize),
    /// First and last byte of the type that it is for, which components' functions have none of.
    pub of: Option<(usize, usize)>,
    /// Whether it is an operation.
    pub public: bool,
    /// The first paragraph of the comment directly above it.
    pub doc: String,
}

/// All functions that have a name, in the order of the text.
pub fn functions(text: &str, tokens: &[Token]) -> Vec<Defined> {
    let mut all = Vec::new();
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.shape {
            Shape::Open => depth += 1,
            Shape::Close => depth = depth.saturating_sub(1),
            Shape::Fn if depth == 0 => {
                // `fn type.name()`
                let typed = tokens.get(at + 2).filter(|dot| dot.text == ".").and(tokens.get(at + 1));
                let name = tokens.get(if typed.is_some() { at + 3 } else { at + 1 });
                let Some(name) = name.filter(|name| name.shape == Shape::Name) else { continue };
                let private = at.checked_sub(1).and_then(|at| tokens.get(at)).filter(|t| t.shape == Shape::Private);
                let start = private.unwrap_or(token).start;
                all.push(Defined {
                    name: name.text.clone(),
                    at: (name.start, name.end),
                    of: typed.map(|of| (of.start, of.end)),
                    public: private.is_none(),
                    doc: doc_above(text, start),
                });
            }
            _ => {}
        }
    }
    all
}

/// The comment lines directly above a place, up to the first blank one.
fn doc_above(text: &str, start: usize) -> String {
    let before = text.get(..start).unwrap_or("");
    let mut lines: Vec<&str> = Vec::new();
    let above = before.rsplit_once('\n').map_or("", |(above, _)| above);
    for line in above.split('\n').rev() {
        match line.trim().strip_prefix("//") {
            Some(comment) => lines.push(comment.trim_start_matches('/').trim()),
            None => break,
        }
    }
    lines.reverse();
    let paragraph = lines.into_iter().skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}
