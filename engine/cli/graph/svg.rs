//! A drawing as SVG. Where boxes stand is the layout library's to say; how they look stands here.

use super::drawing::{ArrowLook, Drawing, FrameLook, Look};
use dagre::graph::{Graph, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, Point};
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr;

/// Width of a letter and height of a line, of the font that the drawing asks for. Both are generous: fonts differ.
const LETTER: f64 = 7.4;
const LINE: f64 = 17.0;
/// Room around text in a box.
const PAD: f64 = 10.0;
/// Room for the title of a frame, above what is in it.
const TITLE: f64 = 22.0;
const MARGIN: f64 = 12.0;
/// Between two rows. Frames in each other are half as far apart: room for a title.
const RANKS: f64 = 2.0 * TITLE;

/// Colours by what follows the reader's light or dark surroundings.
const STYLE: &str = "\
svg { --ink: #1f2328; --soft: #59636e; --paper: #ffffff; --box: #f6f8fa; --line: #818b98; --mark: #0969da; }
@media (prefers-color-scheme: dark) {
  svg { --ink: #e6edf3; --soft: #9198a1; --paper: #0d1117; --box: #161b22; --line: #768390; --mark: #58a6ff; }
}
text { font: 12px ui-monospace, monospace; fill: var(--ink); }
.halo { stroke: var(--paper); stroke-width: 5px; }
.more, .label { fill: var(--soft); }
.label { font-size: 11px; }
.paper { fill: var(--paper); }
.box { fill: var(--box); stroke: var(--line); }
.frame { fill: none; stroke: var(--line); }
.loop { stroke-dasharray: 6 3; }
.choice { stroke-dasharray: 2 3; }
.arrow { fill: none; stroke: var(--line); }
.result { stroke: var(--mark); stroke-dasharray: 5 3; }
.uses { stroke-dasharray: 2 3; }
.takes { stroke-width: 2px; }
.component { stroke-width: 2px; }
.head { fill: var(--line); }
.result-head { fill: var(--mark); }
";

/// The whole text; `None` if the layout library cannot place it.
pub(crate) fn svg(drawing: &Drawing, title: &str) -> Option<String> {
    let placed = place(drawing)?;
    let (mut width, mut height) = (0.0_f64, 0.0_f64);
    for at in placed.frames.iter().chain(&placed.boxes) {
        width = width.max(at.x + at.width / 2.0);
        height = height.max(at.y + at.height / 2.0);
    }
    for point in placed.arrows.iter().flat_map(|arrow| &arrow.points) {
        width = width.max(point.x);
        height = height.max(point.y);
    }
    let (width, height) = (width + MARGIN, height + MARGIN);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\">\n",
        w = number(width),
        h = number(height),
    );
    // Writing to a string cannot fail.
    let _ = writeln!(text, "<title>{}</title>\n<style>\n{STYLE}</style>", escaped(title));
    for (id, class) in [("head", "head"), ("result-head", "result-head")] {
        let _ = writeln!(
            text,
            "<marker id=\"{id}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"9\" markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" \
             orient=\"auto-start-reverse\"><path class=\"{class}\" d=\"M0 0 8 4 0 8z\"/></marker>"
        );
    }
    text.push_str("<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n");
    for (frame, at) in drawing.frames.iter().zip(&placed.frames) {
        let class = match frame.look {
            FrameLook::Plain => "frame",
            FrameLook::Loop => "frame loop",
            FrameLook::Choice => "frame choice",
        };
        let _ = writeln!(text, "{}", rectangle(class, at, 8.0));
    }
    for (arrow, way) in drawing.arrows.iter().zip(&placed.arrows) {
        let (class, head) = match arrow.look {
            ArrowLook::Next => ("arrow", " marker-end=\"url(#head)\""),
            ArrowLook::Result => ("arrow result", " marker-end=\"url(#result-head)\""),
            ArrowLook::Takes => ("arrow takes", " marker-end=\"url(#head)\""),
            ArrowLook::Uses => ("arrow uses", ""),
        };
        let _ = writeln!(text, "<path class=\"{class}\" d=\"{}\"{head}/>", path(&way.points));
        if let (Some((x, y)), false) = (way.label, arrow.label.is_empty()) {
            write_haloed(&mut text, "label", " text-anchor=\"middle\"", (x, y + 4.0), &arrow.label);
        }
    }
    // Titles come after the arrows that cross their lines.
    for (frame, at) in drawing.frames.iter().zip(&placed.frames) {
        let (x, y) = (at.x - at.width / 2.0 + PAD, at.y - at.height / 2.0 + LINE - 2.0);
        write_haloed(&mut text, "title", "", (x, y), &frame.title);
    }
    for (node, at) in drawing.boxes.iter().zip(&placed.boxes) {
        let round = match node.look {
            Look::Step => 4.0,
            Look::Wait => 14.0,
            Look::End => at.height / 2.0,
            Look::Component | Look::Database => 0.0,
        };
        if node.look == Look::Database {
            let _ = writeln!(text, "{}", cylinder(at));
        } else {
            let class = if node.look == Look::Component { "box component" } else { "box" };
            let _ = writeln!(text, "{}", rectangle(class, at, round));
        }
        let top = at.y - LINE * (node.lines.len() as f64 - 1.0) / 2.0 + 4.0;
        for (number_of_line, line) in node.lines.iter().enumerate() {
            let class = if number_of_line == 0 { "" } else { " class=\"more\"" };
            let y = top + LINE * number_of_line as f64;
            let _ = writeln!(
                text,
                "<text{class} x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                number(at.x),
                number(y),
                escaped(line)
            );
        }
    }
    text.push_str("</svg>\n");
    Some(text)
}

/// A place: its middle and its size.
struct Place {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

struct Way {
    points: Vec<Point>,
    label: Option<(f64, f64)>,
}

struct Placed {
    frames: Vec<Place>,
    boxes: Vec<Place>,
    arrows: Vec<Way>,
}

fn width(text: &str) -> f64 {
    text.width() as f64 * LETTER
}

fn place(drawing: &Drawing) -> Option<Placed> {
    let mut graph: Graph<NodeLabel, EdgeLabel> =
        Graph::with_options(GraphOptions { directed: true, multigraph: true, compound: true });
    let (frame, node) = (|at: usize| format!("f{at}"), |at: usize| format!("b{at}"));
    for at in 0..drawing.frames.len() {
        graph.set_node(frame(at), Some(NodeLabel::default()));
    }
    // The first box in a frame is as wide as the titles around it: a frame is as wide as what it holds.
    let mut wide = vec![0.0_f64; drawing.boxes.len()];
    let mut titled = vec![false; drawing.frames.len()];
    for (at, inner) in drawing.boxes.iter().enumerate() {
        wide[at] = inner.lines.iter().map(|line| width(line)).fold(0.0, f64::max) + 2.0 * PAD;
        let mut around = inner.parent;
        while let Some(outer) = around {
            if !std::mem::replace(&mut titled[outer], true) {
                wide[at] = wide[at].max(width(&drawing.frames[outer].title));
            }
            around = drawing.frames[outer].parent;
        }
    }
    for (at, inner) in drawing.boxes.iter().enumerate() {
        let height = inner.lines.len() as f64 * LINE + PAD;
        graph.set_node(node(at), Some(NodeLabel { width: wide[at], height, ..NodeLabel::default() }));
        if let Some(parent) = inner.parent {
            graph.set_parent(&node(at), Some(&frame(parent)));
        }
    }
    for (at, inner) in drawing.frames.iter().enumerate() {
        if let Some(parent) = inner.parent {
            graph.set_parent(&frame(at), Some(&frame(parent)));
        }
    }
    for (at, arrow) in drawing.arrows.iter().enumerate() {
        let (label_width, label_height) = match arrow.label.is_empty() {
            true => (0.0, 0.0),
            false => (width(&arrow.label), LINE),
        };
        // What comes next is drawn straight, the rest finds its way around.
        let weight = if arrow.look == ArrowLook::Next { 4 } else { 1 };
        let label = EdgeLabel { width: label_width, height: label_height, weight, ..EdgeLabel::default() };
        graph.set_edge(node(arrow.from), node(arrow.to), Some(label), Some(&at.to_string()));
    }
    let options =
        LayoutOptions { nodesep: 26.0, ranksep: RANKS, marginx: MARGIN, marginy: MARGIN, ..LayoutOptions::default() };
    dagre::layout(&mut graph, Some(options));
    let find = |name: String| {
        let label = graph.node(&name)?;
        Some(Place { x: label.x?, y: label.y?, width: label.width, height: label.height })
    };
    let frames = (0..drawing.frames.len()).map(|at| find(frame(at))).collect::<Option<Vec<Place>>>()?;
    let boxes = (0..drawing.boxes.len()).map(|at| find(node(at))).collect::<Option<Vec<Place>>>()?;
    let arrows = drawing.arrows.iter().enumerate().map(|(at, arrow)| {
        let label = graph.edge(&node(arrow.from), &node(arrow.to), Some(&at.to_string()))?;
        Some(Way { points: label.points.clone(), label: label.x.zip(label.y) })
    });
    let arrows = arrows.collect::<Option<Vec<Way>>>()?;
    Some(Placed { frames, boxes, arrows })
}

fn rectangle(class: &str, at: &Place, round: f64) -> String {
    format!(
        "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>",
        number(at.x - at.width / 2.0),
        number(at.y - at.height / 2.0),
        number(at.width),
        number(at.height),
        number(round)
    )
}

fn cylinder(at: &Place) -> String {
    let (left, right) = (number(at.x - at.width / 2.0), number(at.x + at.width / 2.0));
    let (top, bottom) = (number(at.y - at.height / 2.0), number(at.y + at.height / 2.0));
    let half = number(at.width / 2.0);
    format!(
        "<path class=\"box\" d=\"M{left} {top}A{half} 5 0 0 1 {right} {top}V{bottom}A{half} 5 0 0 1 {left} {bottom}z\
         M{left} {top}A{half} 5 0 0 0 {right} {top}\"/>"
    )
}

/// A text that lies over lines: first as wide as its halo, then itself.
fn write_haloed(text: &mut String, class: &str, anchor: &str, (x, y): (f64, f64), words: &str) {
    for class in [format!("{class} halo"), class.to_owned()] {
        let (x, y, words) = (number(x), number(y), escaped(words));
        let _ = writeln!(text, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}>{words}</text>");
    }
}

/// Straight pieces through the points.
fn path(points: &[Point]) -> String {
    let mut path = String::new();
    for (at, point) in points.iter().enumerate() {
        path.push_str(&format!("{}{} {}", if at == 0 { "M" } else { "L" }, number(point.x), number(point.y)));
    }
    path
}

/// One digit after the point, and none where it says nothing.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no such letters, not even as entities.
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Place, place};
    use crate::cli::graph::drawing::{ArrowLook, Drawing, FrameLook, Look};

    fn inside(inner: &Place, outer: &Place) -> bool {
        (inner.x - outer.x).abs() + inner.width / 2.0 <= outer.width / 2.0
            && (inner.y - outer.y).abs() + inner.height / 2.0 <= outer.height / 2.0
    }

    fn apart(one: &Place, other: &Place) -> bool {
        (one.x - other.x).abs() >= (one.width + other.width) / 2.0
            || (one.y - other.y).abs() >= (one.height + other.height) / 2.0
    }

    #[test]
    fn boxes_stand_apart_and_in_their_frames() {
        let mut drawing = Drawing::default();
        let whole = drawing.frame("whole", None, FrameLook::Plain);
        let mut last = None;
        for number in 0..5 {
            let frame = drawing.frame(format!("a frame with a long title {number}"), Some(whole), FrameLook::Loop);
            let branches = [drawing.frame("left", Some(frame), FrameLook::Choice), frame];
            let boxes = branches.map(|parent| drawing.node(vec!["box".to_owned(); 2], Some(parent), Look::Step));
            for node in boxes {
                last.into_iter().for_each(|last| drawing.arrow(last, node, "", ArrowLook::Next));
                drawing.arrow(0, node, "first", ArrowLook::Result);
            }
            last = Some(boxes[0]);
        }
        drawing.node(vec!["alone".to_owned()], None, Look::Database);
        let placed = place(&drawing).unwrap_or_else(|| panic!("everything has a place"));
        for (at, node) in drawing.boxes.iter().enumerate() {
            let own = &placed.boxes[at];
            assert!(node.parent.is_none_or(|parent| inside(own, &placed.frames[parent])), "box {at}");
            assert!(placed.boxes[at + 1..].iter().all(|other| apart(own, other)), "box {at}");
        }
        for (at, frame) in drawing.frames.iter().enumerate() {
            let own = &placed.frames[at];
            assert!(frame.parent.is_none_or(|parent| inside(own, &placed.frames[parent])), "frame {at}");
            let same = |other: &usize| drawing.frames[*other].parent == frame.parent;
            let others = (at + 1..drawing.frames.len()).filter(same);
            assert!(others.map(|other| &placed.frames[other]).all(|other| apart(own, other)), "frame {at}");
        }
    }
}
