//! `chart::scatter`.

use super::canvas::{Canvas, Mark, Point};
use super::data;
use super::line::plane;
use super::options::Options;
use super::palette::{self, Shape};
use super::thin;
use crate::failure::Answer;

pub fn draw(options: &mut Options) -> Answer<Canvas> {
    options.expect(&["x", "y", "series", "x_log", "y_log", "x_time"])?;
    let data = data::read(options, false)?;
    let mut frame = plane(options, &data, &|canvas, series, at| mark(canvas, series, at, 4.0))?;
    frame.base_line();
    let drawn = |(x, y): &&Point| x.is_finite() && y.is_finite();
    let place = |series: &data::Series| series.points.iter().filter(drawn).map(|point| frame.at(*point)).collect();
    let points: Vec<Vec<Point>> = data.series.iter().map(place).collect();
    let many = points.iter().map(Vec::len).sum::<usize>();
    let size = match many {
        0..=300 => 3.6,
        301..=2000 => 2.6,
        _ => 1.6,
    };
    for (series, points) in thin::marks(&points).iter().enumerate() {
        for point in points {
            mark(&mut frame.canvas, series, *point, size);
        }
    }
    Ok(frame.canvas)
}

/// A series' mark around a point, about as large as a disc of that radius.
fn mark(canvas: &mut Canvas, series: usize, (x, y): Point, radius: f64) {
    let colour = palette::colour(series);
    let area = |points: &[Point]| Mark::Area {
        points: points.iter().map(|(right, down)| (x + right * radius, y + down * radius)).collect(),
        colour,
    };
    match palette::shape(series) {
        Shape::Disc => canvas.marks.push(Mark::Disc { centre: (x, y), radius, colour }),
        Shape::Triangle => canvas.marks.push(area(&[(0.0, -1.25), (1.15, 0.8), (-1.15, 0.8)])),
        Shape::Square => canvas.marks.push(area(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])),
        Shape::Diamond => canvas.marks.push(area(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)])),
        Shape::Cross => {
            let arm = radius * 0.95;
            canvas.line((x - arm, y - arm), (x + arm, y + arm), radius * 0.55, colour);
            canvas.line((x - arm, y + arm), (x + arm, y - arm), radius * 0.55, colour);
        }
    }
}
