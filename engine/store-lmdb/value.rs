//! A value's row in `data`: a tag, the whole key if it is too long for a key, the bytes or the name of a blob, the crc.

use crate::codec::{self, BlobRef, Content, Decoder};
use crate::fault;
use crate::keys::{Group, TAG_BLOB, TAG_INLINE, TAG_TOMBSTONE};
use std::sync::Arc;
use thinking_store::StoreError;

/// A value taken out of its row.
pub(crate) enum Owned {
    Inline(Arc<[u8]>),
    Blob(BlobRef),
}

impl From<Content<'_>> for Owned {
    fn from(content: Content<'_>) -> Self {
        match content {
            Content::Inline(bytes) => Self::Inline(bytes.into()),
            Content::Blob(blob) => Self::Blob(blob),
        }
    }
}

/// A value as it stands in a row. No content: the key was deleted.
pub(crate) struct Value<'a> {
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) content: Option<Content<'a>>,
}

/// Reads a row of `data`.
pub(crate) fn parse_value(row: &[u8], long: bool) -> Result<Value<'_>, StoreError> {
    let mut from = Decoder::new(codec::unseal(row, "a value")?);
    (|| {
        let tag = from.byte()?;
        let key = if long { Some(from.bytes()?) } else { None };
        let content = match tag {
            TAG_TOMBSTONE => None,
            TAG_INLINE => Some(Content::Inline(from.rest)),
            TAG_BLOB => Some(Content::Blob(from.blob()?)),
            _ => return None,
        };
        Some(Value { key, content })
    })()
    .ok_or_else(|| fault::damaged("a value cannot be read"))
}

/// Writes a row of `data`.
pub(crate) fn value_row(group: &Group, key: &[u8], content: Option<Content<'_>>) -> Box<[u8]> {
    let length = match &content {
        Some(Content::Inline(bytes)) => bytes.len(),
        _ => 40,
    };
    let mut out = codec::Encoder::with_capacity(length + 5 + if group.long { key.len() + 8 } else { 0 });
    out.byte(match &content {
        None => TAG_TOMBSTONE,
        Some(Content::Inline(_)) => TAG_INLINE,
        Some(Content::Blob(_)) => TAG_BLOB,
    });
    if group.long {
        out.bytes(key);
    }
    match content {
        None => {}
        Some(Content::Inline(bytes)) => out.bytes.extend_from_slice(bytes),
        Some(Content::Blob(blob)) => out.blob(&blob),
    }
    codec::seal(out.bytes)
}
