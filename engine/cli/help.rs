//! Help texts: the overview with its groups, and examples for every verb.

use crate::cli::args::Cli;
use clap::{Command, CommandFactory};
use std::fmt::Write as _;

/// The verbs by what they are for. One that is not here stands under the last heading.
const GROUPS: &[(&str, &[&str])] = &[
    ("Write a pipeline", &["init", "validate", "test", "fmt", "explain", "schema"]),
    ("Look at it", &["facets", "components", "graph"]),
    ("Run it", &["plan", "apply", "signal", "cancel"]),
    ("Look back", &["history", "show", "logs", "diff", "state"]),
    ("Around it", &["doctor", "completions"]),
];

pub(crate) const OVERVIEW: &str = "\
Examples:
  thinking validate                       check pipeline.kdl, all facets of it
  thinking plan -p epochs=5               what would run, and why
  thinking apply                          run it, or go on where it was
  thinking apply --facet smoke --fresh    a quick run on empty data

`thinking help VERB` tells more of each.";

pub(crate) const APPLY: &str = "\
Examples:
  thinking apply                            run pipeline.kdl, or go on where it was
  thinking apply -p epochs=5 --facet gpu    with another parameter and a facet
  thinking apply --from fit/train           run that again, and what follows
  thinking apply --fresh --state /tmp/try   a run of its own on empty data";

pub(crate) const PLAN: &str = "\
Examples:
  thinking plan                  what would become of every task, and why
  thinking plan -p epochs=5      and with another parameter
  thinking plan --only report    if only that were to run
  thinking plan --json           for machines";

pub(crate) const VALIDATE: &str = "\
Examples:
  thinking validate                               check pipeline.kdl, all facets of it
  thinking validate other.kdl --json              for editors and machines
  thinking validate --permissions                 what it may touch, and what its steps do
  thinking validate --emit resolved --facet gpu   the manifest as it is with a facet";

pub(crate) const TEST: &str = "\
Examples:
  thinking test                      all suites of the project here, and of those below
  thinking test tests/model.kdl      those of one file
  thinking test -k bracket           tests whose path holds that text
  thinking test --tag slow           tests with a tag; -E takes whole expressions
  thinking test --last-failed        what failed last time
  thinking test --update             write snapshots that differ anew
  thinking test --output all -j 1    one after the other, and what each of them wrote

An expression joins path(TEXT), suite(TEXT), name(TEXT) and tag(NAME) by &, | and !.

Exit codes: 0 all passed, 1 a test failed, 2 nothing ran: a mistake, or no test is so called.";

pub(crate) const SCHEMA: &str = "\
Examples:
  thinking schema                          the JSON Schema of manifests
  thinking schema > thinking.schema.json   for an editor or a validator";

pub(crate) const STATE: &str = "\
Examples:
  thinking state verify                     read all of it, check its checksums
  thinking state verify --state /data/run   of a state elsewhere";

pub(crate) const STATE_VERIFY: &str = "\
Examples:
  thinking state verify                     of the project here
  thinking state verify --state /data/run   of a state elsewhere
  thinking state verify --json              for machines";

pub(crate) const EXPLAIN: &str = "\
Examples:
  thinking explain unknown-param   a mistake by its code: cause, example, mend
  thinking explain fs::lines       a function of the script library
  thinking explain fs              a whole namespace
  thinking explain                 everything there is";

pub(crate) const DOCTOR: &str = "\
Examples:
  thinking doctor                       this machine, and what pipeline.kdl needs
  thinking doctor other.kdl --quiet     only what is worth a look
  thinking doctor --state /data/run     with the state elsewhere
  thinking doctor --json                for machines

Exit codes: 0 nothing will break a run, 1 something will, 2 the manifest is wrong.";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  thinking completions bash > ~/.local/share/bash-completion/completions/thinking
  thinking completions zsh > ~/.zfunc/_thinking
  thinking completions fish > ~/.config/fish/completions/thinking.fish";

/// The whole command line with its overview.
pub(crate) fn command() -> Command {
    let command = Cli::command();
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}{}\n{{options}}{{after-help}}",
        overview(&command),
        heading(&command, "Options"),
    );
    command.help_template(template)
}

/// A heading as clap writes it.
fn heading(command: &Command, text: &str) -> String {
    let style = command.get_styles().get_header();
    format!("{style}{text}:{style:#}")
}

/// The verbs under their headings, a line each.
fn overview(command: &Command) -> String {
    let verbs: Vec<&Command> = command.get_subcommands().filter(|verb| !verb.is_hide_set()).collect();
    let known = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    let width = verbs.iter().map(|verb| verb.get_name().len()).max().unwrap_or(0);
    let literal = command.get_styles().get_literal();
    let mut text = String::new();
    for (number, (title, names)) in GROUPS.iter().enumerate() {
        let last = number + 1 == GROUPS.len();
        let mut inside: Vec<&&Command> =
            names.iter().filter_map(|name| verbs.iter().find(|verb| verb.get_name() == *name)).collect();
        if last {
            inside.extend(verbs.iter().filter(|verb| !known(verb.get_name())));
        }
        if inside.is_empty() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", heading(command, title));
        for verb in inside {
            let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {literal}{:width$}{literal:#}  {about}", verb.get_name());
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The command lines of a help text.
    fn examples(help: &str) -> Vec<Vec<String>> {
        let lines = help.lines().skip_while(|line| *line != "Examples:").filter_map(|line| line.strip_prefix("  "));
        let words = |line: &str| {
            let typed = line.split("   ").next().unwrap_or_default();
            let typed = typed.split_whitespace().take_while(|word| ![">", "|", "&&"].contains(word));
            typed.take_while(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        lines.map(words).collect()
    }

    fn check(path: &str, verb: &Command, seen: &mut usize) {
        let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples = examples(&help);
        assert!(examples.len() > 1, "`{path}` needs examples in its help (after_help)");
        for words in examples {
            let line = words.join(" ");
            assert!(line.starts_with(path), "`{line}` stands in the help of `{path}`");
            if let Err(error) = command().try_get_matches_from(&words) {
                panic!("an example of the help is wrong: {line}\n{error}");
            }
            *seen += 1;
        }
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{path}: too wide");
        for inner in verb.get_subcommands().filter(|inner| inner.get_name() != "help" && !inner.is_hide_set()) {
            check(&format!("{path} {}", inner.get_name()), inner, seen);
        }
    }

    #[test]
    fn every_verb_has_examples_and_each_is_a_command_line() {
        let mut seen = 0;
        check("thinking", &command(), &mut seen);
        assert!(seen > 20, "{seen}");
    }

    #[test]
    fn every_verb_stands_in_the_overview_once() {
        let command = command();
        let overview = overview(&command);
        for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
            let start = format!("  {}", verb.get_name());
            let plain = anstream_free(&overview);
            let lines = plain.lines().filter(|line| line.split("  ").nth(1) == Some(start.trim()));
            assert_eq!(lines.count(), 1, "{}", verb.get_name());
        }
    }

    /// Text without escapes for colours.
    fn anstream_free(text: &str) -> String {
        let mut parts = text.split('\u{1b}');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |all, part| all + part.split_once('m').map_or("", |(_, rest)| rest))
    }
}
