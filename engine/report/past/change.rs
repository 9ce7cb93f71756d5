//! What a step changed in databases, one line for each thing that people know: a key, a document, a vector, a value in an object.

use super::{PastPage, field, text};
use crate::table::cut;
use serde_json::{Map, Value};
use thinking_event::past::{PastItem, PastOutcome, PastStepDetail, PastValue, PastWrite};

/// What it changed in databases.
pub(super) fn changes(out: &mut String, detail: &PastStepDetail, page: &PastPage) {
    if detail.writes.is_empty() {
        if !detail.internal.is_empty() {
            field(out, "changed", "only how data is found: no document, vector or value");
        } else if detail.step.outcome == PastOutcome::Done {
            field(out, "changed", "no data");
        }
        return;
    }
    for (number, write) in detail.writes.iter().enumerate() {
        if number == detail.writes.first.len() && detail.writes.left_out > 0 {
            let more = format!("{} {} more; --all shows them", page.ellipsis(), detail.writes.left_out);
            field(out, "", &more);
        }
        let name = if number == 0 { "changed" } else { "" };
        let database = text(write.name_and_kind().0);
        if write.key.is_none() {
            field(out, name, &format!("{database}: everything in it was deleted"));
            continue;
        }
        let head = format!("{database} {}", page.fit(&text(&what(write)), 40));
        let room = 11 + head.chars().count() + 3;
        let change = match (&write.item, &write.before, &write.after) {
            (PastItem::Document(_), PastValue::Json(Value::Object(was)), PastValue::Json(Value::Object(is)))
                if was != is =>
            {
                let fields: Vec<String> = changed_fields(was, is)
                    .map(|(name, was, is)| {
                        let (was, is) = (part(was), part(is));
                        format!("{} {}", text(name), became(&was, &is, &write.item, page, None))
                    })
                    .collect();
                let fields = fields.join(", ");
                page.width
                    .map_or(fields.clone(), |width| cut(&fields, width.saturating_sub(room).max(16), page.ellipsis()))
            }
            (item, was, is) => {
                became(was, is, item, page, page.width.map(|width| (width.saturating_sub(room) / 2).max(8)))
            }
        };
        field(out, name, &format!("{head}  {change}"));
    }
}

/// The key as people know it.
fn what(write: &PastWrite) -> String {
    match &write.item {
        PastItem::Key | PastItem::Internal => Value::from(write.key.clone().unwrap_or_default()).to_string(),
        PastItem::Document(id) | PastItem::Vector(id) => id.to_string(),
        PastItem::VectorData(id) => format!("{id} data"),
        PastItem::Path(steps) => dotted(steps),
    }
}

/// `a.b.0`, or `["a b", 0]` where a name has dots itself: as scripts may write it.
fn dotted(steps: &[Value]) -> String {
    let names: Option<Vec<String>> = steps
        .iter()
        .map(|step| match step {
            Value::String(name) => (!name.is_empty() && !name.contains('.')).then(|| name.clone()),
            index => Some(index.to_string()),
        })
        .collect();
    names.map_or_else(|| Value::from(steps).to_string(), |names| names.join("."))
}

/// The fields of a document that are not as before: their names, what they were and what they are.
pub(super) fn changed_fields<'a>(
    was: &'a Map<String, Value>,
    is: &'a Map<String, Value>,
) -> impl Iterator<Item = (&'a String, Option<&'a Value>, Option<&'a Value>)> {
    let gone = was.iter().filter(|(name, _)| !is.contains_key(*name)).map(|(name, was)| (name, Some(was), None));
    let there = is.iter().map(|(name, is)| (name, was.get(name), Some(is)));
    there.filter(|(_, was, is)| was != is).chain(gone)
}

fn part(value: Option<&Value>) -> PastValue {
    value.map_or(PastValue::Absent, |value| PastValue::Json(value.clone()))
}

fn became(was: &PastValue, is: &PastValue, item: &PastItem, page: &PastPage, room: Option<usize>) -> String {
    let arrow = if page.style.unicode { "→" } else { "->" };
    let short = |known: &PastValue| {
        let text = value(known, item);
        room.map_or(text.clone(), |room| cut(&text, room, page.ellipsis()))
    };
    match (was, is) {
        (PastValue::Absent, PastValue::Absent) => "deleted; it was not there".to_owned(),
        (PastValue::Absent, is) => format!("new {arrow} {}", short(is)),
        (was, PastValue::Absent) => format!("{} {arrow} deleted", short(was)),
        (was, is) if was == is => format!("{}, as before", short(is)),
        (was, is) => format!("{} {arrow} {}", short(was), short(is)),
    }
}

fn value(value: &PastValue, item: &PastItem) -> String {
    match (value, item) {
        (PastValue::Absent, _) => "nothing".to_owned(),
        (PastValue::Unknown, _) => "not known any more".to_owned(),
        // Its id is said already.
        (PastValue::Json(Value::Object(fields)), PastItem::Document(id)) if fields.get("id") == Some(id) => {
            let rest: Map<String, Value> = fields.clone().into_iter().filter(|(name, _)| name != "id").collect();
            text(&Value::Object(rest).to_string())
        }
        // Their parts have lines of their own.
        (PastValue::Json(Value::Object(fields)), PastItem::Path(_)) => match fields.get("list") {
            Some(length) => format!("a list of {length}"),
            None => "a map".to_owned(),
        },
        (PastValue::Json(value), _) => text(&value.to_string()),
        // Four bytes each.
        (PastValue::Blob(bytes), PastItem::Vector(_)) if *bytes == 4 => "1 number".to_owned(),
        (PastValue::Blob(bytes), PastItem::Vector(_)) => format!("{} numbers", bytes / 4),
        (PastValue::Blob(bytes), _) => format!("{bytes} bytes"),
    }
}
