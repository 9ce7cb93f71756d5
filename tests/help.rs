//! Help texts, completions, and what `thinking` alone says.

use crate::support::Sandbox;
use std::process::{Command, Stdio};

/// The verbs that the overview lists.
fn verbs(overview: &str) -> Vec<&str> {
    let lines = overview.lines().skip_while(|line| !line.starts_with("Usage:"));
    let lines = lines.take_while(|line| !line.starts_with("Options:")).filter_map(|line| line.strip_prefix("  "));
    lines.filter_map(|line| line.split_whitespace().next()).collect()
}

#[test]
fn the_overview_is_one_page() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["help"]).expect(0).out;
    assert_eq!(sandbox.run(&["--help"]).expect(0).out, help);
    assert_eq!(sandbox.run(&["-h"]).expect(0).out, help);
    assert!(verbs(&help).len() >= 8 && help.lines().count() < 50 && help.contains("\nExamples:\n"), "{help}");
    assert!(help.lines().all(|line| line.chars().count() <= 100) && !help.contains('\u{1b}'), "{help}");
    for verb in verbs(&help) {
        let long = sandbox.run(&["help", verb]).expect(0).out;
        assert!(long.contains(&format!("Usage: thinking {verb}")) && long.contains("\nExamples:\n"), "{long}");
        let short = sandbox.run(&[verb, "-h"]).expect(0).out;
        assert!(short.lines().count() <= long.lines().count(), "{verb}");
    }
}

#[test]
fn completions_name_every_verb() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["help"]).expect(0).out;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = sandbox.run(&["completions", shell]).expect(0);
        for verb in verbs(&help) {
            assert!(ran.out.contains(verb), "{shell}: {verb}");
        }
        assert!(ran.err.is_empty(), "{}", ran.err);
    }
    let wrong = sandbox.run(&["completions", "tcsh"]).expect(2);
    assert!(wrong.err.contains("bash") && wrong.err.contains("zsh"), "{}", wrong.err);
    // A shell that is there reads its script without complaint.
    let script = sandbox.run(&["completions", "bash"]).expect(0).out;
    sandbox.write("completions.bash", &script);
    let bash = Command::new("bash").arg("-n").arg(sandbox.file("completions.bash")).stderr(Stdio::piped()).output();
    if let Ok(output) = bash {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn alone_it_says_what_next() {
    let sandbox = Sandbox::new();
    let empty = sandbox.run(&[]).expect(0);
    assert!(empty.out.starts_with("There is no manifest here.") && empty.err.is_empty(), "{}", empty.out);
    sandbox.write("words.kdl", "pipeline \"main\" { step \"one\" { rhai \"1\" } }\n");
    let one = sandbox.run(&[]).expect(0).out;
    assert!(one.starts_with("words.kdl is here.") && one.contains("\n  thinking apply "), "{one}");
    // Every command that it proposes is one.
    for line in one.lines().filter_map(|line| line.strip_prefix("  thinking ")) {
        let verb = line.split_whitespace().next().unwrap();
        sandbox.run(&[verb]).expect(0);
    }
    sandbox.write("other.kdl", "");
    let two = sandbox.run(&[]).expect(0).out;
    assert!(two.contains("thinking apply words.kdl") && two.contains("thinking apply other.kdl"), "{two}");
}
