//! Colours, strokes and marks that can be told apart, also by colour-blind people and in print.

/// Red, green and blue.
pub type Colour = (u8, u8, u8);

/// Colours of Okabe and Ito, "Color Universal Design" (2008), without the yellow that vanishes on white; blue first, because most charts have one series.
const COLOURS: [Colour; 7] = [
    (0x00, 0x72, 0xB2),
    (0xD5, 0x5E, 0x00),
    (0x00, 0x9E, 0x73),
    (0xCC, 0x79, 0xA7),
    (0x56, 0xB4, 0xE9),
    (0xE6, 0x9F, 0x00),
    (0x00, 0x00, 0x00),
];
/// Lengths of strokes and of the gaps between them, in pixels; empty for an unbroken line.
const STROKES: [&[f64]; 5] = [&[], &[8.0, 4.0], &[2.0, 3.0], &[10.0, 3.0, 2.0, 3.0], &[16.0, 5.0]];

/// So many series look different from each other.
pub const MOST_SERIES: usize = COLOURS.len() * STROKES.len();

/// Texts.
pub const INK: Colour = (0x33, 0x33, 0x33);
/// Texts of less weight, and axes.
pub const FAINT: Colour = (0x66, 0x66, 0x66);
/// The grid.
pub const GRID: Colour = (0xE4, 0xE4, 0xE4);
/// Behind everything.
pub const PAPER: Colour = (0xFF, 0xFF, 0xFF);

/// What shows a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A disc.
    Disc,
    /// A triangle.
    Triangle,
    /// A square.
    Square,
    /// A square on its corner.
    Diamond,
    /// Two strokes.
    Cross,
}

/// The colour of a series.
pub fn colour(series: usize) -> Colour {
    COLOURS[series % COLOURS.len()]
}

/// The strokes of a series' line: unbroken as long as the colours suffice.
pub fn strokes(series: usize) -> &'static [f64] {
    STROKES[series / COLOURS.len() % STROKES.len()]
}

/// The mark of a series: a new one each time, so that colour is not all that differs.
pub fn shape(series: usize) -> Shape {
    [Shape::Disc, Shape::Triangle, Shape::Square, Shape::Diamond, Shape::Cross][series % 5]
}

/// The colour of a series' area: lighter each time the colours begin again.
pub fn fill(series: usize) -> Colour {
    let lighter = (series / COLOURS.len()) as f64 * 0.2;
    let mix = |part: u8| (f64::from(part) + (255.0 - f64::from(part)) * lighter) as u8;
    let (red, green, blue) = colour(series);
    (mix(red), mix(green), mix(blue))
}
