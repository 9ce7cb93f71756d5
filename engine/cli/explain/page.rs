//! A page as text and as JSON.

use serde_json::{Value, json};
use std::fmt::Write as _;
use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm, wrap};
use thinking_diagnostic::{Block, Page, Style};

/// A page for people: prose wrapped at the width, files and consoles as they are.
pub(super) fn text(page: &Page, style: Style) -> String {
    let mut text = format!("{}\n", bold(page.code.name(), style));
    text.push_str(&wrapped(page.code.summary().trim(), style.width));
    for (heading, blocks) in [("", &page.cause), ("For example", &page.example), ("To mend it", &page.mend)] {
        if !heading.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "\n{}", bold(heading, style));
        }
        for block in blocks {
            text.push('\n');
            match block {
                Block::Text(prose) => text.push_str(&wrapped(prose, style.width)),
                Block::File { name, text: content } => {
                    let _ = writeln!(text, "  {}", dim(name, style));
                    content.lines().for_each(|line| indented(&mut text, line));
                }
                Block::Console(content) => content.lines().for_each(|line| match line.starts_with("$ ") {
                    true => indented(&mut text, &bold(line, style)),
                    false => answer(line, style.width - INDENT).lines().for_each(|line| indented(&mut text, line)),
                }),
            }
        }
    }
    text
}

/// A page for machines: `code`, `summary`, `cause` (text), `example` and `mend` (each `text`, `files` by name, `console`).
pub(super) fn json(page: &Page) -> Value {
    json!({
        "code": page.code.name(),
        "summary": page.code.summary().trim(),
        "cause": prose(&page.cause),
        "example": part(&page.example),
        "mend": part(&page.mend),
    })
}

fn part(blocks: &[Block]) -> Value {
    let mut files = serde_json::Map::new();
    let mut console = String::new();
    for block in blocks {
        match block {
            Block::Text(_) => {}
            Block::File { name, text } => {
                files.insert(name.clone(), text.clone().into());
            }
            Block::Console(text) => console.push_str(text),
        }
    }
    json!({ "text": prose(blocks), "files": files, "console": console })
}

fn prose(blocks: &[Block]) -> String {
    let paragraphs = blocks.iter().filter_map(|block| match block {
        Block::Text(text) => Some(text.as_str()),
        _ => None,
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// Columns before files and consoles.
const INDENT: usize = 4;

fn indented(text: &mut String, line: &str) {
    if !line.is_empty() {
        text.extend([" "; INDENT]);
        text.push_str(line);
    }
    text.push('\n');
}

/// A line that a command printed. Only sentences are wrapped, as they would have been on a terminal of that width: pictures of places in a
/// text would come apart.
fn answer(line: &str, width: usize) -> String {
    let sentence = line.trim_start_matches([' ', '│']);
    let marks = ["× ", "⚠ ", "help: "];
    match marks.iter().find(|mark| sentence.starts_with(**mark)) {
        Some(mark) => {
            let before = line.chars().count() - sentence.chars().count() + mark.chars().count();
            folded(line, &" ".repeat(before), width)
        }
        None => format!("{line}\n"),
    }
}

/// Text wrapped at a width. What a line begins with stands before what is wrapped, too: its blanks, and in a table its first column's width.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::new();
    for line in text.lines() {
        out.push_str(&folded(line, &" ".repeat(indent(line).min(width / 2)), width));
    }
    out
}

/// One line as several, all but the first after `indent`. Words stay whole: many are names.
fn folded(line: &str, indent: &str, width: usize) -> String {
    let options = Options::new(width)
        .subsequent_indent(indent)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    wrap(line, options).iter().map(|piece| format!("{}\n", piece.trim_end())).collect()
}

/// Columns before the text of a line; of an indented line with two columns (two blanks between them) those before the second.
fn indent(line: &str) -> usize {
    let blanks = line.len() - line.trim_start().len();
    if blanks == 0 {
        return 0;
    }
    match line[blanks..].find("  ") {
        Some(gap) => {
            let rest = &line[blanks + gap..];
            blanks + display_width(&line[blanks..blanks + gap]) + (rest.len() - rest.trim_start().len())
        }
        None => blanks,
    }
}

pub(super) fn bold(text: &str, style: Style) -> String {
    marked(text, "1", style)
}

fn dim(text: &str, style: Style) -> String {
    marked(text, "2", style)
}

fn marked(text: &str, code: &str, style: Style) -> String {
    if style.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thinking_diagnostic::Code;

    fn page() -> Page {
        let text = |text: &str| Block::Text(text.to_owned());
        Page {
            code: Code::StepBody,
            cause: vec![text("One two three four five six seven."), text("Eight.")],
            example: vec![
                Block::File { name: "pipeline.kdl".to_owned(), text: "step {\n\n}\n".to_owned() },
                Block::Console("$ thinking validate\nno\n".to_owned()),
            ],
            mend: vec![text("Nine.")],
        }
    }

    #[test]
    fn prose_is_wrapped_and_files_are_not() {
        let style = Style { color: false, unicode: true, width: 20 };
        insta::assert_snapshot!(text(&page(), style), @r#"
        thinking::step-body
        A step without a
        body, or with two.

        One two three four
        five six seven.

        Eight.

        For example

          pipeline.kdl
            step {

            }

            $ thinking validate
            no

        To mend it

        Nine.
        "#);
        let shown = text(&page(), Style { color: true, ..style });
        assert!(shown.contains("\u{1b}[1m$ thinking validate\u{1b}[0m"), "{shown}");
    }

    #[test]
    fn every_page_fits_80_columns() {
        for code in Code::ALL {
            let shown = text(&Page::of(*code), Style { color: false, unicode: true, width: 80 });
            assert!(shown.starts_with(code.name()));
            shown.lines().for_each(|line| assert!(line.chars().count() <= 80, "{}: {line}", code.name()));
        }
    }

    #[test]
    fn machines_get_the_parts() {
        insta::assert_snapshot!(json(&page()), @r#"{"code":"thinking::step-body","summary":"A step without a body, or with two.","cause":"One two three four five six seven.\n\nEight.","example":{"text":"","files":{"pipeline.kdl":"step {\n\n}\n"},"console":"$ thinking validate\nno\n"},"mend":{"text":"Nine.","files":{},"console":""}}"#);
    }

    #[test]
    fn tables_keep_their_columns() {
        insta::assert_snapshot!(wrapped("  a   one two three four\n  indented text that is long\nflush left text that is long\n", 16), @r#"
          a   one two
              three four
          indented text
          that is long
        flush left text
        that is long
        "#);
    }
}
