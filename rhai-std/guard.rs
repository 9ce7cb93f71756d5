//! Rhai's own functions that make a value of any size in one call, with a bound.
//!
//! Rhai's limits on sizes walk the whole value after every call, so they are not used; a slip of the pen must not eat all memory still.

use crate::failure::{Answer, fail};
use crate::namespace::Namespace;
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
        |length: INT| -> Answer<Blob> { Ok(vec![0; bounded(length, BYTES)?]) },
    );
    ns.form("blob", |length: INT, item: INT| -> Answer<Blob> { Ok(vec![low_byte(item); bounded(length, BYTES)?]) });
    ns
}

fn bounded(length: INT, most: usize) -> Answer<usize> {
    let length = usize::try_from(length.max(0)).unwrap_or(usize::MAX);
    if length > most { Err(fail(format!("a length of {length} is too large: at most {most}"))) } else { Ok(length) }
}

/// Rhai's blobs take an int's lowest byte.
fn low_byte(item: INT) -> u8 {
    item.to_le_bytes()[0]
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
