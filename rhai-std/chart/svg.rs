//! A picture as SVG, by `plotters`.

use super::canvas::{Anchor, Canvas, Mark, Point, Text};
use super::palette::Colour;
use plotters::prelude::{Color, DrawingBackend, RGBColor, SVGBackend, ShapeStyle, TextStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, FontTransform};

/// `plotters` knows whole pixels only, so it draws in tenths of them.
const SCALE: f64 = 10.0;
/// `plotters` writes a font's size divided by this.
const FONT_SCALE: f64 = 1.24;

/// The picture's text.
///
/// # Errors
/// `plotters` refused something.
pub fn render(canvas: &Canvas) -> Result<String, String> {
    let size = (scaled(canvas.width).unsigned_abs(), scaled(canvas.height).unsigned_abs());
    let mut svg = String::new();
    let mut backend = SVGBackend::with_string(&mut svg, size);
    draw(&mut backend, canvas, SCALE)?;
    drop(backend);
    // The picture's size is in pixels again; what lies inside stays in tenths.
    let inside = format!("<svg width=\"{}\" height=\"{}\"", size.0, size.1);
    let outside = format!("<svg width=\"{}\" height=\"{}\"", canvas.width, canvas.height);
    Ok(svg.replacen(&inside, &outside, 1))
}

fn scaled(pixels: f64) -> i32 {
    (pixels * SCALE).round() as i32
}

/// Hands every mark to a backend whose pixels are `scale` times as fine as the picture's.
///
/// # Errors
/// The backend refused something.
pub fn draw<B: DrawingBackend>(backend: &mut B, canvas: &Canvas, scale: f64) -> Result<(), String> {
    let number = |pixels: f64| (pixels * scale).round() as i32;
    let place = |(x, y): &Point| (number(*x), number(*y));
    let size = |pixels: f64| number(pixels).max(1).unsigned_abs();
    for mark in &canvas.marks {
        let drawn = match mark {
            Mark::Path { points, width, colour } => {
                backend.draw_path(points.iter().map(place), &style(*colour, size(*width)))
            }
            Mark::Area { points, colour } => backend.fill_polygon(points.iter().map(place), &style(*colour, 0)),
            Mark::Box { from, to, colour } => backend.draw_rect(place(from), place(to), &style(*colour, 0), true),
            Mark::Disc { centre, radius, colour } => {
                backend.draw_circle(place(centre), size(*radius), &style(*colour, 0), true)
            }
            Mark::Text(text) => backend.draw_text(&text.text, &text_style(text, scale), place(&text.at)),
        };
        drawn.map_err(|error| error.to_string())?;
    }
    backend.present().map_err(|error| error.to_string())
}

fn style((red, green, blue): Colour, width: u32) -> ShapeStyle {
    ShapeStyle::from(&RGBColor(red, green, blue)).stroke_width(width)
}

fn text_style(text: &Text, scale: f64) -> TextStyle<'static> {
    // One step down where the division would give 120.00000000000001.
    let size = text.size * scale * FONT_SCALE;
    let size = if size / FONT_SCALE > text.size * scale { size.next_down() } else { size };
    let font = FontDesc::new(FontFamily::SansSerif, size, FontStyle::Normal);
    let font = if text.upwards { font.transform(FontTransform::Rotate270) } else { font };
    let along = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let (red, green, blue) = text.colour;
    let colour = RGBColor(red, green, blue).to_backend_color();
    TextStyle { font, color: colour, pos: Pos::new(along, VPos::Center) }
}
