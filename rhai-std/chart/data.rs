//! The points of a chart, out of lists.

use super::options::{Options, clean};
use super::palette::MOST_SERIES;
use crate::failure::{Answer, fail, raise};
use crate::number::kind;
use crate::stream::settled;
use crate::time;
use rhai::{Dynamic, INT, Map};
use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};
use thinking_step::StepError;

/// Larger numbers (and their differences) may not fit into a float.
const LARGEST: f64 = 1e300;
/// Most numbers of a range that becomes a list.
const LONGEST: INT = 10_000_000;

/// What stands along the horizontal axis.
#[derive(Debug, Clone, PartialEq)]
pub enum Along {
    /// Numbers.
    Numbers,
    /// Milliseconds since 1970 UTC.
    Times,
    /// Names, each at the place of its index.
    Names(Vec<String>),
}

/// Points that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// For the legend; `None` if there is only one series, without a name.
    pub name: Option<String>,
    /// In the script's order. Gaps are NaN.
    pub points: Vec<(f64, f64)>,
}

/// All points.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// What `x` is.
    pub along: Along,
    /// At least one.
    pub series: Vec<Series>,
}

impl Data {
    /// Smallest and largest value of one coordinate; `None` if there is no point.
    pub fn range(&self, coordinate: impl Fn(&(f64, f64)) -> f64) -> Option<(f64, f64)> {
        let points = self.series.iter().flat_map(|series| &series.points);
        let drawn = points.filter(|(x, y)| x.is_finite() && y.is_finite()).map(coordinate);
        drawn.fold(None, |range, value| match range {
            None => Some((value, value)),
            Some((low, high)) => Some((low.min(value), high.max(value))),
        })
    }
}

/// What an x is, before all of them are known.
enum Place {
    Gap,
    Number(f64),
    Text(String),
}

/// A series as a script gives it.
struct Raw {
    name: Option<String>,
    x: Option<Vec<Place>>,
    y: Vec<f64>,
}

/// Reads `x`, `y` and `series`. With `names`, whatever `x` is becomes a name.
///
/// # Errors
/// They are missing, contradict each other, or hold what is no number.
pub fn read(options: &mut Options, names: bool) -> Answer<Data> {
    let function = options.function;
    let times = !names && options.flag("x_time")?;
    let x = options.take("x").map(|x| places(&x, "x", function)).transpose()?;
    let raw = match (options.take("y"), options.take("series")) {
        (Some(_), Some(_)) => return Err(fail(format!("`{function}` takes `y` or `series`, not both"))),
        (None, None) => {
            let help = format!("write `{function}(\"chart.svg\", #{{ title: \"…\", x: […], y: […] }})`");
            return Err(raise(StepError::script(format!("`{function}` needs `y`, or `series`")).help(help)));
        }
        (Some(y), None) => vec![Raw { name: None, x: None, y: numbers(&y, "y", function)? }],
        (None, Some(series)) => many(&series, function)?,
    };
    if raw.is_empty() {
        return Err(fail(format!("`series` of `{function}` holds no series")));
    }
    if raw.len() > MOST_SERIES {
        let count = raw.len();
        return Err(fail(format!("`{function}` draws up to {MOST_SERIES} series that can be told apart, not {count}")));
    }
    join(x.as_deref(), raw, names, times, function)
}

/// The numbers of one option.
///
/// # Errors
/// It is no list, or holds what is no number.
pub fn numbers(value: &Dynamic, name: &str, function: &str) -> Answer<Vec<f64>> {
    let mut numbers = Vec::new();
    each(value, name, function, |at, value| {
        numbers.push(number(value, at, name, function)?);
        Ok(())
    })?;
    Ok(numbers)
}

fn number(value: &Dynamic, at: usize, name: &str, function: &str) -> Answer<f64> {
    if value.is_unit() {
        return Ok(f64::NAN);
    }
    let Ok(number) = value.as_float().or_else(|_| value.as_int().map(|int| int as f64)) else {
        let what = format!("element {at} of `{name}` of `{function}` must be a number, not {}", kind(value));
        return Err(raise(StepError::script(what).help("a gap is `()`")));
    };
    if number.is_finite() && number.abs() > LARGEST {
        return Err(fail(format!("element {at} of `{name}` of `{function}` is {number:e}: too large to be drawn")));
    }
    // What is not finite is a gap; what is nearly nothing is nothing.
    Ok(if !number.is_finite() {
        f64::NAN
    } else if number.abs() < 1.0 / LARGEST {
        0.0
    } else {
        number
    })
}

fn places(value: &Dynamic, name: &str, function: &str) -> Answer<Vec<Place>> {
    let mut places = Vec::new();
    each(value, name, function, |at, value| {
        let place = if value.is_string() || value.is_char() {
            Place::Text(clean(&value.to_string()))
        } else if value.is_unit() {
            Place::Gap
        } else if value.is_int() || value.is_float() {
            let number = number(value, at, name, function)?;
            if number.is_nan() { Place::Gap } else { Place::Number(number) }
        } else {
            let what = kind(value);
            return Err(fail(format!(
                "element {at} of `{name}` of `{function}` must be a number or a string, not {what}"
            )));
        };
        places.push(place);
        Ok(())
    })?;
    Ok(places)
}

/// Goes through a list, also one whose elements come one after the other, or a range of ints.
fn each(
    value: &Dynamic,
    name: &str,
    function: &str,
    mut item: impl FnMut(usize, &Dynamic) -> Answer<()>,
) -> Answer<()> {
    let value = &*settled(value)?;
    if let Ok(list) = value.as_array_ref() {
        return list.iter().enumerate().try_for_each(|(at, value)| item(at, value));
    }
    let range = value.read_lock::<Range<INT>>().map(|range| range.clone());
    let range = range.or_else(|| {
        let range = value.read_lock::<RangeInclusive<INT>>()?;
        Some(*range.start()..range.end().saturating_add(1))
    });
    let Some(range) = range else {
        return Err(fail(format!("`{name}` of `{function}` must be a list, not {}", kind(value))));
    };
    if range.end.saturating_sub(range.start) > LONGEST {
        return Err(fail(format!("`{name}` of `{function}` has more than {LONGEST} elements")));
    }
    range.enumerate().try_for_each(|(at, int)| item(at, &int.into()))
}

/// Several series: a map by name, or a list of maps that keeps its order.
fn many(value: &Dynamic, function: &str) -> Answer<Vec<Raw>> {
    let value = &*settled(value)?;
    if let Ok(map) = value.as_map_ref() {
        return map.iter().map(|(name, value)| one(name, value, function)).collect();
    }
    if let Ok(list) = value.as_array_ref() {
        return list.iter().enumerate().map(|(at, value)| listed(at, value, function)).collect();
    }
    let what = kind(value);
    Err(fail(format!("`series` of `{function}` must be a map such as `#{{ train: […], test: […] }}`, not {what}")))
}

fn listed(at: usize, value: &Dynamic, function: &str) -> Answer<Raw> {
    let bad = || fail(format!("element {at} of `series` of `{function}` must be `#{{ name: \"…\", y: […] }}`"));
    let map = value.as_map_ref().map_err(|_| bad())?;
    let name = map.get("name").filter(|name| name.is_string()).ok_or_else(bad)?.to_string();
    let mut rest: Map = map.clone();
    rest.remove("name");
    one(&name, &Dynamic::from_map(rest), function)
}

fn one(name: &str, value: &Dynamic, function: &str) -> Answer<Raw> {
    let path = format!("series.{name}");
    let name = Some(clean(name));
    let Ok(map) = value.as_map_ref() else {
        return Ok(Raw { name, x: None, y: numbers(value, &path, function)? });
    };
    if let Some(wrong) = map.keys().find(|key| !["x", "y"].contains(&key.as_str())) {
        return Err(fail(format!("`{path}` of `{function}` takes `x` and `y`, not `{wrong}`")));
    }
    let y = map.get("y").ok_or_else(|| fail(format!("`{path}` of `{function}` needs `y`")))?;
    let x = map.get("x").map(|x| places(x, &format!("{path}.x"), function)).transpose()?;
    Ok(Raw { name, x, y: numbers(y, &format!("{path}.y"), function)? })
}

/// Brings x and y together, once it is known what all x are.
fn join(shared: Option<&[Place]>, raw: Vec<Raw>, names: bool, times: bool, function: &str) -> Answer<Data> {
    let all = || shared.into_iter().chain(raw.iter().filter_map(|series| series.x.as_deref())).flatten();
    let texts = all().any(|place| matches!(place, Place::Text(_)));
    let numbers = all().any(|place| matches!(place, Place::Number(_)));
    if texts && numbers && !names {
        return Err(fail(format!("`x` of `{function}` mixes numbers and strings")));
    }
    let instants = |place: &Place| match place {
        Place::Text(text) => time::parse(text).ok().map(|ms| ms as f64),
        _ => Some(f64::NAN),
    };
    let dates = texts && !names && all().all(|place| instants(place).is_some());
    let mut places = Places { names: Vec::new(), index: HashMap::new() };
    let mut place = |place: &Place| match place {
        Place::Gap => f64::NAN,
        Place::Number(number) if names => places.of(number.to_string()),
        Place::Number(number) => *number,
        Place::Text(_) if dates => instants(place).unwrap_or(f64::NAN),
        Place::Text(text) => places.of(text.clone()),
    };
    let mut series = Vec::with_capacity(raw.len());
    for Raw { name, x, y } in &raw {
        let xs: Vec<f64> = match x.as_deref().or(shared) {
            Some(xs) if xs.len() != y.len() => {
                let (of, have, need) = (name.as_deref().map_or("y", |name| name), y.len(), xs.len());
                return Err(fail(format!("`x` of `{function}` has {need} elements, but `{of}` has {have}")));
            }
            Some(xs) => xs.iter().map(&mut place).collect(),
            None if names => (0..y.len()).map(|at| place(&Place::Number(at as f64))).collect(),
            None => (0..y.len()).map(|at| at as f64).collect(),
        };
        series.push(Series { name: name.clone(), points: xs.into_iter().zip(y.iter().copied()).collect() });
    }
    let along = if names || (texts && !dates) {
        Along::Names(places.names)
    } else if dates || times {
        Along::Times
    } else {
        Along::Numbers
    };
    Ok(Data { along, series })
}

/// Names in the order in which they first occur.
struct Places {
    names: Vec<String>,
    index: HashMap<String, usize>,
}

impl Places {
    fn of(&mut self, name: String) -> f64 {
        let next = self.names.len();
        let at = *self.index.entry(name.clone()).or_insert(next);
        if at == next {
            self.names.push(name);
        }
        at as f64
    }
}
