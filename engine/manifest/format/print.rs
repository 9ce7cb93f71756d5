//! Lines of nodes to text.

use super::string::moved;
use super::token::{Kind, is_newline};
use super::tree::{Beside, Block, Line, Piece};
use super::{INDENT, WIDTH};

/// The text of a document: empty, or ending with one line end.
pub(super) fn print(document: &Block<'_>) -> String {
    let mut printer = Printer::default();
    printer.lines(&document.lines, 0);
    printer.text()
}

/// A line that was laid out; it holds line ends if a text of several lines is in it.
struct Done<'t> {
    code: String,
    comment: Option<Beside<'t>>,
}

#[derive(Default)]
struct Printer<'t> {
    done: Vec<Done<'t>>,
    /// The line being laid out.
    code: String,
}

impl<'t> Printer<'t> {
    fn lines(&mut self, lines: &[Line<'t>], indent: usize) {
        for line in lines {
            if line.apart {
                self.end(None);
            }
            self.line(line, indent);
        }
    }

    fn line(&mut self, line: &Line<'t>, indent: usize) {
        let Some((last, before)) = line.nodes.split_last() else {
            // A comment on a line of its own.
            self.begin(indent);
            self.code.push_str(line.comment.map_or("", |comment| comment.text));
            self.end(None);
            return;
        };
        let mut flat = String::new();
        if flat_nodes(&line.nodes, &mut flat) && indent + width(&flat) <= WIDTH {
            self.begin(indent);
            self.code.push_str(&flat);
        } else {
            for node in before {
                self.begin(indent);
                self.node(node, indent);
                self.end(None);
            }
            self.begin(indent);
            self.node(last, indent);
        }
        self.end(line.comment);
    }

    fn node(&mut self, node: &[Piece<'t>], indent: usize) {
        for (at, piece) in node.iter().enumerate() {
            if at > 0 && spaced(&node[at - 1], piece) {
                self.code.push(' ');
            }
            match piece {
                Piece::Token(token) if token.kind == Kind::Text => {
                    self.code.push_str(&moved(token.text, indent + INDENT));
                }
                Piece::Token(token) => self.code.push_str(token.text),
                Piece::Break { text, comment } => {
                    self.code.push_str(text);
                    if let Some(comment) = comment {
                        self.code.push(' ');
                        self.code.push_str(comment);
                    }
                    self.code.push('\n');
                    self.begin(indent + INDENT);
                }
                Piece::Block(block) => self.block(block, indent),
            }
        }
    }

    fn block(&mut self, block: &Block<'t>, indent: usize) {
        let mut flat = String::new();
        if flat_block(block, &mut flat) && self.column() + width(&flat) <= WIDTH {
            self.code.push_str(&flat);
            return;
        }
        self.code.push('{');
        self.end(block.beside);
        self.lines(&block.lines, indent + INDENT);
        self.begin(indent);
        self.code.push('}');
    }

    fn begin(&mut self, indent: usize) {
        self.code.extend(std::iter::repeat_n(' ', indent));
    }

    fn end(&mut self, comment: Option<Beside<'t>>) {
        // After a line that goes on with nothing, a comment has the next line to itself.
        let alone = self.code.rsplit_once(is_newline).is_some_and(|(_, last)| last.trim().is_empty());
        if let (true, Some(comment)) = (alone, comment) {
            self.code.push_str(comment.text);
            return self.end(None);
        }
        self.done.push(Done { code: std::mem::take(&mut self.code), comment });
    }

    fn column(&self) -> usize {
        width(self.code.rsplit(is_newline).next().unwrap_or(""))
    }

    /// Everything, with the comments at the ends of lines. Those that stood below each other on neighbouring lines do so again.
    fn text(self) -> String {
        let mut text = String::new();
        let column = |done: &Done<'_>| done.comment.map(|comment| comment.column);
        for group in self.done.chunk_by(|one, other| column(one).is_some() && column(one) == column(other)) {
            let last = |done: &Done<'_>| width(done.code.rsplit(is_newline).next().unwrap_or(""));
            let gap = group.iter().filter_map(|done| done.comment).map(|comment| comment.gap.max(1)).min().unwrap_or(1);
            let together = group.iter().map(last).max().unwrap_or(0) + gap;
            for done in group {
                text.push_str(&done.code);
                if let Some(comment) = done.comment {
                    text.extend(std::iter::repeat_n(' ', together - last(done)));
                    text.push_str(comment.text);
                }
                text.push('\n');
            }
        }
        text
    }
}

/// Nodes on one line, if they can stand on one.
fn flat_nodes(nodes: &[Vec<Piece<'_>>], text: &mut String) -> bool {
    for (number, node) in nodes.iter().enumerate() {
        if number > 0 {
            text.push_str("; ");
        }
        for (at, piece) in node.iter().enumerate() {
            if at > 0 && spaced(&node[at - 1], piece) {
                text.push(' ');
            }
            match piece {
                Piece::Token(token) if token.text.contains(is_newline) => return false,
                Piece::Token(token) => text.push_str(token.text),
                Piece::Break { .. } => return false,
                Piece::Block(block) => {
                    if !flat_block(block, text) {
                        return false;
                    }
                }
            }
        }
    }
    true
}

/// A block on one line, if it was written on one or is empty.
fn flat_block(block: &Block<'_>, text: &mut String) -> bool {
    if block.lines.is_empty() && block.beside.is_none() {
        text.push_str("{}");
        return true;
    }
    if !block.flat {
        return false;
    }
    text.push_str("{ ");
    // Without line ends there is one line.
    let fits = block.lines.iter().all(|line| line.comment.is_none() && flat_nodes(&line.nodes, text));
    text.push_str(" }");
    fits
}

/// Whether a blank stands between two parts of a node.
fn spaced(before: &Piece<'_>, after: &Piece<'_>) -> bool {
    let before = match before {
        Piece::Break { .. } => return false,
        Piece::Token(token) => Some(token.kind),
        Piece::Block(_) => None,
    };
    let version = matches!(after, Piece::Token(token) if token.text == "kdl-version");
    let after = match after {
        Piece::Token(token) => Some(token.kind),
        Piece::Break { .. } | Piece::Block(_) => None,
    };
    match (before, after) {
        // `/- kdl-version 2` is written with a blank.
        (Some(Kind::Slashdash), _) => version,
        (Some(Kind::Equals | Kind::OpenType | Kind::CloseType), _) | (_, Some(Kind::Equals | Kind::CloseType)) => false,
        _ => true,
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}
