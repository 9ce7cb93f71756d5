//! A file's sections and steps.

use super::outline::{self, Examples};
use super::scan::{Doc, Line, Scanned, scan};
use super::{Feature, Scenario, StepText, Table};
use gherkin::GherkinEnv;
use thinking_diagnostic::{Code, Diagnostic, SourceId, SourceMap, Span, did_you_mean};
use thinking_event::testing::PhaseKind;

/// Reads a file whose text is in the map.
///
/// # Errors
/// Everything that is wrong with it, at its place.
pub fn parse(sources: &SourceMap, source: SourceId) -> Result<Feature, Vec<Diagnostic>> {
    let Some(file) = sources.get(source) else { return Err(Vec::new()) };
    let scanned = scan(source, &file.text)?;
    let lines = Lines::new(source, &scanned.rest);
    let parsed = read(&scanned.rest, &scanned.language).ok_or_else(|| vec![offending(&lines, &scanned.language)])?;
    let mut builder =
        Builder { lines, places: Vec::new(), extras: Vec::new(), problems: Vec::new(), warnings: Vec::new() };
    builder.index(&parsed);
    builder.attach(&scanned);
    let feature = builder.feature(&file.name, parsed);
    if builder.problems.is_empty() { Ok(feature) } else { Err(builder.problems) }
}

fn read(text: &str, language: &str) -> Option<gherkin::Feature> {
    gherkin::Feature::parse(text, GherkinEnv::new(language).ok()?).ok()
}

/// Where lines are.
struct Lines<'a> {
    source: SourceId,
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(source: SourceId, text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { source, text, starts: std::iter::once(0).chain(ends).collect() }
    }

    /// The line with that number, from 1.
    fn get(&self, number: usize) -> &'a str {
        let start = self.starts.get(number - 1).copied().unwrap_or(self.text.len());
        self.text.get(start..).and_then(|rest| rest.split('\n').next()).unwrap_or("")
    }

    /// The line without blanks around it.
    fn span(&self, number: usize) -> Span {
        let start = self.starts.get(number - 1).copied().unwrap_or(self.text.len());
        let line = self.get(number);
        let start = start + line.len() - line.trim_start().len();
        Span::new(self.source, start, start + line.trim().len())
    }

    /// The first line from a place on that is neither empty nor a comment: places may begin before comments.
    fn number(&self, offset: usize) -> usize {
        let first = self.starts.partition_point(|start| *start <= offset);
        let means = |number: &usize| !matches!(self.get(*number).trim_start().as_bytes().first(), None | Some(b'#'));
        (first..=self.starts.len()).find(means).unwrap_or(first)
    }
}

/// The line that is wrong in a text that does not parse: the last one of the shortest beginning that does not.
fn offending(lines: &Lines<'_>, language: &str) -> Diagnostic {
    let first = lines.number(0);
    let begins =
        |number: usize| lines.starts.get(number).is_some_and(|end| read(&lines.text[..*end], language).is_some());
    let words = lines.get(first).trim();
    if !(first..lines.starts.len()).take(50).any(begins) {
        let problem = Diagnostic::error(Code::Syntax, "a feature file begins with `Feature: ` and a name");
        let found = if words.is_empty() { "the file is empty" } else { "this comes first" };
        let help = match language {
            "en" => {
                "write `Feature: Words`; in another language, name it in the first line: `# language: de`".to_owned()
            }
            other => format!("in the language `{other}`, which the first line names, `Feature` is another word"),
        };
        return problem.at(lines.span(first), found).help(help);
    }
    let (mut good, mut bad) = (first, lines.starts.len());
    // The heading may take a few lines: tags.
    good = (good..bad).find(|number| begins(*number)).unwrap_or(good);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        match begins(middle) {
            true => good = middle,
            false => bad = middle,
        }
    }
    let line = lines.get(bad).trim();
    let word = line.split([' ', '\t', ':']).next().unwrap_or("");
    let problem = |message: String| Diagnostic::error(Code::Syntax, message).at(lines.span(bad), "");
    let section =
        SECTIONS.iter().find(|section| line.strip_prefix(**section).is_some_and(|rest| rest.starts_with(':')));
    match section {
        Some(&"Feature") => problem("a second feature".to_owned()).help("one file holds one feature".to_owned()),
        Some(&"Background") => problem("a `Background` that cannot stand here".to_owned())
            .help("there is one, before the scenarios of the feature or of a rule".to_owned()),
        Some(section) => problem(format!("`{section}` cannot stand here"))
            .help("`Examples:` follow the steps of a scenario; steps follow `Background:` or `Scenario:`".to_owned()),
        None => {
            let known = STEPS.into_iter().chain(SECTIONS);
            let colon = SECTIONS.iter().find(|section| line.starts_with(**section));
            let help = match (colon, did_you_mean(word, known)) {
                (Some(section), _) => format!("a colon is missing: write `{section}: `"),
                (None, Some(near)) if SECTIONS.contains(&near) => format!("did you mean `{near}:`?"),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) if line.starts_with('@') => {
                    "tags stand before `Scenario:`, `Rule:` or `Examples:`".to_owned()
                }
                (None, None) => format!(
                    "steps begin with Given, When, Then, And, But or `*`{}; a text of several lines stands between two lines `\"\"\"`",
                    if language == "en" { "" } else { " in the file's language" },
                ),
            };
            problem(format!("`{word}` begins neither a step nor a section")).help(help)
        }
    }
}

const STEPS: [&str; 5] = ["Given", "When", "Then", "And", "But"];
const SECTIONS: [&str; 8] =
    ["Scenario Outline", "Scenario Template", "Scenario", "Feature", "Background", "Examples", "Example", "Rule"];

/// What stands on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A feature or a rule: nothing belongs to it.
    Heading,
    /// A background or a scenario: steps belong to it.
    Holder,
    Step,
    Examples,
}

/// What belongs to a line.
#[derive(Debug, Clone)]
enum Extra {
    Row(Line<Vec<String>>),
    Doc(Line<Doc>),
    Star(Line<String>),
}

struct Builder<'a> {
    lines: Lines<'a>,
    /// Lines by number, ascending.
    places: Vec<(usize, Part)>,
    /// What belongs to lines, in order.
    extras: Vec<(usize, Extra)>,
    problems: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl Builder<'_> {
    /// Notes where everything stands.
    fn index(&mut self, feature: &gherkin::Feature) {
        let mut all = vec![(feature.span.start, Part::Heading)];
        let background = |all: &mut Vec<_>, background: &Option<gherkin::Background>| {
            if let Some(background) = background {
                all.push((background.span.start, Part::Holder));
                all.extend(background.steps.iter().map(|step| (step.span.start, Part::Step)));
            }
        };
        let scenarios = |all: &mut Vec<_>, scenarios: &[gherkin::Scenario]| {
            for scenario in scenarios {
                all.push((scenario.span.start, Part::Holder));
                all.extend(scenario.steps.iter().map(|step| (step.span.start, Part::Step)));
                all.extend(scenario.examples.iter().map(|examples| (examples.span.start, Part::Examples)));
            }
        };
        background(&mut all, &feature.background);
        scenarios(&mut all, &feature.scenarios);
        for rule in &feature.rules {
            all.push((rule.span.start, Part::Heading));
            background(&mut all, &rule.background);
            scenarios(&mut all, &rule.scenarios);
        }
        self.places = all.into_iter().map(|(offset, part)| (self.lines.number(offset), part)).collect();
        self.places.sort_by_key(|(number, _)| *number);
    }

    /// Finds out what each table, doc string and `*` belongs to.
    fn attach(&mut self, scanned: &Scanned) {
        let before = |places: &[(usize, Part)], number: usize| {
            places.partition_point(|(line, _)| *line < number).checked_sub(1).and_then(|at| places.get(at)).copied()
        };
        let mut steps = Vec::new();
        for star in &scanned.stars {
            // Elsewhere it is a line of a description.
            if let Some((_, Part::Holder | Part::Step)) = before(&self.places, star.number) {
                let holder = |part: &&(usize, Part)| part.0 < star.number && part.1 == Part::Holder;
                let of = self.places.iter().rfind(holder).map_or(0, |(line, _)| *line);
                self.extras.push((of, Extra::Star(star.clone())));
                steps.push((star.number, Part::Step));
            }
        }
        self.places.extend(steps);
        self.places.sort_by_key(|(number, _)| *number);
        let misplaced = |span: Span, what: &str, help: &str| {
            Diagnostic::error(Code::Syntax, format!("{what} that belongs to nothing"))
                .at(span, "")
                .help(help.to_owned())
        };
        for row in &scanned.rows {
            match before(&self.places, row.number) {
                Some((line, Part::Step | Part::Examples)) => self.extras.push((line, Extra::Row(row.clone()))),
                _ => {
                    self.problems.push(misplaced(row.span, "a table", "tables stand below a step or below `Examples:`"))
                }
            }
        }
        for doc in &scanned.docs {
            match before(&self.places, doc.number) {
                Some((line, Part::Step)) => self.extras.push((line, Extra::Doc(doc.clone()))),
                _ => self.problems.push(misplaced(doc.span, "a doc string", "doc strings stand below a step")),
            }
        }
    }

    /// The rows that belong to a line; they are of one length.
    fn rows(&mut self, line: usize) -> Vec<Line<Vec<String>>> {
        let rows = self.extras.iter().filter_map(|(of, extra)| match extra {
            Extra::Row(row) if *of == line => Some(row.clone()),
            _ => None,
        });
        let rows: Vec<_> = rows.collect();
        let expected = rows.first().map_or(0, |row| row.content.len());
        for row in rows.iter().filter(|row| row.content.len() != expected) {
            let cells = if row.content.len() == 1 { "cell" } else { "cells" };
            let message = format!("the row has {} {cells}, the first one has {expected}", row.content.len());
            let problem = Diagnostic::error(Code::Syntax, message).at(row.span, "");
            self.problems.push(problem.at(rows.first().map(|first| first.span), "the first row"));
        }
        rows
    }

    fn step(&mut self, number: usize, kind: PhaseKind, keyword: &str, text: &str) -> StepText {
        let docs: Vec<_> = self.extras.iter().filter(|(of, _)| *of == number).cloned().collect();
        let mut docs = docs.into_iter().filter_map(|(_, extra)| match extra {
            Extra::Doc(doc) => Some(doc),
            _ => None,
        });
        let doc = docs.next();
        if let Some(second) = docs.next() {
            self.problems.push(
                Diagnostic::error(Code::Duplicate, "the step has two doc strings")
                    .at(second.span, "")
                    .at(doc.as_ref().map(|first| first.span), "the first one"),
            );
        }
        let rows: Vec<_> = self.rows(number).into_iter().map(|row| row.content).collect();
        StepText {
            kind,
            keyword: keyword.trim().to_owned(),
            text: text.to_owned(),
            line: number,
            span: self.lines.span(number),
            doc: doc.map(|doc| doc.content),
            table: (!rows.is_empty()).then_some(Table { rows }),
        }
    }

    /// The steps of a background or scenario that begins at a line, those with `*` among them.
    fn steps(&mut self, holder: usize, steps: &[gherkin::Step]) -> Vec<StepText> {
        let stars = self.extras.iter().filter_map(|(of, extra)| match extra {
            Extra::Star(star) if *of == holder => Some(star.clone()),
            _ => None,
        });
        let stars: Vec<_> = stars.collect();
        let kind = |step: &gherkin::Step| match step.ty {
            gherkin::StepType::Given => PhaseKind::Given,
            gherkin::StepType::When => PhaseKind::When,
            gherkin::StepType::Then => PhaseKind::Then,
        };
        let mut all: Vec<StepText> = Vec::new();
        for step in steps {
            let number = self.lines.number(step.span.start);
            all.push(self.step(number, kind(step), &step.keyword, &step.value));
        }
        for star in stars {
            let at = all.partition_point(|step| step.line < star.number);
            let kind = at.checked_sub(1).and_then(|at| all.get(at)).map_or(PhaseKind::Given, |step| step.kind);
            let step = StepText { span: star.span, ..self.step(star.number, kind, "*", &star.content) };
            all.insert(at, step);
        }
        all
    }

    fn feature(&mut self, file: &str, parsed: gherkin::Feature) -> Feature {
        let line = self.lines.number(parsed.span.start);
        let name = self.name(&parsed.name, "feature", line);
        let background = self.background(parsed.background.as_ref());
        let suites = [name.clone()];
        let mut scenarios = self.scenarios(&parsed.scenarios, &suites, &parsed.tags, &background);
        for rule in &parsed.rules {
            let name = self.name(&rule.name, "rule", self.lines.number(rule.span.start));
            let suites = [suites[0].clone(), name];
            let background = [background.clone(), self.background(rule.background.as_ref())].concat();
            let tags = [parsed.tags.clone(), rule.tags.clone()].concat();
            scenarios.extend(self.scenarios(&rule.scenarios, &suites, &tags, &background));
        }
        self.refuse_equal_names(&scenarios);
        Feature {
            name,
            file: file.to_owned(),
            line,
            description: description(parsed.description),
            tags: parsed.tags,
            scenarios,
            warnings: std::mem::take(&mut self.warnings),
        }
    }

    fn background(&mut self, background: Option<&gherkin::Background>) -> Vec<StepText> {
        let Some(background) = background else { return Vec::new() };
        let line = self.lines.number(background.span.start);
        self.misspelt(background.description.as_deref(), line);
        self.steps(line, &background.steps)
    }

    fn scenarios(
        &mut self,
        scenarios: &[gherkin::Scenario],
        suites: &[String],
        tags: &[String],
        background: &[StepText],
    ) -> Vec<Scenario> {
        let mut all = Vec::new();
        for scenario in scenarios {
            let line = self.lines.number(scenario.span.start);
            let own = self.steps(line, &scenario.steps);
            self.misspelt(scenario.description.as_deref(), line);
            if own.is_empty() {
                let warning =
                    Diagnostic::warning(Code::Missing, "the scenario has no steps").at(self.lines.span(line), "");
                self.warnings.push(warning.help("it passes without doing anything".to_owned()));
            }
            let test = Scenario {
                suites: suites.to_vec(),
                name: self.name(&scenario.name, "scenario", line),
                case: None,
                tags: distinct([tags, &scenario.tags].concat()),
                line,
                span: self.lines.span(line),
                description: description(scenario.description.clone()),
                steps: [background, &own].concat(),
            };
            if scenario.examples.is_empty() && ["Scenario Outline", "Scenario Template"].contains(&&*scenario.keyword) {
                let warning =
                    Diagnostic::warning(Code::Missing, "an outline without examples: nothing runs").at(test.span, "");
                self.warnings.push(warning.help("write `Examples:` and a table below its steps".to_owned()));
                continue;
            }
            if scenario.examples.is_empty() {
                all.push(test);
                continue;
            }
            let mut tables = Vec::new();
            for examples in &scenario.examples {
                let line = self.lines.number(examples.span.start);
                tables.push(Examples {
                    tags: examples.tags.clone(),
                    rows: self.rows(line),
                    span: self.lines.span(line),
                });
            }
            all.extend(outline::rows(&test, &tables, background.len(), &mut self.problems, &mut self.warnings));
        }
        all
    }

    fn name(&self, name: &str, what: &str, line: usize) -> String {
        if name.is_empty() { format!("{what} at line {line}") } else { name.to_owned() }
    }

    /// What follows a name is a description up to the first line that begins with a step's word, so a slip in that word takes the step away.
    fn misspelt(&mut self, description: Option<&str>, heading: usize) {
        for (at, text) in description.unwrap_or("").lines().enumerate() {
            let word = text.split_whitespace().next().unwrap_or("");
            let near = did_you_mean(word, STEPS).filter(|near| word.len() <= near.len() + 1);
            let number = (heading + 1..).take(at + 50).find(|number| self.lines.get(*number).trim() == text.trim());
            if let (Some(near), Some(number)) = (near, number) {
                let warning = Diagnostic::warning(
                    Code::Syntax,
                    format!("`{word}` begins no step: the line is part of the description"),
                );
                self.warnings.push(warning.at(self.lines.span(number), "").help(format!("did you mean `{near}`?")));
            }
        }
    }

    fn refuse_equal_names(&mut self, scenarios: &[Scenario]) {
        for (at, scenario) in scenarios.iter().enumerate() {
            let same = |other: &&Scenario| other.name == scenario.name && other.suites == scenario.suites;
            if let Some(other) = scenarios.iter().take(at).find(same) {
                let message = format!("two scenarios are called `{}`", scenario.name);
                let problem =
                    Diagnostic::error(Code::Duplicate, message).at(scenario.span, "").at(other.span, "the first one");
                self.problems.push(problem.help("tests are told apart by their names".to_owned()));
            }
        }
    }
}

fn description(text: Option<String>) -> Option<String> {
    text.map(|text| text.lines().map(str::trim).collect::<Vec<_>>().join("\n")).filter(|text| !text.is_empty())
}

/// Each once, in order.
pub fn distinct(tags: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for tag in tags {
        if !all.contains(&tag) {
            all.push(tag);
        }
    }
    all
}
