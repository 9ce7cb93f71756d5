//! Text from outside, made harmless: what a program prints must not steer the terminal of the person who reads it.

use std::fmt::Write as _;

/// Adds text on one line; control characters and those that reorder text are shown as escapes, tabs stay.
pub(crate) fn push(out: &mut String, text: &str) {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        out.push_str(text);
        return;
    }
    for character in text.chars() {
        if character != '\t' && steers(character) {
            // Writing to a string cannot fail.
            let _ = write!(out, "{}", character.escape_default());
        } else {
            out.push(character);
        }
    }
}

/// A text of one line or more, each made harmless, without the sequences by which programs colour what they print.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = String> + '_ {
    // An empty text is an empty line.
    let empty = text.is_empty().then(String::new);
    text.lines().map(line).chain(empty)
}

/// A line of a program's output: colours are left out, and of a bar that was redrawn only its last state is there.
pub(crate) fn line(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    if !text.contains(['\u{1b}', '\u{9b}', '\r', '\u{8}']) {
        push(&mut clean, text);
        return clean;
    }
    let plain = without_sequences(text);
    let last = plain.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
    push(&mut clean, last);
    clean
}

fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Leaves out the escape sequences of terminals, and what a backspace takes away.
fn without_sequences(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\u{9b}' => skip_parameters(&mut rest),
            '\u{1b}' => match rest.next() {
                Some('[') => skip_parameters(&mut rest),
                Some(']' | 'P' | '^' | '_' | 'X') => skip_string(&mut rest),
                // Two characters, or more with blanks and signs between.
                Some(' '..='/') => {
                    rest.find(|character| !(' '..='/').contains(character));
                }
                _ => {}
            },
            '\u{8}' => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// Up to the letter that ends it.
fn skip_parameters(rest: &mut impl Iterator<Item = char>) {
    rest.find(|character| ('@'..='~').contains(character));
}

/// Up to a bell, or escape and backslash.
fn skip_string(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(character) = rest.next() {
        if character == '\u{7}' || (character == '\u{1b}' && rest.next_if_eq(&'\\').is_some()) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{line, push};

    #[test]
    fn text_stays_and_control_characters_show() {
        let clean = |text: &str| {
            let mut out = String::new();
            push(&mut out, text);
            out
        };
        assert_eq!(clean("plain"), "plain");
        assert_eq!(clean("zwölf\t→ 十二"), "zwölf\t→ 十二");
        assert_eq!(clean("a\u{1b}[2Jb\nc\u{7}"), "a\\u{1b}[2Jb\\nc\\u{7}");
        assert_eq!(clean("a\u{202e}b\u{9b}c"), "a\\u{202e}b\\u{9b}c");
    }

    #[test]
    fn output_of_programs_loses_its_colours_and_bars() {
        assert_eq!(line("\u{1b}[1;31merror\u{1b}[0m: no"), "error: no");
        assert_eq!(line("\u{1b}]0;title\u{7}x\u{1b}]8;;http://a\u{1b}\\y\u{1b}(Bz"), "xyz");
        assert_eq!(line(" 10%\r 50%\r100%\r"), "100%");
        assert_eq!(line("ab\u{8}c"), "ac");
        assert_eq!(line("cut off \u{1b}["), "cut off ");
        assert_eq!(line("cut off \u{1b}]0;never ended"), "cut off ");
        assert_eq!(line("nul\0"), "nul\\u{0}");
    }
}
