//! A drawing as a Mermaid flowchart.

use super::drawing::{ArrowLook, Drawing, FrameLook, Item, Look};
use std::fmt::Write as _;

/// The whole text.
pub(crate) fn mermaid(drawing: &Drawing) -> String {
    let mut text = String::from("flowchart TD\n");
    inside(drawing, None, 1, &mut text);
    for arrow in &drawing.arrows {
        let line = match (arrow.look, arrow.label.is_empty()) {
            (ArrowLook::Next, true) => "-->".to_owned(),
            (ArrowLook::Next, false) => format!("-->|\"{}\"|", escaped(&arrow.label)),
            (ArrowLook::Result, true) => "-.->".to_owned(),
            (ArrowLook::Result, false) => format!("-.->|\"{}\"|", escaped(&arrow.label)),
            (ArrowLook::Takes, true) => "==>".to_owned(),
            (ArrowLook::Takes, false) => format!("==>|\"{}\"|", escaped(&arrow.label)),
            (ArrowLook::Uses, true) => "---".to_owned(),
            (ArrowLook::Uses, false) => format!("---|\"{}\"|", escaped(&arrow.label)),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    b{} {line} b{}", arrow.from, arrow.to);
    }
    for (at, frame) in drawing.frames.iter().enumerate() {
        let dashes = match frame.look {
            FrameLook::Plain => continue,
            FrameLook::Loop => "6 3",
            FrameLook::Choice => "2 3",
        };
        let _ = writeln!(text, "    style f{at} stroke-dasharray: {dashes}");
    }
    text
}

fn inside(drawing: &Drawing, parent: Option<usize>, depth: usize, text: &mut String) {
    let indent = "    ".repeat(depth);
    for item in drawing.inside(parent) {
        match item {
            Item::Node(at, node) => {
                let lines: Vec<String> = node.lines.iter().map(|line| escaped(line)).collect();
                let label = lines.join("<br/>");
                let shape = match node.look {
                    Look::Step => format!("[\"{label}\"]"),
                    Look::Component => format!("[[\"{label}\"]]"),
                    Look::Wait => format!("{{{{\"{label}\"}}}}"),
                    Look::End => format!("([\"{label}\"])"),
                    Look::Database => format!("[(\"{label}\")]"),
                };
                let _ = writeln!(text, "{indent}b{at}{shape}");
            }
            Item::Frame(at, frame) => {
                let _ = writeln!(text, "{indent}subgraph f{at} [\"{}\"]", escaped(&frame.title));
                inside(drawing, Some(at), depth + 1, text);
                let _ = writeln!(text, "{indent}end");
            }
        }
    }
}

/// Letters that mean something to Mermaid, or to the HTML that it makes, as entities.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '"' | '#' | '<' | '>' | '&' | '`' | '\\' | ';' | '*' | '_' | '|' => {
                out.push_str(&format!("#{};", u32::from(letter)));
            }
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}
