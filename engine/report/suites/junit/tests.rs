use super::{JunitForm, ReportTarget, TestJunit};
use crate::suites::sample;
use crate::testing::Paper;
use thinking_event::testing::TestRecord;
use uppsala::{Document, NodeId, XsdValidator, parse};

const JENKINS: &str = include_str!("schemas/junit-10.xsd");
const GITLAB: &str = include_str!("schemas/gitlab.xsd");

fn written(form: JunitForm, records: Vec<TestRecord>) -> String {
    let paper = Paper::default();
    sample::tell(&mut TestJunit::new(ReportTarget::Writer(Box::new(paper.clone())), form), &sample::run(records));
    paper.text()
}

fn mistakes(schema: &str, text: &str) -> Vec<String> {
    let schema = parse(schema).expect("the schema is XML");
    let validator = XsdValidator::from_schema(&schema).expect("the schema is one");
    let document = parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    validator.validate(&document).iter().map(ToString::to_string).collect()
}

/// Every kind of record, and some more.
fn reports() -> Vec<Vec<TestRecord>> {
    let mut again = sample::records();
    for (number, record) in again.iter_mut().enumerate() {
        // A failed test that was tried before, tests of another project, a file of its own, a moment that no calendar has.
        if record.outcome.is_failure() {
            record.tries.insert(0, sample::first_try());
        }
        record.test.project = format!("b.{}/pipeline.kdl", number % 2);
        record.test.file = format!("{number}.kdl");
        record.tries.iter_mut().for_each(|one| one.at = i64::MAX);
    }
    vec![sample::records(), again, Vec::new()]
}

#[test]
fn the_whole_text() {
    insta::assert_snapshot!(written(JunitForm::Strict, sample::records()));
}

#[test]
fn jenkins_accepts_it() {
    for records in reports() {
        let text = written(JunitForm::Strict, records);
        assert_eq!(mistakes(JENKINS, &text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn gitlab_accepts_both_forms() {
    for form in [JunitForm::Strict, JunitForm::Full] {
        for records in reports() {
            let text = written(form, records);
            assert_eq!(mistakes(GITLAB, &text), Vec::<String>::new(), "{text}");
        }
    }
}

/// The check itself finds what is wrong.
#[test]
fn schemas_refuse_what_is_wrong() {
    let good = written(JunitForm::Strict, sample::records());
    let cases = [
        ("<testcase name=", "<testcase nick="),
        ("<testsuite id=", "<testsuite colour=\"red\" id="),
        ("tests=\"2\"", "count=\"2\""),
        ("<failure ", "<failure place=\"x\" "),
        ("time=\"0.", "time=\"a."),
        ("<properties>", "<properties><other/>"),
        ("type=\"http\"", "sort=\"http\""),
    ];
    for (old, new) in cases {
        assert!(good.contains(old), "{old}");
        assert!(!mistakes(JENKINS, &good.replace(old, new)).is_empty(), "{new}");
    }
    assert!(!mistakes(GITLAB, &good.replace("classname=", "class=")).is_empty());
    assert!(
        !mistakes(JENKINS, &written(JunitForm::Full, sample::records())).is_empty(),
        "this is why there are two forms"
    );
}

/// What a reader gets back is what was told, however strange.
#[test]
fn strange_text_survives() {
    let text = written(JunitForm::Full, sample::records());
    let document = parse(&text).expect("XML");
    let of = |name: &str| document.get_elements_by_tag_name(name);
    let attribute = |node: NodeId, name: &str| attribute(&document, node, name);
    let names: Vec<String> = of("testcase").iter().map(|node| attribute(*node, "name")).collect();
    assert!(names.contains(&"天気 \"予報\"\\n</script><script>alert(1)</script>".to_owned()), "{names:?}");
    let messages: Vec<String> = of("failure").iter().map(|node| attribute(*node, "message")).collect();
    assert!(messages.iter().any(|text| text.contains("zwölf & <十二> \"]]>\"\\u{0}\\u{fffe}")), "{messages:?}");
    let texts: Vec<String> = of("failure").iter().map(|node| document.text_content_deep(*node)).collect();
    assert!(texts.iter().any(|text| text.contains("zwölf & <十二> ]]>\nsecond\\u{1}")), "{texts:?}");
    let errors: Vec<String> = of("system-err").iter().map(|node| document.text_content_deep(*node)).collect();
    assert!(errors.iter().any(|text| text.contains("stack overflow ]]> </script><b>&amp;\n")), "{errors:?}");
    let illegal = |character: char| character < ' ' && !"\t\n".contains(character);
    assert!(!text.contains(illegal) && !text.contains(['\u{fffe}', '\u{ffff}', '\u{7f}', '\u{9b}']));
}

fn attribute(document: &Document<'_>, node: NodeId, name: &str) -> String {
    document.element(node).and_then(|element| element.get_attribute(name)).unwrap_or_default().to_owned()
}

#[test]
fn the_full_form_has_places_and_properties() {
    let flaky = sample::records().remove(6);
    insta::assert_snapshot!(written(JunitForm::Full, vec![flaky]));
}
