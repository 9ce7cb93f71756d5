//! The library as scripts see it; its own functions are tested beside it.

use super::{RHAI, compile, value};
use serde_json::json;
use thinking_step::{Class, Purpose};

#[test]
fn every_function_says_what_it_is() {
    let functions = RHAI.functions();
    assert!(functions.len() > 100);
    for function in functions {
        assert!(function.doc.ends_with('.'), "{}: {}", function.full_name(), function.doc);
        assert!(function.summary().len() < 180, "{}: the first sentence says what it does", function.full_name());
        assert!(function.doc.len() < 1000 && !function.doc.contains('\n'), "{}", function.full_name());
        assert!(function.signature.contains(&format!("{}(", function.name)), "{}", function.full_name());
        let touches_files = function.reads.is_some() || function.writes.is_some() || function.reads_below.is_some();
        let touches = touches_files || function.net.is_some() || function.env.is_some();
        assert!(!touches || function.class >= Class::Observe, "{}", function.full_name());
    }
    let mut calls: Vec<_> = functions.iter().map(|function| (function.namespace, function.signature)).collect();
    calls.sort_unstable();
    calls.dedup();
    assert_eq!(calls.len(), functions.len(), "each form is listed once");
    for function in functions {
        let same = functions.iter().filter(|other| other.full_name() == function.full_name());
        assert!(same.into_iter().all(|other| other.class == function.class), "{}: forms differ", function.full_name());
    }
}

#[test]
fn what_the_language_page_lists_is_there() {
    let page = "fs: read_text write_text append_text lines exists glob copy remove size
        json: parse to_string read write
        csv: parse to_string read write
        toml: parse to_string read write
        http: get post request
        time: now parse format sleep
        stats: mean median stdev quantile
        rand: int float choice
        hash: blake3 sha256
        list: permutations combinations chunks zip shuffle
        sys: cpus gpus memory hostname env
        log: trace debug info warn error
        : assert assert_eq assert_throws dig
        kv: get put delete has len keys clear scan";
    for line in page.lines() {
        let (namespace, names) = line.trim().split_once(':').unwrap();
        for name in names.split_whitespace() {
            let found =
                RHAI.functions().iter().any(|function| function.namespace == namespace && function.name == name);
            assert!(found, "{namespace}::{name}");
        }
    }
}

#[test]
fn the_script_of_the_language_page_runs() {
    let world = super::World::new();
    std::fs::write(world.directory.path().join("a.txt"), "to be or not to be").unwrap();
    let code = r#"
        for word in text::split(fs::read_text(params.corpus), " ") {
            words.put(word, (words.get(word) ?? 0) + 1);
        }
        words.len()
    "#;
    assert_eq!(world.eval(code).unwrap(), json!(4));
    assert_eq!(world.eval("words.get(\"be\")").unwrap(), json!(2));
    let path = world.directory.path().canonicalize().unwrap().join("a.txt");
    assert_eq!(world.seen(), ["Observe fs::read_text".to_owned(), format!("file {}", path.display())]);
}

#[test]
fn expressions_of_the_language_page_compile() {
    for (code, purpose) in [
        ("sys::gpus() > 0", Purpose::Pure),
        ("1..=params.epochs", Purpose::Expression),
        ("params.corpus == \"thorough\"", Purpose::Expression),
        ("log::info(`${sys::cpus()} cpus`)", Purpose::Step),
        ("facets.has(\"gpu\") && mode == \"test\"", Purpose::Pure),
    ] {
        assert!(compile(code, purpose).is_ok(), "{code}");
    }
    assert_eq!(value("1..=epoch"), json!([1, 2, 3]));
    assert_eq!(value("log::debug(1); debug(2)"), json!(null));
}
