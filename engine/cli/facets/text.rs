//! Facets for people.

use super::{Facet, Group, Overview, Told};
use thinking_manifest::Reason;
use thinking_manifest::resolved::Origin;
use thinking_report::{cut, cut_front};

/// The whole page; `width` is that of a terminal, `quiet` leaves out what each facet would change.
pub(crate) fn text(overview: &Overview, width: Option<usize>, quiet: bool) -> String {
    let mut page = Page { text: String::new(), width, quiet };
    for group in &overview.groups {
        page.group(group, overview.unfinished.as_deref());
    }
    if !overview.facets.is_empty() {
        page.text.push('\n');
        page.line(0, if overview.groups.is_empty() { "facets" } else { "without a group" });
        page.facets(&overview.facets, overview.unfinished.as_deref());
    }
    if overview.groups.is_empty() && overview.facets.is_empty() {
        page.line(0, "the manifest declares no facets");
    }
    page.text.push('\n');
    page.line(0, "modes, which the engine switches");
    for mode in &overview.modes {
        page.line(2, &format!("{:<4}  {}", mode.name, if mode.active { "active" } else { "off" }));
        if !mode.active && !mode.changes.is_empty() {
            page.changes("would change", &mode.changes);
        }
    }
    page.text.trim_start_matches('\n').to_owned()
}

struct Page {
    text: String,
    width: Option<usize>,
    quiet: bool,
}

impl Page {
    fn line(&mut self, indent: usize, line: &str) {
        let most = self.width.map_or(usize::MAX, |width| width.saturating_sub(indent).max(1));
        let line = format!("{:indent$}{}", "", cut(line, most, "…"));
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn group(&mut self, group: &Group, unfinished: Option<&str>) {
        self.text.push('\n');
        let about = group.description.as_ref().map(|about| format!(": {about}")).unwrap_or_default();
        self.line(0, &format!("group {}{about}", group.name));
        self.facets(&group.facets, unfinished);
    }

    fn facets(&mut self, facets: &[Facet], unfinished: Option<&str>) {
        let width = facets.iter().map(|facet| facet.name.chars().count()).max().unwrap_or(0);
        for facet in facets {
            let state = if facet.reason.is_some() { "active" } else { "off" };
            let why = why(facet, unfinished);
            let why = if why.is_empty() { why } else { format!(": {why}") };
            self.line(2, &format!("{:<width$}  {state}{why}", facet.name));
            if let Some(about) = &facet.description {
                self.line(2, &format!("{:width$}  {about}", ""));
            }
            let would = match (&facet.instead_of, facet.reason) {
                _ if facet.changes.is_empty() => "changes nothing".to_owned(),
                (Some(other), Some(_)) => format!("changes, compared with {other}"),
                (Some(other), None) => format!("would change, compared with {other}"),
                (None, Some(_)) => "changes".to_owned(),
                (None, None) => "would change".to_owned(),
            };
            self.changes(&would, &facet.changes);
        }
    }

    /// What changes, the places below each other.
    fn changes(&mut self, would: &str, changes: &[Told]) {
        if self.quiet {
            return;
        }
        self.line(4, would);
        let rows: Vec<Row> = changes.iter().map(Row::of).collect();
        let places = rows.iter().map(|row| row.place.chars().count()).max().unwrap_or(0);
        let widest = rows.iter().map(|row| row.line().chars().count()).max().unwrap_or(0);
        let room = self.width.map_or(usize::MAX, |width| width.saturating_sub(6 + 2 + places));
        // The longest line decides about the column of places, unless it is broken up anyway.
        let fitting = rows.iter().map(|row| row.line().chars().count()).filter(|length| *length <= room).max();
        let column = fitting.unwrap_or(widest).min(room);
        for row in rows {
            let line = row.line();
            if line.chars().count() <= room {
                self.line(6, &format!("{line:<column$}  {}", row.place));
                continue;
            }
            // Too narrow: the end of the path, below it what it becomes, below that the place.
            let most = self.width.map_or(usize::MAX, |width| width.saturating_sub(6));
            self.line(6, &format!("{}{}", row.mark, cut_front(&row.what, most.saturating_sub(row.mark.len()), "…")));
            if !row.becomes.is_empty() {
                self.line(8, row.becomes.trim_start_matches([':', ' ']));
            }
            self.line(8, &row.place);
        }
    }
}

/// A change as it is told.
struct Row {
    mark: &'static str,
    what: String,
    /// With what joins it to the rest of the line.
    becomes: String,
    place: String,
}

impl Row {
    fn line(&self) -> String {
        format!("{}{}{}", self.mark, self.what, self.becomes)
    }

    fn of(told: &Told) -> Self {
        let place = |origin: &Option<Origin>| origin.as_ref().map(|origin| format!("{}:{}", origin.file, origin.line));
        let value = told.change.setting.is_some();
        let (mark, becomes) = match told.change.texts() {
            (Some(before), Some(after)) => ("", format!(": {before} → {after}")),
            (None, Some(after)) if value => ("+ ", format!(": {after}")),
            (None, Some(after)) => ("+ ", format!(" {after}").trim_end().to_owned()),
            (Some(before), None) if value => ("- ", format!(": {before}")),
            (Some(_), None) | (None, None) => ("- ", String::new()),
        };
        let place = place(&told.after).or_else(|| place(&told.before)).unwrap_or_default();
        Self { mark, what: told.change.what(), becomes, place }
    }
}

/// Why it is active, or what `detect` says of it.
fn why(facet: &Facet, unfinished: Option<&str>) -> String {
    let detect = facet.detect.as_ref().map(|(code, said)| match said {
        Ok(said) => format!("`detect` is {said} ({})", code.trim()),
        Err(wrong) => format!("`detect` fails: {wrong}"),
    });
    let asked = match facet.reason {
        Some(Reason::CommandLine) => "asked for by --facet".to_owned(),
        Some(Reason::Environment) => "asked for by THINKING_FACETS".to_owned(),
        Some(Reason::Remembered) => format!("remembered by the unfinished run {}", unfinished.unwrap_or_default()),
        Some(Reason::Default) => "the group's default".to_owned(),
        Some(Reason::Detected) | None => return detect.unwrap_or_default(),
    };
    match detect {
        Some(detect) => format!("{asked}; {detect}"),
        None => asked,
    }
}
