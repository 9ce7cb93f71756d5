//! Rhai's own functions that make a value of any size in one call, with a bound.
//!
//! Rhai's limits on sizes walk the whole value after every call, so they are not used; a slip of the pen must not eat all memory still.

use crate::evaluation::gathered;
use crate::failure::{Answer, fail};
use crate::namespace::Namespace;
use crate::text::replace;
use rhai::{Array, Blob, Dynamic, INT, ImmutableString};
use thinking_step::Class;

/// Most bytes of a string or a blob.
const BYTES: usize = 256 << 20;
/// Most elements of a list.
const ELEMENTS: usize = 10_000_000;

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::global("");
    ns.function(
        "pad",
        Class::Pure,
        "value.pad(length, item)",
        "Grows a string, list or blob to a length.",
        |text: &mut ImmutableString, length: INT, fill: char| pad_text(text, length, &fill.to_string()),
    );
    ns.form("pad", |text: &mut ImmutableString, length: INT, fill: ImmutableString| pad_text(text, length, &fill));
    ns.form("pad", |list: &mut Array, length: INT, item: Dynamic| -> Answer<()> {
        let length = bounded(length, ELEMENTS)?;
        if length > list.len() {
            bounded(INT::try_from(weight(&item).saturating_mul(length)).unwrap_or(INT::MAX), ELEMENTS)?;
            list.resize(length, item);
        }
        Ok(())
    });
    ns.form("pad", |bytes: &mut Blob, length: INT, item: INT| -> Answer<()> {
        let length = bounded(length, BYTES)?;
        if length > bytes.len() {
            bytes.resize(length, low_byte(item));
        }
        Ok(())
    });
    ns.function(
        "blob",
        Class::Pure,
        "blob(length) -> blob",
        "Bytes, all 0; a second argument is another byte.",
        |length: INT| filled(length, 0),
    );
    ns.form("replace", |text: &mut ImmutableString, old: ImmutableString, new: ImmutableString| {
        replace_in(text, &old, &new)
    });
    ns.form("replace", |text: &mut ImmutableString, old: char, new: ImmutableString| {
        replace_in(text, old.encode_utf8(&mut [0; 4]), &new)
    });
    ns.form("split", |text: &mut ImmutableString| gathered(text.split_whitespace()));
    ns.form("split", |text: &mut ImmutableString, separator: ImmutableString| gathered(text.split(separator.as_str())));
    ns.form("split", |text: &mut ImmutableString, separator: char| gathered(text.split(separator)));
    ns.form("blob", |length: INT, item: INT| filled(length, low_byte(item)));
    ns
}

/// Bytes that are written, so that they count as held: what the system has only promised does not.
fn filled(length: INT, byte: u8) -> Answer<Blob> {
    let mut blob = Blob::new();
    blob.resize(bounded(length, BYTES)?, byte);
    Ok(blob)
}

/// How many values there are in a value, itself too; counted only as far as it matters.
fn weight(value: &Dynamic) -> usize {
    let mut sum = 1_usize;
    let mut add = |value: &Dynamic| {
        sum = sum.saturating_add(weight(value));
        sum <= ELEMENTS
    };
    if let Ok(list) = value.as_array_ref() {
        let _ = list.iter().all(&mut add);
    } else if let Ok(map) = value.as_map_ref() {
        let _ = map.values().all(&mut add);
    } else if let Ok(bytes) = value.as_blob_ref() {
        sum += bytes.len() / size_of::<Dynamic>();
    }
    sum
}

fn bounded(length: INT, most: usize) -> Answer<usize> {
    let length = usize::try_from(length.max(0)).unwrap_or(usize::MAX);
    if length > most { Err(fail(format!("a length of {length} is too large: at most {most}"))) } else { Ok(length) }
}

/// Rhai's blobs take an int's lowest byte.
fn low_byte(item: INT) -> u8 {
    item.to_le_bytes()[0]
}

fn replace_in(text: &mut ImmutableString, old: &str, new: &str) -> Answer<()> {
    if !text.is_empty() {
        *text = replace(text, old, new)?.into();
    }
    Ok(())
}

fn pad_text(text: &mut ImmutableString, length: INT, fill: &str) -> Answer<()> {
    let length = bounded(length, BYTES / 4)?;
    let have = text.chars().count();
    if length > have && !fill.is_empty() {
        let padding: String = fill.chars().cycle().take(length - have).collect();
        *text = format!("{text}{padding}").into();
    }
    Ok(())
}
