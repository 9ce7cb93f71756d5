//! Texts in another format than KDL: someone begins with what they know. One message says so, in place of many about single characters.

use crate::guide::SMALLEST;
use thinking_diagnostic::{Code, Diagnostic, SourceFile, SourceId, Span};

/// What to say of a text that is clearly something else than KDL version 2: the first place where that can be seen.
pub(crate) fn foreign(source: SourceId, file: &SourceFile) -> Option<Diagnostic> {
    let (format, line) = recognise(&file.text)?;
    let start = line.as_ptr() as usize - file.text.as_ptr() as usize;
    let (start, line) = (start + line.len() - line.trim_start().len(), line.trim());
    let message = match format {
        "a program" => format!("this is {format}, not a manifest: manifests are written in KDL"),
        _ => format!("this is {format}: manifests are written in KDL"),
    };
    Some(
        Diagnostic::error(Code::Syntax, message)
            .at(Span::new(source, start, start + line.len().min(file.text.len() - start)), "here")
            .help(SMALLEST.to_owned()),
    )
}

/// The format, and the line that gives it away.
fn recognise(text: &str) -> Option<(&'static str, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.starts_with("#!") {
        return Some(("a program", text.lines().next()?));
    }
    // In YAML and TOML a comment begins with `#`.
    let says = |line: &&str| !line.trim().is_empty() && !is_hash_comment(line.trim());
    let lines: Vec<&str> = text.lines().filter(says).collect();
    let first = *lines.first()?;
    let most = |looks: fn(&str) -> bool| 2 * lines.iter().filter(|line| looks(line.trim())).count() >= lines.len();
    if let Some(section) = lines.iter().find(|line| is_section(line.trim()))
        && lines.iter().all(|line| !line.trim_end().ends_with('{'))
    {
        return Some(("TOML", section));
    }
    if is_json(text) {
        return Some(("JSON", first));
    }
    if lines.len() > 1 && lines.iter().all(|line| is_assignment(line.trim())) {
        return Some(("TOML", first));
    }
    if (first.trim() == "---" || is_yaml(first.trim())) && most(is_yaml) {
        return Some(("YAML", first));
    }
    None
}

fn is_hash_comment(line: &str) -> bool {
    line == "#" || line.starts_with("# ")
}

/// An object or a list at the beginning, where KDL has the name of a node.
fn is_json(text: &str) -> bool {
    let mut characters = text.chars().filter(|character| !character.is_whitespace());
    match (characters.next(), characters.next()) {
        (Some('{'), Some('"' | '}')) | (Some('{'), None) => true,
        (Some('['), second) => second.is_none_or(|second| "\"{[]-".contains(second) || second.is_ascii_digit()),
        _ => false,
    }
}

/// `[name]` or `[[name]]`
fn is_section(line: &str) -> bool {
    let line = line.split_once(" #").map_or(line, |(line, _)| line.trim_end());
    let inner = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
    let inner = inner.map(|inner| inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(inner));
    inner.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(is_key))
}

/// `name = value`
fn is_assignment(line: &str) -> bool {
    line.split_once('=').is_some_and(|(name, value)| {
        let name = name.trim_end();
        !name.is_empty() && name.chars().all(is_key) && !value.trim_end().ends_with('{')
    })
}

/// `name: value`, `name:`, or `- …`
fn is_yaml(line: &str) -> bool {
    let line = line.strip_prefix("- ").unwrap_or(line);
    let entry = line.split_once(':').is_some_and(|(name, value)| {
        !name.is_empty()
            && name.chars().all(is_key)
            && (value.is_empty() || value.starts_with(' '))
            && !value.trim_end().ends_with('{')
    });
    entry || line == "---"
}

fn is_key(character: char) -> bool {
    character.is_alphanumeric() || "-_.".contains(character)
}

#[cfg(test)]
mod tests {
    use super::recognise;

    #[track_caller]
    fn is(text: &str, expected: Option<(&str, &str)>) {
        assert_eq!(recognise(text), expected, "{text}");
    }

    #[test]
    fn other_formats_are_recognised() {
        is(
            "# why\nname: train\nsteps:\n  - run: python3 train.py\n    env:\n      A: b\n",
            Some(("YAML", "name: train")),
        );
        is("---\nsteps:\n- build\n", Some(("YAML", "---")));
        is("jobs:\n", Some(("YAML", "jobs:")));
        is("{\n  \"pipeline\": {}\n}\n", Some(("JSON", "{")));
        is("[{}]", Some(("JSON", "[{}]")));
        is("{}", Some(("JSON", "{}")));
        is("name = \"x\"\n\n[tasks.a]\nrun = \"b\"\n", Some(("TOML", "[tasks.a]")));
        is("[[step]] # one\n", Some(("TOML", "[[step]] # one")));
        is("a = 1\nb = 2\n", Some(("TOML", "a = 1")));
        is("#!/bin/sh\necho a\n", Some(("a program", "#!/bin/sh")));
    }

    /// A manifest with a slip in it is told as that.
    #[test]
    fn manifests_are_not_taken_for_something_else() {
        for text in [
            "",
            "// name: x\npipeline m { }\n",
            "pipeline \"m\" {\n  retry = 3\n}\n",
            "retry = 3",
            "pipeline: \"main\" {\n  step: \"one\" { }\n}\n",
            "pipeline m {\n  each x in=[1, 2] { }\n}\n",
            "step a [1]\n[x] {\n}\n",
            "note \"a: b\"\nrhai #\"\"\"\n  a: 1\n  \"\"\"#\n",
            "{ step \"one\" }",
            "#true",
        ] {
            is(text, None);
        }
    }
}
