//! What tests reached, written beside the other reports.

use crate::cli::output;
use crate::cli::test::reports::Reports;
use std::collections::BTreeMap;
use std::path::Path;
use thinking_event::testing::Coverage;
use thinking_report::coverage;
use thinking_testing::protocol::Ready;

/// Writes coverage where it is wanted, and gives the page its part. Says whether all could be written.
pub(super) fn write(reports: &Reports, covered: &Coverage, ready: &[Ready]) -> bool {
    if reports.coverage.is_none() && reports.page.is_none() {
        return true;
    }
    let files = covered.lines.keys().cloned().chain(covered.parts.values().map(|reach| reach.file.clone()));
    let texts: BTreeMap<String, String> = files.filter_map(|file| Some((file.clone(), text(&file, ready)?))).collect();
    if let Some(page) = &reports.page {
        let fragment = format!("<style>{}</style>{}", coverage::html_style(), coverage::html_fragment(covered, &texts));
        // Nobody else sets it.
        let _ = page.set(fragment);
    }
    let Some(directory) = &reports.coverage else { return true };
    match coverage::write(directory, covered, &texts) {
        Ok(()) => true,
        Err(error) => {
            output::talk(&format!("{error}\n"));
            false
        }
    }
}

/// The text of a file as it is shown: relative to where one stands, or to a project.
fn text(file: &str, ready: &[Ready]) -> Option<String> {
    let here = std::fs::read_to_string(file).ok();
    here.or_else(|| ready.iter().find_map(|one| std::fs::read_to_string(Path::new(&one.root).join(file)).ok()))
}
