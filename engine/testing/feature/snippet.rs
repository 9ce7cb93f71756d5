//! What to write for a step that nothing does.

/// The text of a definition that would do a step, and the node to paste: quoted texts are `{string}`, numbers are `{int}` or `{float}`.
pub fn snippet(step: &str) -> (String, String) {
    let mut pattern = String::new();
    let mut rest = step;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let (parameter, length) = match first {
            _ if before.is_alphanumeric() => (None, 0),
            '"' | '\'' => (Some("{string}"), quoted(rest, first)),
            '-' | '0'..='9' => number(rest),
            _ => (None, 0),
        };
        let ends = |length: usize| rest[length..].chars().next().is_none_or(|next| !next.is_alphanumeric());
        match parameter {
            Some(parameter) if length > 0 && ends(length) => {
                pattern.push_str(parameter);
                rest = &rest[length..];
                before = ' ';
            }
            _ => {
                if "(){}\\/".contains(first) {
                    pattern.push('\\');
                }
                pattern.push(first);
                rest = &rest[first.len_utf8()..];
                before = first;
            }
        }
    }
    let raw = pattern.contains(['"', '\\']);
    let code = if raw {
        format!("define #\"{pattern}\"# {{ rhai \"\" }}")
    } else {
        format!("define \"{pattern}\" {{ rhai \"\" }}")
    };
    (pattern, code)
}

/// How long the quoted text is that a text begins with; 0 if it has no end.
fn quoted(text: &str, quote: char) -> usize {
    text[1..].find(quote).map_or(0, |end| end + 2)
}

fn number(text: &str) -> (Option<&'static str>, usize) {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let sign = usize::from(text.starts_with('-'));
    let whole = digits(&text[sign..]);
    if whole == 0 {
        return (None, 0);
    }
    let fraction = text[sign + whole..].strip_prefix('.').map_or(0, digits);
    if fraction > 0 { (Some("{float}"), sign + whole + 1 + fraction) } else { (Some("{int}"), sign + whole) }
}

/// The definition whose words are most like those of a text, if at least three in five are the same in the same order.
pub fn near<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let like = |other: &'a str| {
        let others: Vec<&str> = other.split_whitespace().collect();
        // Longest common subsequence, a row at a time; a word with a slip in it counts as well.
        let mut row = vec![0_usize; others.len() + 1];
        for word in &words {
            let mut diagonal = 0;
            for (at, other) in others.iter().enumerate() {
                let same = word == other || thinking_diagnostic::did_you_mean(word, [*other]).is_some();
                let above = row[at + 1];
                row[at + 1] = if same { diagonal + 1 } else { above.max(row[at]) };
                diagonal = above;
            }
        }
        let common = row.last().copied().unwrap_or(0);
        (common * 200 / (words.len() + others.len()).max(1), other)
    };
    known.map(like).filter(|(like, _)| *like >= 60).max_by_key(|(like, _)| *like).map(|(_, other)| other)
}
