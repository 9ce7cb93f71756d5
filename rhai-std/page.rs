//! What `thinking explain` says about the script library.

use crate::library::library;
use crate::manual::{Chapter, Entry, VARIABLES, chapters};
use crate::namespace::FunctionDoc;
use std::fmt::Write as _;
use thinking_step::Class;

/// Characters per line.
const WIDTH: usize = 80;
/// Code longer than so many bytes may be broken between its words.
const CODE: usize = 72;
/// Namespaces whose functions are methods of values that have names of their own: databases by kind, answers of servers, streams.
const METHODS: &[&str] = &["kv", "documents", "vectors", "objects", "response", "stream"];

/// The page about a function (`fs::lines`, or `lines` if only one is called so), a method (`kv::put`, `params.contains`, or `words.scan` of a
/// database) or a whole namespace (`fs`); `None` if there is nothing of that name.
#[must_use]
pub fn page(topic: &str) -> Option<String> {
    let functions = library().functions;
    let known = |owner: &str| VARIABLES.contains(&owner) || functions.iter().any(|found| found.namespace == owner);
    let topic = topic.trim().trim_end_matches("()").replace('.', "::");
    let exact = |name: &str| -> Vec<&FunctionDoc> {
        functions.iter().filter(|function| function.full_name() == name).collect()
    };
    let mut found = exact(&topic);
    if found.is_empty() && !topic.is_empty() {
        let members: Vec<&FunctionDoc> = functions.iter().filter(|function| function.namespace == topic).collect();
        if !members.is_empty() {
            return Some(overview(&topic, &members));
        }
        if let Some(text) = variable(&topic) {
            return Some(text);
        }
        found = match topic.split_once("::") {
            // A variable has a name of its own.
            Some((owner, method)) if !known(owner) => {
                functions.iter().filter(|found| found.name == method && METHODS.contains(&found.namespace)).collect()
            }
            Some(_) => Vec::new(),
            None => functions.iter().filter(|function| function.name == topic).collect(),
        };
    }
    match found.as_slice() {
        [] => None,
        [first, others @ ..] if others.iter().all(|other| other.full_name() == first.full_name()) => {
            Some(about(first, others))
        }
        several => Some(choice(&topic, several)),
    }
}

/// Everything that [`page`] knows, sorted: namespaces and functions.
#[must_use]
pub fn topics() -> Vec<String> {
    let functions = library().functions;
    let spaces = functions.iter().map(|function| function.namespace.to_owned()).filter(|name| !name.is_empty());
    let fields = variables().flat_map(|chapter| {
        let name = chapter.namespace;
        let fields = chapter.entries.into_iter().map(move |entry| format!("{name}::{}", entry.name));
        std::iter::once(name.to_owned()).chain(fields)
    });
    let mut topics: Vec<String> = spaces.chain(functions.iter().map(FunctionDoc::full_name)).chain(fields).collect();
    topics.sort_unstable();
    topics.dedup();
    topics
}

/// The chapters about variables that have no functions.
fn variables() -> impl Iterator<Item = Chapter> {
    chapters().into_iter().filter(|chapter| VARIABLES.contains(&chapter.namespace))
}

/// The page about such a variable, or one of its fields: `step`, `step::key`.
fn variable(topic: &str) -> Option<String> {
    let (name, field) = topic.split_once("::").map_or((topic, None), |(name, field)| (name, Some(field)));
    let chapter = variables().find(|chapter| chapter.namespace == name)?;
    let mut text = String::new();
    if let Some(field) = field {
        let entry = chapter.entries.iter().find(|entry| entry.name == field)?;
        let _ = writeln!(text, "{name}.{field}");
        details(&mut text, entry, std::iter::empty(), None);
        return Some(tidy(&text));
    }
    let _ = writeln!(text, "{name}\n");
    fold(&mut text, &chapter.about, 2, 0);
    for (at, entry) in chapter.entries.iter().enumerate() {
        text.push_str(if at == 0 { "\n" } else { "" });
        let _ = writeln!(text, "  {name}.{}", entry.name);
        fold(&mut text, &entry.gives.join(" "), 6, 0);
    }
    Some(text)
}

/// How a script calls it: `fs::lines(path)`, `words.put(key, value)`.
fn call(function: &FunctionDoc) -> String {
    match function.namespace {
        "" => function.signature.to_owned(),
        "kv" | "documents" | "vectors" | "objects" => format!("database.{}", function.signature),
        "stream" => format!("list.{}", function.signature),
        "params" | "facets" | "clock" | "response" | "results" | "run" | "step" => {
            format!("{}.{}", function.namespace, function.signature)
        }
        namespace => format!("{namespace}::{}", function.signature),
    }
}

fn overview(namespace: &str, members: &[&FunctionDoc]) -> String {
    let mut text = format!("{namespace}\n");
    let about = chapters().into_iter().find(|chapter| chapter.namespace == namespace).map(|chapter| chapter.about);
    if let Some(about) = about.filter(|about| !about.is_empty()) {
        text.push('\n');
        fold(&mut text, &about, 2, 0);
    }
    text.push('\n');
    list(&mut text, members, call);
    more(&mut text, members[0]);
    text
}

fn choice(name: &str, several: &[&FunctionDoc]) -> String {
    let name = name.rsplit("::").next().unwrap_or(name);
    let mut text = format!("`{name}` is the name of several functions:\n\n");
    // Methods of the same name differ by whose they are.
    list(&mut text, several, |function| match function.namespace {
        "" => function.signature.to_owned(),
        namespace => format!("{namespace}::{}", function.signature),
    });
    if let Some(first) = several.iter().find(|function| !function.namespace.is_empty()) {
        more(&mut text, first);
    }
    text
}

/// The first sentence about each function.
fn list(text: &mut String, functions: &[&FunctionDoc], call: impl Fn(&FunctionDoc) -> String) {
    for function in functions {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {}", call(function));
        fold(text, function.summary(), 6, 0);
    }
}

/// How to ask for a whole page.
fn more(text: &mut String, function: &FunctionDoc) {
    let _ = writeln!(text, "\n`thinking explain {}` says more about one of them.", function.full_name());
}

fn about(function: &FunctionDoc, others: &[&FunctionDoc]) -> String {
    let mut text = String::new();
    for function in std::iter::once(&function).chain(others) {
        let _ = writeln!(text, "{}", call(function));
    }
    for function in std::iter::once(&function).chain(others) {
        text.push('\n');
        fold(&mut text, function.doc, 2, 0);
    }
    let chapters = chapters();
    let chapter = chapters.iter().find(|chapter| chapter.namespace == function.namespace);
    let entry = chapter.and_then(|chapter| chapter.entries.iter().find(|entry| entry.name == function.name));
    let nothing = Entry::default();
    let entry = entry.unwrap_or(&nothing);
    details(&mut text, entry, refusals(function).into_iter(), Some(place(function)));
    tidy(&text)
}

/// What an entry of the manual says, with what follows from the function itself.
fn details(text: &mut String, entry: &Entry, refusals: impl Iterator<Item = String>, place: Option<&str>) {
    section(text, "Takes", entry.takes.iter().map(|(name, what)| format!("`{name}`: {what}")));
    section(text, "Gives", entry.gives.iter().map(|what| (*what).to_owned()));
    let failures = entry.throws.iter().map(|(kind, when)| format!("{kind}: {when}"));
    section(text, "Fails with kind", failures.chain(refusals));
    section(text, "May be called", place.map(ToOwned::to_owned).into_iter());
    section(text, "Rule", entry.source.iter().map(|source| (*source).to_owned()));
    section(text, "Note", entry.notes.iter().map(|note| (*note).to_owned()));
    if !entry.example.is_empty() {
        text.push_str("\nExample\n");
        for line in entry.example.lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    section(text, "See also", (!entry.see.is_empty()).then(|| entry.see.join(", ")).into_iter());
}

/// Lines of examples may end in blanks, or be blank.
fn tidy(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn section(text: &mut String, head: &str, items: impl Iterator<Item = String>) {
    // Of what is listed by name, the names stand out.
    let hang = if matches!(head, "Takes" | "Fails with kind") { 4 } else { 0 };
    for (at, item) in items.enumerate() {
        if at == 0 {
            let _ = writeln!(text, "\n{head}");
        }
        fold(text, &item, 2, hang);
    }
}

/// What a manifest must permit.
fn refusals(function: &FunctionDoc) -> Vec<String> {
    let mut lines = Vec::new();
    if function.reads.is_some() || function.reads_below.is_some() {
        lines.push("a file outside of the project needs `permissions { read \"…\" }`".to_owned());
    }
    if function.writes.is_some() {
        lines.push("writing needs `permissions { write \"…\" }`, or a declared `output`".to_owned());
    }
    if function.net.is_some() {
        lines.push("each host needs `permissions { net \"host:port\" }`".to_owned());
    }
    if function.env.is_some() {
        lines.push("needs `permissions { env \"NAME\" }`".to_owned());
    }
    lines.into_iter().map(|line| format!("permission: {line}")).collect()
}

/// Where a function may be called, in plain words.
fn place(function: &FunctionDoc) -> &'static str {
    if function.in_tests {
        return "In tests only.";
    }
    match function.class {
        Class::State if writes(function) => {
            "By steps only: it writes. What it writes is part of the step's transaction."
        }
        Class::Pure if function.volatile => {
            "Everywhere. Its value may differ each time; that alone makes no step run again."
        }
        Class::Pure => "Everywhere.",
        Class::State => "In steps and in conditions of tasks, but not in a parameter's default or a facet's `detect`.",
        Class::Observe if function.volatile => {
            "In steps and in conditions of tasks. Its value may differ each time; that alone makes no step run again."
        }
        Class::Observe if function.reads.is_some() || function.reads_below.is_some() => {
            "In steps and in conditions of tasks. What it saw is an input: if that changes, the step runs again."
        }
        Class::Observe => "In steps and in conditions of tasks.",
        Class::Effect => {
            "By steps only: it changes the world outside. A step that is killed before it is done does it again."
        }
    }
}

/// Whether it is a database's method that writes.
fn writes(function: &FunctionDoc) -> bool {
    let writes = match function.namespace {
        "kv" => crate::kv::WRITES,
        "documents" => crate::documents::WRITES,
        "vectors" => crate::vectors::WRITES,
        "objects" => crate::objects::WRITES,
        _ => return false,
    };
    writes.contains(&function.name)
}

/// Adds a text in lines of at most [`WIDTH`] characters, each after so many blanks; lines after the first stand `hang` further in.
fn fold(text: &mut String, words: &str, indent: usize, hang: usize) {
    let mut length = 0;
    for word in pieces(words) {
        let long = word.chars().count();
        if length > 0 && length + 1 + long <= WIDTH {
            text.push(' ');
            length += 1;
        } else {
            let more = if length > 0 { hang } else { 0 };
            if length > 0 {
                text.push('\n');
            }
            text.push_str(&" ".repeat(indent + more));
            length = indent + more;
        }
        text.push_str(&word);
        length += long;
    }
    text.push('\n');
}

/// Words; code between backticks stays on one line if it is short.
fn pieces(words: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match pieces.last_mut() {
            Some(last) if last.matches('`').count() % 2 == 1 && last.len() + word.len() < CODE => {
                last.push(' ');
                last.push_str(word);
            }
            _ => pieces.push(word.to_owned()),
        }
    }
    pieces
}
