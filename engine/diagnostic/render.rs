//! Diagnostics as text for people (miette) and as JSON for machines.

use crate::{Diagnostic, Severity, SourceMap, Span};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceSpan, ThemeCharacters, ThemeStyles,
};
use serde_json::{Value, json};
use std::fmt;

/// How text for people looks.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Colours.
    pub color: bool,
    /// Box-drawing characters; plain ASCII without.
    pub unicode: bool,
    /// Columns to wrap at.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, unicode: true, width: 100 }
    }
}

/// One diagnostic as text, ending in a line break.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap, style: Style) -> String {
    report(diagnostic, true, sources, style)
}

/// A failure while something ran as text, ending in a line break: as a diagnostic looks, but no rule was broken.
#[must_use]
pub fn render_failure(
    message: &str,
    place: Option<Span>,
    help: Option<&str>,
    sources: &SourceMap,
    style: Style,
) -> String {
    // The code is not shown.
    let diagnostic =
        Diagnostic::error(crate::Code::CommandLine, message).at(place, "here").help(help.map(str::to_owned));
    report(&diagnostic, false, sources, style)
}

fn report(diagnostic: &Diagnostic, coded: bool, sources: &SourceMap, style: Style) -> String {
    let theme = GraphicalTheme {
        characters: if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(style.width.max(20)).with_context_lines(1);
    // miette shows one text per report: labels in other texts follow as reports of their own.
    let main = diagnostic.labels.first().map(|label| label.span.source);
    let mut shown = Shown { coded, ..Shown::new(diagnostic, sources, main) };
    for label in diagnostic.labels.iter().filter(|label| Some(label.span.source) != main) {
        let place = sources.describe(label.span);
        let text = if label.text.is_empty() { "see also" } else { &label.text };
        shown.help = Some(match shown.help.take() {
            Some(help) => format!("{help}\n{text}: {place}"),
            None => format!("{text}: {place}"),
        });
    }
    let mut text = String::new();
    if handler.render_report(&mut text, &shown).is_err() {
        text = format!("{}: {}\n", diagnostic.code.name(), diagnostic.message);
    }
    // No blanks at line ends: they make recorded texts and terminals alike untidy.
    let mut tidy: String = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    tidy.push('\n');
    tidy
}

/// One diagnostic for machines: `code severity message help`, `file line column end_line end_column text` of the place, and all `labels`.
#[must_use]
pub fn to_json(diagnostic: &Diagnostic, sources: &SourceMap) -> Value {
    let labels: Vec<Value> = diagnostic
        .labels
        .iter()
        .map(|label| {
            let mut place = place(label.span, sources);
            place["label"] = label.text.clone().into();
            place
        })
        .collect();
    let mut value = json!({
        "code": diagnostic.code.name(),
        "severity": match diagnostic.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": diagnostic.message,
        "help": diagnostic.help,
    });
    if let Some(label) = diagnostic.labels.first()
        && let Value::Object(fields) = place(label.span, sources)
    {
        for (name, field) in fields {
            value[name] = field;
        }
    }
    value["labels"] = labels.into();
    value
}

fn place(span: Span, sources: &SourceMap) -> Value {
    let Some(file) = sources.get(span.source) else { return json!({}) };
    let (start, end) = (file.line_column(span.start), file.line_column(span.end));
    json!({
        "file": &*file.name, "line": start.line, "column": start.column,
        "end_line": end.line, "end_column": end.column, "text": sources.slice(span),
    })
}

struct Shown<'a> {
    coded: bool,
    diagnostic: &'a Diagnostic,
    source: Option<NamedSource<String>>,
    labels: Vec<LabeledSpan>,
    help: Option<String>,
}

/// Longest line that is shown as an excerpt; the report's layout cannot hold more.
const LONGEST_LINE: usize = 400;

/// Whether one of the lines that an excerpt would show is too long for it.
fn is_too_long(text: &str, span: Span) -> bool {
    let clamp = |offset: usize| text.floor_char_boundary(offset.min(text.len()));
    let start = text[..clamp(span.start as usize)].rfind('\n').unwrap_or(0);
    let start = text[..start].rfind('\n').unwrap_or(0);
    let end = clamp(span.end as usize);
    let end = end + text[end..].find('\n').map_or(text.len() - end, |found| found + 1);
    let end = end + text[end..].find('\n').unwrap_or(text.len() - end);
    text[start..end].lines().any(|line| line.len() > LONGEST_LINE)
}

/// A place in a line that is too long to show: a few words of it.
fn short_place(span: Span, sources: &SourceMap) -> String {
    let words: String = sources.slice(span).chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("at {}: `{words}`", sources.describe(span))
}

impl<'a> Shown<'a> {
    fn new(diagnostic: &'a Diagnostic, sources: &SourceMap, main: Option<crate::SourceId>) -> Self {
        let file = main.and_then(|id| sources.get(id));
        let own = || diagnostic.labels.iter().filter(|label| Some(label.span.source) == main);
        if let Some(file) = file
            && own().any(|label| is_too_long(&file.text, label.span))
        {
            let places = own().map(|label| short_place(label.span, sources));
            let help = places.chain(diagnostic.help.clone()).collect::<Vec<_>>().join("\n");
            return Self { coded: true, diagnostic, source: None, labels: Vec::new(), help: Some(help) };
        }
        let source = file.map(|file| NamedSource::new(&*file.name, file.text.to_string()));
        let length = file.map_or(0, |file| file.text.len());
        let labels = diagnostic
            .labels
            .iter()
            .filter(|label| Some(label.span.source) == main)
            .enumerate()
            .map(|(at, label)| {
                let start = (label.span.start as usize).min(length);
                let span = SourceSpan::new(start.into(), label.span.len().min(length - start));
                let text = (!label.text.is_empty()).then(|| label.text.clone());
                if at == 0 {
                    LabeledSpan::new_primary_with_span(text, span)
                } else {
                    LabeledSpan::new_with_span(text, span)
                }
            })
            .collect();
        Self { coded: true, diagnostic, source, labels, help: diagnostic.help.clone() }
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.diagnostic.message)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.coded.then(|| Box::new(self.diagnostic.code.name()) as Box<dyn fmt::Display>)
    }
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }
    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.source.as_ref().map(|source| source as &dyn miette::SourceCode)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;
    use crate::Code;

    #[test]
    fn very_long_lines_are_told_without_an_excerpt() {
        let mut sources = SourceMap::new();
        let text = format!("{}nope {}", "é".repeat(70_000), "x".repeat(70_000));
        let id = sources.add("long.kdl", text);
        let span = Span::new(id, 140_000, 140_004);
        let shown =
            render(&Diagnostic::error(Code::UnknownNode, "no such node").at(span, "here"), &sources, Style::default());
        assert!(shown.contains("long.kdl:1:70001: `nope`") && shown.len() < 500, "{shown}");
    }
}
