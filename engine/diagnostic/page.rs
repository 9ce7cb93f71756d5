//! The page about a rule, in parts: what breaks it, an example, how to mend it.
//!
//! Pages are written in a small part of Markdown: paragraphs, fenced blocks, and the two headings `## Example` and `## Mend`. A fence says
//! the language and the file's name (` ```kdl pipeline.kdl`); in a `console` block the lines after `$ ` are typed, the others are the answer.

use crate::Code;

/// A page in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Which rule.
    pub code: Code,
    /// What breaks it: paragraphs.
    pub cause: Vec<Block>,
    /// Something small that breaks it, and what is said of that.
    pub example: Vec<Block>,
    /// What to do, and the example done right.
    pub mend: Vec<Block>,
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A paragraph on one line.
    Text(String),
    /// A file.
    File {
        /// Its name.
        name: String,
        /// What is in it.
        text: String,
    },
    /// Commands (after `$ `) and what they print.
    Console(String),
}

impl Page {
    /// The page about a rule. Every rule has one.
    #[must_use]
    pub fn of(code: Code) -> Self {
        let text = code.page();
        let (cause, rest) = text.split_once("\n## Example\n").unwrap_or((text, ""));
        let (example, mend) = rest.split_once("\n## Mend\n").unwrap_or((rest, ""));
        Self { code, cause: blocks(cause), example: blocks(example), mend: blocks(mend) }
    }
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut lines = text.lines();
    let end = |paragraph: &mut Vec<&str>, blocks: &mut Vec<Block>| {
        if !paragraph.is_empty() {
            blocks.push(Block::Text(std::mem::take(paragraph).join(" ")));
        }
    };
    while let Some(line) = lines.next() {
        if let Some(fence) = line.strip_prefix("```") {
            end(&mut paragraph, &mut blocks);
            let text: String =
                lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
            blocks.push(match fence.split_once(' ') {
                Some((_, name)) => Block::File { name: name.to_owned(), text },
                None => Block::Console(text),
            });
        } else if line.is_empty() {
            end(&mut paragraph, &mut blocks);
        } else {
            paragraph.push(line);
        }
    }
    end(&mut paragraph, &mut blocks);
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The compiler sees to it that every rule has a page; this, that none is a stub.
    #[test]
    fn every_rule_has_a_whole_page() {
        for code in Code::ALL {
            let page = Page::of(*code);
            let name = code.name();
            assert!(matches!(&*page.cause, [Block::Text(cause), ..] if cause.len() > 60), "{name}: no cause");
            let file = |block: &Block| matches!(block, Block::File { .. });
            let answered = |block: &Block| matches!(block, Block::Console(text) if text.contains(name));
            assert!(page.example.iter().any(file), "{name}: no example");
            assert!(page.example.iter().any(answered), "{name}: the example does not show the mistake");
            assert!(page.mend.iter().any(file), "{name}: no mend");
            for block in page.example.iter().chain(&page.mend) {
                let Block::File { text, .. } = block else { continue };
                for line in text.lines() {
                    assert!(line.chars().count() <= 76, "{name}: wider than 80 columns as printed: {line}");
                }
            }
        }
    }

    /// No page is left behind without its rule.
    #[test]
    fn no_forgotten_pages() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("pages");
        let pages = std::fs::read_dir(folder).into_iter().flatten().flatten().count();
        assert_eq!(pages, Code::ALL.len());
    }
}
