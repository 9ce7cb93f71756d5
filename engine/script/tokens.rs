//! The tokens of a text, by Rhai's own tokenizer.

use crate::places::{Cursor, line_starts};
use rhai::{Engine, Position};

/// What a token does to the structure around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `{ #{ ( [ ?[`
    Open,
    /// `} ) ]`
    Close,
    /// `fn`
    Fn,
    /// `private`
    Private,
    /// A name.
    Name,
    /// Something that is no token.
    Bad,
    /// Any other.
    Other,
}

/// One token.
#[derive(Debug, Clone)]
pub struct Token {
    /// What it says, the same for every way of writing it (`1_000` and `1000`).
    pub text: String,
    /// First byte in the text.
    pub start: usize,
    /// Byte after the last one.
    pub end: usize,
    /// What it does.
    pub shape: Shape,
    /// Where Rhai says that it is.
    pub position: Position,
}

/// Cuts a text into tokens; comments and blanks are left out. Goes on after what is no token.
pub fn tokens(engine: &Engine, text: &str) -> Vec<Token> {
    use rhai::Token as Raw;
    let lines = line_starts(text);
    let mut cursor = Cursor::new(text, &lines);
    let texts = [text];
    let (mut raw, control) = engine.lex(&texts);
    let mut all: Vec<Token> = Vec::new();
    let mut depth = 0_usize;
    // Depths of the braces that end a `${…}`: after one the tokenizer is inside of the string again.
    let mut interpolations: Vec<usize> = Vec::new();
    // Each token takes at least one character, except the empty pieces of strings between two `${…}`.
    for _ in 0..text.len().saturating_mul(2) + 2 {
        let Some((token, position)) = raw.next() else { break };
        let (mut shape, mut value) = (Shape::Other, None);
        match &token {
            Raw::EOF => break,
            Raw::LeftBrace | Raw::MapStart | Raw::LeftParen | Raw::LeftBracket | Raw::QuestionBracket => {
                depth += 1;
                shape = Shape::Open;
            }
            Raw::RightBrace | Raw::RightParen | Raw::RightBracket => {
                shape = Shape::Close;
                if token == Raw::RightBrace && interpolations.last() == Some(&depth) {
                    interpolations.pop();
                    control.borrow_mut().is_within_text = true;
                }
                depth = depth.saturating_sub(1);
            }
            // `()` and `( )` are the same.
            Raw::Unit => value = Some("( )".to_owned()),
            Raw::Fn => shape = Shape::Fn,
            Raw::Private => shape = Shape::Private,
            Raw::Identifier(name) => {
                shape = Shape::Name;
                value = Some(name.to_string());
            }
            Raw::Reserved(name) => value = Some(name.to_string()),
            Raw::IntegerConstant(int) => value = Some(int.to_string()),
            Raw::FloatConstant(float) => value = Some(float.1.replace('_', "")),
            Raw::CharConstant(character) => value = Some(format!("{character:?}")),
            Raw::StringConstant(text) => value = Some(format!("{:?}", text.as_str())),
            Raw::InterpolatedString(text) => {
                value = Some(format!("`{:?}", text.as_str()));
                interpolations.push(depth + 1);
            }
            Raw::LexError(error) => {
                shape = Shape::Bad;
                value = Some(error.to_string());
            }
            _ => {}
        }
        let start = cursor.go_to(position);
        // After a token the tokenizer stands on its last character.
        let after = Position::new(
            u16::try_from(raw.pos.line().unwrap_or(1)).unwrap_or(u16::MAX),
            u16::try_from(raw.pos.position().unwrap_or(0)).unwrap_or(u16::MAX).saturating_add(1),
        );
        let end = cursor.go_to(after).max(start);
        all.push(Token {
            text: value.unwrap_or_else(|| token.literal_syntax().to_owned()),
            start,
            end,
            shape,
            position,
        });
    }
    all
}
