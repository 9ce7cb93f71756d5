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
    assert_snapshot!(summary(&coverage()), @r##"
    lines 60 % (3 of 5), tasks 2 of 2, branches 1 of 2, bindings 1 of 1, error paths 0 of 1
    not reached: branch train:pick=<large>, error path train:fit retry
    "##);
    assert_snapshot!(summary(&Coverage::default()), @"");
    let mut many = Coverage::default();
    for number in 0..12 {
        let key = PartKey { kind: PartKind::Task, name: format!("t{number:02}") };
        many.parts.insert(key, PartReach::default());
    }
    assert_snapshot!(summary(&many), @r##"
    tasks 0 of 12
    not reached: task t00, task t01, task t02, task t03, task t04, task t05, task t06, task t07, and 4 more
    "##);
    let nearly = Coverage {
        lines: [(
            "a".to_owned(),
            (1..=1000).map(|line| (line, line - 1)).map(|(line, hits)| (line, hits as u64)).collect(),
        )]
        .into(),
        ..Coverage::default()
    };
    assert_snapshot!(summary(&nearly), @r##"
    lines 99 % (999 of 1000)
    "##);
}

#[test]
fn lcov_is_what_other_tools_read() {
    assert_snapshot!(lcov::text(&coverage()), @r##"
    TN:
    SF:pipeline.kdl
    DA:3,2
    DA:4,0
    LF:2
    LH:1
    end_of_record
    TN:
    SF:scripts/a & "b".rhai
    DA:1,1
    DA:2,18446744073709551615
    DA:5,0
    LF:3
    LH:2
    end_of_record
    "##);
}

#[test]
fn cobertura_is_what_other_tools_read() {
    assert_snapshot!(cobertura::text(&coverage()), @r##"
    <?xml version="1.0" encoding="UTF-8"?>
    <coverage line-rate="0.6666" branch-rate="0.3333" lines-covered="4" lines-valid="6" branches-covered="1" branches-valid="3" complexity="0" version="0.1.0" timestamp="0">
      <sources>
        <source>.</source>
      </sources>
      <packages>
        <package name="." line-rate="0.6666" branch-rate="0.3333" complexity="0">
          <classes>
            <class name="pipeline.kdl" filename="pipeline.kdl" line-rate="0.6666" branch-rate="0.3333" complexity="0">
              <methods/>
              <lines>
                <line number="3" hits="2" branch="true" condition-coverage="0% (0/1)"/>
                <line number="4" hits="0"/>
                <line number="7" hits="2" branch="true" condition-coverage="50% (1/2)"/>
              </lines>
            </class>
          </classes>
        </package>
        <package name="scripts" line-rate="0.6666" branch-rate="1.0000" complexity="0">
          <classes>
            <class name="a &amp; &quot;b&quot;.rhai" filename="scripts/a &amp; &quot;b&quot;.rhai" line-rate="0.6666" branch-rate="1.0000" complexity="0">
              <methods/>
              <lines>
                <line number="1" hits="1"/>
                <line number="2" hits="18446744073709551615"/>
                <line number="5" hits="0"/>
              </lines>
            </class>
          </classes>
        </package>
      </packages>
    </coverage>
    "##);
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
        match xmllint(&["--dtdvalid", &dtd.to_string_lossy()], &folder.join("cobertura.xml")) {
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
    assert_snapshot!(html_fragment(&coverage(), &texts()), @r##"
    <section class="coverage">
    <table>
    <tr><th>what</th><th>reached</th><th></th></tr>
    <tr><td>lines of scripts</td><td class="number missed">60 %</td><td class="number">3 of 5</td></tr>
    <tr><td>tasks</td><td class="number reached">100 %</td><td class="number">2 of 2</td></tr>
    <tr><td>branches</td><td class="number missed">50 %</td><td class="number">1 of 2</td></tr>
    <tr><td>bindings</td><td class="number reached">100 %</td><td class="number">1 of 1</td></tr>
    <tr><td>error paths</td><td class="number missed">0 %</td><td class="number">0 of 1</td></tr>
    </table>
    <table>
    <tr><th>part</th><th>name</th><th>reached</th><th>place</th></tr>
    <tr><td>branch</td><td>train:pick=&lt;large&gt;</td><td class="missed">never</td><td class="quiet">pipeline.kdl:7</td></tr>
    <tr><td>error path</td><td>train:fit retry</td><td class="missed">never</td><td class="quiet">pipeline.kdl:3</td></tr>
    <tr><td>task</td><td>train:fit/epoch</td><td class="reached">4 times</td><td class="quiet">pipeline.kdl:3</td></tr>
    <tr><td>task</td><td>train:report</td><td class="reached">once</td><td class="quiet">pipeline.kdl:9</td></tr>
    <tr><td>branch</td><td>train:pick=small</td><td class="reached">2 times</td><td class="quiet">pipeline.kdl:7</td></tr>
    <tr><td>binding</td><td>trainer</td><td class="reached">once</td><td class="quiet"></td></tr>
    </table>
    <details><summary>pipeline.kdl <span class="missed">50 %</span> <span class="quiet">1 of 2 lines</span></summary>
    <pre>
    <span class="hit"><i>3</i><i>2</i>
    </span><span class="miss"><i>4</i><i>0</i>
    </span></pre></details>
    <details><summary>scripts/a &amp; &quot;b&quot;.rhai <span class="missed">66 %</span> <span class="quiet">2 of 3 lines</span></summary>
    <pre>
    <span class="hit"><i>1</i><i>1</i>let a = 1 &lt; 2;
    </span><span class="hit"><i>2</i><i>18446744073709551615</i>let b = &quot;&amp;&quot;;
    </span><span><i>3</i><i></i>
    </span><span><i>4</i><i></i>// ö
    </span><span class="miss"><i>5</i><i>0</i>	throw b
    </span></pre></details>
    </section>
    "##);
    assert_snapshot!(html_fragment(&Coverage::default(), &BTreeMap::new()), @r##"
    <section class="coverage">
    <p class="quiet">There is nothing that could be reached.</p>
    </section>
    "##);
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
