//! No text makes the compiler panic, and no place is outside of the text.

use super::{RHAI, World, scope};
use proptest::prelude::*;
use std::sync::Arc;
use thinking_diagnostic::{MappedText, SourceId};
use thinking_step::{Host, Language, Purpose};

const SCRIPTS: &[&str] = &[
    "for word in tokenizer.split(fs::read_text(params.corpus)) { words.put(word, (words.get(word) ?? 0) + 1); } words.len()",
    "fn f(x) { if x > 1 { x * f(x - 1) } else { 1 } }\nlet a = [1, 2.5, \"x\", 'c', `a${f(3)}b`]; a.map(|v| v + epoch)",
    "let m = #{ \"a b\": 1, c: #{ d: () } }; m.c?.d ?? m[\"a b\"]; switch m.c { 1 | 2 => 3, 4..=5 => 6, _ if true => 7 }",
    "try { throw #{ kind: \"http\" } } catch (e) { print(e) } do { index } until true; /* c /* d */ */ // e",
    "import \"x\" as y; private fn g() { this.x } export let z = 0xff_u; loop { break 1; } \"\\u{1F600}\\x41\" + #\"raw\"#",
    "const A = [1]; /// doc\nfn f(x) { this.n = (this.n ?? 0) + x; this.g(this.inner.split(x)) } private fn g(list) { list.map(|y| y + global::A[0]) }",
];

fn check(text: &str) -> Result<(), TestCaseError> {
    let code = MappedText::whole_file(SourceId(0), text);
    for purpose in [Purpose::Step, Purpose::Pure] {
        match RHAI.compile(&code, &scope(), purpose) {
            Ok(program) => {
                let (canonical, places) = program.canonical();
                prop_assert!(places.iter().all(|(offset, _)| canonical.is_char_boundary(*offset as usize)));
                prop_assert!(places.iter().all(|(_, span)| text.get(span.start as usize..span.end as usize).is_some()));
                for reference in program.references() {
                    prop_assert!(text.get(reference.span.start as usize..reference.span.end as usize).is_some());
                }
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                for label in problems.iter().flat_map(|problem| &problem.labels) {
                    let place = text.get(label.span.start as usize..label.span.end as usize);
                    prop_assert!(place.is_some(), "{text:?}: {problems:?}");
                }
            }
        }
    }
    if let Err(problems) = RHAI.component(&code, super::scripted::declared(&["inner"], true)) {
        prop_assert!(!problems.is_empty());
        for label in problems.iter().flat_map(|problem| &problem.labels) {
            let place = text.get(label.span.start as usize..label.span.end as usize);
            prop_assert!(place.is_some(), "{text:?}: {problems:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC{0,40}") {
        check(&text)?;
    }

    #[test]
    fn text_of_script_characters(text in "[a-c0-9 \\n\\t\"'`$#{}()\\[\\].,;:=+*/<>!?&|@~^%\\\\_-]{0,40}") {
        check(&text)?;
    }

    #[test]
    fn words_of_scripts(words in prop::collection::vec(prop::sample::select(vec![
        "let", "fn", "f", "(", ")", "{", "}", "#{", "[", "]", "params", ".", "epochs", "=", "1", "\"a\"", "`", "${", "|x|", "x", ";", ",",
        "if", "else", "for", "in", "switch", "=>", "return", "throw", "try", "catch", "import", "as", "words", "put", "fs", "::", "read_text",
        "?.", "??", "..", "+", "-", "!", "//", "/*", "*/", "\n", "é", "loop", "break", "while", "const", "global", "this", "call", "curry", "private", "this.f(", "this.x",
    ]), 0..25)) {
        check(&words.join(" "))?;
        check(&words.concat())?;
    }

    #[test]
    fn cut_and_mutated_scripts(which in 0..SCRIPTS.len(), from in 0_usize..200, to in 0_usize..200, put in "[\"`{}()|;.$#a1\\\\é]{0,3}") {
        let script = SCRIPTS[which];
        let boundary = |at: usize| (0..=at.min(script.len())).rev().find(|at| script.is_char_boundary(*at)).unwrap_or(0);
        let (from, to) = (boundary(from.min(to)), boundary(from.max(to)));
        check(&script[..to])?;
        check(&script[from..])?;
        check(&format!("{}{put}{}", &script[..from], &script[to..]))?;
    }

    #[test]
    fn small_programs_never_panic_when_they_run(words in prop::collection::vec(prop::sample::select(vec![
        "1", "0", "-1", "\"a\"", "[1, 2]", "#{a: 1}", "()", "true", "1.5", "'c'", "+", "-", "*", "/", "%", "**", "<<", "==", "..", "..=", "[", "]", "(", ")",
        ".len()", ".a", "[0]", ".pop()", "?.b", "??", "in", "!", "epoch", "words", "params.epochs", "words.get(\"a\")", ".to_string()", "|x| x", ";",
    ]), 0..10)) {
        let code = MappedText::whole_file(SourceId(0), words.join(" "));
        if let Ok(program) = RHAI.compile(&code, &scope(), Purpose::Step) {
            let host: Arc<dyn Host> = World::new().host;
            drop(program.eval(&host));
        }
    }
}
