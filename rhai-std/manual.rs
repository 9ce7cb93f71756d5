//! What the files in `pages/` say about each function beyond its line. One file per namespace:
//!
//! ```text
//! # fs
//! A few sentences about the namespace.
//!
//! ## lines
//! takes path: what it is, in which unit
//! gives: what comes back
//! throws script: when
//! source: a formula, and where it is from
//! note: what else is worth knowing
//! see: fs::read_text, text::lines
//!
//!     an example in Rhai
//!     its last line's value    // → its value as JSON
//! ```

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    /// The namespace, as [`FunctionDoc`](crate::FunctionDoc) names it.
    pub namespace: &'static str,
    /// What it is for.
    pub about: String,
    /// Its functions.
    pub entries: Vec<Entry>,
}

/// What is said of one function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its name without the namespace.
    pub name: &'static str,
    /// Arguments (or options) and what they are.
    pub takes: Vec<(&'static str, &'static str)>,
    /// What comes back.
    pub gives: Vec<&'static str>,
    /// Kinds of failures and when they occur.
    pub throws: Vec<(&'static str, &'static str)>,
    /// Formulas, and where they are from.
    pub source: Vec<&'static str>,
    /// What else is worth knowing.
    pub notes: Vec<&'static str>,
    /// Topics of other pages.
    pub see: Vec<&'static str>,
    /// Code that can be run.
    pub example: String,
}

/// Each namespace's file. Functions without a namespace are in `globals`.
const FILES: &[(&str, &str)] = &[
    ("", include_str!("pages/globals.md")),
    ("chart", include_str!("pages/chart.md")),
    ("clock", include_str!("pages/clock.md")),
    ("csv", include_str!("pages/csv.md")),
    ("documents", include_str!("pages/documents.md")),
    ("facets", include_str!("pages/facets.md")),
    ("fs", include_str!("pages/fs.md")),
    ("hash", include_str!("pages/hash.md")),
    ("http", include_str!("pages/http.md")),
    ("json", include_str!("pages/json.md")),
    ("kv", include_str!("pages/kv.md")),
    ("list", include_str!("pages/list.md")),
    ("log", include_str!("pages/log.md")),
    ("math", include_str!("pages/math.md")),
    ("objects", include_str!("pages/objects.md")),
    ("params", include_str!("pages/params.md")),
    ("rand", include_str!("pages/rand.md")),
    ("response", include_str!("pages/response.md")),
    ("results", include_str!("pages/results.md")),
    ("run", include_str!("pages/run.md")),
    ("stats", include_str!("pages/stats.md")),
    ("step", include_str!("pages/step.md")),
    ("stream", include_str!("pages/stream.md")),
    ("sys", include_str!("pages/sys.md")),
    ("text", include_str!("pages/text.md")),
    ("time", include_str!("pages/time.md")),
    ("toml", include_str!("pages/toml.md")),
    ("vectors", include_str!("pages/vectors.md")),
];

/// Variables without functions: what they hold is all that there is to say.
pub const VARIABLES: &[&str] = &["results", "run", "step"];

/// All chapters.
pub fn chapters() -> Vec<Chapter> {
    FILES.iter().map(|(namespace, text)| chapter(namespace, text, &mut |_| ())).collect()
}

/// Reads one file; lines that say nothing known are given to `odd` and left out.
pub fn chapter(namespace: &'static str, text: &'static str, odd: &mut dyn FnMut(&str)) -> Chapter {
    let mut chapter = Chapter { namespace, about: String::new(), entries: Vec::new() };
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            chapter.entries.push(Entry { name, ..Entry::default() });
        } else if let Some(entry) = chapter.entries.last_mut() {
            if !entry.read(line) {
                odd(line);
            }
        } else if !line.starts_with("# ") && !line.is_empty() {
            chapter.about.push_str(if chapter.about.is_empty() { "" } else { " " });
            chapter.about.push_str(line);
        }
    }
    for entry in &mut chapter.entries {
        entry.example.truncate(entry.example.trim_end().len());
    }
    chapter
}

impl Entry {
    /// Reads one line; says whether it was understood.
    fn read(&mut self, line: &'static str) -> bool {
        if let Some(code) = line.strip_prefix("    ") {
            self.example.push_str(code);
            self.example.push('\n');
            return true;
        }
        if line.is_empty() {
            // A blank line inside of an example belongs to it.
            if !self.example.is_empty() {
                self.example.push('\n');
            }
            return true;
        }
        let Some((head, text)) = line.split_once(": ") else { return false };
        match head.split_once(' ') {
            Some(("takes", name)) => self.takes.push((name, text)),
            Some(("throws", kind)) => self.throws.push((kind, text)),
            Some(_) => return false,
            None => match head {
                "gives" => self.gives.push(text),
                "source" => self.source.push(text),
                "note" => self.notes.push(text),
                "see" => self.see.extend(text.split(", ")),
                _ => return false,
            },
        }
        true
    }
}

/// Every line of every file that says nothing known, with its namespace.
#[cfg(test)]
pub fn odd_lines() -> Vec<String> {
    let mut lines = Vec::new();
    for (namespace, text) in FILES {
        chapter(namespace, text, &mut |line| lines.push(format!("{namespace}: {line}")));
    }
    lines
}
