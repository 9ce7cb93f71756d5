//! Characters by how simple they are.

use super::number::{Effort, Numbers};

/// Simple ones first; the rest of ASCII follows, then all others by their code.
const SIMPLE: &str =
    "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ _-.,:;!?'\"/\\()[]{}<>#$%&*+=@^`|~";

/// What programs trip over: ends, control and white space, what changes its length with its case, what joins with the character before,
/// what takes four bytes, what turns the direction of the line.
const EDGES: &str = "\0\n\r\t \"\\'$é ßİ\u{301}\u{a0}\u{200d}\u{202e}\u{feff}中👍\u{fffd}\u{10ffff}";

/// Characters between the ranges that no text has.
const SURROGATES: u32 = 0xE000 - 0xD800;

/// The character with that number.
pub fn character(number: i64) -> char {
    let number = u32::try_from(number).unwrap_or(0);
    let simple = SIMPLE.chars().nth(number as usize);
    simple.unwrap_or_else(|| {
        let mut code = number - count();
        // ASCII that is not in the list: control characters.
        let control = (0..128).filter_map(char::from_u32).filter(|c| !SIMPLE.contains(*c));
        if let Some(control) = control.clone().nth(code as usize) {
            return control;
        }
        code = code - u32::try_from(control.count()).unwrap_or(0) + 128;
        char::from_u32(if code >= 0xD800 { code + SURROGATES } else { code }).unwrap_or(char::REPLACEMENT_CHARACTER)
    })
}

/// The number of a character.
fn number(wanted: char) -> i64 {
    if let Some(at) = SIMPLE.chars().position(|simple| simple == wanted) {
        return at as i64;
    }
    let code = u32::from(wanted);
    i64::from(match code {
        0..128 => count() + (0..code).filter_map(char::from_u32).filter(|c| !SIMPLE.contains(*c)).count() as u32,
        128..0xD800 => code,
        _ => code - SURROGATES,
    })
}

fn count() -> u32 {
    SIMPLE.len() as u32
}

/// Any characters: mostly simple ones, but some of every kind.
pub fn characters(effort: Effort) -> Numbers {
    let mut numbers = Numbers::new(0, number(char::MAX), effort);
    numbers.common = Some(i64::from(count()) - 1);
    numbers.edges = EDGES.chars().map(number).collect();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_has_a_number_of_its_own() {
        assert!(SIMPLE.is_ascii());
        let mut seen = 0;
        for code in (0..0x3000).chain(0xD700..0xE100).chain(0x10_FF00..=0x10_FFFF) {
            if let Some(wanted) = char::from_u32(code) {
                assert_eq!(character(number(wanted)), wanted, "{code:x}");
                seen += 1;
            }
        }
        assert_eq!(seen, 0x3000 + 0x200 + 0x100);
        assert_eq!((character(0), character(i64::from(count()) - 1)), ('a', '~'));
    }
}
