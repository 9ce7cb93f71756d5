//! Which data a step changed: what the keys that it wrote held before and after.

use super::gather::Gather;
use super::{Ends, Past, rows};
use crate::datum;
use crate::head::cut;
use std::collections::HashMap;
use thinking_event::past::{PastItem, PastValue, PastWrite, Shortened};
use thinking_step::{Datum, Value};
use thinking_store::{DatabaseId, Piece, Seq, StoreError, View, Written};

/// What the commit `seq` changed, and what databases changed for themselves along with that; unless everything is asked for, the
/// latter are only counted.
pub(super) fn changes(
    past: &Past<'_>,
    seq: Seq,
    ends: Ends,
) -> Result<(Shortened<PastWrite>, Shortened<PastWrite>), StoreError> {
    let Some(Written { segment, keys }) = past.store.written(seq)? else { return Ok(Default::default()) };
    let names: HashMap<DatabaseId, String> = past.store.databases()?.into_iter().collect();
    let own = |lo, hi| Piece { segment, lo, hi };
    let after = View { pieces: [own(seq, seq)].into(), at: seq };
    let before = before(past, own(seq, seq))?;
    // What the line was then is not known any more; what was written on it before, without going back, is.
    let stretch = View { pieces: [own(Seq(0), Seq(seq.0.saturating_sub(1)))].into(), at: Seq(seq.0.saturating_sub(1)) };
    let earlier = before.as_ref().unwrap_or(&stretch);
    let name =
        |database: DatabaseId| names.get(&database).cloned().unwrap_or_else(|| format!("database {}", database.0));
    let item = |database: DatabaseId, key: &Option<Vec<u8>>| {
        let Some(key) = key else { return PastItem::Key };
        let is_list = |key: &str| {
            let row = [&after, earlier].into_iter().find_map(|view| {
                value(past, view, database, key.as_bytes()).ok().filter(|value| *value != PastValue::Absent)
            });
            matches!(row, Some(PastValue::Json(Value::Object(fields))) if fields.contains_key("list"))
        };
        rows::item(&name(database), &String::from_utf8_lossy(key), is_list)
    };
    let mut writes = Gather::new(ends);
    let mut internal = Gather::new(if ends.0 == usize::MAX { ends } else { Ends(0) });
    for (database, key) in keys {
        let text = String::from_utf8_lossy(key.as_deref().unwrap_or_default());
        match rows::item(&name(database), &text, |_| false) {
            PastItem::Internal if key.is_some() => internal.add((database, key)),
            _ => writes.add((database, key)),
        }
    }
    let write = |(database, key): (DatabaseId, Option<Vec<u8>>)| {
        let value = |view: &View| match &key {
            Some(key) => value(past, view, database, key),
            None => Ok(PastValue::Absent),
        };
        let was = match value(earlier)? {
            PastValue::Absent if before.is_none() => PastValue::Unknown,
            known => known,
        };
        Ok(PastWrite {
            database: name(database),
            item: item(database, &key),
            before: was,
            after: value(&after)?,
            key: key.map(|key| String::from_utf8_lossy(&key).into_owned()),
        })
    };
    Ok((writes.finish(write)?, internal.finish(write)?))
}

/// The line as it was right before a commit, if it still holds that commit or did so until it last went back.
fn before(past: &Past<'_>, commit: Piece) -> Result<Option<View>, StoreError> {
    let line = past.store.line(past.line)?;
    let at = past.store.view(past.line)?.at;
    let holds = |pieces: &[Piece]| {
        pieces.iter().any(|piece| piece.segment == commit.segment && piece.lo <= commit.lo && commit.lo <= piece.hi)
    };
    let pieces = [line.pieces, line.previous].into_iter().find(|pieces| holds(pieces));
    Ok(pieces.map(|pieces| View { pieces: cut(&pieces, commit.lo).into(), at }))
}

fn value(past: &Past<'_>, view: &View, database: DatabaseId, key: &[u8]) -> Result<PastValue, StoreError> {
    let Some(bytes) = past.store.get(view, database, key)? else { return Ok(PastValue::Absent) };
    Ok(match datum::decode(&bytes) {
        Ok(Datum::Json(value)) => PastValue::Json(value),
        Ok(Datum::Blob(blob)) => PastValue::Blob(blob.len() as u64),
        Err(_) => PastValue::Unknown,
    })
}
