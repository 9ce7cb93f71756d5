//! What is wrong with a text that is not KDL: the first slip that a person would see, where it is.
//!
//! The parser gives up somewhere after a slip and says what it expected there. This reads the text once more, loosely, and looks for the slips
//! that people make; where it finds one, that is told instead.

/// A slip: bytes of the text, what is wrong, what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Slip {
    pub start: usize,
    pub end: usize,
    pub message: String,
    pub help: &'static str,
}

/// The first slip of a text, if one is known.
pub(crate) fn first_slip(text: &str) -> Option<Slip> {
    let mut reader = Reader { text, at: 0, braces: Vec::new(), line: Line::default() };
    reader.read().err().or_else(|| reader.unclosed())
}

const RAW: &str = "write it raw: #\"…\"#";
const RAW_V1: &str = "write #\"…\"# (with `r` is KDL version 1; manifests are written in version 2)";

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// Openings of blocks that are not closed yet, with the indentation of their lines.
    braces: Vec<(usize, usize)>,
    line: Line,
}

/// What was seen since the last end of a node.
#[derive(Default)]
struct Line {
    /// Words and values so far.
    words: usize,
    /// A block was closed.
    closed: bool,
    /// The last thing was `=`.
    equals: bool,
}

type Read = Result<(), Slip>;

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn slip(&self, start: usize, end: usize, message: impl Into<String>, help: &'static str) -> Slip {
        let end = self.text.ceil_char_boundary(end.min(self.text.len()));
        let start = self.text.floor_char_boundary(start.min(end));
        Slip { start, end, message: message.into(), help }
    }

    fn read(&mut self) -> Read {
        while let Some(next) = self.rest().chars().next() {
            let rest = self.rest();
            if rest.starts_with("/*") {
                self.block_comment()?;
            } else if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/-") {
                self.at += 2;
            } else if next == '"' {
                self.value()?;
                self.string()?;
            } else if next == '#' {
                self.value()?;
                self.hash()?;
            } else {
                self.character(next)?;
            }
        }
        Ok(())
    }

    fn character(&mut self, next: char) -> Read {
        let start = self.at;
        match next {
            '\n' | '\r' | ';' => {
                self.line = Line::default();
                self.at += 1;
            }
            '\\' => {
                // A line goes on after a backslash.
                let rest = self.rest();
                self.at += rest.find('\n').map_or(rest.len(), |end| end + 1);
            }
            '{' => {
                self.braces.push((start, self.indentation(start)));
                self.line = Line::default();
                self.at += 1;
            }
            '}' => {
                self.close()?;
                self.line = Line { closed: true, ..Line::default() };
                self.at += 1;
            }
            '=' => {
                let before = self.text[..start].chars().next_back();
                if self.line.words <= 1 && before.is_some_and(|before| before == ' ' || before == '\t') {
                    return Err(self.slip(
                        start,
                        start + 1,
                        "a node has no `=` after its name",
                        "as a node write `name value`, as a property of a node `node name=value`",
                    ));
                }
                self.line.equals = true;
                self.at += 1;
            }
            ',' => {
                return Err(self.slip(
                    start,
                    start + 1,
                    "no comma is needed here",
                    "values and properties are separated by blanks",
                ));
            }
            '(' => {
                self.at += self.rest().find(')').map_or(self.rest().len(), |end| end + 1);
            }
            ')' | '[' | ']' => {
                let shown = format!("`{next}` means nothing here");
                return Err(self.slip(
                    start,
                    start + 1,
                    shown,
                    "write lists as values side by side, and code as a string",
                ));
            }
            '\0' => return Err(self.slip(start, start + 1, "a NUL character is no text", "take it out")),
            blank if blank.is_whitespace() || blank == '\u{feff}' => self.at += blank.len_utf8(),
            _ => self.word()?,
        }
        Ok(())
    }

    /// Something that is a value or a word begins here.
    fn value(&mut self) -> Read {
        if self.line.closed {
            return Err(self.slip(
                self.at,
                self.at + 1,
                "a new node begins on the line where a block ends",
                "put it on a line of its own, or a `;` before it",
            ));
        }
        self.line.words += usize::from(!self.line.equals);
        self.line.equals = false;
        Ok(())
    }

    fn word(&mut self) -> Read {
        let start = self.at;
        let equals = self.line.equals;
        self.value()?;
        let ends = |character: char| character.is_whitespace() || "\"{}()[];=,\\/#".contains(character);
        let length = self.rest().find(ends).unwrap_or(self.rest().len()).max(1);
        let length = self.rest().ceil_char_boundary(length);
        let word = &self.text[start..start + length];
        self.at += length;
        let after = self.rest().chars().next();
        if (word == "r" || word == "br") && matches!(after, Some('#' | '"')) {
            return Err(self.slip(start, self.at + 1, "raw strings begin without `r`", RAW_V1));
        }
        if after == Some('"') {
            return Err(self.slip(
                start,
                self.at + 1,
                "a quote in the middle of a word",
                "put a blank before it, or write the whole raw: #\"…\"#",
            ));
        }
        // In a node's first place a word is its name.
        let is_value = equals || self.line.words > 1;
        if is_value && after != Some('=') {
            if let "true" | "false" | "null" = word {
                return Err(self.slip(
                    start,
                    self.at,
                    format!("`{word}` is not a value"),
                    match word {
                        "true" => "write `#true` (without `#` is KDL version 1; manifests are written in version 2)",
                        "false" => "write `#false` (without `#` is KDL version 1; manifests are written in version 2)",
                        _ => "write `#null` (without `#` is KDL version 1; manifests are written in version 2)",
                    },
                ));
            }
            let digits = word.trim_start_matches(['-', '+']);
            let number = digits.starts_with(|first: char| first.is_ascii_digit());
            let plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | '_' | 'e' | 'E' | '-' | '+');
            let based = ["0x", "0o", "0b"].iter().any(|prefix| digits.starts_with(prefix));
            if number && !based && !digits.chars().all(plain) {
                return Err(self.slip(
                    start,
                    self.at,
                    format!("`{word}` is neither a number nor a string"),
                    "what begins with a digit and is no number needs quotes, such as \"5m\"",
                ));
            }
        }
        Ok(())
    }

    fn block_comment(&mut self) -> Read {
        let start = self.at;
        let mut depth = 0usize;
        while self.at < self.text.len() {
            let rest = &self.text.as_bytes()[self.at..];
            match rest {
                [b'/', b'*', ..] => (depth, self.at) = (depth + 1, self.at + 2),
                [b'*', b'/', ..] => (depth, self.at) = (depth - 1, self.at + 2),
                _ => self.at += 1,
            }
            if depth == 0 {
                return Ok(());
            }
        }
        Err(self.slip(start, start + 2, "this comment is not closed", "close it with `*/`"))
    }

    /// A keyword such as `#true`, or a raw string.
    fn hash(&mut self) -> Read {
        let start = self.at;
        let hashes = self.rest().bytes().take_while(|byte| *byte == b'#').count();
        self.at += hashes;
        if !self.rest().starts_with('"') {
            let word = self.rest().find(|c: char| !(c.is_alphanumeric() || c == '-')).unwrap_or(self.rest().len());
            self.at += word;
            return Ok(());
        }
        let quotes = if self.rest().starts_with("\"\"\"") { 3 } else { 1 };
        self.at += quotes;
        let close = format!("{}{}", "\"".repeat(quotes), "#".repeat(hashes));
        let inner = self.rest();
        let line_end = inner.find('\n').unwrap_or(inner.len());
        match inner.find(&close) {
            Some(end) if quotes == 3 || end < line_end => {
                self.multi_line(start, quotes, end)?;
                self.at += end + close.len();
                Ok(())
            }
            _ => Err(self.slip(
                start,
                start + hashes + quotes,
                format!("this raw string is not closed: it ends with `{close}`"),
                if quotes == 1 {
                    "a raw string on several lines is written #\"\"\" … \"\"\"#"
                } else {
                    "add the missing end"
                },
            )),
        }
    }

    fn string(&mut self) -> Read {
        let start = self.at;
        let quotes = if self.rest().starts_with("\"\"\"") { 3 } else { 1 };
        self.at += quotes;
        let inner = self.at;
        loop {
            let Some(next) = self.rest().chars().next() else {
                return Err(self.slip(start, start + quotes, "this string is not closed", "add the missing quotes"));
            };
            if quotes == 3 && self.rest().starts_with("\"\"\"") || quotes == 1 && next == '"' {
                break;
            }
            if quotes == 1 && next == '\n' {
                return Err(self.slip(
                    start,
                    self.at,
                    "this string is not closed on its line",
                    "close it, or write several lines as \"\"\" … \"\"\"",
                ));
            }
            if next == '\\' {
                // A backslash at the very end escapes nothing; the string is not closed then.
                let Some(escape) = self.rest().chars().nth(1) else {
                    return Err(self.slip(
                        start,
                        start + quotes,
                        "this string is not closed",
                        "add the missing quotes",
                    ));
                };
                if !(escape.is_whitespace() || "nrtbfs\\\"/u".contains(escape)) {
                    let end = self.at + 1 + escape.len_utf8();
                    return Err(self.slip(
                        self.at,
                        end,
                        format!("`\\{escape}` is no escape"),
                        "write the string raw: #\"…\"#",
                    ));
                }
                self.at += 1 + escape.len_utf8();
            } else {
                self.at += next.len_utf8();
            }
        }
        let length = self.at - inner;
        let end = self.at;
        self.at = inner;
        self.multi_line(start, quotes, length)?;
        self.at = end + quotes;
        // `"throw "x""`: the quotes inside ended the string.
        let after = self.rest().chars().next();
        if quotes == 1 && after.is_some_and(|after| after == '"' || after.is_alphanumeric() || after == '$') {
            return Err(self.slip(start, self.at + 1, "this string ends before it should: it has quotes in it", RAW));
        }
        Ok(())
    }

    /// Checks the lines of a `"""` string whose content of `length` bytes begins here.
    fn multi_line(&self, start: usize, quotes: usize, length: usize) -> Read {
        if quotes == 1 {
            return Ok(());
        }
        let content = &self.text[self.at..self.at + length];
        if !content.starts_with('\n') && !content.starts_with("\r\n") {
            return Err(self.slip(
                start,
                self.at,
                "the text of a `\"\"\"` string begins on the next line",
                "put a line break after the opening quotes",
            ));
        }
        let Some(last) = content.rfind('\n') else { return Ok(()) };
        let prefix = &content[last + 1..];
        if !prefix.trim().is_empty() {
            let end = self.at + length;
            return Err(self.slip(
                end,
                end + 3,
                "the closing quotes stand on a line of their own",
                "put a line break before them",
            ));
        }
        let mut at = self.at;
        for line in content[..last].split_inclusive('\n') {
            if at > self.at && !line.trim().is_empty() && !line.starts_with(prefix) {
                let blanks = line.len() - line.trim_start().len();
                return Err(self.slip(
                    at,
                    at + blanks.max(1),
                    "this line is indented less than the closing quotes",
                    "indent it as far as the closing quotes, or move those to the left (blanks and tabs must be the same)",
                ));
            }
            at += line.len();
        }
        Ok(())
    }

    fn indentation(&self, at: usize) -> usize {
        let line = self.text[..at].rfind('\n').map_or(0, |found| found + 1);
        self.text[line..at].len() - self.text[line..at].trim_start().len()
    }

    fn first_on_line(&self, at: usize) -> bool {
        let line = self.text[..at].rfind('\n').map_or(0, |found| found + 1);
        self.text[line..at].trim().is_empty()
    }

    fn close(&mut self) -> Read {
        let start = self.at;
        match self.braces.pop() {
            None => Err(self.slip(
                start,
                start + 1,
                "a `}` that closes nothing",
                "take it out, or open the block that it closes",
            )),
            // A brace further left than the block that it closes: that block was left open.
            Some((open, indentation)) if self.first_on_line(start) && self.indentation(start) < indentation => {
                Err(self.slip(open, open + 1, "this block is not closed", "add the missing `}`"))
            }
            Some(_) => Ok(()),
        }
    }

    fn unclosed(&mut self) -> Option<Slip> {
        let (open, _) = self.braces.pop()?;
        Some(self.slip(open, open + 1, "this block is not closed", "add the missing `}`"))
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test may fail loudly")]
mod tests {
    use super::first_slip;
    use kdl::KdlDocument;

    #[track_caller]
    fn slip(text: &str, place: &str, message: &str) {
        assert!(KdlDocument::parse_v2(text).is_err(), "this is KDL: {text}");
        let found = first_slip(text).expect("a slip");
        assert!(found.message.contains(message), "{found:?}");
        assert_eq!(&text[found.start..found.end], place, "{found:?}");
    }

    #[test]
    fn slips_that_people_make() {
        slip("step a timeout=5m { }\n", "5m", "neither a number nor a string");
        slip("a\n/* open\nb", "/*", "comment is not closed");
        slip("a \"\\d+\"", "\\d", "is no escape");
        slip("a { b } c\n", "c", "on the line where a block ends");
        slip("step \"a\", retry=3", ",", "no comma");
        slip("rhai #\"let a = \"x\"; a\n}", "#\"", "raw string is not closed");
        slip("a #\"\"\"\n  x\n    \"\"\"#", "  ", "indented less");
        slip("a \"\"\"x\"\"\"", "\"\"\"", "begins on the next line");
        slip("a {\n  retry = 3\n}", "=", "no `=` after its name");
        slip("a \"throw \"x\"\"", "\"throw \"x", "ends before it should");
        slip("a r#\"1\"#", "r#", "without `r`");
        slip("a b=true", "true", "is not a value");
        slip("a null", "null", "is not a value");
        slip("a {\n  b {\n    c\n}\n", "{", "not closed");
        slip("a\n}\n", "}", "closes nothing");
        slip("a [1, 2]", "[", "means nothing");
        slip("a \"x\ny\"", "\"x", "not closed on its line");
        slip("a {\n b\n", "{", "not closed");
        slip("a \"b\\", "\"", "not closed");
    }

    /// Whatever the text is cut to, looking for slips ends.
    #[test]
    fn no_cut_text_is_too_much() {
        let text = "a \"b\\n\" #\"r\"# \"\"\"\n  x\\\n  é\n  \"\"\" {\n /* c */ // d\n k=(t)1 ; r#\"x\"# \\\n y } é=\"ö\\u{e9}\"";
        for (cut, _) in text.char_indices() {
            first_slip(&text[..cut]);
            first_slip(&text[cut..]);
        }
    }
}
