//! Text that fits: measured as terminals show it, and clipped in the middle.

use unicode_width::UnicodeWidthChar;

/// Columns that a text takes at most. Joined characters count one by one, as terminals differ in how they show them.
pub(crate) fn width(text: &str) -> usize {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return text.len();
    }
    text.chars().map(columns).sum()
}

fn columns(character: char) -> usize {
    character.width().unwrap_or(0)
}

/// A text of at most that many columns; of one that is longer the middle is left out.
pub(crate) fn clip(text: &str, most: usize, gap: &str) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(width(gap));
    // The end of a name tells more than its middle, the beginning a little more than the end.
    let (head, tail) = (room - room / 2, room / 2);
    let mut clipped = first(text, head);
    if most > 0 {
        clipped.push_str(gap);
    }
    let mut end: Vec<char> = Vec::new();
    let mut taken = 0;
    for character in text.chars().rev() {
        taken += columns(character);
        if taken > tail {
            break;
        }
        end.push(character);
    }
    // A mark without its letter belongs to nothing.
    while end.last().is_some_and(|character| columns(*character) == 0) {
        end.pop();
    }
    clipped.extend(end.into_iter().rev());
    clipped
}

/// The beginning of a text, of at most that many columns.
pub(crate) fn first(text: &str, most: usize) -> String {
    let mut taken = 0;
    text.chars()
        .take_while(|character| {
            taken += columns(*character);
            taken <= most
        })
        .collect()
}

/// Adds a text, its lines broken between words where they are longer than that. Lines that begin with a blank stay as they are: what
/// stands in columns would not any more. Colours take no room.
pub(crate) fn push_wrapped(out: &mut String, text: &str, columns: usize) {
    for line in text.split_inclusive('\n') {
        if line.starts_with(' ') {
            out.push_str(line);
            continue;
        }
        let mut filled = 0;
        for word in line.split_inclusive(' ') {
            let taken = bare_width(word.trim_end());
            if filled > 0 && filled + taken > columns {
                out.truncate(out.trim_end_matches(' ').len());
                out.push('\n');
                filled = 0;
            }
            out.push_str(word);
            filled += bare_width(word.trim_end_matches('\n'));
        }
    }
}

/// Columns of a text with colours.
fn bare_width(text: &str) -> usize {
    let mut rest = text.split('\u{1b}');
    let colored = |part: &str| part.find('m').map_or(0, |end| width(&part[end + 1..]));
    rest.next().map_or(0, width) + rest.map(colored).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::{clip, first, push_wrapped, width};

    #[test]
    fn wrapped_between_words() {
        let cases = [
            ("done: 3 steps ran, in 3.2s\n", 15, "done: 3 steps\nran, in 3.2s\n"),
            ("\u{1b}[32mdone\u{1b}[0m: 3 steps ran\n\n", 13, "\u{1b}[32mdone\u{1b}[0m: 3 steps\nran\n\n"),
            ("  as it is, however long\n", 10, "  as it is, however long\n"),
            ("an-endless-word and more", 5, "an-endless-word\nand\nmore"),
            ("fits", 4, "fits"),
            ("", 0, ""),
        ];
        for (text, columns, wrapped) in cases {
            let mut out = String::new();
            push_wrapped(&mut out, text, columns);
            assert_eq!(out, wrapped, "{text} in {columns}");
        }
    }

    #[test]
    fn clipped_in_the_middle() {
        let cases = [
            ("short", 10, "short"),
            ("exactly", 7, "exactly"),
            ("a-rather-long-name", 9, "a-ra…name"),
            ("a-rather-long-name", 2, "a…"),
            ("a-rather-long-name", 1, "…"),
            ("a-rather-long-name", 0, ""),
            ("天気予報と気温", 9, "天気…気温"),
            ("天気予報", 4, "天…"),
            ("e\u{301}e\u{301}e\u{301}e\u{301}", 3, "e\u{301}…e\u{301}"),
            ("", 0, ""),
        ];
        for (text, most, clipped) in cases {
            assert_eq!(clip(text, most, "…"), clipped, "{text} in {most}");
            assert!(width(&clip(text, most, "…")) <= most, "{text} in {most}");
        }
        assert_eq!(clip("a-rather-long-name", 9, "~"), "a-ra~name");
        assert_eq!(first("天気予報", 5), "天気");
    }
}
