//! What is to be drawn, in pixels from the upper left corner, in order.

use super::palette::{Colour, PAPER};

/// A place, in pixels from the left and from the top.
pub type Point = (f64, f64);

/// Which point of a text its place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Its start.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// A text.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// What it says.
    pub text: String,
    /// Where its anchor is; vertically the middle of its small letters.
    pub at: Point,
    /// What `at` means along the text.
    pub anchor: Anchor,
    /// Pixels per em.
    pub size: f64,
    /// Its colour.
    pub colour: Colour,
    /// Whether it runs upwards.
    pub upwards: bool,
}

/// Something to draw.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line through points.
    Path { points: Vec<Point>, width: f64, colour: Colour },
    /// A filled outline.
    Area { points: Vec<Point>, colour: Colour },
    /// A filled rectangle, from its upper left to its lower right corner.
    Box { from: Point, to: Point, colour: Colour },
    /// A disc.
    Disc { centre: Point, radius: f64, colour: Colour },
    /// A text.
    Text(Text),
}

/// A picture under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Canvas {
    /// Pixels from left to right.
    pub width: f64,
    /// Pixels from top to bottom.
    pub height: f64,
    /// In the order in which they cover each other.
    pub marks: Vec<Mark>,
}

impl Canvas {
    /// An empty picture.
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height, marks: vec![Mark::Box { from: (0.0, 0.0), to: (width, height), colour: PAPER }] }
    }

    /// A straight line.
    pub fn line(&mut self, from: Point, to: Point, width: f64, colour: Colour) {
        self.marks.push(Mark::Path { points: vec![from, to], width, colour });
    }

    /// A line in strokes: lengths of strokes and gaps by turns; an unbroken one if there are none.
    pub fn stroked(&mut self, points: Vec<Point>, strokes: &[f64], width: f64, colour: Colour) {
        if strokes.is_empty() {
            self.marks.push(Mark::Path { points, width, colour });
            return;
        }
        let mut turn = 0;
        let mut left = strokes[0];
        let mut stroke: Vec<Point> = points.first().copied().into_iter().collect();
        for pair in points.windows(2) {
            let (mut from, to) = (pair[0], pair[1]);
            loop {
                let length = (to.0 - from.0).hypot(to.1 - from.1);
                if length <= left {
                    left -= length;
                    stroke.push(to);
                    break;
                }
                let part = left / length;
                from = (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
                stroke.push(from);
                let done = std::mem::replace(&mut stroke, vec![from]);
                if turn % 2 == 0 {
                    self.marks.push(Mark::Path { points: done, width, colour });
                }
                turn += 1;
                left = strokes[turn % strokes.len()];
            }
        }
        if turn % 2 == 0 && stroke.len() > 1 {
            self.marks.push(Mark::Path { points: stroke, width, colour });
        }
    }
}
