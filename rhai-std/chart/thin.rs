//! Fewer points that look the same.

use super::canvas::Point;
use std::collections::HashSet;

/// More points than that on one line are thinned.
const LINE: usize = 4000;
/// Most points of a line that goes back and forth.
const TANGLED: usize = 8_000;
/// Most marks of a chart.
const MARKS: usize = 8000;

/// A line that looks like the one through `points`. One that runs from left to right keeps, in each column of pixels, its first, lowest, highest
/// and last point, which draws the same pixels (M4: Jugel, Jerzak, Hackenbroich and Markl, "M4: A Visualization-Oriented Time Series Data
/// Aggregation", VLDB 2014). Any other loses points that lie on the one before, and, if that leaves too many, all but every n-th.
pub fn line(points: Vec<Point>) -> Vec<Point> {
    if points.len() <= LINE {
        return points;
    }
    if points.windows(2).all(|pair| pair[0].0 <= pair[1].0) {
        return columns(&points);
    }
    let mut kept: Vec<Point> = Vec::new();
    let near = |a: f64, b: f64| (a - b).abs() < 0.5;
    for point in points {
        if kept.last().is_none_or(|last| !near(last.0, point.0) || !near(last.1, point.1)) {
            kept.push(point);
        }
    }
    let stride = kept.len().div_ceil(TANGLED).max(1);
    kept.into_iter().step_by(stride).collect()
}

fn columns(points: &[Point]) -> Vec<Point> {
    let mut kept = Vec::new();
    for column in points.chunk_by(|a, b| a.0.floor() == b.0.floor()) {
        let by_height = |a: &(usize, &Point), b: &(usize, &Point)| a.1.1.total_cmp(&b.1.1);
        let lowest = column.iter().enumerate().min_by(by_height).map_or(0, |(at, _)| at);
        let highest = column.iter().enumerate().max_by(by_height).map_or(0, |(at, _)| at);
        let mut places = [0, lowest, highest, column.len() - 1];
        places.sort_unstable();
        kept.extend(
            places.iter().enumerate().filter(|(n, at)| *n == 0 || places[n - 1] != **at).map(|(_, at)| column[*at]),
        );
    }
    kept
}

/// The marks of all series, without those that would cover one of their own series: of those within a cell of some pixels the first is kept. The
/// cells grow until few enough are left.
pub fn marks(series: &[Vec<Point>]) -> Vec<Vec<Point>> {
    let mut kept = series.to_vec();
    let mut cell = 0.5;
    while kept.iter().map(Vec::len).sum::<usize>() > MARKS {
        for points in &mut kept {
            let mut seen = HashSet::new();
            points.retain(|(x, y)| seen.insert(((x / cell).floor() as i64, (y / cell).floor() as i64)));
        }
        cell *= 1.5;
    }
    kept
}
