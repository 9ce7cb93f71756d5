//! Everything in a chart that is not data: title, legend, grid, axes and their labels, with room for all of them.

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Mark, Point, Text};
use super::font::Font;
use super::options::Labels;
use super::palette::{Colour, FAINT, GRID, INK};
use super::ticks::Tick;
use crate::failure::{Answer, fail};

/// Pixels per em of the title, of labels, and of what stands along axes and in the legend.
const TITLE: f64 = 17.0;
const LABEL: f64 = 13.0;
const SMALL: f64 = 12.0;
/// Height of a line of small text.
const LINE: f64 = 17.0;
/// Most lines of a name below its bar.
const ROWS: usize = 3;
/// Around everything.
const MARGIN: f64 = 16.0;

/// Draws a sample of a series around a point.
pub type Sample = Box<dyn Fn(&mut Canvas, Point)>;

/// An entry of the legend: what it is called, and how its sample is drawn around a middle.
pub struct Entry {
    /// The series' name.
    pub name: String,
    /// Draws the sample.
    pub sample: Sample,
}

/// A chart without its data.
pub struct Frame {
    /// What is drawn so far.
    pub canvas: Canvas,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// Where the data goes.
    pub left: f64,
    /// Where the data goes.
    pub top: f64,
    /// Pixels from left to right.
    pub width: f64,
    /// Pixels from top to bottom.
    pub height: f64,
    font: Font,
}

impl Frame {
    /// Finds room for everything and draws it. `x` and `y` make an axis with about so many ticks.
    ///
    /// # Errors
    /// The font is broken.
    pub fn new(
        labels: &Labels,
        legend: &[Entry],
        x: &dyn Fn(usize) -> Axis,
        y: &dyn Fn(usize) -> Axis,
    ) -> Answer<Self> {
        let font = Font::load().map_err(fail)?;
        let mut canvas = Canvas::new(labels.width, labels.height);
        let mut top = title(&mut canvas, &font, labels);
        top = draw_legend(&mut canvas, &font, legend, top);
        top += 10.0;

        let below_ticks = if labels.x.is_empty() { 8.0 } else { 28.0 };
        let guess = (labels.height - top - below_ticks - 30.0).max(20.0);
        let y = y(steps(guess, 48.0));
        let beside = y.ticks.iter().map(|tick| font.width(&tick.label, SMALL)).fold(0.0, f64::max);
        let beside = beside.min(labels.width * 0.3);
        let left = MARGIN + if labels.y.is_empty() { 0.0 } else { 24.0 } + beside + 8.0;
        let width = (labels.width - left - MARGIN - 12.0).max(20.0);

        let x = fitting(&font, width, x);
        let names = if x.named { Names::of(&font, &x, width, labels.height) } else { Names::Beside(1) };
        let lines = match names {
            Names::Upwards(_, room) => room + 12.0,
            Names::Wrapped(room) => {
                let count = |tick: &Tick| font.wrapped(&tick.label, SMALL, room, ROWS).len();
                x.ticks.iter().map(count).max().unwrap_or(1) as f64 * LINE + 6.0
            }
            Names::Beside(_) if x.ticks.iter().any(|tick| !tick.below.is_empty()) => 2.0 * LINE + 6.0,
            Names::Beside(_) => LINE + 6.0,
        };
        let height = (labels.height - top - lines - below_ticks).max(20.0);

        let mut frame = Self { canvas, x, y, left, top, width, height, font };
        frame.grid();
        frame.along_y(beside);
        frame.along_x(&names);
        frame.names(labels);
        Ok(frame)
    }

    /// Where a point lies in the picture.
    pub fn at(&self, (x, y): Point) -> Point {
        (self.left + self.x.place(x) * self.width, self.top + (1.0 - self.y.place(y)) * self.height)
    }

    /// A word in the middle, where there is nothing to draw.
    pub fn say(&mut self, text: &str) {
        let at = (self.left + self.width / 2.0, self.top + self.height / 2.0);
        self.write(text.to_owned(), at, Anchor::Middle, LABEL, FAINT, false);
    }

    fn grid(&mut self) {
        let places: Vec<f64> = self.y.ticks.iter().map(|tick| self.at((0.0, tick.value)).1).collect();
        for y in places {
            self.level(y, GRID);
        }
        if !self.x.named {
            let places: Vec<f64> = self.x.ticks.iter().map(|tick| self.at((tick.value, 0.0)).0).collect();
            for x in places {
                let (from, to) = ((x.round(), self.top), (x.round() + 1.0, self.top + self.height));
                self.canvas.marks.push(Mark::Box { from, to, colour: GRID });
            }
        }
    }

    /// The line that data stands on: at 0 if it is in sight, else at the bottom. Drawn after bars and before lines.
    pub fn base_line(&mut self) {
        if self.y.crosses_zero() {
            let zero = self.top + (1.0 - self.y.place(0.0)) * self.height;
            self.level(zero, FAINT);
        } else {
            self.level(self.top + self.height, FAINT);
        }
    }

    fn level(&mut self, y: f64, colour: Colour) {
        let y = y.round();
        self.canvas.marks.push(Mark::Box { from: (self.left, y), to: (self.left + self.width, y + 1.0), colour });
    }

    fn along_y(&mut self, room: f64) {
        for tick in self.y.ticks.clone() {
            let at = (self.left - 8.0, self.at((0.0, tick.value)).1);
            let label = self.font.shortened(&tick.label, SMALL, room + 1.0);
            self.write(label, at, Anchor::End, SMALL, FAINT, false);
        }
    }

    fn along_x(&mut self, names: &Names) {
        let bottom = self.top + self.height;
        for (at, tick) in self.x.ticks.clone().into_iter().enumerate() {
            let x = self.left + self.x.place(tick.value) * self.width;
            match *names {
                Names::Upwards(stride, room) if at % stride == 0 => {
                    let label = self.font.shortened(&tick.label, SMALL, room);
                    self.write(label, (x, bottom + 8.0), Anchor::End, SMALL, FAINT, true);
                }
                Names::Beside(stride) if at % stride == 0 => {
                    self.write(tick.label, (x, bottom + 14.0), Anchor::Middle, SMALL, FAINT, false);
                    self.write(tick.below, (x, bottom + 14.0 + LINE), Anchor::Middle, SMALL, FAINT, false);
                }
                Names::Wrapped(room) => {
                    for (row, line) in self.font.wrapped(&tick.label, SMALL, room, ROWS).into_iter().enumerate() {
                        self.write(line, (x, bottom + 14.0 + row as f64 * LINE), Anchor::Middle, SMALL, FAINT, false);
                    }
                }
                Names::Upwards(..) | Names::Beside(_) => {}
            }
        }
    }

    fn names(&mut self, labels: &Labels) {
        let x = self.font.shortened(&labels.x, LABEL, self.width);
        self.write(x, (self.left + self.width / 2.0, labels.height - 17.0), Anchor::Middle, LABEL, INK, false);
        // A label that is longer than its axis may take all the height below the title.
        let (first, last) = (self.top - 8.0, labels.height - MARGIN);
        let y = self.font.shortened(&labels.y, LABEL, last - first);
        let half = self.font.width(&y, LABEL) / 2.0;
        let middle = (self.top + self.height / 2.0).min(last - half).max(first + half);
        self.write(y, (MARGIN + 6.0, middle), Anchor::Middle, LABEL, INK, true);
    }

    fn write(&mut self, text: String, at: Point, anchor: Anchor, size: f64, colour: Colour, upwards: bool) {
        write(&mut self.canvas, text, at, anchor, size, colour, upwards);
    }
}

fn write(canvas: &mut Canvas, text: String, at: Point, anchor: Anchor, size: f64, colour: Colour, upwards: bool) {
    if !text.is_empty() {
        canvas.marks.push(Mark::Text(Text { text, at, anchor, size, colour, upwards }));
    }
}

/// How many steps of at least `least` pixels there are room for.
fn steps(room: f64, least: f64) -> usize {
    (room / least).clamp(1.0, 12.0) as usize
}

/// Draws the title; gives where there is room below it.
fn title(canvas: &mut Canvas, font: &Font, labels: &Labels) -> f64 {
    let most = if labels.height < 300.0 { 1 } else { 3 };
    let mut top = MARGIN;
    for line in font.wrapped(&labels.title, TITLE, labels.width - 2.0 * MARGIN, most) {
        write(canvas, line, (MARGIN, top + 8.0), Anchor::Start, TITLE, INK, false);
        top += 22.0;
    }
    if top > MARGIN { top + 4.0 } else { top }
}

/// Draws the legend in rows; gives where there is room below it.
fn draw_legend(canvas: &mut Canvas, font: &Font, legend: &[Entry], mut top: f64) -> f64 {
    const SAMPLE: f64 = 24.0;
    let most = ((canvas.height * 0.3 - LINE) / LINE).floor().max(0.0);
    let (mut x, mut row) = (MARGIN, 0.0);
    for (at, entry) in legend.iter().enumerate() {
        let name = font.shortened(&entry.name, SMALL, canvas.width * 0.4);
        let length = SAMPLE + 6.0 + font.width(&name, SMALL);
        if x > MARGIN && x + length > canvas.width - MARGIN {
            (x, row) = (MARGIN, row + 1.0);
        }
        let middle = top + 6.0 + row * LINE;
        if row >= most && at > 0 && at + 1 < legend.len() {
            write(canvas, format!("… and {} more", legend.len() - at), (x, middle), Anchor::Start, SMALL, INK, false);
            break;
        }
        (entry.sample)(canvas, (x + SAMPLE / 2.0, middle));
        write(canvas, name, (x + SAMPLE + 6.0, middle), Anchor::Start, SMALL, INK, false);
        x += length + 18.0;
    }
    if !legend.is_empty() {
        top += (row + 1.0) * LINE + 2.0;
    }
    top
}

/// The axis with the most ticks, up to a dozen, whose labels stand apart from each other.
fn fitting(font: &Font, width: f64, axis: &dyn Fn(usize) -> Axis) -> Axis {
    let most = steps(width, 70.0);
    let mut made = axis(most);
    if made.named {
        return made;
    }
    for count in (1..most).rev() {
        let mut end = f64::NEG_INFINITY;
        let apart = made.ticks.iter().all(|tick| {
            let middle = made.place(tick.value) * width;
            let half = font.width(&tick.label, SMALL).max(font.width(&tick.below, SMALL)) / 2.0;
            let apart = middle - half > end;
            end = middle + half + 10.0;
            apart
        });
        if apart {
            break;
        }
        made = axis(count);
    }
    made
}

/// How names stand along the horizontal axis.
enum Names {
    /// Beside each other; every n-th.
    Beside(usize),
    /// In several lines of so many pixels.
    Wrapped(f64),
    /// Upwards; every n-th, in so many pixels.
    Upwards(usize, f64),
}

impl Names {
    fn of(font: &Font, x: &Axis, width: f64, height: f64) -> Self {
        let slot = width / x.ticks.len().max(1) as f64;
        let longest = x.ticks.iter().map(|tick| font.width(&tick.label, SMALL)).fold(0.0, f64::max);
        if longest + 8.0 <= slot {
            return Self::Beside(1);
        }
        // Of numbers and dates in a row every n-th says enough.
        let counts = |label: &str| label.parse::<f64>().is_ok() || crate::time::parse(label).is_ok();
        if x.ticks.iter().all(|tick| counts(&tick.label)) {
            return Self::Beside(((longest + 14.0) / slot).ceil() as usize);
        }
        if slot >= 100.0 {
            return Self::Wrapped(slot - 8.0);
        }
        Self::Upwards((15.0 / slot).ceil().max(1.0) as usize, longest.min(height * 0.38))
    }
}
