//! What is known before anything is created.

use crate::bench::{kind, step};
use crate::words::{Counter, EachLetter, Split, Tokenizer};
use serde_json::json;
use std::any::TypeId;
use thinking_step::{Class, Origin};

#[test]
fn what_is_linked_is_found_and_sorted() {
    let names: Vec<String> = thinking::component_types().iter().map(|kind| kind.about().name.clone()).collect();
    assert_eq!(names, ["each-letter", "everything", "text.split"]);
    let names: Vec<&str> = thinking::native_steps().iter().map(|step| step.name()).collect();
    assert_eq!(names, ["do-nothing", "fall.over", "vocab.build"]);
}

#[test]
fn components_say_what_they_are() {
    let kind = kind("text.split");
    let about = kind.about();
    assert_eq!((about.doc.as_str(), about.version.as_str()), ("Splits text into words.", "2"));
    assert_eq!(about.rust, Some(TypeId::of::<Split>()));
    let provides: Vec<_> = about.provides.iter().map(|one| (one.name.as_str(), one.rust)).collect();
    assert_eq!(
        provides,
        [("tokenizer", Some(TypeId::of::<dyn Tokenizer>())), ("counter", Some(TypeId::of::<dyn Counter>()))]
    );
    assert_eq!(about.persistent, ["seen"]);
    assert_eq!(
        about.config,
        json!({
            "description": "Splits text into words.\n\nThis is a second paragraph.",
            "type": "object",
            "properties": {
                "lower-case": { "description": "Whether case is dropped.", "type": "boolean", "default": false },
                "separator": { "description": "What stands between words.", "type": "string", "default": " " },
            },
            "additionalProperties": false,
        })
    );
    let Origin::Source(file, line) = about.origin else { panic!("{:?}", about.origin) };
    let text = include_str!("words.rs").lines().nth(line as usize - 1).expect("the line is there");
    assert!(file.ends_with("words.rs") && text.contains("pub struct Split"), "{file}:{line}: {text}");
}

#[test]
fn operations_say_how_they_are_called() {
    let kind = kind("text.split");
    let told: Vec<_> = kind
        .about()
        .operations
        .iter()
        .map(|one| format!("{} [{:?}{}] {}", one.signature(), one.class, if one.declared { "" } else { "?" }, one.doc))
        .collect();
    assert_eq!(
        told,
        [
            "split(text) -> Vec<String> [Pure] Splits a text.",
            "learn(text, times?) -> usize [State] Notes the words of a text, and gives how many different ones there are.",
            "seen() -> Seen [Effect?] ",
            "twice() [Effect?] ",
            "forget_all() [Effect?] ",
            "separator() -> &str [Effect?] ",
            "remember(word) [Effect?] ",
            "shutdown(outcome) -> String [Effect?] ",
            "count() -> u64 [Effect?] Counts what was learned.",
        ]
    );
    let split = &kind.about().operations[0];
    assert_eq!(split.parameters[0].schema, json!({ "type": "string", "description": "What to split." }));
    let Origin::Source(_, line) = split.origin else { panic!("{:?}", split.origin) };
    let text = include_str!("words.rs").lines().nth(line as usize - 1).expect("the line is there");
    assert!(text.contains("pub fn split("), "{text}");
}

#[test]
fn needs_are_read_off_the_types() {
    let kind = kind("everything");
    let told: Vec<_> = kind
        .about()
        .needs
        .iter()
        .map(|need| (need.name.as_str(), need.wanted.as_str(), need.rust, need.optional, need.many))
        .collect();
    assert_eq!(
        told,
        [
            ("all", "tokenizer", Some(TypeId::of::<dyn Tokenizer>()), false, true),
            ("letters", "each-letter", Some(TypeId::of::<EachLetter>()), true, false),
            ("params", "params", None, false, false),
            ("facets", "facets", None, false, false),
            ("run", "run", None, false, false),
        ]
    );
    let Origin::Source(_, line) = kind.about().needs[1].origin else { panic!("no place") };
    let text = include_str!("words.rs").lines().nth(line as usize - 1).expect("the line is there");
    assert!(text.contains("letters:"), "{text}");
}

#[test]
fn steps_say_what_they_take() {
    let step = step("vocab.build");
    assert_eq!(step.summary(), "Builds a vocabulary.");
    assert_eq!((step.version(), step.class()), (3, Class::State));
    assert_eq!((step.reads(), step.writes()), (&["from"][..], &[][..]));
    assert_eq!(
        step.schema(),
        json!({
            "type": "object",
            "properties": {
                "from": { "type": "string", "description": "A file." },
                "min-count": { "type": "integer", "format": "uint", "minimum": 0, "default": 2 },
                "mark": { "type": "string", "default": "x" },
                "limit": { "type": ["integer", "null"], "format": "uint", "minimum": 0 },
            },
            "required": ["from"],
            "additionalProperties": false,
        })
    );
    let needs: Vec<_> = step.needs().iter().map(|need| (need.name.as_str(), need.wanted.as_str())).collect();
    assert_eq!(needs, [("tokenizer", "tokenizer"), ("words", "kv")]);
}
