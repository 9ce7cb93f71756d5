//! Components, bindings and dependencies from short texts, one declaration a line:
//!
//! ```text
//! component text.split provides=tokenizer needs=words?,log operations=init,shutdown requires=separator
//! native    text.fast  provides=tokenizer
//! bind      tokenizer text.split primary fallback lazy eager scope=stage wire=words:counts
//! resource  words kv
//! ask       tokenizer
//! ```
//!
//! A dependency is `name`, `name:wanted`, with `!` for the Rust type of that name and `!!` for another one, `?` for optional, `*` for many. Spans are those of the words, so that
//! diagnostics show the case itself.

use crate::wiring::{Binding, Catalog, Lifetime, Resource, Root, Wire, Wirer};
use std::any::TypeId;
use std::sync::Arc;
use thinking_diagnostic::{Diagnostic, Diagnostics, SourceId, SourceMap, Span, Style, render};
use thinking_step::{
    About, Class, Component, ComponentType, Creation, ErrorKind, Interface, Need, Operation, Origin, Parameter,
    StepError, VariableKind,
};

/// A kind of component that is only ever asked what it is.
pub(super) struct Known(pub(super) About);

impl ComponentType for Known {
    fn about(&self) -> &About {
        &self.0
    }
    fn create(&self, _: Creation<'_>) -> Result<Arc<dyn Component>, StepError> {
        Err(StepError::new(ErrorKind::Native, "nothing is created here"))
    }
}

/// What a text declares.
pub(super) struct Case {
    pub(super) sources: SourceMap,
    pub(super) kinds: Vec<About>,
    pub(super) bindings: Vec<Binding>,
    pub(super) resources: Vec<Resource>,
    pub(super) roots: Vec<Root>,
    /// Lines that are no declaration of this format.
    pub(super) rest: Vec<Vec<Word>>,
}

/// A word, and where it stands.
#[derive(Clone)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) span: Span,
}

impl Word {
    /// The value of a word `key=value`.
    pub(super) fn value(&self, key: &str) -> Option<Word> {
        let text = self.text.strip_prefix(key)?.strip_prefix('=')?.to_owned();
        let start = self.span.end - u32::try_from(text.len()).unwrap();
        Some(Word { text, span: Span { start, ..self.span } })
    }

    /// The words between commas.
    pub(super) fn list(&self) -> Vec<Word> {
        let mut start = self.span.start;
        let mut words = Vec::new();
        for text in self.text.split(',') {
            let end = start + u32::try_from(text.len()).unwrap();
            words.push(Word { text: text.to_owned(), span: Span { start, end, ..self.span } });
            start = end + 1;
        }
        words
    }

    fn parts(&self) -> (Word, Option<Word>) {
        match self.text.split_once(':') {
            None => (self.clone(), None),
            Some((before, after)) => {
                let middle = self.span.start + u32::try_from(before.len()).unwrap();
                let first = Word { text: before.to_owned(), span: Span { end: middle, ..self.span } };
                let second = Word { text: after.to_owned(), span: Span { start: middle + 1, ..self.span } };
                (first, Some(second))
            }
        }
    }
}

fn words(line: &str, start: usize, source: SourceId) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = 0;
    for text in line.split(' ') {
        if !text.is_empty() {
            let span = Span::new(source, start + rest, start + rest + text.len());
            words.push(Word { text: text.to_owned(), span });
        }
        rest += text.len() + 1;
    }
    words
}

impl Case {
    pub(super) fn parse(text: &str) -> Self {
        let mut sources = SourceMap::new();
        let source = sources.add("case", text);
        let mut case = Self {
            sources,
            kinds: Vec::new(),
            bindings: Vec::new(),
            resources: Vec::new(),
            roots: Vec::new(),
            rest: Vec::new(),
        };
        let mut start = 0;
        for line in text.lines() {
            let words = words(line, start, source);
            start += line.len() + 1;
            match words.first().map(|word| word.text.as_str()) {
                None => {}
                Some("component") => case.kinds.push(about(&words, false)),
                Some("native") => case.kinds.push(about(&words, true)),
                Some("bind") => case.bindings.push(binding(&words)),
                Some("resource") => case.resources.push(Resource {
                    name: words[1].text.clone(),
                    kinds: words[2].list().into_iter().map(|word| word.text).collect(),
                    what: VariableKind::Kv(words[1].text.clone()),
                    span: Some(words[1].span),
                }),
                Some("ask") => {
                    let need = Need { origin: Origin::Engine, ..need(&words[1], 0, false) };
                    case.roots.push(Root { who: "`main`".to_owned(), need, span: Some(words[1].span) });
                }
                Some(_) => case.rest.push(words),
            }
        }
        case
    }

    /// A wirer of what is declared, and what is wrong.
    pub(super) fn wirer(&self) -> (Wirer, Diagnostics) {
        self.wirer_of(|about| Arc::new(Known(about)))
    }

    /// The same, of components that can be created.
    pub(super) fn wirer_of(&self, kind: impl Fn(About) -> Arc<dyn ComponentType>) -> (Wirer, Diagnostics) {
        let (catalog, mut wrong) = Catalog::new(self.kinds.iter().cloned().map(kind));
        let (wirer, more) = Wirer::new(catalog, self.bindings.clone(), self.resources.clone());
        wrong.extend(more);
        (wirer, wrong.into_iter().collect())
    }

    /// Diagnostics as people see them.
    pub(super) fn shown<'a>(&self, diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> String {
        let style = Style { color: false, unicode: true, width: 100 };
        diagnostics.into_iter().map(|diagnostic| render(diagnostic, &self.sources, style)).collect()
    }
}

fn about(words: &[Word], native: bool) -> About {
    let name = &words[1];
    let line = u32::try_from(name.text.len()).unwrap();
    let value = |key: &str| words.iter().find_map(|word| word.value(key));
    let list = |key: &str| value(key).map_or_else(Vec::new, |word| word.list());
    let interface = |word: Word| Interface { rust: native.then(|| rust_type(&word.text)), name: word.text };
    let needs = list("needs").iter().enumerate().map(|(at, word)| need(word, line + at as u32, native)).collect();
    let origin = |span| if native { Origin::Source("src/lib.rs", line) } else { Origin::Manifest(span) };
    let required: Vec<String> = list("requires").into_iter().map(|word| word.text).collect();
    About {
        doc: String::new(),
        version: String::new(),
        provides: list("provides").into_iter().map(interface).collect(),
        rust: native.then(|| rust_type(&name.text)),
        config: serde_json::json!({ "type": "object", "required": required }),
        needs,
        operations: list("operations").iter().map(|word| operation(word, native)).collect(),
        persistent: Vec::new(),
        definition: (String::new(), Vec::new()),
        origin: origin(name.span),
        name: name.text.clone(),
    }
}

/// `name`, or `name:parameter`, or `name:parameter?`.
fn operation(word: &Word, native: bool) -> Operation {
    let (name, parameter) = word.parts();
    let parameters = parameter.map(|word| Parameter {
        name: word.text.trim_end_matches('?').to_owned(),
        schema: true.into(),
        optional: word.text.ends_with('?'),
    });
    Operation {
        name: name.text,
        doc: String::new(),
        parameters: parameters.into_iter().collect(),
        returns: String::new(),
        class: Class::Effect,
        declared: false,
        origin: if native { Origin::Source("src/lib.rs", 7) } else { Origin::Manifest(name.span) },
    }
}

pub(super) fn need(word: &Word, line: u32, native: bool) -> Need {
    let plain = word.text.trim_end_matches(['!', '?', '*']);
    let (name, wanted) = plain.split_once(':').unwrap_or((plain, plain));
    Need {
        name: name.to_owned(),
        wanted: wanted.to_owned(),
        rust: if word.text.contains("!!") {
            Some(rust_type("other.tokenizer"))
        } else {
            word.text.contains('!').then(|| rust_type(wanted))
        },
        optional: word.text.contains('?'),
        many: word.text.contains('*'),
        origin: if native { Origin::Source("src/lib.rs", line) } else { Origin::Manifest(word.span) },
    }
}

fn binding(words: &[Word]) -> Binding {
    let has = |flag: &str| words[3..].iter().any(|word| word.text == flag);
    let value = |key: &str| words.iter().find_map(|word| word.value(key));
    let wire = |word: Word| {
        let (need, to) = word.parts();
        let to = to.expect("wire=need:binding");
        Wire { need: need.text, need_span: Some(need.span), binding: to.text, binding_span: Some(to.span) }
    };
    Binding {
        name: words[1].text.clone(),
        span: Some(words[1].span),
        component: words[2].text.clone(),
        component_span: Some(words[2].span),
        lifetime: value("scope").map_or(Lifetime::Run, |word| Lifetime::from_name(&word.text).unwrap()),
        primary: has("primary"),
        fallback: has("fallback"),
        lazy: has("lazy"),
        eager: has("eager"),
        config: serde_json::json!({}),
        wires: value("wire").map_or_else(Vec::new, |word| word.list().into_iter().map(wire).collect()),
    }
}

struct Marker<const N: usize>;

/// A Rust type for each of a few names.
fn rust_type(name: &str) -> TypeId {
    let known = [
        ("tokenizer", TypeId::of::<Marker<0>>()),
        ("trainer", TypeId::of::<Marker<1>>()),
        ("text.fast", TypeId::of::<Marker<2>>()),
        ("text.slow", TypeId::of::<Marker<3>>()),
        ("text.cached", TypeId::of::<Marker<4>>()),
        ("other.tokenizer", TypeId::of::<Marker<5>>()),
        ("skipgram", TypeId::of::<Marker<6>>()),
    ];
    known.iter().find(|(other, _)| *other == name).unwrap_or_else(|| panic!("no Rust type for `{name}`")).1
}

/// One case of a file: its title, its declarations, and what is expected.
pub(super) struct Written {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) expected: String,
}

/// The cases of a file: `## title`, the declarations, `=>`, and what is expected.
pub(super) fn written(text: &str) -> Vec<Written> {
    let cases = text.split("## ").skip(1).map(|case| {
        let (title, body) = case.split_once('\n').unwrap();
        let (text, expected) = body.split_once("=>\n").unwrap_or((body, ""));
        Written {
            title: title.to_owned(),
            text: text.trim_end().to_owned() + "\n",
            expected: expected.trim_end().to_owned(),
        }
    });
    cases.collect()
}

/// Compares each case of a file with what comes out now. `THINKING_UPDATE=1` writes the file anew.
pub(super) fn check(file: &str, out: impl Fn(&Written) -> String) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let head = text.split("## ").next().unwrap().to_owned();
    let mut anew = head;
    let mut wrong = Vec::new();
    let cases = written(&text);
    assert!(cases.len() > 3, "the cases are gone");
    for case in cases {
        let now = out(&case).trim_end().to_owned();
        anew += &format!("## {}\n{}=>\n{now}\n\n", case.title, case.text);
        if now != case.expected {
            wrong.push(format!("{}:\n{now}", case.title));
        }
    }
    if std::env::var_os("THINKING_UPDATE").is_some() {
        std::fs::write(&path, anew.trim_end().to_owned() + "\n").unwrap();
    }
    assert!(wrong.is_empty(), "{file} differs (THINKING_UPDATE=1 writes it anew):\n{}", wrong.join("\n\n"));
}
