//! Texts of several lines, moved to the right or left as a whole. What they say stays as it is.

use super::token::{is_blank, is_newline};
use std::borrow::Cow;

/// A string's text with its lines moved so that the closing quotes stand in a column. Left as it is if that could change what it says.
pub(super) fn moved(text: &str, column: usize) -> Cow<'_, str> {
    moved_lines(text, column).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn moved_lines(text: &str, column: usize) -> Option<String> {
    // One line; or line ends that are rarely meant as such.
    if !text.contains('\n') || text.contains(|c| c != '\n' && is_newline(c)) {
        return None;
    }
    let raw = text.starts_with('#');
    // `\` before blanks takes those away: where the text goes on then is the parser's business.
    if !raw && text.match_indices('\\').any(|(at, _)| text[at + 1..].starts_with(|c| is_blank(c) || is_newline(c))) {
        return None;
    }
    let (opening, lines) = text.split_once('\n')?;
    let close = lines.rfind('\n').map_or(0, |end| end + 1);
    let (content, last) = lines.split_at(close);
    let prefix = &last[..last.find(|c| !is_blank(c))?];
    let margin = " ".repeat(column);
    let mut new = String::with_capacity(text.len());
    new.push_str(opening);
    new.push('\n');
    for line in content.split_terminator('\n') {
        // A line of nothing but blanks says the same as an empty one.
        if !line.chars().all(is_blank) {
            new.push_str(&margin);
            new.push_str(line.strip_prefix(prefix)?);
        }
        new.push('\n');
    }
    new.push_str(&margin);
    new.push_str(&last[prefix.len()..]);
    Some(new)
}
