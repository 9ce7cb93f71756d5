//! Durations as people say them.

/// A duration in microseconds as short text: `0.8ms`, `3.2s`, `1m 20s`, `2h 05m`.
#[must_use]
pub fn duration(micros: u64) -> String {
    // Rounded first, so that nothing shows as `60.0s`.
    let tenths_of_millis = micros.saturating_add(50) / 100;
    let tenths = micros.saturating_add(50_000) / 100_000;
    let seconds = micros.saturating_add(500_000) / 1_000_000;
    let minutes = seconds.saturating_add(30) / 60;
    if tenths_of_millis < 1000 {
        format!("{}.{}ms", tenths_of_millis / 10, tenths_of_millis % 10)
    } else if tenths < 600 {
        format!("{}.{}s", tenths / 10, tenths % 10)
    } else if seconds < 3600 {
        format!("{}m {:02}s", seconds / 60, seconds % 60)
    } else {
        format!("{}h {:02}m", minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn each_size() {
        let texts = [
            (0, "0.0ms"),
            (812, "0.8ms"),
            (99_949, "99.9ms"),
            (99_950, "0.1s"),
            (3_210_000, "3.2s"),
            (59_949_999, "59.9s"),
            (59_950_000, "1m 00s"),
            (80_000_000, "1m 20s"),
            (3_599_499_999, "59m 59s"),
            (3_599_500_000, "1h 00m"),
            (7_500_000_000, "2h 05m"),
            (360_000_000_000, "100h 00m"),
            (u64::MAX, "5124095576h 02m"),
        ];
        for (micros, text) in texts {
            assert_eq!(duration(micros), text, "{micros}");
        }
    }
}
