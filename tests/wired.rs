//! `components`, and the other verbs that look, at a manifest with components: whole texts as files in `screens/`;
//! `THINKING_UPDATE=1` writes them anew.

use crate::support::{Sandbox, root, update};

const MANIFEST: &str = r##"
runtime { database "words" kind="kv" }
component "text.shout" provides="tokenizer" script="parts/shout.rhai" {
    description "Splits a text and shouts."
    param "separator" type="string" default=" " help="What stands between words."
    needs "words"
}
component "text.plain" provides="tokenizer" script="parts/plain.rhai"
component "counter" script="parts/counter.rhai" {
    needs "tokenizer"
    needs "helpers" optional=#true
}
facet-group "voice" default="loud" {
    facet "loud" { bind "tokenizer" to="text.shout" { separator "," } }
    facet "calm" { bind "tokenizer" to="text.plain" }
}
bind "tally" to="counter" scope="stage"
pipeline "main" {
    step "count" { rhai #"tally.count("a,b")"# }
    step "again" { call "tally.count" text="a,b,c" }
    step "direct" { rhai #"words.put("a", 1); tokenizer.split("x,y")"# }
}
"##;

fn project() -> Sandbox {
    let sandbox = Sandbox::with(MANIFEST);
    sandbox.write(
        "parts/shout.rhai",
        "/// Splits a text.\n/// Loudly.\nfn split(text) { text.to_upper().split(this.config.separator) }\n",
    );
    sandbox.write("parts/plain.rhai", "fn split(text) { text.split(\" \") }\n");
    sandbox.write("parts/counter.rhai", "fn count(text) { this.tokenizer.split(text).len() }\n");
    sandbox
}

#[track_caller]
fn screen(name: &str, arguments: &[&str], code: i32) {
    let ran = project().run(arguments).expect(code);
    let err = if ran.err.is_empty() { String::new() } else { format!("--- standard error\n{}", ran.err) };
    let text = format!("$ thinking {}\n{}{err}", arguments.join(" "), ran.out);
    let path = root().join("tests/screens").join(format!("{name}.txt"));
    if update() {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{}: THINKING_UPDATE=1 writes it anew", path.display());
}

#[test]
fn what_is_taken_and_why() {
    screen("components", &["components"], 0);
    screen("components-one", &["components", "tokenizer"], 0);
    screen("components-facet", &["components", "tally", "--facet", "calm"], 0);
    screen("components-json", &["components", "tally", "--json"], 0);
    screen("components-unknown", &["components", "tokeniser"], 2);
    screen("components-unknown-facet", &["components", "--facet", "clam"], 2);
}

#[test]
fn when_and_secrets() {
    let sandbox = Sandbox::with(
        r##"
        param "loud" type="bool" default=#false
        param "key" secret=#true env="MY_KEY" optional=#true
        component "text.shout" provides="tokenizer" script="parts/plain.rhai" { param "separator" default=" " }
        bind "tokenizer" to="text.shout" when="params.loud" { separator "${params.key}" }
        pipeline "main" { step "one" { rhai #"tokenizer.split("a b")"# } }
        "##,
    );
    sandbox.write("parts/plain.rhai", "fn split(text) { text.split(\" \") }\n");
    let shown = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        crate::support::run(command.env("MY_KEY", "s3cr3t-t0ken")).expect(0).out
    };
    let quiet = shown(&["components"]);
    assert!(quiet.contains("text.shout: is bound, but not under these facets and parameters"), "{quiet}");
    assert!(!quiet.contains("binding "), "{quiet}");
    let loud = shown(&["components", "-p", "loud=true"]);
    assert!(loud.contains("binding tokenizer to text.shout") && loud.contains("${params.key}"), "{loud}");
    for arguments in [&["components", "--json"][..], &["show", "--resolved"], &["graph", "--json"], &["facets"]] {
        let shown = shown(&[arguments, &["-p", "loud=true"]].concat());
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }
}

#[test]
fn facets_over_bindings() {
    screen("bindings-facets", &["facets"], 0);
    screen("bindings-diff", &["diff", "--facet", "calm", "--facet", "loud"], 0);
    screen("bindings-resolved", &["show", "--resolved", "--facet", "calm"], 0);
}

#[test]
fn the_wiring_is_drawn() {
    screen("wiring-mermaid", &["graph", "--format", "mermaid"], 0);
    screen("wiring-only", &["graph", "--wiring", "--format", "dot"], 0);
    screen("wiring-svg", &["graph", "--format", "svg"], 0);
    let tasks = project().run(&["graph", "--tasks", "--format", "mermaid"]).expect(0).out;
    assert!(tasks.contains("step count") && !tasks.contains("tally<br"), "{tasks}");
}
