//! KDL strings with the place of every character.
//!
//! The `kdl` crate decodes strings but does not say where each character stood. This decodes them once more with places and is
//! checked against the crate's own value: where the two differ, the text is opaque and mistakes in it are shown at the whole literal.

use thinking_diagnostic::{MappedText, Span};

/// The text of a string literal that `repr` (its source, at `span`) stands for, given the value that the parser decoded.
pub(crate) fn mapped(repr: &str, value: &str, span: Span) -> MappedText {
    match decode(repr, span.start) {
        Some(decoded) if decoded.text == value => {
            MappedText::decoded(decoded.text, span, decoded.runs, decoded.ends, decoded.end)
        }
        _ => MappedText::opaque(value, span),
    }
}

struct Decoded {
    text: String,
    runs: Vec<(u32, u32)>,
    ends: Vec<(u32, u32)>,
    end: u32,
}

impl Decoded {
    fn push(&mut self, character: char, at: u32) {
        let offset = self.text.len() as u32;
        let straight = self.runs.last().is_some_and(|(text, source)| source + (offset - text) == at);
        if !straight {
            self.runs.push((offset, at));
        }
        self.text.push(character);
    }
}

fn decode(repr: &str, base: u32) -> Option<Decoded> {
    let hashes = repr.bytes().take_while(|byte| *byte == b'#').count();
    let inner = repr.get(hashes..repr.len().checked_sub(hashes)?)?;
    let raw = hashes > 0;
    let mut out = Decoded { text: String::new(), runs: Vec::new(), ends: Vec::new(), end: base + repr.len() as u32 };
    if !inner.starts_with('"') {
        // A bare word.
        for (at, character) in repr.char_indices() {
            out.push(character, base + at as u32);
        }
        return Some(out);
    }
    let quotes = if inner.starts_with("\"\"\"") && inner.len() >= 6 { 3 } else { 1 };
    let body = inner.get(quotes..inner.len().checked_sub(quotes)?)?;
    let start = base + (hashes + quotes) as u32;
    if quotes == 3 {
        multi_line(body, start, raw, &mut out)?;
    } else {
        out.end = start + body.len() as u32;
        let mut rest = Cursor { text: body, at: 0, base: start };
        while let Some((character, at)) = rest.next() {
            if character == '\\' && !raw {
                escape(&mut rest, at, &mut out)?;
            } else {
                out.push(character, at);
            }
        }
    }
    Some(out)
}

/// Content of a `"""` string: the first line break and the last line are no part of it; the last line's blanks are taken off every line.
fn multi_line(body: &str, base: u32, raw: bool, out: &mut Decoded) -> Option<()> {
    let skip = if body.starts_with("\r\n") { 2 } else { usize::from(body.starts_with('\n')) };
    if skip == 0 {
        return None;
    }
    let last_break = body.rfind('\n')?;
    let prefix = &body[last_break + 1..];
    let end = if body[..last_break].ends_with('\r') { last_break - 1 } else { last_break };
    let content = body.get(skip..end.max(skip))?;
    out.end = base + end.max(skip) as u32;
    if last_break + 1 == skip {
        return Some(());
    }
    let mut rest = Cursor { text: content, at: 0, base: base + skip as u32 };
    let mut line_start = true;
    loop {
        if line_start {
            let line = rest.text[rest.at..].split('\n').next().unwrap_or("");
            if line.trim().is_empty() {
                rest.at += line.trim_end_matches('\r').len();
            } else {
                line.strip_prefix(prefix)?;
                rest.at += prefix.len();
            }
            line_start = false;
        }
        let Some((character, at)) = rest.next() else { return Some(()) };
        match character {
            // The pair is one line break, which stands where it starts.
            '\r' if rest.text[rest.at..].starts_with('\n') => {
                rest.at += 1;
                out.push('\n', at);
                line_start = true;
            }
            '\n' => {
                out.push('\n', at);
                line_start = true;
            }
            '\\' if !raw => {
                escape(&mut rest, at, out)?;
            }
            other => out.push(other, at),
        }
    }
}

fn escape(rest: &mut Cursor<'_>, at: u32, out: &mut Decoded) -> Option<()> {
    let (character, _) = rest.next()?;
    let decoded = match character {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\u{8}',
        'f' => '\u{c}',
        's' => ' ',
        '\\' | '"' | '/' => character,
        'u' => {
            let tail = &rest.text[rest.at..];
            let digits = tail.strip_prefix('{')?.split('}').next()?;
            rest.at += digits.len() + 2;
            char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
        }
        blank if blank.is_whitespace() => {
            let tail = &rest.text[rest.at..];
            rest.at += tail.len() - tail.trim_start().len();
            return Some(());
        }
        _ => return None,
    };
    out.push(decoded, at);
    out.ends.push((out.text.len() as u32, rest.base + rest.at as u32));
    Some(())
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
    base: u32,
}

impl Cursor<'_> {
    fn next(&mut self) -> Option<(char, u32)> {
        let character = self.text.get(self.at..)?.chars().next()?;
        let place = self.base + self.at as u32;
        self.at += character.len_utf8();
        Some((character, place))
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test may fail loudly")]
mod tests {
    use super::*;
    use kdl::KdlDocument;
    use thinking_diagnostic::SourceId;

    fn each_character(source: &str) -> Vec<(char, String)> {
        let document = KdlDocument::parse_v2(source).expect("good KDL");
        let entry = &document.nodes()[0].entries()[0];
        let repr = &entry.format().expect("parsed").value_repr;
        let value = entry.value().as_string().expect("a string");
        let end = entry.span().offset() + entry.span().len();
        let text = mapped(repr, value, Span::new(SourceId(0), end - repr.len(), end));
        assert_eq!(&*text.text, value);
        value
            .char_indices()
            .map(|(at, character)| {
                let span = text.span(at, at + character.len_utf8());
                (character, source[span.start as usize..span.end as usize].to_owned())
            })
            .collect()
    }

    #[test]
    fn every_kind_of_string_knows_its_characters() {
        for source in [
            "a bare-word",
            "a \"quoted ö \\t \\\" \\u{e9} \\s x\"",
            "a #\"raw \\n \"inner\" ö\"#",
            "a \"\"\"\n    one\n\n      two \\t x\n    \"\"\"",
            "a ##\"\"\"\n    one \"#\n\n      zwölf\n    \"\"\"##",
            "a \"\"\"\r\n    one\r\n    two\r\n    \"\"\"",
            "a \"\"\"\n    ab \\\n       cd\n    \"\"\"",
            "a \"x \\   y\"",
            "a \"\"\"\n    \"\"\"",
        ] {
            for (character, place) in each_character(source) {
                let expected = match character {
                    '\n' => ["\n", "\r", "\\n"].contains(&place.as_str()),
                    '\t' => place == "\\t",
                    '"' => place == "\"" || place == "\\\"",
                    'é' => place == "\\u{e9}",
                    ' ' => place == " " || place == "\\s",
                    other => place == other.to_string(),
                };
                assert!(expected, "{character:?} is said to stand at {place:?} in {source:?}");
            }
        }
    }
}
