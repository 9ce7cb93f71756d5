use super::{ReportTarget, TestHtml};
use crate::suites::sample;
use crate::testing::Paper;
use std::path::Path;
use std::process::Command;
use thinking_event::testing::TestRecord;

fn written(records: Vec<TestRecord>, coverage: Option<&str>) -> String {
    let paper = Paper::default();
    let mut reporter = TestHtml::new(ReportTarget::Writer(Box::new(paper.clone())));
    let place = reporter.coverage();
    coverage.into_iter().for_each(|text| place.set(text.to_owned()).expect("set once"));
    sample::tell(&mut reporter, &sample::run(records));
    paper.text()
}

/// The page without its style and script, which are files of their own.
fn content(page: &str) -> String {
    let mut text = page.to_owned();
    for (start, end) in [("<style>", "</style>"), ("<script>", "</script>")] {
        let (from, to) = (text.find(start).expect(start), text.find(end).expect(end));
        text.replace_range(from + start.len()..to, "…");
    }
    text
}

#[test]
fn the_whole_page() {
    let page = written(sample::records(), Some("<p>87 % of <b>lines</b></p>"));
    insta::assert_snapshot!(content(&page));
}

#[test]
fn a_run_without_tests() {
    let page = content(&written(Vec::new(), None));
    assert!(page.contains("<main id=\"tests\">\n</main>") && !page.contains("coverage"), "{page}");
}

#[test]
fn nothing_comes_from_outside() {
    let page = written(sample::records(), None);
    for word in ["http://", "https://", "src=", "url(", "@import", "<link", "<iframe", "<img", "fetch("] {
        assert!(!page.contains(word), "{word}");
    }
    // What tests wrote does not end the page's own script, nor begin one.
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</script").count(), 1);
    assert!(!page.contains(|character: char| character.is_control() && character != '\n'));
}

/// The page as a browser has it after its script ran; nothing where there is no browser.
fn dump(page: &Path, hash: &str) -> Option<String> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let profile = tempfile::tempdir().expect("a folder");
    for name in names {
        let output = Command::new(name)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(["--dump-dom", &format!("file://{}#{hash}", page.display())])
            .output();
        match output {
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                let why = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success() && text.contains("</html>"), "{name}: {why}");
                return Some(text);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => panic!("{name}: {error}"),
        }
    }
    None
}

/// Names of the tests that a browser shows, in order.
fn shown(dom: &str) -> Vec<String> {
    let mut tests: Vec<(usize, String)> = Vec::new();
    for part in dom.split("<details ").skip(1) {
        let head = part.split('>').next().unwrap_or_default();
        if head.contains(" hidden") {
            continue;
        }
        let order = head.split("order: ").nth(1).and_then(|rest| rest.split(';').next());
        let name = part.split("<span class=\"name\">").nth(1).unwrap_or_default();
        let name = name.split(['<', '\n']).next().unwrap_or_default().trim().to_owned();
        tests.push((order.map_or(0, |order| order.parse().expect("a number")), name));
    }
    tests.sort_by_key(|(order, _)| *order);
    tests.into_iter().map(|(_, name)| name).collect()
}

#[test]
#[expect(clippy::print_stderr, reason = "whoever runs the tests shall know")]
fn a_browser_searches_filters_and_sorts() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("index.html");
    let mut reporter = TestHtml::new(ReportTarget::Path(path.clone()));
    sample::tell(&mut reporter, &sample::events());
    let cases: [(&str, &[&str]); 2] = [
        // In what a test wrote, and all words; an order and a tag that there are not.
        ("q=OVERFLOW%20stack&sort=bogus&tag=bogus", &["native/overflows"]),
        (
            "tag=unit&outcome=flaky&outcome=failed&outcome=passed&sort=name",
            &["tokenizer/splits on spaces", "tokenizer/table[2]"],
        ),
    ];
    for (hash, names) in cases {
        let Some(dom) = dump(&path, hash) else {
            eprintln!("skipped: there is no Chromium");
            return;
        };
        assert_eq!(shown(&dom), names, "{hash}");
        let count = format!("{} of 12 tests</output>", names.len());
        assert!(dom.contains(&count), "{hash}");
    }
}
