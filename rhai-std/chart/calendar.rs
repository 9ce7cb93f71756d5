//! Points in time along an axis, in UTC.

use super::ticks::Tick;
use jiff::Timestamp;
use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// A month's usual length, to compare steps with.
const MONTH: i64 = 30 * DAY + DAY / 2;

/// From one tick to the next.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// So many milliseconds, counted from midnight of the first of January 1970.
    Fixed(i64),
    Months(i64),
}

const STEPS: &[Step] = &[
    Step::Fixed(1),
    Step::Fixed(2),
    Step::Fixed(5),
    Step::Fixed(10),
    Step::Fixed(20),
    Step::Fixed(50),
    Step::Fixed(100),
    Step::Fixed(200),
    Step::Fixed(500),
    Step::Fixed(SECOND),
    Step::Fixed(2 * SECOND),
    Step::Fixed(5 * SECOND),
    Step::Fixed(10 * SECOND),
    Step::Fixed(15 * SECOND),
    Step::Fixed(30 * SECOND),
    Step::Fixed(MINUTE),
    Step::Fixed(2 * MINUTE),
    Step::Fixed(5 * MINUTE),
    Step::Fixed(10 * MINUTE),
    Step::Fixed(15 * MINUTE),
    Step::Fixed(30 * MINUTE),
    Step::Fixed(HOUR),
    Step::Fixed(2 * HOUR),
    Step::Fixed(3 * HOUR),
    Step::Fixed(6 * HOUR),
    Step::Fixed(12 * HOUR),
    Step::Fixed(DAY),
    Step::Fixed(2 * DAY),
    Step::Fixed(7 * DAY),
    Step::Fixed(14 * DAY),
    Step::Months(1),
    Step::Months(2),
    Step::Months(3),
    Step::Months(6),
    Step::Months(12),
    Step::Months(24),
    Step::Months(60),
    Step::Months(120),
    Step::Months(240),
    Step::Months(600),
    Step::Months(1200),
    Step::Months(2400),
    Step::Months(6000),
    Step::Months(12_000),
];

impl Step {
    fn length(self) -> i64 {
        match self {
            Self::Fixed(length) => length,
            Self::Months(months) => months * MONTH,
        }
    }
}

/// Whether a chart can show a point in time: the years 1 to 9999.
pub fn is_time(ms: f64) -> bool {
    (-62_135_596_800_000.0..253_402_300_800_000.0).contains(&ms)
}

/// Round times from `low` to `high` (milliseconds since 1970), about `count` of them.
pub fn times(low: f64, high: f64, count: usize) -> Vec<Tick> {
    let (low, high) = (low.ceil() as i64, high.floor() as i64);
    let least = (high - low) / i64::try_from(count.max(1)).unwrap_or(1);
    let step = STEPS.iter().find(|step| step.length() >= least).or(STEPS.last()).copied().unwrap_or(Step::Fixed(DAY));
    let starts = match step {
        Step::Fixed(length) => fixed(low, high, length),
        Step::Months(months) => monthly(low, high, months),
    };
    let mut before: Option<DateTime> = None;
    let mut ticks = Vec::new();
    for ms in starts {
        let Some(time) = civil(ms) else { continue };
        let (label, below) = words(step, time, before);
        ticks.push(Tick { value: ms as f64, label, below });
        before = Some(time);
    }
    ticks
}

fn fixed(low: i64, high: i64, length: i64) -> Vec<i64> {
    // Weeks start on a Monday; 1970 started on a Thursday.
    let shift = if length % (7 * DAY) == 0 { 4 * DAY } else { 0 };
    let first = (low - shift).div_euclid(length) * length + shift;
    (0..).map(|count| first + count * length).skip_while(|ms| *ms < low).take_while(|ms| *ms <= high).collect()
}

fn monthly(low: i64, high: i64, months: i64) -> Vec<i64> {
    let Some(start) = civil(low) else { return Vec::new() };
    let first = (i64::from(start.year()) * 12 + i64::from(start.month()) - 1).div_euclid(months) * months;
    let at = |month: i64| {
        let year = i16::try_from(month.div_euclid(12)).ok()?;
        let month = i8::try_from(month.rem_euclid(12) + 1).ok()?;
        // The years 1 to 9999 are all there are.
        let day = (1..=9999).contains(&year).then(|| date(year, month, 1))?;
        Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
    };
    (0..4000)
        .filter_map(|count| at(first + count * months))
        .filter(|ms| *ms >= low)
        .take_while(|ms| *ms <= high)
        .collect()
}

fn civil(ms: i64) -> Option<DateTime> {
    Some(Timestamp::from_millisecond(ms).ok()?.to_zoned(TimeZone::UTC).datetime())
}

/// What is written at a time: the part that the step changes, and below it what a reader could not know, where it begins to hold.
fn words(step: Step, time: DateTime, before: Option<DateTime>) -> (String, String) {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = usize::try_from(time.month() - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or("");
    let year = time.year().to_string();
    let new_year = before.is_none_or(|before| before.year() != time.year());
    let new_day = before.is_none_or(|before| before.date() != time.date());
    let clock = format!("{:02}:{:02}", time.hour(), time.minute());
    let day = format!("{month} {}", time.day());
    match step {
        Step::Months(months) if months % 12 == 0 => (year, String::new()),
        Step::Months(_) => (month.to_owned(), if new_year { year } else { String::new() }),
        Step::Fixed(length) if length >= DAY => (day, if new_year { year } else { String::new() }),
        Step::Fixed(length) => {
            let label = if length >= MINUTE {
                clock
            } else if length >= SECOND {
                format!("{clock}:{:02}", time.second())
            } else {
                format!("{clock}:{:02}.{:03}", time.second(), time.millisecond())
            };
            (label, if new_day { format!("{day}, {year}") } else { String::new() })
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn times_are_round_and_say_their_day_or_year_once() {
        let cases = [
            ("2012-01-01", "2015-12-31", 4, "2012 2013 2014 2015"),
            ("2015-01-01", "2016-02-01", 7, "Jan/2015 Mar May Jul Sep Nov Jan/2016"),
            ("2026-01-05", "2026-02-02", 4, "Jan 5/2026 Jan 12 Jan 19 Jan 26 Feb 2"),
            ("2026-01-05T22:00:00", "2026-01-06T04:00:00", 4, "22:00/Jan 5, 2026 00:00/Jan 6, 2026 02:00 04:00"),
            ("2026-01-05T22:00:00", "2026-01-05T22:00:03", 3, "22:00:00/Jan 5, 2026 22:00:01 22:00:02 22:00:03"),
            ("0001-01-01", "9999-01-01", 5, "1000 2000 3000 4000 5000 6000 7000 8000 9000"),
        ];
        for (low, high, count, expected) in cases {
            let at = |text| crate::time::parse(text).unwrap() as f64;
            let ticks = times(at(low), at(high), count);
            let word = |tick: &Tick| match tick.below.as_str() {
                "" => tick.label.clone(),
                below => format!("{}/{below}", tick.label),
            };
            assert_eq!(ticks.iter().map(word).collect::<Vec<_>>().join(" "), expected, "{low} to {high}");
        }
    }
}
