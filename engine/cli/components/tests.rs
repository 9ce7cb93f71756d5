//! The whole texts for a small house of components.

use super::gather::Gatherer;
use super::{one, text};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use thinking_container::{Binding, Catalog, Registry, Resource, Wire, Wirer};
use thinking_diagnostic::{SourceMap, Span};
use thinking_plan::Inventory;
use thinking_step::{
    About, Class, Component, ComponentType, Creation, Interface, Need, Operation, Origin, Parameter, StepError,
    VariableKind,
};

struct Kind(About);

impl ComponentType for Kind {
    fn about(&self) -> &About {
        &self.0
    }
    fn create(&self, _: Creation<'_>) -> Result<Arc<dyn Component>, StepError> {
        Err(StepError::script("only looked at"))
    }
}

fn kind(name: &str, provides: &[&str], line: u32) -> About {
    About {
        name: name.to_owned(),
        doc: format!("What {name} is for. More of it that an overview leaves out."),
        version: "2".to_owned(),
        provides: provides.iter().map(|name| Interface { name: (*name).to_owned(), rust: None }).collect(),
        rust: None,
        config: json!({ "type": "object" }),
        needs: Vec::new(),
        operations: Vec::new(),
        persistent: Vec::new(),
        definition: (String::new(), Vec::new()),
        origin: Origin::Source("src/words.rs", line),
    }
}

fn operation(name: &str, parameters: &[(&str, bool)], returns: &str) -> Operation {
    let parameter = |(name, optional): &(&str, bool)| Parameter {
        name: (*name).to_owned(),
        schema: json!({ "type": "string", "description": "A text." }),
        optional: *optional,
    };
    Operation {
        name: name.to_owned(),
        doc: format!("Does {name}. At length."),
        parameters: parameters.iter().map(parameter).collect(),
        returns: returns.to_owned(),
        class: Class::Effect,
        declared: false,
        origin: Origin::Source("src/words.rs", 40),
    }
}

/// Two tokenizers and a trainer that takes one of them.
fn inventory(sources: &mut SourceMap) -> Inventory {
    let source = sources.add("pipeline.kdl", "bind \"tokenizer\"\nbind \"trainer\"\n");
    let (first, second) = (Span::new(source, 5, 16), Span::new(source, 22, 31));
    let mut split = kind("text.split", &["tokenizer"], 7);
    split.config = json!({ "properties": { "lowercase": { "type": "boolean", "default": false, "description": "Whether all is small." } } });
    split.operations = vec![operation("split", &[("text", false), ("at", true)], "Vec<String>")];
    let shout = kind("text.shout", &["tokenizer"], 19);
    let mut skipgram = kind("skipgram", &[], 30);
    skipgram.config = json!({
        "properties": { "batch": { "type": "integer" }, "rate": { "type": "number", "default": 0.05 } },
        "required": ["batch"],
    });
    skipgram.needs = vec![
        Need::one("tokenizer", "tokenizer"),
        Need { optional: true, ..Need::one("helper", "helper") },
        Need { many: true, ..Need::one("all", "tokenizer") },
        Need::one("words", "kv"),
    ];
    skipgram.persistent = vec!["weights".to_owned()];
    let kinds = [split, shout, skipgram].map(|about| Arc::new(Kind(about)) as Arc<dyn ComponentType>);
    let (catalog, wrong) = Catalog::new(kinds);
    assert!(wrong.is_empty());
    let bind = |name: &str, to: &str, span, config| Binding {
        name: name.to_owned(),
        span: Some(span),
        component: to.to_owned(),
        component_span: Some(span),
        config,
        ..Binding::default()
    };
    let tokenizer = Binding { primary: true, ..bind("tokenizer", "text.split", first, json!({ "lowercase": true })) };
    let wire =
        Wire { need: "tokenizer".to_owned(), need_span: None, binding: "text.shout".to_owned(), binding_span: None };
    let trainer =
        Binding { wires: vec![wire], eager: true, ..bind("trainer", "skipgram", second, json!({ "batch": 64 })) };
    let words = Resource {
        name: "words".to_owned(),
        kinds: vec!["kv".to_owned()],
        what: VariableKind::Kv("words".to_owned()),
        span: None,
    };
    let (wirer, wrong) = Wirer::new(catalog, vec![tokenizer, trainer], vec![words]);
    assert!(wrong.is_empty(), "{wrong:?}");
    Inventory { wirer, configs: BTreeMap::new() }
}

fn shown(name: Option<&str>, width: Option<usize>) -> String {
    let mut sources = SourceMap::new();
    let inventory = inventory(&mut sources);
    let trainer = inventory.wirer.units().find(|(_, unit)| &*unit.name == "trainer").map(|(id, _)| id);
    let used = trainer.into_iter().map(|id| (id, vec!["train".to_owned()])).collect();
    let gatherer = Gatherer { inventory: &inventory, sources: &sources, used };
    let steps = if name.is_some() { Registry::shipped() } else { Registry::default() };
    let all = gatherer.everything(&steps);
    match name {
        None => text::text(&all, width, false),
        Some(name) => match one(all, name) {
            Ok(found) => text::text(&found, width, true),
            Err(help) => help,
        },
    }
}

#[test]
fn overview() {
    insta::assert_snapshot!(shown(None, None), @r#"
    interface tokenizer
      taken  tokenizer (text.split): has the dependency's own name
      not    text.shout: fits, but `tokenizer` has the dependency's own name

    component skipgram  (src/words.rs:30)
      What skipgram is for.
      config
        batch: whole number, must be given
        rate: number = 0.05
      needs tokenizer; helper, if there is one; all (tokenizer), all that there are; words (kv)
      saved with each step: weights

    component text.shout, provides tokenizer  (src/words.rs:19)
      What text.shout is for.

    component text.split, provides tokenizer  (src/words.rs:7)
      What text.split is for.
      config
        lowercase: true or false = false
      operations
        split(text, at?) -> Vec<String>
            Does split.

    binding tokenizer to text.split, primary  (pipeline.kdl:1)
      lowercase true
      no pipeline needs it

    binding trainer to skipgram, eager  (pipeline.kdl:2)
      batch 64
      tokenizer takes text.shout: is what `wire "tokenizer"` says
      helper takes nothing
      all (tokenizer) takes text.shout, tokenizer (text.split)
      words (kv) takes words: has the dependency's own name
      needed by pipeline train
    "#);
}

#[test]
fn one_in_full() {
    insta::assert_snapshot!(shown(Some("tokenizer"), None), @r#"
    interface tokenizer
      taken  tokenizer (text.split): has the dependency's own name
      not    text.shout: fits, but `tokenizer` has the dependency's own name

    component text.shout, provides tokenizer  (src/words.rs:19)
      What text.shout is for. More of it that an overview leaves out.
      version 2

    component text.split, provides tokenizer  (src/words.rs:7)
      What text.split is for. More of it that an overview leaves out.
      version 2
      config
        lowercase: true or false = false
            Whether all is small.
      operations
        split(text, at?) -> Vec<String>  (src/words.rs:40)
            Does split. At length.
            text: text, must be given
                A text.
            at: text
                A text.

    binding tokenizer to text.split, primary  (pipeline.kdl:1)
      lowercase true
      no pipeline needs it
    "#);
    insta::assert_snapshot!(shown(Some("trainer"), None), @r#"
    component skipgram  (src/words.rs:30)
      What skipgram is for. More of it that an overview leaves out.
      version 2
      config
        batch: whole number, must be given
        rate: number = 0.05
      needs tokenizer; helper, if there is one; all (tokenizer), all that there are; words (kv)
      saved with each step: weights

    binding trainer to skipgram, eager  (pipeline.kdl:2)
      batch 64
      tokenizer
        taken  text.shout: is what `wire "tokenizer"` says
        not    tokenizer (text.split): `tokenizer` is wired to `text.shout`
      helper
        nothing fits
      all (tokenizer)
        taken  text.shout: fits: all are taken
        taken  tokenizer (text.split): fits: all are taken
      words (kv)
        taken  words: has the dependency's own name
      needed by pipeline train
    "#);
    insta::assert_snapshot!(shown(Some("file.hash"), Some(60)), @r#"
    step file.hash
      The digest of a file's content; the result is text in
      hexadecimal.
        path: text, must be given
            The file to read.
        algorithm: "blake3" | "sha256" = "blake3"
            How the digest is made.
    "#);
}

#[test]
fn nothing_of_that_name() {
    assert_eq!(shown(Some("tokeniser"), None), "did you mean `tokenizer`?");
    assert_eq!(shown(Some("elephant"), None), "`thinking components` lists what there is");
}
