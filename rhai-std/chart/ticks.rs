//! Round numbers along an axis.

/// A place on an axis and what stands there.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// The value, in the axis's own measure.
    pub value: f64,
    /// What it is called.
    pub label: String,
    /// A second line, where there is something to say: the day of a time, the year of a month.
    pub below: String,
}

impl Tick {
    fn new(value: f64, label: String) -> Self {
        Self { value, label, below: String::new() }
    }
}

/// A step of `factor`/10 · 10^`exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    /// 10, 20, 25 or 50.
    factor: i64,
    exponent: i32,
}

impl Step {
    /// The smallest round step that is not below `least`.
    fn at_least(least: f64, whole: bool) -> Self {
        let least = if whole { least.max(1.0) } else { least };
        let exponent = least.log10().floor() as i32;
        let round = move |exponent| {
            let steps = [10, 20, 25, 50].map(|factor| Self { factor, exponent });
            steps.into_iter().filter(move |step| !whole || step.last_digit() >= 0)
        };
        let mut steps = round(exponent).chain(round(exponent + 1));
        // Rounding of the logarithm may put the first power off by one, never by more.
        steps.find(|step| step.size() >= least * (1.0 - 1e-9)).unwrap_or(Self { factor: 50, exponent: exponent + 1 })
    }

    fn size(self) -> f64 {
        self.times(1)
    }

    /// `count` steps. Powers of ten are exact up to 10²², so dividing by one gives the nearest float to 0.3 rather than 0.30000000000000004.
    fn times(self, count: i64) -> f64 {
        let exponent = self.exponent - 1;
        let units = (self.factor * count) as f64;
        if exponent < 0 { units / 10f64.powi(-exponent) } else { units * 10f64.powi(exponent) }
    }

    /// The power of ten of the last digit that every multiple can be written with.
    fn last_digit(self) -> i32 {
        if self.factor % 10 == 0 { self.exponent } else { self.exponent - 1 }
    }
}

/// Round numbers from `low` to `high`, about `count` of them. With `outward` the first is at or below `low` and the last at or above `high`.
/// `whole` keeps to whole numbers.
pub fn linear(low: f64, high: f64, count: usize, outward: bool, whole: bool) -> Vec<Tick> {
    let least = (high - low) / count.max(1) as f64;
    let step = Step::at_least(least, whole);
    let size = step.size();
    let (first, last) = if outward {
        ((low / size + 1e-9).floor(), (high / size - 1e-9).ceil())
    } else {
        ((low / size - 1e-9).ceil(), (high / size + 1e-9).floor())
    };
    let values: Vec<f64> = (first as i64..=last as i64).map(|count| step.times(count)).collect();
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    values.into_iter().map(|value| Tick::new(value, decimal(value, largest, step.last_digit()))).collect()
}

/// Powers of ten from `low` to `high` (both above 0), outward; with 2 and 5 between them where there is room.
pub fn logarithmic(low: f64, high: f64, count: usize) -> Vec<Tick> {
    // Within a narrow range round numbers say more than powers.
    if high / low < 5.0 {
        return linear(low, high, count, true, false).into_iter().filter(|tick| tick.value > 0.0).collect();
    }
    let (first, last) = ((low.log10() + 1e-9).floor() as i32, (high.log10() - 1e-9).ceil() as i32);
    let decades = usize::try_from(last - first).unwrap_or(1).max(1);
    let factors: &[i64] = match count / decades {
        0 | 1 => &[1],
        2 => &[1, 3],
        _ => &[1, 2, 5],
    };
    let stride = if factors.len() > 1 { 1 } else { decades.div_ceil(count.max(1)) };
    // The stride counts from 1, so that powers such as 10³ and 10⁶ stay where they are.
    let stride = i32::try_from(stride).unwrap_or(1);
    let first = first.div_euclid(stride) * stride;
    let mut ticks = Vec::new();
    let mut exponent = first;
    loop {
        for factor in factors {
            let value = Step { factor: factor * 10, exponent }.size();
            ticks.push(Tick::new(value, power(*factor, exponent)));
            if value >= high * (1.0 - 1e-9) {
                // All before the last one at or below the lowest value are of no use.
                let lowest = ticks.iter().rposition(|tick| tick.value <= low * (1.0 + 1e-9)).unwrap_or(0);
                return ticks.split_off(lowest);
            }
        }
        exponent += stride;
    }
}

/// A number as people write it: `12,500`, `0.05`, `2.5×10⁹`. `last` is the power of ten of its last digit, `largest` the size of the largest
/// number beside it.
fn decimal(value: f64, largest: f64, last: i32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let decimals = usize::try_from(-last).unwrap_or(0);
    if !(1e-3..1e7).contains(&largest) {
        let exponent = value.abs().log10().floor() as i32;
        let digits = usize::try_from(exponent - last).unwrap_or(0).min(15);
        let scientific = format!("{value:.digits$e}");
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let mantissa =
            if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
        return format!("{}×10{}", minus(mantissa), raised(exponent));
    }
    let plain = format!("{value:.decimals$}");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = whole.trim_start_matches('-');
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        // Four digits are read at a glance, and years have four.
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digits.len() > 4 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if whole.starts_with('-') { "−" } else { "" };
    format!("{sign}{grouped}{point}{fraction}")
}

fn power(factor: i64, exponent: i32) -> String {
    if (-3..=5).contains(&exponent) {
        let value = Step { factor: factor * 10, exponent }.size();
        return decimal(value, 1.0, exponent);
    }
    let times = if factor == 1 { String::new() } else { format!("{factor}×") };
    format!("{times}10{}", raised(&exponent.to_string()))
}

fn minus(text: &str) -> String {
    text.replace('-', "−")
}

fn raised(exponent: &str) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raise = |character: char| match character.to_digit(10).and_then(|digit| DIGITS.get(digit as usize)) {
        Some(digit) => *digit,
        None => '⁻',
    };
    exponent.chars().map(raise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> String {
        ticks.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn numbers_are_round_and_short() {
        let cases = [
            (0.0, 1.0, 5, "0 0.2 0.4 0.6 0.8 1.0"),
            (-3.0, 7.0, 4, "−2.5 0 2.5 5.0"),
            (0.0, 60.0, 6, "0 10 20 30 40 50 60"),
            (0.0, 40_000.0, 4, "0 10,000 20,000 30,000 40,000"),
            (2012.0, 2015.0, 3, "2012 2013 2014 2015"),
            (0.0, 3e9, 3, "0 1×10⁹ 2×10⁹ 3×10⁹"),
            (1e-12, 4e-12, 3, "1×10⁻¹² 2×10⁻¹² 3×10⁻¹² 4×10⁻¹²"),
            (0.0, 2.5e-5, 5, "0 5×10⁻⁶ 1×10⁻⁵ 1.5×10⁻⁵ 2×10⁻⁵ 2.5×10⁻⁵"),
            (1_000_000.0, 1_000_000.4, 4, "1,000,000.0 1,000,000.1 1,000,000.2 1,000,000.3 1,000,000.4"),
            (-1e300, 1e300, 2, "−1×10³⁰⁰ 0 1×10³⁰⁰"),
            (1e-300, 2e-300, 1, "1×10⁻³⁰⁰ 2×10⁻³⁰⁰"),
        ];
        for (low, high, count, expected) in cases {
            assert_eq!(labels(&linear(low, high, count, false, false)), expected, "{low} to {high}");
        }
        assert_eq!(labels(&linear(0.3, 9.2, 5, true, false)), "0 2 4 6 8 10");
        assert_eq!(labels(&linear(0.0, 3.0, 10, false, true)), "0 1 2 3");
        assert_eq!(labels(&linear(0.0, 24.0, 10, false, true)), "0 5 10 15 20");
    }

    #[test]
    fn powers_of_ten_are_thinned_or_filled() {
        let cases = [
            (1.0, 1000.0, 4, "1 10 100 1000"),
            (1.0, 90.0, 8, "1 2 5 10 20 50 100"),
            (0.02, 3.0, 4, "0.01 0.1 1 10"),
            (1e-12, 1e12, 7, "10⁻¹² 10⁻⁸ 10⁻⁴ 1 10,000 10⁸ 10¹²"),
            (3.0, 4.0, 5, "3.0 3.2 3.4 3.6 3.8 4.0"),
            (1e-300, 1e300, 4, "10⁻³⁰⁰ 10⁻¹⁵⁰ 1 10¹⁵⁰ 10³⁰⁰"),
        ];
        for (low, high, count, expected) in cases {
            assert_eq!(labels(&logarithmic(low, high, count)), expected, "{low} to {high}");
        }
    }
}
