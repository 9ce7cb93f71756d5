//! The pages of `explain`: complete, and every example runs.

use super::http::server::{answering, page as answer};
use super::{ENGINE, World};
use crate::manual::{VARIABLES, chapters, odd_lines};
use crate::{ClockHandle, Documents, Facets, Kv, Objects, Params, Results, RunHandle, StepHandle, Vectors};
use crate::{evaluate, library, page, topics, value_from};
use rhai::{Dynamic, EvalAltResult, Scope};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use thinking_step::testing::MemoryHost;
use thinking_step::{Datum, Host, Metric, Permissions};

/// The server of the examples, as `HOST:PORT`.
static SERVER: LazyLock<String> = LazyLock::new(|| {
    format!("127.0.0.1:{}", answering(|_| answer("200 OK", "Content-Type: application/json\r\n", r#"{"rain": 0.5}"#)))
});

/// What the examples' databases hold.
const DATA: &str = r#"
    papers.insert(#{ title: "Heat", year: 1822, author: #{ name: "Fourier" } });
    papers.insert(#{ title: "Motion", year: 1905, author: #{ name: "Einstein" } });
    papers.insert(#{ title: "Numbers", year: 1936, author: #{ name: "Turing" } });
    points.add("north", [0, 1]);
    points.add("east", [1, 0], "sunrise");
    points.add("northeast", [1, 1]);
    model.put("layers", [#{ name: "in", weights: [1, 2.5] }]);
    model.put("epochs", 3);
"#;

/// The world that examples see.
fn world() -> World {
    let mut world = World::new();
    world.write("notes.txt", "one\ntwo\n");
    world.write("data/days.csv", "date,rain\n2012-01-01,0.0\n2012-01-02,10.9\n");
    world.write("data/model.json", "{\"weights\": [0.5, 1.5]}");
    world.write("settings.toml", "[fit]\nrate = 0.2\n");
    let root = world.path("");
    let mut host = MemoryHost::new(&root);
    let everything = ["**".to_owned()];
    let (net, env) = ([SERVER.clone()], ["HOME".to_owned()]);
    host.permissions =
        Permissions::new(&root, &root.join(".thinking"), &everything, &everything, &net, &[], &env).unwrap();
    host.clock = 1_767_225_600_000;
    host.params = [("epochs".to_owned(), json!(3)), ("corpus".to_owned(), json!("notes.txt"))].into();
    host.results = [("count".to_owned(), json!(7)), ("prepare/count".to_owned(), json!(7))].into();
    host.trial = Some(Arc::new(super::trials::Notes::of_two_fits()));
    let words = [("apple", 2), ("apricot", 1), ("plum", 5)];
    for (word, count) in words {
        host.put("words", word, Datum::Json(json!(count))).unwrap();
    }
    world.host = Arc::new(host);
    world
}

/// The value of an example's last line.
fn run(code: &str) -> Result<Value, String> {
    let world = world();
    let mut scope = Scope::new();
    scope.push("params", Params).push("facets", Facets).push("results", Results);
    scope
        .push("clock", ClockHandle)
        .push("run", RunHandle)
        .push("step", StepHandle)
        .push("words", Kv { name: "words".into() });
    scope.push("papers", Documents::new("papers", &["year".to_owned()]));
    scope.push("points", Vectors::new("points", 2, Metric::Cosine)).push("model", Objects::new("model"));
    let host: Arc<dyn Host> = Arc::clone(&world.host) as Arc<dyn Host>;
    if code.contains("sys::stdin") {
        // Nothing else of this process reads it.
        rustix::stdio::dup2_stdin(std::fs::File::open(world.path("notes.txt")).unwrap()).unwrap();
    }
    let code = &code.replace("https://api.example.com", &format!("http://{}", *SERVER));
    let (value, _) = evaluate(&host, || {
        ENGINE.run_with_scope(&mut scope, DATA).unwrap();
        let value = ENGINE.eval_with_scope::<Dynamic>(&mut scope, code);
        let value = value.map_err(|error: Box<EvalAltResult>| error.to_string())?;
        value_from(&value).map_err(|error| error.message)
    });
    value
}

#[test]
fn every_example_runs_and_gives_what_it_says() {
    let known: BTreeSet<String> = library().functions.iter().map(|function| function.full_name()).collect();
    let mut wrong = Vec::new();
    for chapter in chapters() {
        for entry in chapter.entries {
            let place = format!("{}::{}", chapter.namespace, entry.name);
            // The example must be about the function.
            if !entry.example.contains(entry.name) {
                wrong.push(format!("{place}: its example does not call it"));
            }
            for other in entry.see {
                if !known.contains(other) {
                    wrong.push(format!("{place}: there is no `{other}` to see also"));
                }
            }
            let expected = entry.example.lines().last().and_then(|line| line.split_once("// → "));
            match (run(&entry.example), expected) {
                (Err(error), _) => wrong.push(format!("{place}: {error}")),
                (Ok(_), None) => {}
                (Ok(value), Some((_, text))) => {
                    let expected: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{place}: {error}"));
                    if value != expected {
                        wrong.push(format!("{place}: gives {value}, not {expected}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_function_has_a_page_with_an_example_and_no_page_is_left_over() {
    let chapters = chapters();
    let mut wrong = odd_lines();
    let functions = library().functions;
    for function in &functions {
        let chapter = chapters.iter().find(|chapter| chapter.namespace == function.namespace);
        let entries = chapter.map_or(&[][..], |chapter| &chapter.entries);
        match entries.iter().filter(|entry| entry.name == function.name).collect::<Vec<_>>().as_slice() {
            [] => wrong.push(format!("{} has no page", function.full_name())),
            [entry] if entry.example.is_empty() => wrong.push(format!("{} has no example", function.full_name())),
            [entry] => {
                let takes: Vec<&str> = entry.takes.iter().flat_map(|(names, _)| names.split(", ")).collect();
                let arguments = function.signature.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
                let many = arguments.is_some_and(|(arguments, _)| !arguments.trim().is_empty());
                if many && takes.is_empty() {
                    wrong.push(format!("{} does not say what it takes", function.full_name()));
                }
            }
            _ => wrong.push(format!("{} has several pages", function.full_name())),
        }
    }
    for chapter in &chapters {
        if chapter.about.is_empty() {
            wrong.push(format!("{} is not described", chapter.namespace));
        }
        for entry in &chapter.entries {
            let known =
                |function: &&crate::FunctionDoc| function.namespace == chapter.namespace && function.name == entry.name;
            if !VARIABLES.contains(&chapter.namespace) && functions.iter().find(known).is_none() {
                wrong.push(format!("{}::{} does not exist", chapter.namespace, entry.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn topics_are_sorted_and_each_has_a_page() {
    let topics = topics();
    assert!(topics.windows(2).all(|pair| pair[0] < pair[1]), "{topics:?}");
    for topic in &topics {
        let text = page(topic).unwrap_or_else(|| panic!("{topic} has no page"));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{topic} is too wide:\n{text}");
        assert!(text.ends_with('\n') && !text.ends_with("\n\n") && !text.contains("\n\n\n"), "{topic}:\n{text}");
    }
    for topic in ["fs", "fs::lines", "kv::put", "chart", "assert"] {
        assert!(topics.iter().any(|known| known == topic), "{topic}");
    }
}

#[test]
fn a_topic_is_found_as_people_write_it() {
    assert_eq!(page("words.scan"), page("kv::scan"));
    assert_eq!(page("papers.find()"), page("documents::find"));
    assert_eq!(page("answer.json"), page("response::json"));
    assert_eq!(page("kv.put"), page("kv::put"));
    assert_eq!(page("fs::lines()"), page("fs::lines"));
    assert_eq!(page("quantile"), page("stats::quantile"));
    assert_eq!(page("params.contains"), page("params::contains"));
    insta::assert_snapshot!(page("words.put").unwrap(), @r##"
    `put` is the name of several functions:

      kv::put(key, value)
          Writes a value (what JSON can say, or a blob) under a key.
      objects::put(path, value)
          Writes a value (what JSON can say, and blobs) at a path, in the place of
          what is there.

    `thinking explain kv::put` says more about one of them.
    "##);
    insta::assert_snapshot!(page("write").unwrap(), @r##"
    `write` is the name of several functions:

      csv::write(path, rows)
          Writes a CSV file; a third argument names the columns.
      json::write(path, value)
          Writes a value as a JSON file over several lines, as a whole or not at
          all; makes its directory if needed.
      toml::write(path, map)
          Writes a map as a TOML file, as a whole or not at all; makes its directory
          if needed.

    `thinking explain csv::write` says more about one of them.
    "##);
    for unknown in ["", "fs::nothing", "nothing", "words.nothing", "step.nothing", "results.count", "::", "."] {
        assert_eq!(page(unknown), None, "{unknown}");
    }
}

#[test]
fn a_page_says_all_that_is_to_be_known() {
    insta::assert_snapshot!(page("fs::lines").unwrap(), @r##"
    fs::lines(path) -> list

      The lines of a UTF-8 text file, without their ends, read one at a time:
      `for line in fs::lines("big.txt") { … }` holds one line, whatever the size of
      the file. The value can do all that a list can; what needs all lines at once
      (`[0]`, `sort`, `push`) reads them all. Lines that are not UTF-8 are thrown
      when they are reached, with their number, and so is a file that became shorter
      meanwhile.

    Takes
      `path`: a text file in UTF-8

    Gives
      its lines without their ends (`\n` or `\r\n`), one after the other

    Fails with kind
      script: the file is missing, is a directory or no regular file
      script: where the line is reached: it is not UTF-8 (its number is named) or
          longer than 256 MiB, or the file changed while it was read
      permission: a file outside of the project needs `permissions { read "…" }`

    May be called
      In steps and in conditions of tasks. What it saw is an input: if that changes,
      the step runs again.

    Note
      A step's result is the whole list, too. `stream::to_list` names what holds one
      line at a time.

    Example
      let count = 0;
      for line in fs::lines("notes.txt") {
          if line.contains("o") { count += 1; }
      }
      count    // → 2

    See also
      stream::to_list, fs::read_text, text::lines, csv::read
    "##);
    insta::assert_snapshot!(page("kv::put").unwrap(), @r##"
    database.put(key, value)

      Writes a value (what JSON can say, or a blob) under a key.

    Takes
      `key`: a string
      `value`: what JSON can say (maps, lists, strings, numbers, bools, `()`), or a
          blob

    Fails with kind
      script: the key is no string, JSON cannot say the value, or data is read-only
          here: only steps write

    May be called
      By steps only: it writes. What it writes is part of the step's transaction.

    Example
      words.put("plum", (words.get("plum") ?? 0) + 1);
      words.get("plum")    // → 6

    See also
      kv::get, kv::delete
    "##);
    insta::assert_snapshot!(page("stats::quantile").unwrap(), @r##"
    stats::quantile(list, p) -> float

      Type 7: with the sorted x₀…xₙ₋₁ and h = (n − 1)·p, x[⌊h⌋] + (h −
      ⌊h⌋)·(x[⌊h⌋+1] − x[⌊h⌋]). p is from 0 to 1.

    Takes
      `list`: a list of numbers
      `p`: which part lies below, from 0 to 1

    Fails with kind
      script: the list is empty, or holds what is no number, or NaN; `p` is outside
          of 0 to 1

    May be called
      Everywhere.

    Rule
      type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996),
      the default of R and NumPy: with the sorted x₀…xₙ₋₁ and h = (n − 1)·p, x[⌊h⌋]
      + (h − ⌊h⌋)·(x[⌊h⌋ + 1] − x[⌊h⌋])

    Example
      stats::quantile([1, 2, 3, 4], 0.25)    // → 1.75

    See also
      stats::median
    "##);
    insta::assert_snapshot!(page("step.key").unwrap(), @r##"
    step.key

    Gives
      the idempotency key: a string that is made at a step's first attempt and stays
      the same, also after a kill, until the step is done

    Fails with kind
      script: not in a step

    Note
      Send it along with a request that must not count twice. Programs find it in
      `$THINKING_KEY`.

    Example
      step.key.len() > 0    // → true

    See also
      http::post
    "##);
    insta::assert_snapshot!(page("run").unwrap(), @r##"
    run

      The variable `run`: the run under way. What it says differs each time; that
      alone makes no step run again.

      run.id
          the run's id, as the console shows it
      run.dir
          the run's own directory, absolute; its log lies there
      run.started
          when the run began, RFC 3339 in UTC
    "##);
    insta::assert_snapshot!(page("rand").unwrap(), @r##"
    rand

      Random numbers that can be drawn again: they follow from `runtime { seed }`,
      the task's path and how many were drawn before. A step that is resumed or run
      again draws what it drew before; another seed, or another step, draws others.

      rand::int(lo, hi) -> int
          An int from `lo` to `hi`, both included, each equally likely.
      rand::float() -> float
          A float from 0 up to, not including, 1: one of 2^53, each equally likely.
      rand::choice(list)
          One of the elements of a list, each equally likely, drawn as `int` draws.

    `thinking explain rand::int` says more about one of them.
    "##);
}
