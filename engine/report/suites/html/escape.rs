//! Text that means nothing to a browser but itself.

use crate::clean;

/// Adds a text of one line, for the inside of an element or of an attribute in quotes. Control characters show as escapes.
pub(super) fn push(out: &mut String, text: &str) {
    let plain = |byte: u8| (b' '..=b'~').contains(&byte) && !b"&<>\"'".contains(&byte);
    if text.bytes().all(plain) {
        out.push_str(text);
        return;
    }
    let mut harmless = String::with_capacity(text.len());
    clean::push(&mut harmless, text);
    for character in harmless.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

/// The same as a text of its own.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push(&mut out, text);
    out
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn nothing_has_a_meaning() {
        assert_eq!(text("<b a=\"x\" c='d'>&amp;"), "&lt;b a=&quot;x&quot; c=&#39;d&#39;&gt;&amp;amp;");
        assert_eq!(text("</script>\n\0天"), "&lt;/script&gt;\\n\\u{0}天");
        assert_eq!(text("plain text, twice"), "plain text, twice");
    }
}
