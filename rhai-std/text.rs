//! `text`.

use crate::evaluation::gathered;
use crate::failure::{Answer, fail};
use crate::namespace::Namespace;
use crate::number::{count, number};
use rhai::{Array, Dynamic, INT, ImmutableString};
use thinking_step::Class;

/// Longest text that a padding or a repetition makes, in bytes: a slip of the pen must not eat all memory.
const LONGEST: usize = 256 << 20;

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("text");
    let pure = Class::Pure;
    ns.function(
        "split",
        pure,
        "split(text, separator) -> list",
        "The parts between separators.",
        |text: ImmutableString, separator: ImmutableString| -> Answer<Array> {
            if separator.is_empty() {
                return gathered(text.chars().map(|character| character.to_string()));
            }
            gathered(text.split(separator.as_str()))
        },
    );
    ns.function("words", pure, "words(text) -> list", "The parts between blanks.", |text: ImmutableString| {
        gathered(text.split_whitespace())
    });
    ns.function("lines", pure, "lines(text) -> list", "The lines, without their ends.", |text: ImmutableString| {
        gathered(text.lines())
    });
    ns.function(
        "join",
        pure,
        "join(list, separator) -> string",
        "All elements as text, with a separator between them.",
        |list: Array, separator: ImmutableString| join(&list, &separator),
    );
    ns.function(
        "trim",
        pure,
        "trim(text) -> string",
        "Without blanks at both ends.",
        |text: ImmutableString| -> String { text.trim().to_owned() },
    );
    ns.function("lower", pure, "lower(text) -> string", "In lower case.", |text: ImmutableString| text.to_lowercase());
    ns.function("upper", pure, "upper(text) -> string", "In upper case.", |text: ImmutableString| text.to_uppercase());
    ns.function(
        "replace",
        pure,
        "replace(text, old, new) -> string",
        "With every `old` replaced by `new`.",
        |text: ImmutableString, old: ImmutableString, new: ImmutableString| replace(&text, &old, &new),
    );
    ns.function(
        "starts_with",
        pure,
        "starts_with(text, start) -> bool",
        "Whether it starts so.",
        |text: ImmutableString, start: ImmutableString| text.starts_with(start.as_str()),
    );
    ns.function(
        "ends_with",
        pure,
        "ends_with(text, end) -> bool",
        "Whether it ends so.",
        |text: ImmutableString, end: ImmutableString| text.ends_with(end.as_str()),
    );
    ns.function(
        "contains",
        pure,
        "contains(text, part) -> bool",
        "Whether the part is in it.",
        |text: ImmutableString, part: ImmutableString| text.contains(part.as_str()),
    );
    ns.function(
        "repeat",
        pure,
        "repeat(text, times) -> string",
        "The text so many times.",
        |text: ImmutableString, times: INT| -> Answer<String> {
            let times = count(times, "the number of times")?;
            fits(text.len().saturating_mul(times))?;
            Ok(text.repeat(times))
        },
    );
    ns.function(
        "pad_left",
        pure,
        "pad_left(value, width) -> string",
        "With blanks before it, so that it is `width` characters wide.",
        |value: Dynamic, width: INT| pad(&value, width, ' ', true),
    );
    ns.form("pad_left", |value: Dynamic, width: INT, fill: char| pad(&value, width, fill, true));
    ns.form("pad_left", |value: Dynamic, width: INT, fill: ImmutableString| pad(&value, width, first(&fill)?, true));
    ns.function(
        "pad_right",
        pure,
        "pad_right(value, width) -> string",
        "With blanks after it; a third argument is another character.",
        |value: Dynamic, width: INT| pad(&value, width, ' ', false),
    );
    ns.form("pad_right", |value: Dynamic, width: INT, fill: char| pad(&value, width, fill, false));
    ns.form("pad_right", |value: Dynamic, width: INT, fill: ImmutableString| pad(&value, width, first(&fill)?, false));
    ns.function(
        "fixed",
        pure,
        "fixed(number, digits) -> string",
        "A number with so many digits after the point.",
        |value: Dynamic, digits: INT| -> Answer<String> {
            let digits = count(digits, "the number of digits")?.min(300);
            Ok(format!("{:.digits$}", number(&value, "the number")?))
        },
    );
    ns.function(
        "format",
        pure,
        "format(template, list) -> string",
        "The template with each `{}` replaced by the next element.",
        |template: ImmutableString, list: Array| fill(&template, &list),
    );
    ns.function(
        "number",
        pure,
        "number(text)",
        "The int or float that a text says; `()` if it says none.",
        |text: ImmutableString| -> Dynamic {
            let text = text.trim();
            if let Ok(int) = text.parse::<INT>() {
                return int.into();
            }
            text.parse::<f64>().ok().filter(|float| float.is_finite()).map_or(Dynamic::UNIT, Into::into)
        },
    );
    ns
}

fn join(list: &Array, separator: &str) -> Answer<String> {
    let mut text = String::new();
    for (at, item) in list.iter().enumerate() {
        if at > 0 {
            text.push_str(separator);
        }
        match item.as_immutable_string_ref() {
            Ok(item) => text.push_str(&item),
            Err(_) => text.push_str(&item.to_string()),
        }
        fits(text.len())?;
    }
    Ok(text)
}

/// A text with every `old` replaced by `new`.
pub fn replace(text: &str, old: &str, new: &str) -> Answer<String> {
    if new.len() > old.len() {
        let more = text.matches(old).count().saturating_mul(new.len() - old.len());
        fits(text.len().saturating_add(more))?;
    }
    Ok(text.replace(old, new))
}

fn fits(length: usize) -> Answer<()> {
    if length > LONGEST { Err(fail(format!("the text would be {length} bytes long"))) } else { Ok(()) }
}

fn first(fill: &str) -> Answer<char> {
    fill.chars().next().ok_or_else(|| fail("the character to fill with is missing"))
}

fn pad(value: &Dynamic, width: INT, fill: char, left: bool) -> Answer<String> {
    let text = value.to_string();
    let missing = count(width.max(0), "the width")?.saturating_sub(text.chars().count());
    fits(missing.saturating_mul(fill.len_utf8()).saturating_add(text.len()))?;
    let filling: String = std::iter::repeat_n(fill, missing).collect();
    Ok(if left { format!("{filling}{text}") } else { format!("{text}{filling}") })
}

fn fill(template: &str, list: &Array) -> Answer<String> {
    let pieces: Vec<&str> = template.split("{}").collect();
    let places = pieces.len() - 1;
    if places != list.len() {
        return Err(fail(format!("the template has {places} places, but there are {} values", list.len())));
    }
    let mut text = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        text.push_str(piece);
        if let Some(value) = list.get(at) {
            text.push_str(&value.to_string());
        }
    }
    Ok(text)
}
