//! `chart::bar`.

use super::axis::{Axis, Ends};
use super::canvas::{Canvas, Mark};
use super::data::{self, Along};
use super::frame::Frame;
use super::line::{legend, logarithmic};
use super::options::Options;
use super::palette;
use crate::failure::{Answer, fail, raise};
use thinking_step::StepError;

/// Part of each name's room that its bars take.
const SHARE: f64 = 0.78;
/// Widest bar, in pixels.
const WIDEST: f64 = 110.0;

pub fn draw(options: &mut Options) -> Answer<Canvas> {
    options.expect(&["x", "y", "series", "y_log"])?;
    let function = options.function;
    let data = data::read(options, true)?;
    let log = options.flag("y_log")?;
    let labels = options.labels()?;
    let range = data.range(|point| point.1);
    if log {
        logarithmic(function, "y", range)?;
    }
    let Along::Names(names) = &data.along else { return Err(fail(format!("`{function}` needs names"))) };
    let bars = names.len().saturating_mul(data.series.len());
    if bars as f64 > labels.width {
        let help = "draw fewer, make it wider, or use `chart::line` or `chart::histogram`";
        let what = format!("`{function}` cannot draw {bars} bars on {} pixels", labels.width);
        return Err(raise(StepError::script(what).help(help)));
    }
    once_each(function, &data, names)?;
    let (low, high) = range.unwrap_or((0.0, 1.0));
    let (low, high) = if log { (low / 1.5, high) } else { (low.min(0.0), high.max(0.0)) };
    let whole = data.series.iter().flat_map(|series| &series.points).all(|(_, y)| y.is_nan() || y.fract() == 0.0);
    let x = |_| Axis::names(names);
    let y = |count| Axis::numbers((low, high), count, Ends::Round, log, whole);
    let sample = |canvas: &mut Canvas, series, (x, y)| {
        canvas.marks.push(Mark::Box {
            from: (x - 6.0, y - 6.0),
            to: (x + 6.0, y + 6.0),
            colour: palette::fill(series),
        });
    };
    let mut frame = Frame::new(&labels, &legend(&data, &sample), &x, &y)?;
    if range.is_none() {
        frame.say("no data");
    }
    let count = data.series.len() as f64;
    let group = SHARE.min(WIDEST * count * names.len() as f64 / frame.width);
    let share = group / count;
    for (at, series) in data.series.iter().enumerate() {
        for (x, y) in series.points.iter().filter(|(x, y)| x.is_finite() && y.is_finite()) {
            let left = x - group / 2.0 + at as f64 * share;
            bar(&mut frame, left, left + share, *y, palette::fill(at));
        }
    }
    frame.base_line();
    Ok(frame.canvas)
}

/// A bar between two places along the horizontal axis. Its edges lie between pixels, so that equal bars look equal.
pub fn bar(frame: &mut Frame, left: f64, right: f64, height: f64, colour: palette::Colour) {
    let ((from, end), (to, start)) = (frame.at((left, height)), frame.at((right, frame.y.base())));
    let gap = if to - from > 6.0 { 0.5 } else { 0.0 };
    let (top, bottom) = (end.min(start), end.max(start));
    frame.canvas.marks.push(Mark::Box { from: (from + gap, top), to: (to - gap, bottom), colour });
}

/// Two bars of one series in one place would hide each other.
fn once_each(function: &str, data: &data::Data, names: &[String]) -> Answer<()> {
    for series in &data.series {
        let mut seen = vec![false; names.len()];
        for (x, _) in series.points.iter().filter(|(x, _)| x.is_finite()) {
            if let Some(seen) = seen.get_mut(*x as usize)
                && std::mem::replace(seen, true)
            {
                let name = names.get(*x as usize).map_or("", |name| name);
                return Err(fail(format!("`x` of `{function}` names `{name}` twice")));
            }
        }
    }
    Ok(())
}
