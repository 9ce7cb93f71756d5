//! `chart::histogram`.

use super::axis::{Axis, Ends};
use super::bar::bar;
use super::canvas::Canvas;
use super::data;
use super::frame::Frame;
use super::options::Options;
use super::palette;
use super::ticks;
use crate::failure::{Answer, fail, raise};
use thinking_step::StepError;

/// Most bins that are chosen without being asked for.
const MOST: usize = 100;

pub fn draw(options: &mut Options) -> Answer<Canvas> {
    options.expect(&["values", "bins", "y_log"])?;
    let function = options.function;
    let Some(values) = options.take("values") else {
        let help = format!("write `{function}(\"chart.svg\", #{{ title: \"…\", values: […] }})`");
        return Err(raise(StepError::script(format!("`{function}` needs `values`")).help(help)));
    };
    let mut values = data::numbers(&values, "values", function)?;
    values.retain(|value| value.is_finite());
    values.sort_unstable_by(f64::total_cmp);
    let asked = options.int("bins", 1..=1000)?;
    let log = options.flag("y_log")?;
    let mut labels = options.labels()?;
    if labels.y.is_empty() {
        "count".clone_into(&mut labels.y);
    }
    let edges = match asked {
        Some(bins) => equal(&values, bins as usize),
        None => round(&values),
    };
    if edges.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(fail(format!("`values` of `{function}` lie too near to each other for so many bins")));
    }
    let counts = count(&values, &edges);
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let ends = (edges.first().copied().unwrap_or(0.0), edges.last().copied().unwrap_or(1.0));
    let whole = values.iter().all(|value| value.fract() == 0.0);
    let x = |count| Axis::numbers(ends, count, Ends::Exact, false, whole);
    // On a logarithmic axis one is twice as high as the bottom.
    let low = if log { 0.5 } else { 0.0 };
    let y = |count| Axis::numbers((low, most), count, Ends::Round, log, !log);
    let mut frame = Frame::new(&labels, &[], &x, &y)?;
    if values.is_empty() {
        frame.say("no data");
    }
    for (pair, count) in edges.windows(2).zip(counts) {
        if count > 0 {
            bar(&mut frame, pair[0], pair[1], count as f64, palette::fill(0));
        }
    }
    frame.base_line();
    Ok(frame.canvas)
}

/// So many bins of one width from the smallest to the largest value.
fn equal(sorted: &[f64], bins: usize) -> Vec<f64> {
    let (low, high) = ends(sorted);
    (0..=bins).map(|at| if at == bins { high } else { low + (high - low) * (at as f64 / bins as f64) }).collect()
}

/// Bins with round edges. Their width is near the smaller one of two rules: Freedman and Diaconis' 2·IQR·n^(−1/3) ("On the histogram as a
/// density estimator", 1981), which fits many values, and Sturges' range / (log₂ n + 1) ("The choice of a class interval", 1926), which fits few
/// and needs no spread in the middle. Whole numbers that differ little get a bin each.
fn round(sorted: &[f64]) -> Vec<f64> {
    let (low, high) = ends(sorted);
    let n = (sorted.len() as f64).max(1.0);
    let quantile = |p: f64| sorted.get(((n - 1.0) * p).round() as usize).copied().unwrap_or(0.0);
    let spread = 2.0 * (quantile(0.75) - quantile(0.25)) / n.cbrt();
    let sturges = (high - low) / (n.log2() + 1.0).ceil();
    let width = if spread > 0.0 { spread.min(sturges) } else { sturges };
    let bins = ((high - low) / width).ceil().clamp(1.0, MOST as f64) as usize;
    let whole = sorted.iter().all(|value| value.fract() == 0.0);
    if whole && high - low <= 30.0 {
        return (low as i64..=high as i64 + 1).map(|value| value as f64 - 0.5).collect();
    }
    let edges: Vec<f64> = ticks::linear(low, high, bins, true, whole).iter().map(|tick| tick.value).collect();
    if edges.len() < 2 { equal(sorted, bins) } else { edges }
}

fn ends(sorted: &[f64]) -> (f64, f64) {
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else { return (0.0, 1.0) };
    let size = low.abs().max(high.abs());
    if high - low > size * 1e-11 {
        return (low, high);
    }
    let room = if size == 0.0 { 0.5 } else { size * 0.05 };
    (low - room, high + room)
}

/// How many values each bin holds: its lower edge belongs to it, its upper one to the next; the last one's belongs to it too.
fn count(sorted: &[f64], edges: &[f64]) -> Vec<usize> {
    let below = |edge: f64| sorted.partition_point(|value| *value < edge);
    let last = edges.len().saturating_sub(2);
    let pairs = edges.windows(2).enumerate();
    pairs.map(|(at, pair)| if at == last { sorted.len() } else { below(pair[1]) } - below(pair[0])).collect()
}
