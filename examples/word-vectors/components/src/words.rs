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

/// The paragraphs of a text: what stands between lines in which there is nothing.
#[must_use]
pub fn paragraphs(text: &str) -> Vec<&str> {
    let (mut paragraphs, mut start, mut end) = (Vec::new(), 0, 0);
    for line in text.split_inclusive('\n') {
        if line.trim().is_empty() {
            paragraphs.push(&text[start..end]);
            start = end + line.len();
        }
        end += line.len();
    }
    paragraphs.push(&text[start..]);
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
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
        assert_eq!(paragraphs("\n\none\ntwo\n\n \t\n\nthree\n"), ["one\ntwo\n", "three\n"]);
        assert_eq!(paragraphs("one\r\n\r\ntwo"), ["one\r\n", "two"]);
        assert_eq!(paragraphs("\n \n"), [""; 0]);
        assert_eq!(paragraphs(""), [""; 0]);
    }
}
