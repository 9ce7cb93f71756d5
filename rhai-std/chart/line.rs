//! `chart::line`.

use super::axis::{Axis, Ends};
use super::canvas::{Canvas, Mark, Point};
use super::data::{self, Along, Data};
use super::frame::{Entry, Frame};
use super::options::Options;
use super::palette;
use super::thin;
use crate::failure::{Answer, fail};

/// Up to so many points on all lines each gets a dot.
const DOTS: usize = 60;
/// A line's width and a dot's radius, in pixels.
const WIDTH: f64 = 1.8;
const RADIUS: f64 = 2.8;

pub fn draw(options: &mut Options) -> Answer<Canvas> {
    options.expect(&["x", "y", "series", "x_log", "y_log", "x_time"])?;
    let data = data::read(options, false)?;
    let mut frame = plane(options, &data, &|canvas, series, at| {
        let line = vec![(at.0 - 12.0, at.1), (at.0 + 12.0, at.1)];
        canvas.stroked(line, palette::strokes(series), WIDTH, palette::colour(series));
    })?;
    frame.base_line();
    let few = data.series.iter().map(|series| series.points.len()).sum::<usize>() <= DOTS;
    for (at, series) in data.series.iter().enumerate() {
        let colour = palette::colour(at);
        for part in series.points.split(|(x, y)| x.is_nan() || y.is_nan()).filter(|part| !part.is_empty()) {
            let points: Vec<Point> = part.iter().map(|point| frame.at(*point)).collect();
            // A point between two gaps has no line that would show it.
            if few || points.len() == 1 {
                let disc = |centre: &Point| Mark::Disc { centre: *centre, radius: RADIUS, colour };
                frame.canvas.marks.extend(points.iter().map(disc));
            }
            if points.len() > 1 {
                frame.canvas.stroked(thin::line(points), palette::strokes(at), WIDTH, colour);
            }
        }
    }
    Ok(frame.canvas)
}

/// A frame for points: both axes are as the data and the options want them.
pub fn plane(
    options: &mut Options,
    data: &Data,
    sample: &(impl Fn(&mut Canvas, usize, Point) + Copy + 'static),
) -> Answer<Frame> {
    let (x_log, y_log) = (options.flag("x_log")?, options.flag("y_log")?);
    let labels = options.labels()?;
    let (x, y) = (data.range(|point| point.0), data.range(|point| point.1));
    if x_log && data.along != Along::Numbers {
        return Err(fail(format!("`x_log` of `{}` needs numbers for `x`", options.function)));
    }
    for (log, range, name) in [(x_log, x, "x"), (y_log, y, "y")] {
        if log {
            logarithmic(options.function, name, range)?;
        }
    }
    let (x, y) = (x.unwrap_or((0.0, 1.0)), y.unwrap_or((0.0, 1.0)));
    if data.along == Along::Times && ![x.0, x.1].into_iter().all(super::calendar::is_time) {
        let function = options.function;
        return Err(fail(format!("`x` of `{function}` is not all times between the years 1 and 9999")));
    }
    let whole = |of: &dyn Fn(&Point) -> f64| {
        data.series.iter().flat_map(|series| &series.points).all(|point| of(point).is_nan() || of(point).fract() == 0.0)
    };
    let (x_whole, y_whole) = (whole(&|point| point.0), whole(&|point| point.1));
    let x_axis = |count| match &data.along {
        Along::Names(names) => Axis::names(names),
        Along::Times => Axis::times(x, count),
        Along::Numbers => Axis::numbers(x, count, Ends::Data, x_log, x_whole),
    };
    let y_axis = |count| Axis::numbers(y, count, Ends::Round, y_log, y_whole);
    let mut frame = Frame::new(&labels, &legend(data, sample), &x_axis, &y_axis)?;
    if data.range(|point| point.0).is_none() {
        frame.say("no data");
    }
    Ok(frame)
}

/// One entry for each series that has a name.
pub fn legend(data: &Data, sample: &(impl Fn(&mut Canvas, usize, Point) + Copy + 'static)) -> Vec<Entry> {
    let draw = *sample;
    let named = data.series.iter().enumerate().filter_map(|(at, series)| Some((at, series.name.clone()?)));
    named.map(|(at, name)| Entry { name, sample: Box::new(move |canvas, middle| draw(canvas, at, middle)) }).collect()
}

/// Refuses what a logarithmic axis has no place for.
///
/// # Errors
/// The smallest value is not above 0.
pub fn logarithmic(function: &str, axis: &str, range: Option<(f64, f64)>) -> Answer<()> {
    match range {
        Some((low, _)) if low <= 0.0 => {
            Err(fail(format!("`{axis}_log` of `{function}` needs values above 0, but the smallest `{axis}` is {low}")))
        }
        _ => Ok(()),
    }
}
