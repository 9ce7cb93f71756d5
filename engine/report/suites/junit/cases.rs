//! Records as what `junit-report` knows: suites, cases, results and output.

use super::JunitForm;
use crate::suites::words;
use junit_report::{Duration, OffsetDateTime, Report, TestCase, TestResult, TestSuite};
use thinking_event::testing::{Outcome, OutputLine, OutputSource, PhaseKind, TestRecord, Try};

/// Tests that have the same suites around them in the same project.
pub(super) struct Suite<'a> {
    /// In the order in which they ended.
    pub records: Vec<&'a TestRecord>,
}

impl<'a> Suite<'a> {
    /// Suites in the order of their names: tests that run beside each other end in any order.
    pub(super) fn group(records: &'a [TestRecord]) -> Vec<Self> {
        let mut groups = std::collections::BTreeMap::<_, Vec<&TestRecord>>::new();
        for record in records {
            groups.entry((&record.test.project, &record.test.suites)).or_default().push(record);
        }
        groups.into_values().map(|records| Self { records }).collect()
    }

    pub(super) fn project(&self) -> &str {
        self.records.first().map_or("", |record| &record.test.project)
    }

    /// Its suites, joined; the project's name if there is none around its tests.
    fn name(&self) -> String {
        match self.records.first() {
            Some(record) if !record.test.suites.is_empty() => record.test.suites.join("/"),
            _ => self.project().to_owned(),
        }
    }
}

/// As much output of a phase is kept, half of it from its beginning, bytes.
const MOST: usize = 64 * 1024;

/// The report without what `junit-report` has no words for; `began` is in milliseconds since 1970.
pub(super) fn report(suites: &[Suite<'_>], form: JunitForm, began: i64) -> Report {
    let mut report = Report::new();
    for suite in suites {
        let first = suite.records.iter().flat_map(|record| &record.tries).map(|one| one.at).min().unwrap_or(began);
        report.add_testsuite(TestSuite {
            name: attribute(&suite.name()),
            package: attribute(suite.project()),
            timestamp: time(first),
            hostname: "localhost".to_owned(),
            testcases: suite.records.iter().map(|record| case(record, form)).collect(),
            system_out: None,
            system_err: None,
        });
    }
    report
}

/// A moment to the second; the beginning of 1970 for what no calendar has.
fn time(millis: i64) -> OffsetDateTime {
    let moment = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000)).ok();
    moment.filter(|moment| (0..=9999).contains(&moment.year())).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn case(record: &TestRecord, form: JunitForm) -> TestCase {
    let test = &record.test;
    let mut case = TestCase::success(
        &attribute(&words::numbered(&test.name, record.repetition)),
        Duration::microseconds(i64::try_from(record.took()).unwrap_or(i64::MAX)),
    );
    case.set_classname(&class_name(record));
    if form == JunitForm::Full {
        case.set_filepath(&attribute(&test.file));
    }
    case.result = result(record);
    let mut out = match form {
        JunitForm::Strict => property_lines(record),
        JunitForm::Full => String::new(),
    };
    let mut err = String::new();
    if let Some(last) = record.last() {
        out.push_str(&output(last, |line| line.source != OutputSource::Stderr));
        err = output(last, |line| line.source == OutputSource::Stderr);
    }
    let some = |text: String| (!text.is_empty()).then(|| cdata(&text));
    (case.system_out, case.system_err) = (some(out), some(err));
    case
}

/// Project and suites with dots between: Jenkins takes what stands before the last one for a package.
fn class_name(record: &TestRecord) -> String {
    let names = [&record.test.project].into_iter().chain(&record.test.suites);
    let names: Vec<String> = names.map(|name| attribute(name).replace('.', "_")).collect();
    names.join(".")
}

fn result(record: &TestRecord) -> TestResult {
    match record.outcome {
        Outcome::Passed | Outcome::Flaky => TestResult::Success,
        Outcome::NotRun => TestResult::SkippedWithCause {
            type_: "not-run".to_owned(),
            message: "the test run stopped before it".to_owned(),
            cause: None,
        },
        Outcome::Failed | Outcome::TimedOut | Outcome::Crashed => {
            let message = words::reason_of(record);
            let Some(last) = record.last() else {
                return TestResult::Error { type_: kind(None).to_owned(), message: attribute(&message), cause: None };
            };
            let (type_, message) = (attribute(kind(Some(last))), attribute(&message));
            let cause = Some(cdata(&explanation(last))).filter(|cause| !cause.is_empty());
            if is_assertion(last) {
                TestResult::Failure { type_, message, cause }
            } else {
                TestResult::Error { type_, message, cause }
            }
        }
    }
}

/// Why a try failed, harmless in XML.
pub(super) fn explanation(one: &Try) -> String {
    legal(words::explanation(one).trim_end())
}

/// The kind of the first failure.
pub(super) fn kind(one: Option<&Try>) -> &str {
    match one.map(|one| (one, one.all_failures().next())) {
        Some((_, Some((_, failure)))) if !failure.kind.is_empty() => &failure.kind,
        Some((one, _)) => one.outcome.word(),
        None => "error",
    }
}

/// Whether what a test says of the program did not hold, rather than that it could not be carried out.
pub(super) fn is_assertion(one: &Try) -> bool {
    one.outcome == Outcome::Failed
        && one.all_failures().next().is_some_and(|(phase, failure)| {
            let around = phase
                .is_some_and(|phase| matches!(phase.kind, PhaseKind::Setup | PhaseKind::Teardown | PhaseKind::Aspect));
            let kinds = ["assertion", "snapshot", "difference", "not-failed", "leak"];
            !around && kinds.contains(&failure.kind.as_str())
        })
}

/// What is to be known of a test, by name.
pub(super) fn properties(record: &TestRecord) -> Vec<(String, String)> {
    let test = &record.test;
    let mut all = vec![("test.name".to_owned(), test.name.clone()), ("test.path".to_owned(), test.path())];
    all.push(("test.file".to_owned(), format!("{}:{}", test.file, test.line)));
    if let Some(last) = record.last() {
        let stage = last.all_failures().next().and_then(|(phase, _)| phase).map(words::heading);
        all.extend(stage.map(|stage| ("test.stage".to_owned(), stage)));
    }
    all.push(("outcome".to_owned(), record.outcome.word().to_owned()));
    let lists = [("tags", &test.tags), ("facets", &test.facets)];
    all.extend(
        lists.iter().filter(|(_, list)| !list.is_empty()).map(|(name, list)| ((*name).to_owned(), list.join(" "))),
    );
    all.extend(test.case.iter().map(|case| ("row".to_owned(), case.clone())));
    if record.slow {
        all.push(("slow".to_owned(), "true".to_owned()));
    }
    if record.tries.len() > 1 {
        all.push(("retries".to_owned(), (record.tries.len() - 1).to_string()));
    }
    all.extend(record.tries.iter().flat_map(|one| &one.leaks).map(|leak| ("leak".to_owned(), words::leak(leak))));
    all.extend(record.last().into_iter().flat_map(|last| last.properties.iter().cloned()));
    all
}

/// Properties as lines of output, as <https://github.com/testmoapp/junitxml> describes them. A value that would hide the end of its line has lines of its own.
fn property_lines(record: &TestRecord) -> String {
    let line = |(name, value): &(String, String)| {
        let (name, value) = (attribute(name), attribute(value));
        if value.contains("]]") || value.ends_with(']') {
            format!("[[PROPERTY|{name}]]\n{value}\n[[/PROPERTY]]\n")
        } else {
            format!("[[PROPERTY|{name}={value}]]\n")
        }
    };
    properties(record).iter().map(line).collect()
}

/// What a try wrote, each phase under its name. Of much only the beginning and the end.
pub(super) fn output(one: &Try, wanted: impl Fn(&OutputLine) -> bool) -> String {
    let mut out = String::new();
    for phase in &one.phases {
        let lines: Vec<String> =
            phase.output.iter().filter(|line| wanted(line)).map(|line| legal(&words::output(line))).collect();
        if lines.is_empty() {
            continue;
        }
        out.push_str(&format!("--- {} ---\n", legal(&words::heading(phase))));
        let (head, left_out, tail) = words::ends(&lines, MOST);
        let push = |out: &mut String, lines: &[String]| {
            for line in lines {
                out.push_str(line);
                out.push('\n');
            }
        };
        push(&mut out, head);
        if left_out > 0 {
            out.push_str(&format!("… {left_out} lines left out …\n"));
        }
        push(&mut out, tail);
    }
    out
}

/// Text that may stand in XML 1.0: what is left after control characters were made harmless, but for two that are no characters.
pub(super) fn legal(text: &str) -> String {
    text.replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}")
}

/// Text of one line.
pub(super) fn attribute(text: &str) -> String {
    let mut out = String::new();
    crate::clean::push(&mut out, text);
    legal(&out)
}

/// Text for a section that is not parsed: where its end stands in it, it is ended and begun anew.
pub(super) fn cdata(text: &str) -> String {
    text.replace("]]>", "]]]]><![CDATA[>")
}
