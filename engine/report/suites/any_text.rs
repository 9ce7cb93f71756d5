//! Whatever tests are called and write, reports stay what they are.

use super::{
    JunitForm, ReportTarget, ShowOutput, ShowTests, TestAnnotations, TestConsole, TestConsoleOptions, TestHtml,
    TestJunit,
};
use crate::suites::sample;
use crate::testing::Paper;
use proptest::prelude::*;
use thinking_event::testing::{Leak, Outcome, OutputSource, PhaseKind, TestRecord, TestReporter};
use uppsala::{XsdValidator, parse};

/// A failed test that has the texts in all places; its second try failed too.
fn record(texts: &[String]) -> TestRecord {
    let text = |place: usize| texts[place % texts.len()].clone();
    let mut failure = sample::failure(&text(0), &text(1));
    (failure.rendered, failure.coloured, failure.file) = (text(2), text(3), text(4));
    let mut phase = sample::phase(PhaseKind::Then, &text(5));
    phase.output = vec![
        sample::out(OutputSource::Log, &text(6), &text(7)),
        sample::out(OutputSource::Stderr, "", &text(8)),
        sample::out(OutputSource::Stdout, "", &text(9)),
    ];
    phase.failure = Some(failure.clone());
    let mut one = sample::attempt(1, 7, Outcome::Failed, vec![sample::phase(PhaseKind::When, &text(10)), phase]);
    one.failures = vec![failure];
    one.leaks = vec![Leak::File(text(11))];
    one.properties = vec![(text(12), text(13))];
    let mut test = sample::info(&[&text(14)], &text(15));
    (test.project, test.file, test.case) = (text(16), text(17), Some(text(18)));
    test.tags = vec![text(19)];
    sample::record(test, Outcome::Failed, vec![one.clone(), one])
}

/// Texts with what has a meaning somewhere.
fn texts() -> impl Strategy<Value = Vec<String>> {
    let part = prop_oneof![
        any::<char>().prop_map(String::from),
        proptest::sample::select(vec![
            "]]>",
            "<![CDATA[",
            "</script>",
            "<!--",
            "&#0;",
            "&amp;",
            "\"",
            "'",
            "\u{1b}[31m",
            "\u{1b}]0;",
            "\u{fffe}",
            "\u{ffff}",
            "\u{0}",
            "\r",
            "\n",
            "\u{85}",
            "\u{2028}",
            "%0A",
            "::error::",
            "[[/PROPERTY]]",
            "\u{feff}",
            "天",
        ])
        .prop_map(str::to_owned),
    ];
    let text = proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat());
    proptest::collection::vec(text, 20)
}

fn written(make: impl FnOnce(Paper) -> Box<dyn TestReporter>, record: &TestRecord) -> String {
    let paper = Paper::default();
    sample::tell(&mut *make(paper.clone()), &sample::run(vec![record.clone()]));
    paper.text()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn reports_stay_what_they_are(texts in texts()) {
        let record = record(&texts);
        let target = |paper: Paper| ReportTarget::Writer(Box::new(paper));

        let xml = written(|paper| Box::new(TestJunit::new(target(paper), JunitForm::Strict)), &record);
        let schema = parse(include_str!("junit/schemas/junit-10.xsd")).expect("a schema");
        let document = parse(&xml).map_err(|error| TestCaseError::fail(format!("{error}\n{xml}")))?;
        let mistakes = XsdValidator::from_schema(&schema).expect("a schema").validate(&document);
        prop_assert!(mistakes.is_empty(), "{mistakes:?}\n{xml}");
        prop_assert_eq!(document.get_elements_by_tag_name("testcase").len(), 1);

        let html = written(|paper| Box::new(TestHtml::new(target(paper))), &record);
        prop_assert_eq!(html.matches("<script").count(), 1);
        prop_assert_eq!(html.matches("<details").count(), 1);
        prop_assert!(!html.contains("<!-") && !html.contains(|character: char| character.is_control() && character != '\n' && character != '\t'));

        let notes = written(|paper| Box::new(TestAnnotations::new(target(paper))), &record);
        prop_assert_eq!(notes.lines().count(), 3);
        prop_assert!(notes.lines().all(|line| line.starts_with("::error ") || line.starts_with("::warning ")), "{}", notes);

        let all = TestConsoleOptions { show: ShowTests::All, output: ShowOutput::All, ..TestConsoleOptions::default() };
        let told = written(|paper| Box::new(TestConsole::new(Box::new(paper), all)), &record);
        prop_assert!(!told.contains(|character: char| character.is_control() && character != '\n' && character != '\t'), "{:?}", told);
    }
}
