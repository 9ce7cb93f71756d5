//! Text to tokens. The text is known to be KDL, so this reads it loosely: what it does not expect becomes part of a word.

/// A token with what is needed to lay it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub kind: Kind,
    /// As it is written.
    pub text: &'t str,
    /// Blanks before it.
    pub gap: usize,
    /// Characters before it on its line.
    pub column: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bare string, number or keyword.
    Word,
    /// A quoted or raw string.
    Text,
    /// `// …`, without the line end.
    LineComment,
    /// `/* … */`
    BlockComment,
    /// `/-`
    Slashdash,
    /// `\`, before a line end.
    Continuation,
    Newline,
    Semicolon,
    Equals,
    OpenBlock,
    CloseBlock,
    OpenType,
    CloseType,
}

/// Line ends of KDL, `\r\n` apart.
pub(super) fn is_newline(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{b}' | '\u{c}' | '\u{2028}' | '\u{2029}')
}

/// Blanks of KDL.
pub(super) fn is_blank(character: char) -> bool {
    character.is_whitespace() && !is_newline(character)
}

/// All tokens of a text.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut at, mut gap, mut column) = (0, 0, 0);
    while let Some(next) = text[at..].chars().next() {
        if is_blank(next) {
            (at, gap, column) = (at + next.len_utf8(), gap + 1, column + 1);
            continue;
        }
        let rest = &text[at..];
        let (kind, length) = token(rest, next);
        let whole = &rest[..length];
        let text = if kind == Kind::LineComment { whole.trim_end() } else { whole };
        tokens.push(Token { kind, text, gap, column });
        column = match whole.rsplit_once(is_newline) {
            Some((_, last)) => last.chars().count(),
            None => column + whole.chars().count(),
        };
        (at, gap) = (at + length, 0);
    }
    tokens
}

/// Kind and length of the token that begins here.
fn token(rest: &str, next: char) -> (Kind, usize) {
    let single = match next {
        '{' => Some(Kind::OpenBlock),
        '}' => Some(Kind::CloseBlock),
        '(' => Some(Kind::OpenType),
        ')' => Some(Kind::CloseType),
        ';' => Some(Kind::Semicolon),
        '=' => Some(Kind::Equals),
        '\\' => Some(Kind::Continuation),
        _ if is_newline(next) => Some(Kind::Newline),
        _ => None,
    };
    if let Some(kind) = single {
        return (kind, next.len_utf8());
    }
    if rest.starts_with("//") {
        return (Kind::LineComment, rest.find(is_newline).unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kind::BlockComment, block_comment(rest));
    }
    if rest.starts_with("/-") {
        return (Kind::Slashdash, 2);
    }
    if next == '"' {
        return (Kind::Text, quoted(rest));
    }
    let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
    if hashes > 0 && rest[hashes..].starts_with('"') {
        return (Kind::Text, raw(rest, hashes));
    }
    let ends = |c: char| c.is_whitespace() || is_newline(c) || "\\/(){};\"#=".contains(c);
    let length = hashes + rest[hashes..].find(ends).unwrap_or(rest.len() - hashes);
    (Kind::Word, length.max(next.len_utf8()))
}

fn block_comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut at, mut depth) = (0, 0usize);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth.saturating_sub(1)),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn quoted(rest: &str) -> usize {
    let close = if rest.starts_with("\"\"\"") { "\"\"\"" } else { "\"" };
    let bytes = rest.as_bytes();
    let mut at = close.len();
    while at < bytes.len() {
        if bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at..].starts_with(close.as_bytes()) {
            return at + close.len();
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn raw(rest: &str, hashes: usize) -> usize {
    // Three quotes open a text of several lines only where a line ends after them: `#"""#` is a quote.
    let after = &rest[hashes..];
    let several = after.strip_prefix("\"\"\"").is_some_and(|inner| inner.starts_with(is_newline));
    let quotes = if several { 3 } else { 1 };
    let close = format!("{}{}", "\"".repeat(quotes), "#".repeat(hashes));
    let inner = hashes + quotes;
    rest[inner..].find(&close).map_or(rest.len(), |end| inner + end + close.len())
}
