//! `stats`: each function says its formula. Lists hold ints and floats alike.

use crate::failure::{Answer, fail, raise};
use crate::namespace::Namespace;
use crate::number::{number, numbers};
use rhai::{Array, Dynamic, INT, Map};
use thinking_step::{Class, StepError};

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("stats");
    let pure = Class::Pure;
    ns.function(
        "sum",
        pure,
        "sum(list)",
        "The sum; an int if all elements are (and it fits). 0 for an empty list.",
        |list: Array| sum(&list),
    );
    ns.function("mean", pure, "mean(list) -> float", "The arithmetic mean: Σx / n.", |list: Array| {
        let xs = some(&list, 1, "mean")?;
        Answer::Ok(mean(&xs))
    });
    ns.function(
        "median",
        pure,
        "median(list) -> float",
        "The middle of the sorted list, or the mean of the two in the middle.",
        |list: Array| quantile(&list, 0.5, "median"),
    );
    ns.function(
        "variance",
        pure,
        "variance(list) -> float",
        "The sample variance: Σ(x − mean)² / (n − 1). Needs two elements.",
        |list: Array| Answer::Ok(variance(&some(&list, 2, "variance")?)),
    );
    ns.function(
        "stdev",
        pure,
        "stdev(list) -> float",
        "The sample standard deviation: the square root of `variance`.",
        |list: Array| Answer::Ok(variance(&some(&list, 2, "stdev")?).sqrt()),
    );
    ns.function(
        "quantile",
        pure,
        "quantile(list, p) -> float",
        "Type 7: with the sorted x₀…xₙ₋₁ and h = (n − 1)·p, x[⌊h⌋] + (h − ⌊h⌋)·(x[⌊h⌋+1] − x[⌊h⌋]). p is from 0 to 1.",
        |list: Array, p: Dynamic| quantile(&list, number(&p, "p")?, "quantile"),
    );
    ns.function("min", pure, "min(list) -> float", "The smallest element.", |list: Array| {
        Answer::Ok(some(&list, 1, "min")?.into_iter().fold(f64::INFINITY, f64::min))
    });
    ns.function("max", pure, "max(list) -> float", "The largest element.", |list: Array| {
        Answer::Ok(some(&list, 1, "max")?.into_iter().fold(f64::NEG_INFINITY, f64::max))
    });
    ns.function(
        "linear_fit",
        pure,
        "linear_fit(xs, ys) -> #{ slope, intercept, r2 }",
        "Least squares: slope = Σ(x − x̄)(y − ȳ) / Σ(x − x̄)², intercept = ȳ − slope·x̄, r2 = 1 − Σ(y − fit)² / Σ(y − ȳ)² (1 if all y are equal).",
        |xs: Array, ys: Array| linear_fit(&xs, &ys),
    );
    ns
}

fn some(list: &Array, least: usize, function: &str) -> Answer<Vec<f64>> {
    let xs = known(list)?;
    if xs.len() < least {
        let needed = if least == 1 { "one element".to_owned() } else { format!("{least} elements") };
        return Err(fail(format!("`stats::{function}` needs at least {needed}, but the list has {}", xs.len())));
    }
    Ok(xs)
}

/// The numbers of a list. NaN would make any figure NaN, or depend on its place: what it stands for must be decided before.
fn known(list: &Array) -> Answer<Vec<f64>> {
    let xs = numbers(list)?;
    match xs.iter().position(|x| x.is_nan()) {
        None => Ok(xs),
        Some(at) => Err(raise(
            StepError::script(format!("element {at} must be a number, not NaN"))
                .help("NaN does not even equal itself: `list.filter(|x| x == x)` leaves it out"),
        )),
    }
}

pub(crate) fn sum(list: &Array) -> Answer<Dynamic> {
    // Wide enough that the order of the elements cannot decide whether the sum fits.
    let ints = list.iter().try_fold(0_i128, |sum, value| value.as_int().ok().map(|int| sum + i128::from(int)));
    match ints.and_then(|sum| INT::try_from(sum).ok()) {
        Some(sum) => Ok(sum.into()),
        None => Ok(total(&known(list)?).into()),
    }
}

/// The sum with the rounding errors carried along (Neumaier), so that long lists of small numbers keep their digits.
fn total(xs: &[f64]) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for &x in xs {
        let next = sum + x;
        lost += if sum.abs() >= x.abs() { (sum - next) + x } else { (x - next) + sum };
        sum = next;
    }
    // Beyond what a float can say there is nothing to carry along.
    if sum.is_finite() { sum + lost } else { xs.iter().sum() }
}

fn mean(xs: &[f64]) -> f64 {
    total(xs) / xs.len() as f64
}

fn variance(xs: &[f64]) -> f64 {
    let mean = mean(xs);
    let squares: Vec<f64> = xs.iter().map(|x| (x - mean).powi(2)).collect();
    total(&squares) / (xs.len() - 1) as f64
}

fn quantile(list: &Array, p: f64, function: &str) -> Answer<f64> {
    if !(0.0..=1.0).contains(&p) {
        return Err(fail(format!("p must be from 0 to 1, but is {p}")));
    }
    let mut xs = some(list, 1, function)?;
    xs.sort_unstable_by(f64::total_cmp);
    let place = (xs.len() - 1) as f64 * p;
    let below = place.floor();
    let at = |index: usize| xs.get(index).or(xs.last()).copied().unwrap_or(f64::NAN);
    let (low, high) = (at(below as usize), at(below as usize + 1));
    Ok(if place == below { low } else { low + (place - below) * (high - low) })
}

fn linear_fit(xs: &Array, ys: &Array) -> Answer<Map> {
    let (xs, ys) = (some(xs, 2, "linear_fit")?, some(ys, 2, "linear_fit")?);
    if xs.len() != ys.len() {
        return Err(fail(format!(
            "`stats::linear_fit` needs lists of one length, but they have {} and {}",
            xs.len(),
            ys.len()
        )));
    }
    let (x_mean, y_mean) = (mean(&xs), mean(&ys));
    let pairs = || xs.iter().zip(&ys);
    let spread = total(&xs.iter().map(|x| (x - x_mean).powi(2)).collect::<Vec<_>>());
    if spread == 0.0 {
        return Err(fail("`stats::linear_fit` cannot fit a line: all xs are equal"));
    }
    let slope = total(&pairs().map(|(x, y)| (x - x_mean) * (y - y_mean)).collect::<Vec<_>>()) / spread;
    let intercept = y_mean - slope * x_mean;
    let rest = total(&pairs().map(|(x, y)| (y - slope * x - intercept).powi(2)).collect::<Vec<_>>());
    let all = total(&ys.iter().map(|y| (y - y_mean).powi(2)).collect::<Vec<_>>());
    let mut fit = Map::new();
    fit.insert("slope".into(), slope.into());
    fit.insert("intercept".into(), intercept.into());
    fit.insert("r2".into(), if all == 0.0 { 1.0 } else { 1.0 - rest / all }.into());
    Ok(fit)
}
