//! Components for people.

use super::gather::{Act, Binding, Component, Everything, Interface, Offer, Step, Taken};
use super::schema::Field;
use serde_json::Value;

/// Widest text where there is no terminal.
const WIDTH: usize = 100;

/// The whole page. `full` gives every parameter and every candidate, else what one wants to see first.
pub(crate) fn text(all: &Everything, width: Option<usize>, full: bool) -> String {
    let mut page = Page { text: String::new(), width: width.unwrap_or(WIDTH).clamp(20, WIDTH), full };
    all.interfaces.iter().for_each(|one| page.interface(one));
    all.components.iter().for_each(|one| page.component(one));
    // What nobody bound, and nobody needs, is in the list of components already.
    let told = |one: &&Binding| full || !one.implicit || !one.pipelines.is_empty();
    all.bindings.iter().filter(told).for_each(|one| page.binding(one));
    all.steps.iter().for_each(|one| page.step(one));
    if page.text.is_empty() {
        page.line(0, "there are no components and no native steps");
    }
    page.text.trim_start_matches('\n').to_owned()
}

/// Lines break between words only: a path is copied, or clicked on, as a whole.
fn unbroken<'o>(width: usize) -> textwrap::Options<'o> {
    textwrap::Options::new(width)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false)
}

struct Page {
    text: String,
    width: usize,
    full: bool,
}

impl Page {
    /// A text, wrapped; what goes on stands further in.
    fn line(&mut self, indent: usize, text: &str) {
        let (first, rest) = (" ".repeat(indent), " ".repeat(indent + 4));
        let options = unbroken(self.width).initial_indent(&first).subsequent_indent(&rest);
        for line in textwrap::wrap(text, options) {
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }

    fn heading(&mut self, what: &str, place: Option<&String>) {
        self.text.push('\n');
        match place {
            Some(place) => self.line(0, &format!("{what}  ({place})")),
            None => self.line(0, what),
        }
    }

    fn doc(&mut self, indent: usize, doc: &str) {
        if doc.is_empty() {
            return;
        }
        let indent = " ".repeat(indent);
        let options = unbroken(self.width).initial_indent(&indent).subsequent_indent(&indent);
        let short = doc.split_inclusive(". ").next().unwrap_or(doc).trim_end();
        self.text.push_str(&textwrap::fill(if self.full { doc } else { short }, options));
        self.text.push('\n');
    }

    fn interface(&mut self, interface: &Interface) {
        self.heading(&format!("interface {}", interface.name), None);
        self.candidates(2, &interface.candidates);
    }

    fn candidates(&mut self, indent: usize, candidates: &[Offer]) {
        if candidates.is_empty() {
            self.line(indent, "nothing fits");
        }
        let chosen = candidates.iter().filter(|one| one.chosen);
        for one in chosen.chain(candidates.iter().filter(|one| !one.chosen)) {
            let word = if one.chosen { "taken" } else { "not  " };
            self.line(indent, &format!("{word}  {}: {}", named(one), one.why));
        }
    }

    fn fields(&mut self, indent: usize, fields: &[Field]) {
        for field in fields {
            self.line(indent, &field.line());
            if self.full {
                self.doc(indent + 4, &field.doc);
            }
        }
    }

    fn component(&mut self, component: &Component) {
        let provides = match component.provides.join(", ") {
            none if none.is_empty() => String::new(),
            some => format!(", provides {some}"),
        };
        self.heading(&format!("component {}{provides}", component.name), component.place.as_ref());
        self.doc(2, &component.doc);
        if self.full && !component.version.is_empty() {
            self.line(2, &format!("version {}", component.version));
        }
        if !component.config.is_empty() {
            self.line(2, "config");
            self.fields(4, &component.config);
        }
        if !component.needs.is_empty() {
            let needs = component.needs.iter().map(|need| {
                let what = if need.name == need.wanted { String::new() } else { format!(" ({})", need.wanted) };
                let how = match (need.optional, need.many) {
                    (_, true) => ", all that there are",
                    (true, false) => ", if there is one",
                    (false, false) => "",
                };
                format!("{}{what}{how}", need.name)
            });
            self.line(2, &format!("needs {}", needs.collect::<Vec<_>>().join("; ")));
        }
        if !component.persistent.is_empty() {
            self.line(2, &format!("saved with each step: {}", component.persistent.join(", ")));
        }
        if !component.operations.is_empty() {
            self.line(2, "operations");
            component.operations.iter().for_each(|operation| self.operation(operation));
        }
    }

    fn operation(&mut self, operation: &Act) {
        let place = operation.place.as_ref().filter(|_| self.full).map(|place| format!("  ({place})"));
        self.line(4, &format!("{}{}", operation.signature, place.unwrap_or_default()));
        self.doc(8, &operation.doc);
        if self.full {
            self.fields(8, &operation.parameters);
        }
    }

    fn binding(&mut self, binding: &Binding) {
        let marks = binding.marks.iter().map(|mark| format!(", {mark}")).collect::<String>();
        let nobody = if binding.implicit { " (nobody bound it)" } else { "" };
        let what = match binding.name == binding.component {
            true => format!("binding {}{marks}{nobody}", binding.name),
            false => format!("binding {} to {}{marks}", binding.name, binding.component),
        };
        self.heading(&what, binding.place.as_ref());
        for (name, value) in binding.config.as_object().into_iter().flatten() {
            self.line(2, &format!("{name} {}", shown(value)));
        }
        self.takes(&binding.takes);
        match &*binding.pipelines {
            [] => self.line(2, "no pipeline needs it"),
            pipelines => self.line(2, &format!("needed by pipeline {}", pipelines.join(", "))),
        }
    }

    fn takes(&mut self, takes: &[Taken]) {
        for taken in takes {
            let what = if taken.name == taken.wanted { String::new() } else { format!(" ({})", taken.wanted) };
            let chosen: Vec<&Offer> = taken.candidates.iter().filter(|one| one.chosen).collect();
            if self.full {
                self.line(2, &format!("{}{what}", taken.name));
                self.candidates(4, &taken.candidates);
                continue;
            }
            let becomes = match &*chosen {
                [] => "nothing".to_owned(),
                [one] => format!("{}: {}", named(one), one.why),
                several => several.iter().map(|one| named(one)).collect::<Vec<_>>().join(", "),
            };
            self.line(2, &format!("{}{what} takes {becomes}", taken.name));
        }
    }

    fn step(&mut self, step: &Step) {
        self.heading(&format!("step {}", step.name), step.place.as_ref());
        self.doc(2, &step.summary);
        self.fields(4, &step.arguments);
        self.takes(&step.takes);
    }
}

/// A binding with its component.
fn named(offer: &Offer) -> String {
    match &offer.component {
        Some(component) => format!("{} ({component})", offer.binding),
        None => offer.binding.clone(),
    }
}

/// A value of a configuration.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}
