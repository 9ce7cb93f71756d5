//! A drawing for machines: numbers of boxes and frames are their places in the lists.

use super::drawing::{ArrowLook, Drawing, FrameLook, Look};
use serde_json::{Value, json};

/// The whole text.
pub(crate) fn json(drawing: &Drawing) -> String {
    let frames = drawing.frames.iter().map(|frame| {
        let kind = match frame.look {
            FrameLook::Plain => "group",
            FrameLook::Loop => "loop",
            FrameLook::Choice => "choice",
        };
        json!({ "title": frame.title, "in": frame.parent, "kind": kind })
    });
    let boxes = drawing.boxes.iter().map(|node| {
        let kind = match node.look {
            Look::Step => "step",
            Look::Wait => "wait",
            Look::End => "end",
            Look::Component => "component",
            Look::Database => "database",
        };
        json!({ "lines": node.lines, "in": node.parent, "kind": kind })
    });
    let arrows = drawing.arrows.iter().map(|arrow| {
        let kind = match arrow.look {
            ArrowLook::Next => "next",
            ArrowLook::Result => "result",
            ArrowLook::Takes => "takes",
            ArrowLook::Uses => "uses",
        };
        json!({ "from": arrow.from, "to": arrow.to, "label": arrow.label, "kind": kind })
    });
    let (frames, boxes): (Vec<Value>, Vec<Value>) = (frames.collect(), boxes.collect());
    let all = json!({ "frames": frames, "boxes": boxes, "arrows": arrows.collect::<Vec<_>>() });
    format!("{}\n", serde_json::to_string_pretty(&all).unwrap_or_default())
}
