//! From the text of a filter to an expression, by recursive descent.

use super::filter::{Dialect, Expression, Kind, Predicate};
use super::pattern::{Mark, Pattern};
use thinking_diagnostic::{Code, Diagnostic, SourceId, Span, did_you_mean};

/// Deeper than anyone writes, and far from the end of the stack.
const DEEPEST: usize = 100;
const EXAMPLE: &str = "for instance: tag(slow) & !path(net)";

/// Reads a whole expression.
pub(super) fn parse(dialect: Dialect, source: SourceId, text: &str) -> Result<Expression, Diagnostic> {
    let mut parser = Parser { dialect, source, text, at: 0, depth: 0 };
    let expression = parser.any()?;
    parser.skip_blanks();
    match parser.peek() {
        None => Ok(expression),
        Some(')') => Err(parser.wrong(parser.span(1), "a `)` too many", "nothing opens it")),
        Some(_) => {
            let message = "two conditions with nothing between them";
            let wrong = parser.wrong(parser.span(parser.word_length().max(1)), message, "the second");
            Err(wrong.help("write `&` for both, `|` for either".to_owned()))
        }
    }
}

struct Parser<'a> {
    dialect: Dialect,
    source: SourceId,
    text: &'a str,
    /// The next byte.
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    /// Conditions of which one must hold.
    fn any(&mut self) -> Result<Expression, Diagnostic> {
        let mut parts = vec![self.all()?];
        while self.operator(&["||", "|"], "or") {
            parts.push(self.all()?);
        }
        Ok(single(parts, Expression::Any))
    }

    /// Conditions that all must hold.
    fn all(&mut self) -> Result<Expression, Diagnostic> {
        let mut parts = vec![self.not()?];
        loop {
            if self.operator(&["&&", "&"], "and") {
                parts.push(self.not()?);
            } else if self.operator(&["-"], "") {
                parts.push(Expression::Not(Box::new(self.not()?)));
            } else {
                return Ok(single(parts, Expression::All));
            }
        }
    }

    fn not(&mut self) -> Result<Expression, Diagnostic> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong(self.span(1), "the filter is nested too deeply", "here"));
        }
        let expression =
            if self.operator(&["!"], "not") { Expression::Not(Box::new(self.not()?)) } else { self.condition()? };
        self.depth -= 1;
        Ok(expression)
    }

    /// A predicate, a group or, among tags, a word.
    fn condition(&mut self) -> Result<Expression, Diagnostic> {
        self.skip_blanks();
        let begin = self.at;
        match self.peek() {
            None => return Err(self.ended()),
            Some('(') => {
                self.at += 1;
                let inside = self.any()?;
                self.skip_blanks();
                return if self.take(')') { Ok(inside) } else { Err(self.unclosed(begin)) };
            }
            Some(c) if ")&|-".contains(c) => {
                let message = format!("there should be a condition before this `{c}`");
                return Err(self.wrong(self.span(1), message, "here").help(EXAMPLE.to_owned()));
            }
            Some(c) if self.dialect == Dialect::Tags && (c == '"' || Mark::of(c).is_some()) => return self.tag(),
            Some(_) => {}
        }
        let length = self.word_length();
        let word = self.text.get(begin..begin + length).unwrap_or_default();
        if self.text.get(begin + length..).is_some_and(|rest| rest.trim_start().starts_with('(')) {
            return self.predicate(word);
        }
        match self.dialect {
            Dialect::Tags => self.tag(),
            Dialect::Tests => Err(self.bare(word)),
        }
    }

    fn predicate(&mut self, word: &str) -> Result<Expression, Diagnostic> {
        let name = self.span(word.len());
        self.at += word.len();
        self.skip_blanks();
        let open = self.at;
        self.at += 1;
        if let Some(constant) = [("all", Expression::All(Vec::new())), ("none", Expression::Any(Vec::new()))]
            .into_iter()
            .find_map(|(known, expression)| (known == word).then_some(expression))
        {
            self.skip_blanks();
            return match self.peek() {
                Some(')') => {
                    self.at += 1;
                    Ok(constant)
                }
                None => Err(self.unclosed(open)),
                Some(_) => Err(self.wrong(self.span(1), format!("`{word}()` takes no pattern"), "surplus")),
            };
        }
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.word() == word) else {
            let known = Kind::ALL.map(Kind::word).into_iter().chain(["all", "none"]);
            let help = match did_you_mean(word, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", known.collect::<Vec<_>>().join(", ")),
            };
            return Err(self.wrong(name, format!("there is no predicate `{word}`"), "unknown").help(help));
        };
        self.skip_blanks();
        let mark = self.mark();
        let begin = self.at;
        let text = match mark {
            Some(Mark::Regex) => self.until_slash()?,
            _ if self.peek() == Some('"') => self.quoted()?,
            _ => self.until_closed(open, mark == Some(Mark::Glob))?,
        };
        let span = Span::new(self.source, begin, self.at.max(begin + 1).min(self.text.len()));
        self.skip_blanks();
        if !self.take(')') {
            return Err(match self.peek() {
                None => self.unclosed(open),
                Some(_) => self.wrong(self.span(1), "the pattern has ended before this", "a `)` should be here"),
            });
        }
        if text.is_empty() {
            let whole = Span::new(self.source, open, self.at);
            let help = format!("for instance: {word}(slow)");
            return Err(self.wrong(whole, format!("`{word}` needs a pattern"), "nothing in it").help(help));
        }
        self.finished(kind, mark, &text, span)
    }

    /// A word that stands for a tag.
    fn tag(&mut self) -> Result<Expression, Diagnostic> {
        let mark = self.mark();
        let begin = self.at;
        let text = match mark {
            Some(Mark::Regex) => self.until_slash()?,
            _ if self.peek() == Some('"') => self.quoted()?,
            _ => {
                let word = self.text.get(begin..begin + self.word_length()).unwrap_or_default().to_owned();
                self.at += word.len();
                word
            }
        };
        let span = Span::new(self.source, begin, self.at);
        if text.is_empty() {
            return Err(self.wrong(self.span(1), "there should be a tag here", "here"));
        }
        self.finished(Kind::Tag, mark, &text, span)
    }

    fn finished(&self, kind: Kind, mark: Option<Mark>, text: &str, span: Span) -> Result<Expression, Diagnostic> {
        let pattern = Pattern::new(mark, kind.usual(), text).map_err(|why| {
            let what = if mark == Some(Mark::Regex) { "regular expression" } else { "glob" };
            self.wrong(span, format!("`{text}` is no {what}: {why}"), "here")
        })?;
        Ok(Expression::Holds(Predicate { kind, pattern, span }))
    }

    /// A regular expression whose first `/` was taken, to its last.
    fn until_slash(&mut self) -> Result<String, Diagnostic> {
        let begin = self.at - 1;
        let mut text = String::new();
        while let Some(c) = self.next() {
            match (c, self.peek()) {
                ('/', _) => return Ok(text),
                ('\\', Some('/')) => text.extend(self.next()),
                ('\\', Some(escaped)) => {
                    self.at += escaped.len_utf8();
                    text.extend([c, escaped]);
                }
                _ => text.push(c),
            }
        }
        let span = Span::new(self.source, begin, begin + 1);
        Err(self
            .wrong(span, "the regular expression has no end", "begins here")
            .help("it ends with another `/`".to_owned()))
    }

    fn quoted(&mut self) -> Result<String, Diagnostic> {
        let begin = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.next() {
            match c {
                '"' => return Ok(text),
                '\\' => text.extend(self.next()),
                _ => text.push(c),
            }
        }
        let span = Span::new(self.source, begin, begin + 1);
        Err(self.wrong(span, "the text has no end", "begins here").help("it ends with another `\"`".to_owned()))
    }

    /// A pattern as it stands, to the `)` that closes its predicate. `escapes`: it is of a kind that has escapes of its own, so they stay.
    fn until_closed(&mut self, open: usize, escapes: bool) -> Result<String, Diagnostic> {
        let (mut text, mut inside) = (String::new(), 0_usize);
        // As long as blanks may be the last.
        let mut kept = 0;
        while let Some(c) = self.peek() {
            match c {
                ')' if inside == 0 => {
                    text.truncate(kept);
                    return Ok(text);
                }
                '(' => inside += 1,
                ')' => inside -= 1,
                _ => {}
            }
            self.at += c.len_utf8();
            if c != '\\' || escapes {
                text.push(c);
            }
            if c == '\\' {
                text.extend(self.next());
            }
            if c == '\\' || !c.is_whitespace() {
                kept = text.len();
            }
        }
        Err(self.unclosed(open))
    }

    fn mark(&mut self) -> Option<Mark> {
        let mark = self.peek().and_then(Mark::of);
        self.at += usize::from(mark.is_some());
        mark
    }

    /// Takes an operator: one of the signs, or the word.
    fn operator(&mut self, signs: &[&str], word: &str) -> bool {
        self.skip_blanks();
        let rest = self.text.get(self.at..).unwrap_or_default();
        let sign = signs.iter().find(|sign| rest.starts_with(**sign)).map(|sign| sign.len());
        let length = self.word_length();
        let word = (!word.is_empty() && rest.get(..length) == Some(word)).then_some(length);
        let found = sign.or(word);
        self.at += found.unwrap_or(0);
        found.is_some()
    }

    /// How long the word is that begins here, in bytes.
    fn word_length(&self) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        rest.find(|c: char| c.is_whitespace() || "&|!()".contains(c)).unwrap_or(rest.len())
    }

    fn skip_blanks(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn take(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        self.at += if there { wanted.len_utf8() } else { 0 };
        there
    }

    /// So many bytes from here on.
    fn span(&self, length: usize) -> Span {
        Span::new(self.source, self.at, (self.at + length).min(self.text.len()))
    }

    fn wrong(&self, span: Span, message: impl Into<String>, label: &str) -> Diagnostic {
        Diagnostic::error(Code::CommandLine, message).at(span, label)
    }

    fn unclosed(&self, open: usize) -> Diagnostic {
        self.wrong(Span::new(self.source, open, open + 1), "a `)` is missing", "opened here")
    }

    fn ended(&self) -> Diagnostic {
        let written = self.text.trim_end();
        let Some(last) = written.chars().last() else {
            return Diagnostic::error(Code::CommandLine, "the filter is empty").help(EXAMPLE.to_owned());
        };
        let span = Span::new(self.source, written.len() - last.len_utf8(), written.len());
        let message = "the filter ends where a condition should be";
        self.wrong(span, message, "what comes after this?").help(EXAMPLE.to_owned())
    }

    /// A word that is no predicate.
    fn bare(&self, word: &str) -> Diagnostic {
        let span = self.span(word.len().max(1));
        if Kind::ALL.iter().any(|kind| kind.word() == word) {
            let help = format!("for instance: {word}(slow)");
            return self.wrong(span, format!("`{word}` needs a pattern"), "of what?").help(help);
        }
        if ["all", "none"].contains(&word) {
            return self
                .wrong(span, format!("`{word}` is written with parentheses"), "here")
                .help(format!("write {word}()"));
        }
        let help = format!("did you mean tag({word}) or path({word})? With --tag a word is a tag");
        self.wrong(span, format!("`{word}` is no condition"), "a word that stands alone").help(help)
    }
}

/// A list of one is that one.
fn single(mut parts: Vec<Expression>, several: impl Fn(Vec<Expression>) -> Expression) -> Expression {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (last, _) => several(parts.into_iter().chain(last).collect()),
    }
}
