//! What a script means, without layout.

use crate::tokens::{Shape, Token};
use thinking_diagnostic::{MappedText, Span};

/// The tokens with one blank between them, functions first and ordered by what they say; and where each token stands.
pub fn canonical(code: &MappedText, tokens: &[Token]) -> (String, Vec<(u32, Span)>) {
    let (mut functions, rest) = split(tokens);
    functions.sort_by(|a, b| a.iter().map(|token| &token.text).cmp(b.iter().map(|token| &token.text)));
    let mut text = String::new();
    let mut places = Vec::with_capacity(tokens.len());
    for token in functions.into_iter().flatten().chain(rest) {
        if !text.is_empty() {
            text.push(' ');
        }
        places.push((u32::try_from(text.len()).unwrap_or(u32::MAX), code.span(token.start, token.end)));
        text.push_str(&token.text);
    }
    (text, places)
}

/// Function definitions, each with all of its tokens, and the tokens of the body.
fn split(tokens: &[Token]) -> (Vec<Vec<&Token>>, Vec<&Token>) {
    let (mut functions, mut rest) = (Vec::new(), Vec::new());
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(token) = tokens.get(at) {
        let next_is_fn = tokens.get(at + 1).is_some_and(|next| next.shape == Shape::Fn);
        if depth == 0 && (token.shape == Shape::Fn || (token.shape == Shape::Private && next_is_fn)) {
            let end = function_end(tokens, at);
            functions.push(tokens[at..end].iter().collect());
            at = end;
            continue;
        }
        match token.shape {
            Shape::Open => depth += 1,
            Shape::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        rest.push(token);
        at += 1;
    }
    (functions, rest)
}

/// The place after the brace that closes the body of the function that starts at `at`.
fn function_end(tokens: &[Token], at: usize) -> usize {
    let (mut depth, mut in_body) = (0_usize, false);
    for (place, token) in tokens.iter().enumerate().skip(at) {
        match token.shape {
            Shape::Open => {
                in_body |= depth == 0 && token.text == "{";
                depth += 1;
            }
            Shape::Close => {
                depth = depth.saturating_sub(1);
                if in_body && depth == 0 {
                    return place + 1;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}
