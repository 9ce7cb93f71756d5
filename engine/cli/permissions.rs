//! `thinking validate --permissions`: what a manifest may touch, and what its steps are seen to touch.

use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;
use thinking_diagnostic::{Diagnostics, SourceMap, Span, Style, to_json};
use thinking_plan::{By, Grant, Right, Survey, Touch, Use};
use thinking_step::Class;

/// Something together with the facets that it depends on.
struct Under<'s, T> {
    what: &'s T,
    /// It is there with one of these facets only.
    only_with: Vec<&'s str>,
    /// It is not there with these facets.
    not_with: Vec<&'s str>,
}

/// What is permitted and what is used, under all facets at once.
pub(crate) struct Overview<'s> {
    grants: Vec<Under<'s, Grant>>,
    uses: Vec<Under<'s, Use>>,
}

/// A row of a table: its first word, what, where, and a remark.
type Row = [String; 4];

impl<'s> Overview<'s> {
    /// Lays the surveys under each facet over each other; the first is that without asking for a facet.
    pub fn new(surveys: &'s [(Vec<String>, Survey)]) -> Self {
        Self { grants: laid_over(surveys, |survey| &survey.grants), uses: laid_over(surveys, |survey| &survey.uses) }
    }

    /// For people: two tables.
    pub fn text(&self, sources: &SourceMap, path: &Path, style: Style) -> String {
        let bold = |text: &str| if style.color { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() };
        let mut text = format!("{}\n", bold(&format!("What {} may do", path.display())));
        text.push_str(&table(&self.granted(sources)));
        let _ = writeln!(text, "\n{}", bold("What its steps do, as far as it can be seen before a run"));
        let used = self.used(sources);
        if used.is_empty() {
            text.push_str("  nothing outside of the recorded state\n");
        }
        text.push_str(&table(&used));
        text
    }

    fn granted(&self, sources: &SourceMap) -> Vec<Row> {
        let mut rows = Vec::new();
        let rights = [
            (Right::Read, "read", ""),
            (Right::Write, "write", "nothing"),
            (Right::Run, "start", "no program"),
            (Right::Net, "connect to", "no host"),
            (Right::Env, "see", "no environment variable"),
        ];
        for (right, verb, nothing) in rights {
            let mut first = vec![verb.to_owned()];
            let mut row = |what: String, place: String, remark: String| {
                rows.push([first.pop().unwrap_or_default(), what, place, remark]);
            };
            if right == Right::Read {
                row("all in this folder but the recorded state".to_owned(), String::new(), String::new());
            }
            let own = self.grants.iter().filter(|grant| grant.what.right == right);
            let mut any = right == Right::Read;
            for grant in own {
                any = true;
                let by = match &grant.what.by {
                    By::Permissions => String::new(),
                    By::Param(name) => format!("parameter `{name}`"),
                    By::Input(step) => format!("input of `{step}`"),
                    By::Output(step) => format!("output of `{step}`"),
                };
                row(grant.what.pattern.clone(), place(grant.what.span, sources), grant.remark(by));
            }
            if !any {
                row(nothing.to_owned(), String::new(), String::new());
            }
        }
        if self.grants.iter().any(|grant| grant.what.right == Right::Run) {
            let note = "started programs are not confined: they may do what you may do";
            rows.push([String::new(), note.to_owned(), String::new(), String::new()]);
        }
        rows
    }

    fn used(&self, sources: &SourceMap) -> Vec<Row> {
        let several = self.uses.iter().any(|one| one.what.pipeline != self.uses[0].what.pipeline);
        let mut rows: Vec<Row> = Vec::new();
        let mut last: Option<String> = None;
        for used in &self.uses {
            let Use { pipeline, task, .. } = used.what;
            let task = if several { format!("{pipeline}:{task}") } else { task.to_string() };
            let (what, place) = (used.what.touch_text(), place(used.what.span, sources));
            let remark = used.remark(String::new());
            if last.as_ref() == Some(&task) {
                // The same function twice in a step is one row with two places.
                let same = rows.iter_mut().rev().take_while(|row| row[0].is_empty() || row[0] == task);
                if let Some(row) = same.into_iter().find(|row| row[1] == what && row[3] == remark) {
                    row[2] = format!("{}, {place}", row[2]);
                    continue;
                }
                rows.push([String::new(), what, place, remark]);
            } else {
                last = Some(task.clone());
                rows.push([task, what, place, remark]);
            }
        }
        rows
    }

    /// For machines: `valid`, `diagnostics`, `may` and `does`.
    pub fn json(&self, sources: &SourceMap, found: &Diagnostics) -> Value {
        let may = self.grants.iter().map(|grant| {
            let (by, name) = match &grant.what.by {
                By::Permissions => ("permissions", None),
                By::Param(name) => ("param", Some(name)),
                By::Input(step) => ("input", Some(step)),
                By::Output(step) => ("output", Some(step)),
            };
            let right = word(grant.what.right);
            let value = json!({ "right": right, "what": grant.what.pattern, "by": by, "name": name });
            grant.completed(value, grant.what.span, sources)
        });
        let folder = json!({
            "right": "read", "what": ".", "by": "default", "name": null,
            "only_with": [], "not_with": [],
        });
        let does = self.uses.iter().map(|used| {
            let (kind, what, class) = match &used.what.touch {
                Touch::Runs(program) => ("run", program, None),
                Touch::Reads(path) => ("read", path, None),
                Touch::Writes(path) => ("write", path, None),
                Touch::Env(name) => ("env", name, None),
                Touch::Calls(function, Class::Effect) => ("call", function, Some("effect")),
                Touch::Calls(function, _) => ("call", function, Some("observe")),
            };
            let value = json!({
                "pipeline": &*used.what.pipeline, "task": &*used.what.task, "does": kind, "what": what, "class": class,
            });
            used.completed(value, used.what.span, sources)
        });
        let diagnostics: Vec<Value> = found.iter().map(|diagnostic| to_json(diagnostic, sources)).collect();
        json!({
            "valid": true,
            "diagnostics": diagnostics,
            "may": std::iter::once(folder).chain(may).collect::<Vec<_>>(),
            "does": does.collect::<Vec<_>>(),
        })
    }
}

impl<T> Under<'_, T> {
    fn remark(&self, before: String) -> String {
        let mut parts: Vec<String> = Some(before).filter(|before| !before.is_empty()).into_iter().collect();
        if !self.only_with.is_empty() {
            parts.push(format!("only with --facet {}", self.only_with.join(" or ")));
        }
        if !self.not_with.is_empty() {
            parts.push(format!("not with --facet {}", self.not_with.join(" or ")));
        }
        parts.join(", ")
    }

    fn completed(&self, mut value: Value, span: Option<Span>, sources: &SourceMap) -> Value {
        value["only_with"] = self.only_with.clone().into();
        value["not_with"] = self.not_with.clone().into();
        let file = span.and_then(|span| sources.get(span.source)).map(|file| file.name.to_string());
        if let (Some(file), Some(place)) = (file, span.and_then(|span| sources.place(span))) {
            value["file"] = file.into();
            value["line"] = place.line.into();
            value["column"] = place.column.into();
        }
        value
    }
}

trait TouchText {
    fn touch_text(&self) -> String;
}

impl TouchText for Use {
    fn touch_text(&self) -> String {
        match &self.touch {
            Touch::Runs(program) => format!("starts {program}"),
            Touch::Reads(path) => format!("reads {path}"),
            Touch::Writes(path) => format!("writes {path}"),
            Touch::Env(name) => format!("sees {name}"),
            Touch::Calls(function, Class::Effect) => format!("changes things by {function}"),
            Touch::Calls(function, _) => format!("looks by {function}"),
        }
    }
}

fn laid_over<'s, T: PartialEq>(
    surveys: &'s [(Vec<String>, Survey)],
    part: impl Fn(&'s Survey) -> &'s Vec<T>,
) -> Vec<Under<'s, T>> {
    let mut all: Vec<Under<'s, T>> = Vec::new();
    for (at, (facets, survey)) in surveys.iter().enumerate() {
        let facet = facets.first().map_or("", String::as_str);
        for what in part(survey) {
            match all.iter_mut().find(|known| known.what == what) {
                Some(known) if at > 0 && !known.only_with.is_empty() => known.only_with.push(facet),
                Some(_) => {}
                None => {
                    let only_with = if at > 0 { vec![facet] } else { Vec::new() };
                    all.push(Under { what, only_with, not_with: Vec::new() });
                }
            }
        }
        for known in all.iter_mut().filter(|known| known.only_with.is_empty()) {
            if !part(survey).contains(known.what) {
                known.not_with.push(facet);
            }
        }
    }
    all
}

fn word(right: Right) -> &'static str {
    match right {
        Right::Read => "read",
        Right::Write => "write",
        Right::Net => "net",
        Right::Run => "run",
        Right::Env => "env",
    }
}

fn place(span: Option<Span>, sources: &SourceMap) -> String {
    span.map(|span| sources.describe(span)).unwrap_or_default()
}

/// Rows under each other. A row with nothing behind its second column does not widen the others.
fn table(rows: &[Row]) -> String {
    let width = |column: usize| {
        let wide = rows.iter().filter(|row| column == 0 || row[column + 1..].iter().any(|cell| !cell.is_empty()));
        wide.map(|row| row[column].chars().count()).max().unwrap_or(0)
    };
    let (first, what, place) = (width(0), width(1), width(2));
    let mut text = String::new();
    for [word, content, at, remark] in rows {
        let line = format!("  {word:first$}  {content:what$}  {at:place$}  {remark}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}
