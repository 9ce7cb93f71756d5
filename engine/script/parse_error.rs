//! What does not parse.

use crate::places::Places;
use crate::tokens::{Shape, Token};
use rhai::{LexError, ParseError, ParseErrorType, Position};
use thinking_diagnostic::{Code, Diagnostic};

/// The diagnostic for a text that is no script.
pub fn diagnostic(error: &ParseError, places: &Places, tokens: &[Token]) -> Diagnostic {
    let (mut message, mut help) = words(error.err_type());
    let text = &places.code().text;
    let missing = !matches!(error.err_type(), ParseErrorType::BadInput(_));
    let at_end = error.position() == Position::NONE
        || matches!(error.err_type(), ParseErrorType::UnexpectedEOF)
        || (missing && places.offset(error.position()).is_some_and(|offset| offset >= text.trim_end().len()));
    let place = if !at_end {
        places.token(error.position()).filter(|span| !span.is_empty()).unwrap_or_else(|| places.last())
    } else if let Some(open) = unclosed(tokens) {
        // What is missing at the end belongs to what was opened last.
        message = format!("`{}` is not closed", open.text);
        help = None;
        places.code().span(open.start, open.end)
    } else {
        places.last()
    };
    if !at_end && let Some(at) = places.offset(error.position()) {
        let token = tokens.partition_point(|token| token.start < at);
        explain(error.err_type(), Around { text, tokens, at: token }, &mut message, &mut help);
    }
    if help.is_none() && text.contains("\\`") {
        help = Some("inside backticks a backtick is written twice, not with `\\`".to_owned());
    }
    let diagnostic = Diagnostic::error(Code::ScriptSyntax, message).at(place, "").help(help);
    match raw_form(places) {
        Some(raw) => diagnostic.help(format!("the string has escapes; written raw it reads as it is: {raw}")),
        None => diagnostic,
    }
}

/// A token and what stands beside it.
#[derive(Clone, Copy)]
struct Around<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Around<'a> {
    /// The text of the token so many places before (negative) or after it.
    fn text(self, by: isize) -> &'a str {
        let token = self.at.checked_add_signed(by).and_then(|at| self.tokens.get(at));
        token.and_then(|token| self.text.get(token.start..token.end)).unwrap_or("")
    }

    fn is_dot(self, by: isize) -> bool {
        matches!(self.text(by), "." | "?.")
    }

    /// `results.a` where the token is the `b` of `results.a.b`.
    fn owner(self) -> Option<&'a str> {
        let mut first = -2;
        while self.is_dot(first - 1) {
            first -= 2;
        }
        let start = self.tokens.get(self.at.checked_add_signed(first)?)?;
        let end = self.tokens.get(self.at.checked_sub(2)?)?.end;
        let named = start.shape == Shape::Name || start.text == "this";
        if named { self.text.get(start.start..end) } else { None }
    }
}

/// Says more where the neighbours tell what was meant.
fn explain(error: &ParseErrorType, around: Around<'_>, message: &mut String, help: &mut Option<String>) {
    let word = around.text(0);
    let is_word = word.starts_with(|first: char| first.is_alphabetic() || first == '_');
    match error {
        ParseErrorType::Reserved(_) | ParseErrorType::PropertyExpected if is_word && around.is_dot(-1) => {
            *message = format!("`{word}` is a reserved word");
            *help = Some(format!("write `{}[\"{word}\"]`", around.owner().unwrap_or("…")));
        }
        ParseErrorType::Reserved(_) | ParseErrorType::PropertyExpected if is_word && around.text(1) == ":" => {
            *message = format!("`{word}` is a reserved word");
            *help = Some(format!("write the key between quotes: `\"{word}\": …`"));
        }
        ParseErrorType::MissingToken(..) if word == "in" && around.text(1) == ":" => {
            *message = "`in` is a reserved word".to_owned();
            *help = Some("write the key between quotes: `\"in\": …`".to_owned());
        }
        ParseErrorType::MissingToken(..) | ParseErrorType::BadInput(_) if word == "_" => {
            *message = "`_` alone is no name".to_owned();
            *help = Some("name the parameter, e.g. `|_x|`".to_owned());
        }
        ParseErrorType::VariableExpected if word == "_" => {
            *message = "`_` alone is no name".to_owned();
            *help = Some("choose a name, e.g. `_x`".to_owned());
        }
        _ if word == "$" => {
            *message = "`$` means nothing in a script".to_owned();
            if around.text(1) == "{" {
                *help = Some("code is written without `${}`; only texts and templates have it".to_owned());
            }
        }
        _ => {}
    }
}

/// The bracket that was opened last and never closed.
fn unclosed(tokens: &[Token]) -> Option<&Token> {
    let mut open = Vec::new();
    for token in tokens {
        match token.shape {
            Shape::Open => open.push(token),
            Shape::Close => drop(open.pop()),
            _ => {}
        }
    }
    open.pop()
}

/// The raw form of a literal with escapes, with as many `#` as it needs.
fn raw_form(places: &Places) -> Option<String> {
    let code = places.code();
    if !code.escaped {
        return None;
    }
    let mut hashes = "#".to_owned();
    while code.text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    if code.text.contains('\n') {
        return Some(format!("{hashes}\"\"\" … \"\"\"{hashes}"));
    }
    Some(format!("{hashes}\"{}\"{hashes}", code.text))
}

fn words(error: &ParseErrorType) -> (String, Option<String>) {
    match error {
        ParseErrorType::BadInput(LexError::ImproperSymbol(_, text)) if text.contains("'eval' is disabled") => (
            "`eval` is switched off".to_owned(),
            Some("all code is checked before anything runs; use a function or a closure".to_owned()),
        ),
        ParseErrorType::UnexpectedEOF => ("the script ends too early".to_owned(), None),
        ParseErrorType::ExprTooDeep => (
            "the expression is nested too deeply".to_owned(),
            Some(
                "put parts of it into variables or functions; join long texts with backticks or `text::join`"
                    .to_owned(),
            ),
        ),
        ParseErrorType::MissingToken(token, why) => (format!("expected `{token}` {why}"), None),
        ParseErrorType::Reserved(word) if word.starts_with(char::is_alphabetic) => {
            (format!("`{word}` is a reserved word"), Some("choose another name".to_owned()))
        }
        ParseErrorType::Reserved(symbol) => (format!("`{symbol}` means nothing in a script"), None),
        ParseErrorType::BadInput(LexError::ImproperSymbol(symbol, why)) => {
            // Rhai's explanation ends with the right symbol between quotes.
            let right = why.split_once("Should it be ").and_then(|(_, right)| right.split('\'').nth(1));
            match right {
                Some(right) => {
                    (format!("`{symbol}` means nothing in a script"), Some(format!("did you mean `{right}`?")))
                }
                None => (lower_first(if why.is_empty() { symbol } else { why }), None),
            }
        }
        ParseErrorType::BadInput(LexError::UnterminatedString) => ("the string is not closed".to_owned(), None),
        other => (lower_first(&other.to_string()), None),
    }
}

/// Rhai's messages start with a capital; ours do not.
pub fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}
