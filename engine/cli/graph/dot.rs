//! A drawing in the language of graphviz.

use super::drawing::{ArrowLook, Drawing, FrameLook, Item, Look};
use std::fmt::Write as _;

/// The whole text.
pub(crate) fn dot(drawing: &Drawing, title: &str) -> String {
    let mut text = format!("digraph {} {{\n", quoted(title));
    text.push_str("    rankdir=TB;\n    node [shape=box, style=rounded, fontname=\"sans-serif\"];\n");
    text.push_str("    edge [fontname=\"sans-serif\", fontsize=10];\n    fontname=\"sans-serif\";\n");
    inside(drawing, None, 1, &mut text);
    for arrow in &drawing.arrows {
        let mut attributes = Vec::new();
        if !arrow.label.is_empty() {
            attributes.push(format!("label={}", quoted(&arrow.label)));
        }
        match arrow.look {
            ArrowLook::Next => {}
            ArrowLook::Result => attributes.push("style=dashed, constraint=false".to_owned()),
            ArrowLook::Takes => attributes.push("style=bold".to_owned()),
            ArrowLook::Uses => attributes.push("style=dotted, arrowhead=none".to_owned()),
        }
        let attributes = if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(", ")) };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    b{} -> b{}{attributes};", arrow.from, arrow.to);
    }
    text.push_str("}\n");
    text
}

fn inside(drawing: &Drawing, parent: Option<usize>, depth: usize, text: &mut String) {
    let indent = "    ".repeat(depth);
    for item in drawing.inside(parent) {
        match item {
            Item::Node(at, node) => {
                let look = match node.look {
                    Look::Step => "",
                    Look::Component => ", shape=component",
                    Look::Wait => ", shape=hexagon",
                    Look::End => ", shape=oval",
                    Look::Database => ", shape=cylinder",
                };
                let _ = writeln!(text, "{indent}b{at} [label={}{look}];", quoted(&node.lines.join("\n")));
            }
            Item::Frame(at, frame) => {
                let style = match frame.look {
                    FrameLook::Plain => "rounded",
                    FrameLook::Loop => "\"rounded,dashed\"",
                    FrameLook::Choice => "dotted",
                };
                let _ = writeln!(text, "{indent}subgraph cluster_{at} {{");
                let _ = writeln!(text, "{indent}    label={}; style={style};", quoted(&frame.title));
                inside(drawing, Some(at), depth + 1, text);
                let _ = writeln!(text, "{indent}}}");
            }
        }
    }
}

/// A string of graphviz.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}
