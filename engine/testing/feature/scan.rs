//! What stands in a `.feature` file beside its sections and steps: tables, doc strings, steps that begin with `*`, the language.
//!
//! They are taken out, line by line, so that each row keeps its place; what is left has the same length and is parsed by `gherkin`.

use thinking_diagnostic::{Code, Diagnostic, SourceId, Span, did_you_mean};

/// A line with something on it.
#[derive(Debug, Clone)]
pub struct Line<T> {
    /// Number of the line, from 1.
    pub number: usize,
    /// The line without blanks around it.
    pub span: Span,
    /// What is on it.
    pub content: T,
}

/// A text of several lines.
#[derive(Debug, Clone)]
pub struct Doc {
    /// The lines, without the blanks that stand before the opening quotes too.
    pub text: String,
    /// What stands after the opening quotes: `json`.
    pub media: Option<String>,
}

/// A file in parts.
#[derive(Debug)]
pub struct Scanned {
    /// What is left, byte by byte at the same places, with a new line at its end.
    pub rest: String,
    /// Its language: `en`.
    pub language: String,
    /// Rows of tables.
    pub rows: Vec<Line<Vec<String>>>,
    /// Doc strings, at the line of their opening quotes.
    pub docs: Vec<Line<Doc>>,
    /// Steps that begin with `*`, without it; lines of descriptions may be among them.
    pub stars: Vec<Line<String>>,
}

/// Takes a file apart.
pub fn scan(source: SourceId, text: &str) -> Result<Scanned, Vec<Diagnostic>> {
    let mut scanned = Scanned {
        rest: String::with_capacity(text.len() + 1),
        language: "en".to_owned(),
        rows: Vec::new(),
        docs: Vec::new(),
        stars: Vec::new(),
    };
    let mut problems = Vec::new();
    let mut open: Option<(Line<Doc>, &str, usize)> = None;
    let (mut start, mut begun) = (0, false);
    for (at, whole) in text.split_inclusive('\n').enumerate() {
        let line = whole.trim_end_matches(['\n', '\r']);
        // Some editors begin a file with a byte order mark.
        let line = if at == 0 { line.trim_start_matches('\u{feff}') } else { line };
        let offset = start + whole.find(line).unwrap_or(0);
        let content = line.trim();
        let indent = line.len() - line.trim_start().len();
        let span = Span::new(source, offset + indent, offset + indent + content.len());
        let number = at + 1;
        let mut take = false;
        if let Some((mut doc, quotes, column)) = open.take() {
            take = true;
            if content.starts_with(quotes) {
                doc.content.text.pop();
                scanned.docs.push(doc);
            } else {
                let blanks = line.chars().take(column).take_while(|c| c.is_whitespace()).map(char::len_utf8).sum();
                let escaped: String = quotes.chars().flat_map(|quote| ['\\', quote]).collect();
                doc.content.text.push_str(&line.get(blanks..).unwrap_or("").replace(&escaped, quotes));
                doc.content.text.push('\n');
                open = Some((doc, quotes, column));
            }
        } else if let Some(quotes) = ["\"\"\"", "```"].into_iter().find(|quotes| content.starts_with(quotes)) {
            take = true;
            let media = content.get(quotes.len()..).map(str::trim).filter(|media| !media.is_empty());
            let doc = Doc { text: String::new(), media: media.map(ToOwned::to_owned) };
            let column = line.chars().take_while(|c| c.is_whitespace()).count();
            open = Some((Line { number, span, content: doc }, quotes, column));
        } else if content.starts_with('|') {
            take = true;
            match cells(content) {
                Some(content) => scanned.rows.push(Line { number, span, content }),
                None => problems.push(
                    Diagnostic::error(Code::Syntax, "the row does not end with `|`")
                        .at(span, "")
                        .help("each cell stands between two `|`; inside of a cell write `\\|`".to_owned()),
                ),
            }
        } else if let Some(step) = content.strip_prefix("* ") {
            take = true;
            scanned.stars.push(Line { number, span, content: step.trim().to_owned() });
        } else if let Some(language) = language(content).filter(|_| !begun) {
            take = true;
            if !gherkin::is_language_supported(language) {
                let near = did_you_mean(language, LANGUAGES).map(|near| format!("did you mean `{near}`?"));
                let problem = Diagnostic::error(Code::InvalidValue, format!("there is no language `{language}`"));
                let help = near.unwrap_or_else(|| "write its code such as `en`, `de` or `pt`".to_owned());
                problems.push(problem.at(span, "").help(help));
            }
            scanned.language = language.to_owned();
        }
        begun |= !content.is_empty() && !content.starts_with('#');
        match take {
            true => scanned.rest.extend(whole.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' })),
            false => {
                let mark = offset - start;
                scanned.rest.extend(std::iter::repeat_n(' ', mark));
                scanned.rest.push_str(whole.get(mark..).unwrap_or(""));
            }
        }
        start += whole.len();
    }
    if let Some((doc, quotes, _)) = open {
        let problem = Diagnostic::error(Code::Syntax, "the doc string is not closed").at(doc.span, "it begins here");
        problems.push(problem.help(format!("write `{quotes}` on a line of its own after its last line")));
    }
    scanned.rest.push('\n');
    if problems.is_empty() { Ok(scanned) } else { Err(problems) }
}

/// Codes that are near to what people type.
const LANGUAGES: [&str; 12] = ["en", "de", "fr", "es", "pt", "it", "nl", "pl", "ru", "ja", "zh-CN", "sv"];

/// The language that a comment names.
fn language(content: &str) -> Option<&str> {
    let rest = content.strip_prefix('#')?.trim_start().strip_prefix("language")?.trim_start();
    rest.strip_prefix(':').map(str::trim).filter(|language| !language.is_empty())
}

/// The cells of a row; `None` if the last one is not closed.
fn cells(line: &str) -> Option<Vec<String>> {
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let mut characters = line.chars().skip(1);
    let mut open = false;
    while let Some(character) = characters.next() {
        open = character != '|';
        match character {
            '|' => cells.push(std::mem::take(&mut cell)),
            '\\' => match characters.next() {
                Some('n') => cell.push('\n'),
                Some(other @ ('|' | '\\')) => cell.push(other),
                Some(other) => cell.extend(['\\', other]),
                None => cell.push('\\'),
            },
            other => cell.push(other),
        }
    }
    let trimmed = |cell: String| cell.trim_matches([' ', '\t']).to_owned();
    (!open && !cells.is_empty()).then(|| cells.into_iter().map(trimmed).collect())
}
