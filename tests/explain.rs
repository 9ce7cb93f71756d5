//! `thinking explain`: every page's example breaks its rule and no other, and its mend mends it. `THINKING_UPDATE=1` writes anew what the
//! consoles on the pages show.

use crate::readme::normal;
use crate::support::{Ran, Sandbox, THINKING, root, run, update};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// What stands in a page for the folder that the test runs in.
const FOLDER: &str = "/home/ada/words";

struct Played {
    /// The page's text with what the consoles show now.
    text: String,
    wrong: Vec<String>,
}

/// Writes a page's files and runs its consoles, in order.
fn play(name: &str, page: &str) -> Played {
    let sandbox = Sandbox::new();
    sandbox.write("bin/.keep", "");
    std::os::unix::fs::symlink(THINKING, sandbox.file("bin/thinking")).unwrap();
    std::fs::create_dir(sandbox.file("words")).unwrap();
    let folder = sandbox.file("words");
    let code = format!("thinking::{name}");
    let (mut text, mut wrong) = (String::new(), Vec::new());
    let (mut mend, mut shown, mut typed) = (false, String::new(), 0);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        text.push_str(line);
        text.push('\n');
        if line == "## Mend" {
            mend = true;
            if !shown.contains(&code) {
                wrong.push(format!("the example does not give {code}:\n{shown}"));
            }
            // The other `thinking` is started by a step, which fails.
            let follows = |word: &&str| name == "state-in-use" && *word == "thinking::step-failed";
            let others = shown.split_whitespace().filter(|word| word.starts_with("thinking::") && *word != code);
            for other in others.filter(|word| !follows(word)) {
                wrong.push(format!("the example gives {other}, too"));
            }
        }
        let Some(fence) = line.strip_prefix("```") else { continue };
        let block: String = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        let Some((_, file)) = fence.split_once(' ') else {
            assert_eq!(fence, "console", "{name}: a block that nothing checks");
            let now = console(&sandbox, &folder, &block, mend, &mut wrong);
            typed += usize::from(mend);
            if !mend {
                shown.push_str(&now);
            }
            let same = normal(&now) == normal(&block);
            if !same {
                wrong.push(format!("a console shows something else:\n{now}"));
            }
            text.push_str(if same { &block } else { &now });
            text.push_str("```\n");
            continue;
        };
        sandbox.write(&format!("words/{file}"), &block);
        text.push_str(&block);
        text.push_str("```\n");
    }
    if typed == 0 {
        let ran = run(&mut crate::support::command(&folder, &["validate"]));
        if ran.code != Some(0) || ran.err.contains("thinking::") {
            wrong.push(format!("the mend does not mend it:\n{}", ran.err));
        }
    }
    Played { text, wrong }
}

/// Runs the lines after `$ ` and gives what a terminal would show.
fn console(sandbox: &Sandbox, folder: &Path, block: &str, must_work: bool, wrong: &mut Vec<String>) -> String {
    let path = format!("{}:{}", sandbox.file("bin").display(), std::env::var("PATH").unwrap());
    let mut shown = String::new();
    for line in block.lines().filter(|line| line.starts_with("$ ")) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exec 2>&1; {}", &line[2..])]).current_dir(folder).env_clear().env("PATH", &path);
        let Ran { code, out, .. } = run(&mut shell);
        if must_work && code != Some(0) {
            wrong.push(format!("the mend does not mend it: `{line}` exits with {code:?}"));
        }
        shown.push_str(&format!("{line}\n"));
        let real = folder.canonicalize().unwrap();
        let out = out.replace(real.to_str().unwrap(), FOLDER).replace(folder.to_str().unwrap(), FOLDER);
        for line in out.lines() {
            shown.push_str(&process_number(line));
            shown.push('\n');
        }
    }
    // Messages end with an empty line between them and what follows; on a page nothing follows.
    format!("{}\n", shown.trim_end())
}

/// A line with another process and host: they differ each time.
fn process_number(line: &str) -> String {
    let known = |(before, after): (&str, &str)| {
        let (number, after) = after.split_once(" on ")?;
        number.parse::<u32>().ok()?;
        let rest = after.split_once(' ').map_or(String::new(), |(_, rest)| format!(" {rest}"));
        Some(format!("{before}process 4711 on laptop{rest}"))
    };
    line.split_once("process ").and_then(known).unwrap_or_else(|| line.trim_end().to_owned())
}

#[test]
fn every_page_holds() {
    let folder = root().join("engine/diagnostic/pages");
    let mut pages: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    assert!(pages.len() > 30, "the pages are gone");
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let parts = pages.chunks(pages.len().div_ceil(4));
        let threads: Vec<_> =
            parts.map(|part| scope.spawn(|| part.iter().flat_map(|path| holds(path)).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "pages differ (THINKING_UPDATE=1 writes consoles anew):\n{}", wrong.join("\n"));
}

/// What is wrong with a page.
fn holds(path: &Path) -> Vec<String> {
    let name = path.file_stem().unwrap().to_str().unwrap();
    let page = std::fs::read_to_string(path).unwrap();
    let played = play(name, &page);
    if update() && played.text != page {
        std::fs::write(path, &played.text).unwrap();
    }
    played.wrong.iter().map(|wrong| format!("{name}: {wrong}")).collect()
}

#[test]
fn pages_are_printed_for_people() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["explain", "unknown-node"]).expect(0);
    assert!(ran.err.is_empty(), "{}", ran.err);
    insta::assert_snapshot!(ran.out, @r#"
        thinking::unknown-node
        A node that nothing here understands.

        A node with a name that means nothing at that place: a slip of the keyboard, or
        a node that belongs elsewhere (a `database` belongs into `runtime`).

        For example

          pipeline.kdl
            pipeline "main" {
                stpe "count" { rhai "1 + 1" }
            }

            $ thinking validate
            thinking::unknown-node

              × `pipeline` has no node `stpe`
               ╭─[pipeline.kdl:2:5]
             1 │ pipeline "main" {
             2 │     stpe "count" { rhai "1 + 1" }
               ·     ──┬─
               ·       ╰── unknown
             3 │ }
               ╰────
              help: did you mean `step`?

        To mend it

        Write the name as the language has it.

          pipeline.kdl
            pipeline "main" {
                step "count" { rhai "1 + 1" }
            }
        "#);
    assert_eq!(sandbox.run(&["explain", "thinking::unknown-node"]).expect(0).out, ran.out);
    assert_eq!(sandbox.run(&["explain", "Unknown-Node"]).expect(0).out, ran.out);
}

#[test]
fn the_library_has_pages_too() {
    let sandbox = Sandbox::new();
    let one = sandbox.run(&["explain", "fs::read_text"]).expect(0).out;
    assert!(one.starts_with("read_text(path) -> string\n") || one.contains("fs::read_text("), "{one}");
    let all = sandbox.run(&["explain", "fs"]).expect(0).out;
    assert!(all.contains("read_text(") && all.contains("write_text(") && all.len() > one.len(), "{all}");
    let json: Value =
        serde_json::from_str(&sandbox.run(&["explain", "fs::read_text", "--json"]).expect(0).out).unwrap();
    assert_eq!(json["topic"], "fs::read_text");
}

#[test]
fn everything_is_listed() {
    let sandbox = Sandbox::new();
    let list = sandbox.run(&["explain"]).expect(0).out;
    let json: Value = serde_json::from_str(&sandbox.run(&["explain", "--json"]).expect(0).out).unwrap();
    let words = list.split_whitespace().collect::<Vec<_>>().join(" ");
    for code in json["codes"].as_array().unwrap() {
        let short = code["code"].as_str().unwrap().strip_prefix("thinking::").unwrap();
        let line = format!(" {short} {} ", code["summary"].as_str().unwrap());
        assert!(words.contains(&line), "{line}");
    }
    for topic in json["topics"].as_array().unwrap() {
        let topic = topic.as_str().unwrap();
        let name = topic.rsplit("::").next().unwrap();
        assert!(list.split_whitespace().any(|word| word == name), "{name}");
    }
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
}

#[test]
fn what_there_is_no_page_about() {
    let sandbox = Sandbox::new();
    for (topic, help) in [
        ("unknown-parm", "did you mean `unknown-param`?"),
        ("thinking::unknown-parm", "did you mean `unknown-param`?"),
        ("fs::read_txt", "did you mean `fs::read_text`?"),
        ("bananas", "`thinking explain` lists all pages"),
        ("", "`thinking explain` lists all pages"),
    ] {
        let ran = sandbox.run(&["explain", topic]).expect(2);
        assert!(ran.err.contains(help) && ran.err.contains("thinking::command-line"), "{topic}: {}", ran.err);
        assert!(ran.out.is_empty());
        let json: Value = serde_json::from_str(&sandbox.run(&["explain", topic, "--json"]).expect(2).out).unwrap();
        assert_eq!(json["diagnostics"][0]["help"], help);
    }
}
