use super::*;
use insta::assert_snapshot;
use std::process::Command;
use thinking_event::testing::{PartKey, PartKind, PartReach};

/// Two files, and parts of all kinds; names that formats have to be careful with.
fn coverage() -> Coverage {
    let lines = |lines: &[(usize, u64)]| lines.iter().copied().collect();
    let part = |kind, name: &str, file: &str, line, hits| {
        (PartKey { kind, name: name.to_owned() }, PartReach { file: file.to_owned(), line, hits })
    };
    Coverage {
        lines: [
            ("pipeline.kdl".to_owned(), lines(&[(3, 2), (4, 0)])),
            ("scripts/a & \"b\".rhai".to_owned(), lines(&[(1, 1), (2, u64::MAX), (5, 0)])),
        ]
        .into(),
        parts: [
            part(PartKind::Task, "train:fit/epoch", "pipeline.kdl", 3, 4),
            part(PartKind::Task, "train:report", "pipeline.kdl", 9, 1),
            part(PartKind::Branch, "train:pick=<large>", "pipeline.kdl", 7, 0),
            part(PartKind::Branch, "train:pick=small", "pipeline.kdl", 7, 2),
            part(PartKind::Binding, "trainer", "", 0, 1),
            part(PartKind::ErrorPath, "train:fit retry", "pipeline.kdl", 3, 0),
        ]
        .into(),
    }
}

fn texts() -> BTreeMap<String, String> {
    let script = "let a = 1 < 2;\nlet b = \"&\";\n\n// ö\n\tthrow b\n";
    BTreeMap::from([("scripts/a & \"b\".rhai".to_owned(), script.to_owned())])
}

#[test]
fn the_console_gets_a_line_or_two() {
    assert_snapshot!(summary(&coverage()), @"");
    assert_snapshot!(summary(&Coverage::default()), @"");
    let mut many = Coverage::default();
    for number in 0..12 {
        let key = PartKey { kind: PartKind::Task, name: format!("t{number:02}") };
        many.parts.insert(key, PartReach::default());
    }
    assert_snapshot!(summary(&many), @"");
    let nearly = Coverage {
        lines: [(
            "a".to_owned(),
            (1..=1000).map(|line| (line, line - 1)).map(|(line, hits)| (line, hits as u64)).collect(),
        )]
        .into(),
        ..Coverage::default()
    };
    assert_snapshot!(summary(&nearly), @"");
}

#[test]
fn lcov_is_what_other_tools_read() {
    assert_snapshot!(lcov::text(&coverage()), @"");
}

#[test]
fn cobertura_is_what_other_tools_read() {
    assert_snapshot!(cobertura::text(&coverage()), @"");
}

/// Runs `xmllint` where it is installed.
fn xmllint(arguments: &[&str], path: &Path) -> Option<Result<(), String>> {
    let run = Command::new("xmllint").args(arguments).arg("--noout").arg("--nonet").arg(path).output().ok()?;
    Some(if run.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&run.stderr).into_owned()) })
}

#[test]
#[expect(clippy::print_stderr, reason = "says why it checks less")]
fn files_are_valid() {
    let directory = tempfile::tempdir().expect("a directory");
    let odd = Coverage { lines: [("a\u{1}\n<>&'.rhai".to_owned(), [(1, 1)].into())].into(), ..Coverage::default() };
    let dtd = Path::new(env!("CARGO_MANIFEST_DIR")).join("coverage/tests/coverage-04.dtd");
    for (name, coverage) in [("all", coverage()), ("nothing", Coverage::default()), ("odd", odd)] {
        let folder = directory.path().join("new").join(name);
        write(&folder, &coverage, &texts()).expect("a new folder");
        std::fs::copy(&dtd, folder.join("coverage-04.dtd")).expect("a copy");
        match xmllint(&["--valid"], &folder.join("cobertura.xml")) {
            Some(valid) => assert_eq!(valid, Ok(()), "{name}"),
            None => eprintln!("xmllint is not installed: whether cobertura.xml keeps to its DTD was not checked"),
        }
        // The page is written so that it is XML but for the few elements that HTML has without an end.
        let html = std::fs::read_to_string(folder.join("index.html")).expect("a page");
        for outside in ["http:", "https:", "<script", "url(", "src=", "href="] {
            assert!(!html.contains(outside), "{outside} in {name}");
        }
        let closed = |tag: &str| {
            (
                html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count(),
                html.matches(&format!("</{tag}>")).count(),
            )
        };
        for tag in ["section", "table", "tr", "td", "details", "pre", "span", "i", "p"] {
            let (opened, ended) = closed(tag);
            assert_eq!(opened, ended, "{tag} in {name}");
        }
        assert!(std::fs::read_to_string(folder.join("lcov.info")).expect("a file").lines().all(|line| {
            line == "end_of_record" || ["TN:", "SF:", "DA:", "LF:", "LH:"].iter().any(|key| line.starts_with(key))
        }));
    }
}

#[test]
fn a_page_shows_files_and_parts() {
    assert_snapshot!(html_fragment(&coverage(), &texts()), @"");
    assert_snapshot!(html_fragment(&Coverage::default(), &BTreeMap::new()), @"");
}

#[test]
fn what_cannot_be_written_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let taken = directory.path().join("taken");
    std::fs::write(&taken, "").expect("a file");
    let error = write(&taken.join("below"), &coverage(), &texts()).expect_err("a file is in the way");
    let shown = error.to_string().replace(&*directory.path().to_string_lossy(), "DIR");
    assert!(shown.starts_with("the coverage could not be written to DIR/taken/below: "), "{shown}");
    std::fs::create_dir_all(directory.path().join("c/cobertura.xml")).expect("a folder in the way");
    let error = write(&directory.path().join("c"), &coverage(), &texts()).expect_err("a folder is in the way");
    assert!(error.path.ends_with("c/cobertura.xml"), "{error}");
}

#[test]
fn large_inputs_grow_in_proportion() {
    let sized = |count: usize| {
        let lines = (1..=count).map(|line| (line, 10 + line as u64 % 2)).collect();
        let coverage = Coverage { lines: [("a.rhai".to_owned(), lines)].into(), ..Coverage::default() };
        let texts = BTreeMap::from([("a.rhai".to_owned(), "let a = 1;\n".repeat(count))]);
        (lcov::text(&coverage).len(), cobertura::text(&coverage).len(), html::page(&coverage, &texts).len())
    };
    let (small, large) = (sized(10_000), sized(100_000));
    // A digit more in the number of each line.
    assert!(large.0 < small.0 * 12 && large.1 < small.1 * 12 && large.2 < small.2 * 12, "{small:?} {large:?}");
}
