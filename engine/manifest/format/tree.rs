//! Tokens to lines of nodes.

use super::token::{Kind, Token};

/// The nodes of a document or of a block.
#[derive(Debug, Default)]
pub(super) struct Block<'t> {
    /// A comment on the line of the opening brace.
    pub beside: Option<Beside<'t>>,
    pub lines: Vec<Line<'t>>,
    /// Whether it was written on one line.
    pub flat: bool,
}

/// A line as written: nodes between semicolons, a comment at the end, or only that.
#[derive(Debug, Default)]
pub(super) struct Line<'t> {
    /// Whether empty lines stand above it.
    pub apart: bool,
    pub nodes: Vec<Vec<Piece<'t>>>,
    pub comment: Option<Beside<'t>>,
}

/// A `//` comment at the end of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beside<'t> {
    pub text: &'t str,
    /// Blanks before it.
    pub gap: usize,
    /// Where it stood in its line.
    pub column: usize,
}

/// A part of a node.
#[derive(Debug)]
pub(super) enum Piece<'t> {
    /// A token as it is written.
    Token(Token<'t>),
    /// A line end that is none, with the comment before it: `\ // comment`, or after `/-` the comment alone.
    Break { text: &'static str, comment: Option<&'t str> },
    /// Children.
    Block(Block<'t>),
}

impl Piece<'_> {
    fn has_comment(&self) -> bool {
        matches!(self, Self::Break { comment: Some(_), .. })
    }
}

/// The whole document.
pub(super) fn tree<'t>(tokens: &[Token<'t>]) -> Block<'t> {
    let mut reader = Reader { tokens, at: 0 };
    let mut whole = reader.block();
    // A brace that closes nothing is not KDL; whatever it is, nothing of it may be lost.
    while reader.at < tokens.len() {
        reader.at += 1;
        whole.lines.extend(reader.block().lines);
    }
    whole
}

struct Reader<'a, 't> {
    tokens: &'a [Token<'t>],
    at: usize,
}

impl<'t> Reader<'_, 't> {
    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at).copied()
    }

    /// Takes a `//` comment.
    fn comment(&mut self, token: Token<'t>) -> Beside<'t> {
        self.at += 1;
        Beside { text: token.text, gap: token.gap, column: token.column }
    }

    /// Lines up to the closing brace, which is left where it is.
    fn block(&mut self) -> Block<'t> {
        let first = self.at;
        let mut block = Block::default();
        let mut newlines = 0;
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::CloseBlock => break,
                Kind::Newline => (newlines, self.at) = (newlines + 1, self.at + 1),
                Kind::Semicolon => self.at += 1,
                Kind::LineComment if newlines == 0 && block.lines.is_empty() && first > 0 => {
                    block.beside = Some(self.comment(token));
                }
                _ => {
                    let line = self.line();
                    if !line.nodes.is_empty() || line.comment.is_some() {
                        let apart = newlines > 1 && !block.lines.is_empty();
                        block.lines.push(Line { apart, ..line });
                        newlines = 0;
                    }
                }
            }
        }
        let several = |token: &Token<'_>| {
            matches!(token.kind, Kind::Newline | Kind::LineComment) || token.text.contains(super::token::is_newline)
        };
        block.flat = !self.tokens[first..self.at].iter().any(several);
        block
    }

    fn line(&mut self) -> Line<'t> {
        let mut line = Line::default();
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::CloseBlock | Kind::Newline => break,
                Kind::Semicolon => self.at += 1,
                Kind::LineComment => {
                    line.comment = Some(self.comment(token));
                    break;
                }
                _ => {
                    let node = self.node();
                    // A `\` before nothing is nothing.
                    if !node.is_empty() {
                        line.nodes.push(node);
                    }
                }
            }
        }
        line
    }

    fn node(&mut self) -> Vec<Piece<'t>> {
        let mut pieces = Vec::new();
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::CloseBlock | Kind::Newline | Kind::Semicolon | Kind::LineComment => break,
                Kind::OpenBlock => {
                    self.at += 1;
                    pieces.push(Piece::Block(self.block()));
                    // The brace that ended the block.
                    self.at += 1;
                }
                Kind::Continuation => {
                    let goes_on = self.continuation();
                    // Before the node there is nothing to go on with.
                    pieces.extend(goes_on.filter(|goes_on| !pieces.is_empty() || goes_on.has_comment()));
                }
                Kind::Slashdash => {
                    self.at += 1;
                    pieces.push(Piece::Token(token));
                    self.after_slashdash(&mut pieces);
                }
                _ => {
                    self.at += 1;
                    pieces.push(Piece::Token(token));
                }
            }
        }
        pieces
    }

    /// `\`, a comment, a line end. It is kept where more of the node follows on the next line.
    fn continuation(&mut self) -> Option<Piece<'t>> {
        self.at += 1;
        let mut comment = None;
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::LineComment => comment = Some(token.text),
                Kind::Newline => {
                    self.at += 1;
                    break;
                }
                _ => break,
            }
            self.at += 1;
        }
        let ends =
            [Kind::Newline, Kind::Semicolon, Kind::CloseBlock, Kind::OpenBlock, Kind::Continuation, Kind::LineComment];
        let needed = self.peek().is_some_and(|next| !ends.contains(&next.kind));
        (needed || comment.is_some()).then_some(Piece::Break { text: "\\", comment })
    }

    /// What is commented out may stand on a later line.
    fn after_slashdash(&mut self, pieces: &mut Vec<Piece<'t>>) {
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Newline | Kind::Continuation => {}
                Kind::LineComment => pieces.push(Piece::Break { text: "", comment: Some(token.text) }),
                _ => break,
            }
            self.at += 1;
        }
    }
}
