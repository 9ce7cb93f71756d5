//! `graph`: what it draws, whole, as files in `screens/`; `THINKING_UPDATE=1` writes them anew.

use crate::support::{Sandbox, root, update};
use crate::terminal::Terminal;
use serde_json::Value;

const MANIFEST: &str = r###"
runtime {
    database "words" kind="kv"
    permissions { run "echo"; write "out/**" }
}
param "n" type="int" default=3
facet "quick" { pipeline "train" { stage "fit" { each "epoch" in="1..=2" } } }
pipeline "train" {
    stage "prepare" {
        step "count" { rhai #"words.put("a", 1); 3"# }
        step "say" { exec "echo" "${results.count}" #"<b>"x" & y</b> #1 `|` [] {} ü漢"# }
    }
    stage "fit" {
        each "epoch" in="1..=params.n" {
            step "train" { rhai #"words.get("a") + epoch"# }
            step "score" when="epoch > 1" { rhai "results.train * 2" }
        }
        wait "pause" for="1s"
    }
    choose {
        when #"result("prepare/count") > 2"# { step "many" { rhai "results.fit" } }
        when "params.n > 8" { fail #"too "many""# }
        otherwise { }
    }
    repeat "turn" until="turn > 2" max=4 { step "go" { rhai "turn" } }
    run "other"
    step "report" { call "file.copy" from="${results.prepare}" to="out/x" }
}
pipeline "other" {
    step "inner" { rhai "1" }
    end when="params.n > 5"
    step "later" { rhai #"result("inner")"# }
}
"###;

#[track_caller]
fn compare(name: &str, text: &str) {
    let path = root().join("tests/screens").join(name);
    if update() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{}: THINKING_UPDATE=1 writes it anew", path.display());
}

/// That every tag is closed by its own, and that nothing outside is asked for.
#[track_caller]
fn check_svg(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').unwrap_or_else(|| panic!("<{tag}"));
        assert!(!text.contains('>') || open.last() == Some(&"style"), "{text}");
        for entity in text.split('&').skip(1) {
            assert!(["amp;", "lt;", "gt;", "quot;"].iter().any(|known| entity.starts_with(known)), "&{entity}");
        }
        let name = tag.split([' ', '/']).find(|word| !word.is_empty()).unwrap();
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => assert_eq!(open.pop(), Some(name)),
            (false, true) => {}
            (false, false) => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert_eq!(svg.matches("://").count(), 1, "only the name of SVG itself");
    assert!(svg.contains("prefers-color-scheme: dark"));
}

/// That another program which reads the language of graphviz takes it.
#[track_caller]
fn check_dot(dot: &str) {
    if let Err(wrong) = layout::gv::DotParser::new(dot).process() {
        panic!("{wrong}:\n{dot}");
    }
}

#[test]
fn what_is_drawn() {
    let sandbox = Sandbox::with(MANIFEST);
    let draw = |arguments: &[&str]| {
        let all = [&["graph", "--pipeline", "train"], arguments].concat();
        let drawn = sandbox.run(&all).expect(0);
        assert!(drawn.err.is_empty(), "{}", drawn.err);
        assert_eq!(drawn.out, sandbox.run(&all).expect(0).out, "the same each time");
        drawn.out
    };
    let (svg, dot) = (draw(&[]), draw(&["--format", "dot"]));
    check_svg(&svg);
    check_dot(&dot);
    compare("graph.svg", &svg);
    compare("graph.dot", &dot);
    compare("graph.mmd", &draw(&["--format", "mermaid"]));
    compare("graph.json", &draw(&["--json"]));
    let quick = draw(&["--format", "mermaid", "--facet", "quick"]);
    assert!(quick.contains("each epoch in 1..=2") && !quick.contains("params.n\"]"), "{quick}");
    let other = sandbox.run(&["graph", "--pipeline", "other", "--format", "mermaid"]).expect(0).out;
    assert!(other.contains("pipeline other") && !other.contains("words"), "{other}");
}

#[test]
fn the_ending_of_the_file_says_how() {
    let sandbox = Sandbox::with(MANIFEST);
    for (file, begins) in [("a.svg", "<svg "), ("a.mmd", "flowchart "), ("a.dot", "digraph "), ("a.gv", "digraph ")] {
        let ran = sandbox.run(&["graph", "--pipeline", "train", "-o", file]).expect(0);
        assert!(ran.out.is_empty() && ran.err.is_empty());
        assert!(sandbox.read(file).starts_with(begins), "{file}");
    }
    sandbox.run(&["graph", "--pipeline", "train", "-o", "a.txt", "--format", "svg"]).expect(0);
    check_svg(&sandbox.read("a.txt"));
    // On a terminal what can be read there.
    let mut terminal = Terminal::run(sandbox.path(), &["graph", "--pipeline", "other"], 100, 60);
    let (code, screen) = terminal.end();
    assert!(code == Some(0) && screen.starts_with("flowchart TD\n"), "{screen}");
}

#[test]
fn what_is_wrong() {
    let sandbox = Sandbox::with(MANIFEST);
    let told = |arguments: &[&str]| {
        let ran = sandbox.run(arguments).expect(2);
        assert!(ran.out.is_empty());
        ran.err
    };
    let several = told(&["graph"]);
    assert!(several.contains("which pipeline?") && several.contains("--pipeline: train, other"), "{several}");
    let unknown = told(&["graph", "--pipeline", "trian"]);
    assert!(
        unknown.contains("no pipeline is called `trian`") && unknown.contains("did you mean `train`?"),
        "{unknown}"
    );
    let facet = told(&["graph", "--pipeline", "train", "--facet", "quik"]);
    assert!(facet.contains("did you mean `quick`?"), "{facet}");
    let ending = told(&["graph", "--pipeline", "train", "-o", "a.png"]);
    assert!(ending.contains("how is `a.png` to be drawn?"), "{ending}");
    let folder = told(&["graph", "--pipeline", "train", "-o", "nowhere/a.svg"]);
    assert!(folder.contains("cannot write `nowhere/a.svg`"), "{folder}");
    told(&["graph", "--json", "--format", "svg"]);
}

#[test]
fn three_hundred_tasks() {
    let mut manifest = String::from("pipeline \"main\" {\n");
    for stage in 0..30 {
        manifest.push_str(&format!("    stage \"s{stage}\" {{\n"));
        for step in 0..10 {
            let code = if step > 0 { format!("results.t{}", step - 1) } else { "1".to_owned() };
            manifest.push_str(&format!("        step \"t{step}\" {{ rhai \"{code}\" }}\n"));
        }
        manifest.push_str("    }\n");
    }
    let sandbox = Sandbox::with(&format!("{manifest}}}\n"));
    let svg = sandbox.run(&["graph"]).expect(0).out;
    check_svg(&svg);
    assert_eq!(svg.matches("class=\"box\"").count(), 300);
    check_dot(&sandbox.run(&["graph", "--format", "dot"]).expect(0).out);
    let drawn: Value = serde_json::from_str(&sandbox.run(&["graph", "--json"]).expect(0).out).unwrap();
    assert_eq!(drawn["boxes"].as_array().unwrap().len(), 300);
    assert_eq!(drawn["arrows"].as_array().unwrap().len(), 299);
}
