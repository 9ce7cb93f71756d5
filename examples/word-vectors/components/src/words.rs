//! Text to words.

/// The words of a text: runs of letters. An apostrophe inside a word belongs to it (`colour'd`, `sun's`); `’` counts as `'`.
/// Words with fewer than `min_length` letters and apostrophes are left out.
#[must_use]
pub fn words(text: &str, lowercase: bool, min_length: usize) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut characters = text.chars().map(|c| if c == '’' { '\'' } else { c }).peekable();
    while let Some(c) = characters.next() {
        let inside = c == '\'' && !word.is_empty() && characters.peek().is_some_and(|next| next.is_alphabetic());
        if c.is_alphabetic() || inside {
            if lowercase { word.extend(c.to_lowercase()) } else { word.push(c) }
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty() && word.chars().count() >= min_length);
    words
}

/// The paragraphs of a text: what stands between blank lines.
pub fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    // A line of spaces is not blank enough for this text, and neither are carriage returns.
    text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{paragraphs, words};

    #[test]
    fn letters_make_words() {
        for (text, expected) in [
            ("The Sun's Light, colour'd;\nand _Rays_", "the sun's light colour'd and rays"),
            ("'Tis publish'd' -- 'twas 'so'", "tis publish'd twas so"),
            ("don’t ’stop’", "don't stop"),
            ("Fig. 12. in 1704, 3/4 Parts; Æther and Phænomena", "fig in parts æther and phænomena"),
            ("dog''s Rock'", "dog s rock"),
            ("", ""),
            ("12 '' ... ", ""),
            ("end", "end"),
        ] {
            assert_eq!(words(text, true, 1).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn as_configured() {
        assert_eq!(words("Of the Rays a b", false, 1), ["Of", "the", "Rays", "a", "b"]);
        assert_eq!(words("Of the Rays a b", true, 2), ["of", "the", "rays"]);
        assert_eq!(words("Ångström", true, 8), ["ångström"]);
    }

    #[test]
    fn blank_lines_part_paragraphs() {
        let found: Vec<_> = paragraphs("\n\none\ntwo\n\n\n\nthree\n").collect();
        assert_eq!(found, ["one\ntwo", "three"]);
    }
}
