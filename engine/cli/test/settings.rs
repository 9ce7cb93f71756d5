//! `runtime { testing { … } }`

use std::collections::BTreeMap;
use std::path::Path;
use thinking_diagnostic::Spanned;
use thinking_manifest::{Model, units};
use thinking_schema::{DurationText, ReportTo};
use thinking_testing::protocol::{Destination, Settings};

/// How long a try may take where nothing says so, milliseconds.
const TIMEOUT: u64 = 60_000;
/// From when on a test is slow where nothing says so, milliseconds.
const SLOW: u64 = 10_000;

/// What a manifest says of running tests. Places of reports are relative to `root`.
pub(super) fn of(model: &Model, root: &Path) -> Settings {
    let testing = model.manifest.runtime.as_ref().and_then(|runtime| runtime.testing.clone()).unwrap_or_default();
    let reports = [
        ("junit", testing.junit),
        ("html", testing.html),
        ("json", testing.json),
        ("github", testing.github),
        ("coverage", testing.coverage),
    ];
    let reports: BTreeMap<String, Destination> = reports
        .into_iter()
        .filter_map(|(name, to)| {
            let to = match to?.value {
                ReportTo::On(false) => Destination::Off,
                ReportTo::On(true) => Destination::Run,
                ReportTo::Path(path) => Destination::To(root.join(path).display().to_string()),
            };
            Some((name.to_owned(), to))
        })
        .collect();
    Settings {
        timeout: millis(testing.timeout.as_ref()).or(Some(TIMEOUT)),
        slow: millis(testing.slow.as_ref()).or(Some(SLOW)),
        retries: testing.retries.map(|retries| retries.value),
        jobs: testing.jobs.and_then(|jobs| usize::try_from(jobs.value).ok()),
        reports,
    }
}

fn millis(duration: Option<&Spanned<DurationText>>) -> Option<u64> {
    u64::try_from(units::duration(&duration?.value.0)?.as_millis()).ok()
}
