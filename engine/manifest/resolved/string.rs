//! Values as KDL writes them.

use crate::located::{Kind, Located};

/// A plain value on one line: `"text"`, `#"a "quoted" word"#`, `#true`, `3`.
#[must_use]
pub fn literal(value: &Located) -> String {
    match &value.value {
        Kind::Null => "#null".to_owned(),
        Kind::Bool(value) => format!("#{value}"),
        Kind::Number(number) => number.to_string(),
        Kind::Text(text) => quoted(text),
        // Blocks are nodes, and lists several values.
        Kind::List(_) | Kind::Map(_) => quoted(&value.to_json().to_string()),
    }
}

/// Several of them, with blanks between.
#[must_use]
pub fn literals(values: &[Located]) -> String {
    values.iter().map(literal).collect::<Vec<_>>().join(" ")
}

/// A name of a node or property: bare where KDL allows it.
pub(crate) fn name(text: &str) -> String {
    let first = text.chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    let plain = text.chars().all(|letter| letter.is_alphanumeric() || "-_.$".contains(letter));
    let keyword = ["true", "false", "null", "inf", "nan"].contains(&text);
    if first && plain && !keyword { text.to_owned() } else { quoted(text) }
}

/// A string on one line: raw where that spares escapes.
pub(crate) fn quoted(text: &str) -> String {
    let escapes = text.contains(['"', '\\']);
    // Three quotation marks at the beginning, the closing one counted, would begin a string of several lines.
    let like_a_block = text == "\"" || text.starts_with("\"\"");
    if escapes && !text.chars().any(must_escape) && !like_a_block {
        let hashes = hashes(text, "\"");
        return format!("{hashes}\"{text}\"{hashes}");
    }
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if must_escape(letter) => out.push_str(&format!("\\u{{{:x}}}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// A text of several lines as a raw string, its lines `indent` blanks in; `None` if it cannot be written so.
pub(crate) fn block(text: &str, indent: usize) -> Option<String> {
    let blank = |line: &str| !line.is_empty() && line.trim().is_empty();
    if !text.contains('\n') || text.chars().any(|letter| letter != '\n' && letter != '\t' && must_escape(letter)) {
        return None;
    }
    // A line of blanks would be read as an empty one.
    if text.lines().any(blank) || text.ends_with(|last: char| last != '\n' && last.is_whitespace()) {
        return None;
    }
    let (hashes, margin) = (hashes(text, "\"\"\""), " ".repeat(indent));
    let lines = text.split('\n').map(|line| if line.is_empty() { String::new() } else { format!("{margin}{line}") });
    let lines: Vec<String> = lines.collect();
    Some(format!("{hashes}\"\"\"\n{}\n{margin}\"\"\"{hashes}", lines.join("\n")))
}

/// So many `#` that the text does not end the string early.
fn hashes(text: &str, quote: &str) -> String {
    let mut hashes = "#".to_owned();
    while text.contains(&format!("{quote}{hashes}")) {
        hashes.push('#');
    }
    hashes
}

/// Letters that cannot stand in a string of one line as they are: ends of lines, and those that KDL forbids.
fn must_escape(letter: char) -> bool {
    matches!(letter,
        '\u{0}'..='\u{8}' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{85}'
        | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test may fail loudly")]
mod tests {
    use super::{block, name, quoted};
    use kdl::KdlDocument;
    use proptest::prelude::*;

    fn read(repr: &str) -> String {
        let document =
            KdlDocument::parse_v2(&format!("a {repr}\n")).unwrap_or_else(|error| panic!("{repr}: {error:?}"));
        document.nodes()[0].entries()[0].value().as_string().expect("a string").to_owned()
    }

    #[test]
    fn ways_to_write() {
        assert_eq!(quoted("plain"), r#""plain""#);
        assert_eq!(quoted(r#"say "hi""#), r##"#"say "hi""#"##);
        assert_eq!(quoted(r##"a "# b"##), r###"##"a "# b"##"###);
        assert_eq!(quoted("two\nlines"), r#""two\nlines""#);
        assert_eq!(quoted("\"\"x"), r#""\"\"x""#);
        assert_eq!(quoted("\""), r#""\"""#);
        assert_eq!(name("batch-size"), "batch-size");
        assert_eq!(name("true"), "\"true\"");
        assert_eq!(name("a b"), "\"a b\"");
        assert_eq!(block("one", 4), None);
        assert_eq!(block("a\n  b\n", 4).as_deref(), Some("#\"\"\"\n    a\n      b\n\n    \"\"\"#"));
        assert_eq!(block("a\n  \nb", 4), None, "a line of blanks would be lost");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn what_is_written_is_read_again(text in "(?s)([ab\"#\\\\\n\t ]|\\PC){0,12}") {
            prop_assert_eq!(read(&quoted(&text)), text.clone());
            if let Some(block) = block(&text, 4) {
                prop_assert_eq!(read(&block), text);
            }
        }
    }
}
