//! Durations and sizes as a script gives them: text as in the manifest, or a plain int.

use crate::failure::{Answer, fail};
use crate::number::kind;
use rhai::Dynamic;
use std::time::Duration;

/// A duration: `"30s"`, `"1h30m"`, `"250ms"`, or an int of milliseconds.
///
/// # Errors
/// It is neither; `what` names it.
pub fn duration(value: &Dynamic, what: &str) -> Answer<Duration> {
    if let Ok(milliseconds) = value.as_int() {
        return u64::try_from(milliseconds)
            .map(Duration::from_millis)
            .map_err(|_| fail(format!("{what} must not be negative, but is {milliseconds}")));
    }
    let Ok(text) = value.as_immutable_string_ref().map(|text| text.clone()) else {
        return Err(fail(format!("{what} must be a duration such as \"30s\", or milliseconds, not {}", kind(value))));
    };
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3_600.0), ("d", 86_400.0)];
    seconds(&text, &units)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| fail(format!("{what} must be a duration such as \"250ms\", \"30s\" or \"5m\", not \"{text}\"")))
}

/// A size in bytes: `"64MiB"`, `"8GB"`, or an int of bytes.
///
/// # Errors
/// It is neither; `what` names it.
pub fn size(value: &Dynamic, what: &str) -> Answer<u64> {
    if let Ok(bytes) = value.as_int() {
        return u64::try_from(bytes).map_err(|_| fail(format!("{what} must not be negative, but is {bytes}")));
    }
    let Ok(text) = value.as_immutable_string_ref().map(|text| text.clone()) else {
        return Err(fail(format!("{what} must be a size such as \"64MiB\", or bytes, not {}", kind(value))));
    };
    let wrong = || fail(format!("{what} must be a size such as \"64MiB\" or \"8GB\", not \"{text}\""));
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..end].parse().map_err(|_| wrong())?;
    let unit = match text[end..].trim() {
        "" | "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "KiB" => 1024.0,
        "MiB" => 1_048_576.0,
        "GiB" => 1_073_741_824.0,
        "TiB" => 1_099_511_627_776.0,
        _ => return Err(wrong()),
    };
    let bytes = (number * unit).round();
    if (0.0..9e15).contains(&bytes) { Ok(bytes as u64) } else { Err(wrong()) }
}

/// The sum of numbers with units in a row.
fn seconds(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let mut rest = text.trim();
    let mut total = (!rest.is_empty()).then_some(0.0)?;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..number_end].parse().ok()?;
        rest = &rest[number_end..];
        let unit_end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (_, unit) = units.iter().find(|(name, _)| *name == &rest[..unit_end])?;
        total += number * unit;
        rest = &rest[unit_end..];
    }
    Some(total)
}

/// An amount of bytes for people: `256 MiB`, `1.5 GiB`.
#[must_use]
pub fn shown_size(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut amount = bytes as f64;
    let mut unit = 0;
    while amount >= 1024.0 && unit + 1 < units.len() {
        amount /= 1024.0;
        unit += 1;
    }
    let number = if amount.fract() == 0.0 { format!("{amount}") } else { format!("{amount:.1}") };
    format!("{number} {}", units[unit])
}

/// A duration for people: `30 s`, `250 ms`, `5 min`.
#[must_use]
pub fn shown_duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        _ if milliseconds.is_multiple_of(60_000) => format!("{} min", milliseconds / 60_000),
        _ => format!("{} s", duration.as_secs_f64()),
    }
}
