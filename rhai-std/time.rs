//! `time`: points in time are ints, milliseconds since 1970 in UTC.

use crate::evaluation::{check_cancelled, host, time_left};
use crate::failure::{Answer, fail, raise};
use crate::namespace::Namespace;
use crate::number::number;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rhai::{Dynamic, INT, ImmutableString};
use std::time::Duration;
use thinking_step::Class;

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("time");
    ns.function("now", Class::Observe, "now() -> int", "Now, in milliseconds since 1970 UTC.", || -> Answer<INT> {
        let host = host()?;
        host.touch(Class::Observe, "time::now").map_err(raise)?;
        Ok(host.now())
    })
    .volatile();
    ns.function(
        "parse",
        Class::Pure,
        "parse(text) -> int",
        "The milliseconds since 1970 of `2026-01-31`, `2026-01-31T08:00:00` (both UTC) or `2026-01-31T08:00:00+02:00`.",
        |text: ImmutableString| parse(&text),
    );
    ns.function(
        "format",
        Class::Pure,
        "format(ms) -> string",
        "A point in time as RFC 3339 in UTC; a second argument is a pattern (`%Y-%m-%d`).",
        |ms: INT| -> Answer<String> { Ok(timestamp(ms)?.to_string()) },
    );
    ns.form("format", |ms: INT, pattern: ImmutableString| -> Answer<String> {
        let time = timestamp(ms)?.to_zoned(TimeZone::UTC);
        jiff::fmt::strtime::format(pattern.as_str(), &time)
            .map_err(|error| fail(format!("`{pattern}` is not a pattern for a time: {error}")))
    });
    ns.function(
        "sleep",
        Class::Observe,
        "sleep(seconds)",
        "Waits for so many seconds (int or float); ends at once if the step is to stop or its time is over.",
        |seconds: Dynamic| sleep(&seconds),
    );
    ns
}

/// Rhai has a `sleep` of its own that nothing can interrupt; this one takes its place.
pub(crate) fn globals() -> Namespace {
    let mut ns = Namespace::global("");
    ns.function("sleep", Class::Observe, "sleep(seconds)", "As `time::sleep`.", |seconds: INT| sleep(&seconds.into()));
    ns.form("sleep", |seconds: f64| sleep(&seconds.into()));
    ns
}

fn timestamp(ms: INT) -> Answer<Timestamp> {
    Timestamp::from_millisecond(ms)
        .map_err(|_| fail(format!("{ms} is no point in time between the years -9999 and 9999")))
}

/// A date, or a date and time, as milliseconds since 1970 UTC.
pub(crate) fn parse(text: &str) -> Answer<INT> {
    let text = text.trim();
    let utc = |time: DateTime| time.to_zoned(TimeZone::UTC).map(|time| time.timestamp());
    let parsed = text
        .parse::<Timestamp>()
        .or_else(|_| text.parse::<DateTime>().and_then(utc))
        .or_else(|_| text.parse::<Date>().and_then(|date| utc(date.at(0, 0, 0, 0))));
    parsed
        .map(Timestamp::as_millisecond)
        .map_err(|_| fail(format!("`{text}` is not a time such as 2026-01-31T08:00:00Z")))
}

fn sleep(seconds: &Dynamic) -> Answer<()> {
    let seconds = number(seconds, "the number of seconds")?;
    let wait =
        Duration::try_from_secs_f64(seconds).map_err(|_| fail(format!("cannot wait for {seconds:?} seconds")))?;
    host()?.touch(Class::Observe, "time::sleep").map_err(raise)?;
    let (host, mut left) = (host()?, wait);
    // Where waiting takes no time, it takes none of the script's either.
    while !left.is_zero() {
        let part = time_left().map_or(left, |most| most.min(left));
        host.pause(part).map_err(raise)?;
        check_cancelled()?;
        left = left.saturating_sub(part);
    }
    check_cancelled()
}
