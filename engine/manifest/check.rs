//! Phase 3: JSON against the schema, each error told at the KDL text and in its words.

use crate::bodies;
use crate::config::repeated;
use crate::located::{Field, Kind, Located};
use crate::view::View;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde_json::{Map, Value};
use std::sync::OnceLock;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Span, did_you_mean};
use thinking_schema::{FACETS, PUBLISHED, not_yet, overlay_definition};

/// The published schema, and validators for what it is used for, each built when it is first needed.
#[derive(Default)]
pub(crate) struct Schemas {
    value: OnceLock<Value>,
    strict: OnceLock<Option<Validator>>,
    overlay: OnceLock<Option<Validator>>,
    /// As `strict`, for manifests without facets: half of the schema is about what they overlay, and building it takes milliseconds.
    plain: OnceLock<Option<Validator>>,
}

/// What is required.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// All that a manifest needs.
    Whole,
    /// Nothing: the text overlays another.
    Overlay,
}

impl Schemas {
    /// The schema as JSON.
    pub fn value(&self) -> &Value {
        self.value.get_or_init(|| serde_json::from_str(PUBLISHED).unwrap_or_default())
    }

    /// The definition of a manifest.
    pub fn manifest(&self, strictness: Strictness) -> View<'_> {
        View::definition(self.value(), &definition(strictness))
    }

    pub(crate) fn validator(&self, strictness: Strictness, manifest: &Located) -> Option<&Validator> {
        let facets = manifest.get("facet").is_some() || manifest.get("facet-group").is_some();
        let cell = match (strictness, facets) {
            (Strictness::Whole, true) => &self.strict,
            (Strictness::Whole, false) => &self.plain,
            (Strictness::Overlay, _) => &self.overlay,
        };
        let build = || {
            let facets = facets || strictness == Strictness::Overlay;
            jsonschema::validator_for(&trimmed(self.value(), &definition(strictness), facets)).ok()
        };
        cell.get_or_init(build).as_ref()
    }

    /// Checks a manifest; every error becomes a diagnostic. Says whether it fits.
    pub fn check(&self, manifest: &Located, strictness: Strictness, diagnostics: &mut Diagnostics) -> bool {
        let Some(validator) = self.validator(strictness, manifest) else {
            diagnostics.push(Diagnostic::error(Code::InvalidValue, "the schema of manifests is damaged"));
            return false;
        };
        let json = manifest.to_json();
        let mut good = true;
        for error in validator.iter_errors(&json) {
            good = false;
            explain(&error, manifest, self.value(), diagnostics);
        }
        good
    }
}

/// The schema of one definition: what it needs of the others, without what says nothing about validity.
fn trimmed(schema: &Value, root: &str, facets: bool) -> Value {
    let mut definitions = Map::new();
    let mut wanted = vec![root.to_owned()];
    while let Some(name) = wanted.pop() {
        if definitions.contains_key(&name) {
            continue;
        }
        let named = schema["$defs"].get(&name).filter(|_| facets || !["Facet", "FacetGroup"].contains(&name.as_str()));
        let kept = named.map_or(Value::Bool(true), |named| lean(named, &mut wanted));
        definitions.insert(name, kept);
    }
    let mut whole = Map::new();
    whole.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    whole.insert("$ref".to_owned(), format!("#/$defs/{root}").into());
    whole.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(whole)
}

/// A schema without descriptions and extensions; the definitions that it refers to are added to `wanted`.
fn lean(schema: &Value, wanted: &mut Vec<String>) -> Value {
    match schema {
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .filter(|(key, value)| !(key.starts_with("x-") || (*key == "description" && value.is_string())))
                .map(|(key, value)| {
                    if let ("$ref", Some(name)) =
                        (key.as_str(), value.as_str().and_then(|to| to.strip_prefix("#/$defs/")))
                    {
                        wanted.push(name.to_owned());
                    }
                    (key.clone(), lean(value, wanted))
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(|item| lean(item, wanted)).collect()),
        other => other.clone(),
    }
}

fn definition(strictness: Strictness) -> String {
    match strictness {
        Strictness::Whole => "Manifest".to_owned(),
        Strictness::Overlay => overlay_definition("Manifest"),
    }
}

/// Where an error is: the value, what it is called, and what it is in.
struct Place<'l> {
    value: &'l Located,
    /// The innermost node: `step`, with its name span.
    node: &'l str,
    node_span: Option<Span>,
    /// The field that holds the value, if it is one.
    field: Option<&'l Field>,
    /// Whether the value is an element of a list.
    element: bool,
    /// Whether it is a component's config, not a manifest's own node.
    config: bool,
}

impl Place<'_> {
    /// What the value is in, as messages say it.
    fn inside(&self) -> String {
        match self.node {
            "a manifest" => "a manifest".to_owned(),
            config if config.starts_with(CONFIG) => config.to_owned(),
            node => format!("`{node}`"),
        }
    }
}

/// Where config goes, for someone who wrote it as a property.
const OF_CONFIG: &str = "the config of a component goes into children: { name value }";

/// What a component's config is called, before the component's name.
pub(crate) const CONFIG: &str = "the config of ";

fn locate<'l>(manifest: &'l Located, pointer: &str) -> Place<'l> {
    let (node, node_span) = match &manifest.node {
        Some(node) => (&**node, Some(manifest.span)),
        None => ("a manifest", None),
    };
    let config = node.starts_with(CONFIG);
    let mut place = Place { value: manifest, node, node_span, field: None, element: false, config };
    for segment in pointer.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        match &place.value.value {
            Kind::Map(fields) => {
                let Some(field) = fields.iter().find(|field| field.name == segment) else { break };
                place.field = Some(field);
                place.element = false;
                place.value = &field.value;
            }
            Kind::List(items) => {
                let Some(item) = segment.parse::<usize>().ok().and_then(|at| items.get(at)) else { break };
                place.element = true;
                place.value = item;
            }
            _ => break,
        }
        if let (Some(node), Kind::Map(_)) = (&place.value.node, &place.value.value) {
            place.node = node;
            let length = node.len() as u32;
            let start = place.value.span.start;
            place.node_span = Some(Span { end: (start + length).min(place.value.span.end), ..place.value.span });
        }
    }
    place
}

pub(crate) fn explain(error: &ValidationError<'_>, manifest: &Located, schema: &Value, diagnostics: &mut Diagnostics) {
    let place = locate(manifest, error.instance_path().as_str());
    let schema_path = error.schema_path().as_str();
    let owner = schema_path.rsplit_once('/').map_or("", |(owner, _)| owner);
    let view = View::at(schema, schema.pointer(owner).unwrap_or(&Value::Null));
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                // In parentheses stands what the mapping reported already.
                if !name.starts_with('(') {
                    diagnostics.push(unknown(name, &place, view));
                }
            }
        }
        ValidationErrorKind::Required { property } => {
            let property = property.as_str().unwrap_or_default();
            // A node that lacks its value was reported by the mapping.
            if !place.value.fields().iter().any(|field| field.name.starts_with('(')) {
                diagnostics.push(missing(property, &place, view));
            }
        }
        // It does say for what, but that comes later.
        ValidationErrorKind::AnyOf { .. }
            if is_wait(&place) && place.value.fields().iter().any(|field| not_yet(&field.name)) => {}
        ValidationErrorKind::AnyOf { .. }
        | ValidationErrorKind::Not { .. }
        | ValidationErrorKind::OneOfNotValid { .. } => {
            let several = matches!(error.kind(), ValidationErrorKind::Not { .. });
            diagnostics.push(match bodies::bodies(schema, owner) {
                Some(bodies) if several => bodies::several(&bodies, place.value.span, place.value.fields()),
                Some(bodies) => bodies::none(&bodies, place.value.span),
                None => invalid(&place, "is none of what it can be"),
            });
        }
        ValidationErrorKind::PropertyNames { .. } => {
            let kind = place.field.map_or("node", |field| field.name.as_str());
            let dotted =
                view.keyword("propertyNames").and_then(|names| names.get("pattern")).or(view.keyword("pattern"));
            let pattern = dotted.and_then(Value::as_str).unwrap_or_default().to_owned();
            let dotted = is_dotted(&pattern);
            if pattern.contains(r"\x00") {
                for field in place.value.fields().iter().filter(|field| !is_title(&field.name)) {
                    diagnostics.push(bad_title(kind, &field.name, field.name_span));
                }
                return;
            }
            for field in place.value.fields() {
                if !is_name(&field.name, dotted) {
                    diagnostics.push(bad_name(kind, &field.name, field.name_span, dotted));
                }
            }
        }
        // What the mapping could not place was reported by it.
        ValidationErrorKind::Type { .. } if place.value.fields().iter().any(|field| field.name.starts_with('(')) => {}
        ValidationErrorKind::Type { .. } if place.config && twice(place.value).is_some() => {
            let name = place.field.map_or("this", |field| &field.name);
            let first = place.value.items().first().map(|first| first.span);
            diagnostics.push(
                Diagnostic::error(Code::Duplicate, format!("`{name}` is given twice"))
                    .at(place.value.span, "again here")
                    .at(first, "first here"),
            );
        }
        ValidationErrorKind::Type { kind } => diagnostics.push(wrong_type(kind, &place, view)),
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            let words: Vec<&str> = options.iter().filter_map(Value::as_str).collect();
            let others: Vec<String> =
                options.iter().filter(|one| !one.is_string() && !one.is_null()).map(Value::to_string).collect();
            diagnostics.push(match others.is_empty() {
                true => wrong_word(&words, &place),
                false => {
                    let words = words.iter().map(|word| format!("\"{word}\""));
                    let all: Vec<String> = words.chain(others).collect();
                    invalid(&place, &format!("must be one of {}", all.join(", ")))
                }
            });
        }
        ValidationErrorKind::Pattern { .. } => diagnostics.push(wrong_text(&place, view)),
        ValidationErrorKind::Minimum { limit } => {
            diagnostics.push(invalid(&place, &format!("must be at least {limit}")));
        }
        ValidationErrorKind::Maximum { limit } => {
            diagnostics.push(invalid(&place, &format!("must be at most {limit}")));
        }
        ValidationErrorKind::ExclusiveMinimum { limit } => {
            diagnostics.push(invalid(&place, &format!("must be more than {limit}")));
        }
        ValidationErrorKind::ExclusiveMaximum { limit } => {
            diagnostics.push(invalid(&place, &format!("must be less than {limit}")));
        }
        ValidationErrorKind::MultipleOf { multiple_of } => {
            diagnostics.push(invalid(&place, &format!("must be a multiple of {multiple_of}")));
        }
        ValidationErrorKind::MinLength { limit } => {
            diagnostics.push(invalid(&place, &format!("must have at least {}", count(*limit, "character"))));
        }
        ValidationErrorKind::MaxLength { limit } => {
            diagnostics.push(invalid(&place, &format!("must have at most {}", count(*limit, "character"))));
        }
        ValidationErrorKind::MinItems { limit } => {
            diagnostics.push(invalid(&place, &format!("must have at least {}", count(*limit, "value"))));
        }
        ValidationErrorKind::MaxItems { limit } => {
            diagnostics.push(invalid(&place, &format!("must have at most {}", count(*limit, "value"))));
        }
        ValidationErrorKind::UniqueItems => diagnostics.push(invalid(&place, "must not have a value twice")),
        ValidationErrorKind::Constant { expected_value } => {
            diagnostics.push(invalid(&place, &format!("must be {expected_value}")));
        }
        ValidationErrorKind::FalseSchema if !place.config => diagnostics.push(only_for_another(&place, schema, owner)),
        _ => diagnostics.push(invalid(&place, &error.to_string())),
    }
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A property that makes sense only where `kind` is another word.
fn only_for_another(place: &Place<'_>, schema: &Value, owner: &str) -> Diagnostic {
    let around = owner.rsplit_once('/').map_or("", |(around, _)| around);
    let kind = schema.pointer(around).and_then(|around| around["x-only-for"].as_str()).unwrap_or("another");
    let name = place.field.map_or("this", |field| &field.name);
    let span = place.field.map_or(place.value.span, |field| field.name_span);
    Diagnostic::error(Code::InvalidValue, format!("`{name}` is for databases with `kind=\"{kind}\"` only"))
        .at(span, "means nothing here")
        .help("take it out, or change `kind`".to_owned())
}

/// A list that is a node given several times.
fn twice(value: &Located) -> Option<&Located> {
    let first = value.items().first()?;
    repeated(Some(value.span), Some(first.span)).then_some(first)
}

fn is_wait(place: &Place<'_>) -> bool {
    place.field.is_some_and(|field| field.name == "wait")
}

fn subject(place: &Place<'_>) -> String {
    match place.field {
        Some(field) if place.element => format!("a value of `{}`", field.name),
        Some(field) => format!("`{}`", field.name),
        None => "this".to_owned(),
    }
}

fn invalid(place: &Place<'_>, what: &str) -> Diagnostic {
    Diagnostic::error(Code::InvalidValue, format!("{} {what}", subject(place))).at(place.value.span, "here")
}

fn unknown(name: &str, place: &Place<'_>, view: View<'_>) -> Diagnostic {
    let field = place.value.field(name);
    let child = field.is_none_or(|field| field.child);
    let span = field.map(|field| field.name_span);
    let inside = place.inside();
    let scripted_stage = place.node == "stage" && ["rhai", "script"].contains(&name);
    if !place.config && (not_yet(name) || scripted_stage) {
        return Diagnostic::error(
            Code::NotYet,
            format!("`{name}` is part of the language, but this version does not run it yet"),
        )
        .at(span, "not in this version");
    }
    let tasks = view.tasks();
    let mut known: Vec<&str> =
        view.property_names().filter(|known| tasks.is_none_or(|(tasks, _)| tasks != *known)).collect();
    let mut nodes: Vec<&str> = Vec::new();
    if child && let Some((_, kinds)) = tasks {
        nodes.extend(kinds.property_names());
    }
    let positional = view.names("x-kdl-arguments");
    known.retain(|known| !positional.iter().any(|position| position.trim_end_matches("...") == *known));
    if let Some(Value::Object(renamed)) = view.keyword("x-kdl-nodes") {
        known.retain(|known| !renamed.values().any(|property| property == known));
        nodes.extend(renamed.keys().map(String::as_str).filter(|_| child));
    }
    if child
        && place.node == "a manifest"
        && let Some(help) = home(name, view)
    {
        return Diagnostic::error(Code::UnknownNode, format!("`{name}` cannot stand here"))
            .at(span, "too far out")
            .help(help);
    }
    known.retain(|known| view.others() != Some(known));
    let near = did_you_mean(name, nodes.iter().copied().chain(known.iter().copied()));
    let help = match near {
        _ if place.node == "param" && ["env", "secret"].contains(&name) => format!(
            "`{name}` is for the project's parameters: take the value from one where the component is bound, such as \"${{params.url}}\""
        ),
        None if place.node == "on" && place.value.get("call").is_some() => arguments_of_on(place.value, &known),
        // Only properties can be unknown there.
        None if view.others().is_some() => OF_CONFIG.to_owned(),
        Some(near) => format!("did you mean `{near}`?"),
        None if nodes.is_empty() && known.is_empty() => format!("{inside} takes none"),
        None => {
            nodes.extend(known);
            format!("{inside} can have: {}", nodes.join(", "))
        }
    };
    let (code, message) = if place.config {
        (Code::UnknownNode, format!("{inside} has no `{name}`"))
    } else if child {
        (Code::UnknownNode, format!("{inside} has no node `{name}`"))
    } else {
        (Code::UnknownProperty, format!("{inside} has no property `{name}`"))
    };
    let also = (near.is_some() && view.others().is_some()).then(|| OF_CONFIG.to_owned());
    Diagnostic::error(code, message).at(span, "unknown").help(help).help(also)
}

/// What to write for `on "startup" call="c.set" x=5`.
fn arguments_of_on(on: &Located, known: &[&str]) -> String {
    let target = on.get("target").and_then(Located::text).unwrap_or("startup");
    let call = on.get("call").and_then(|call| call.text().or_else(|| call.get("operation")?.text()));
    let own = ["target", "call", "rhai", "timeout", "facet"];
    let others = on.fields().iter().filter(|field| !own.contains(&&*field.name) && !known.contains(&&*field.name));
    let arguments: String = others.map(|field| format!(" {}={}", field.name, shown(&field.value))).collect();
    let call = call.unwrap_or("binding.operation");
    format!("arguments go into a node: on \"{target}\" {{ call \"{call}\"{arguments} }}")
}

/// A value as it is written in KDL.
fn shown(value: &Located) -> String {
    match &value.value {
        Kind::Null => "#null".to_owned(),
        Kind::Bool(truth) => format!("#{truth}"),
        Kind::Number(number) => number.to_string(),
        Kind::Text(text) => format!("{text:?}"),
        Kind::List(_) | Kind::Map(_) => "…".to_owned(),
    }
}

/// Where a node belongs that stands by itself in a manifest and means something elsewhere.
fn home(name: &str, manifest: View<'_>) -> Option<String> {
    let inside = |view: View<'_>| view.child_of_tasks(name);
    let pipeline = manifest.property("pipeline").and_then(View::additional);
    if pipeline.is_some_and(inside) {
        return Some(format!("put it into a pipeline: pipeline \"main\" {{ {name} … }}"));
    }
    let runtime = manifest.property("runtime")?;
    if name == "facet" {
        return None;
    }
    if runtime.child(name).is_some() {
        return Some(format!("put it into `runtime`: runtime {{ {name} … }}"));
    }
    let lifecycle = runtime.property("lifecycle")?;
    if ["target", "on"].contains(&name) && lifecycle.child(name).is_some() {
        return Some(format!("put it into `lifecycle`: runtime {{ lifecycle {{ {name} … }} }}"));
    }
    (name == "wire")
        .then(|| "put it into the binding: bind NAME to=COMPONENT { wire DEPENDENCY to=BINDING }".to_owned())
}

fn missing(property: &str, place: &Place<'_>, view: View<'_>) -> Diagnostic {
    let node = place.node;
    let at = place.node_span.unwrap_or(place.value.span);
    let description = view.property(property).and_then(|view| view.keyword("description")).and_then(Value::as_str);
    let positions = view.names("x-kdl-arguments");
    let (message, help) = match positions.iter().position(|position| *position == property) {
        Some(at) => {
            let nth = ["first", "second", "third"].get(at).copied().unwrap_or("next");
            let example = if property == "name" { "\"name\"".to_owned() } else { property.to_uppercase() };
            let what = if property == "var" { "loop variable" } else { property };
            (format!("`{node}` needs its {what} as {nth} argument"), format!("write `{node} {example}`"))
        }
        None if node.starts_with(CONFIG) => {
            (format!("{node} needs `{property}`"), format!("add it where it is bound: {{ {property} … }}"))
        }
        None => (format!("`{node}` needs `{property}`"), format!("add `{property}=…`")),
    };
    let help = match description {
        Some(description) => format!("{help}: {}", description.trim_end_matches('.')),
        None => help,
    };
    Diagnostic::error(Code::Missing, message).at(at, "incomplete").help(help)
}

/// Whether a pattern for names allows dots: those of components and operations.
fn is_dotted(pattern: &str) -> bool {
    pattern.contains(r"\.")
}

fn is_name(name: &str, dotted: bool) -> bool {
    let one = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part
                .chars()
                .all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-')
    };
    if dotted { name.split('.').all(one) } else { one(name) }
}

/// Titles of suites and tests are for people.
fn is_title(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c < ' ')
}

fn bad_title(kind: &str, name: &str, span: Span) -> Diagnostic {
    let what = if name.is_empty() { "needs a title" } else { "has a title that is no single line" };
    Diagnostic::error(Code::InvalidName, format!("this `{kind}` {what}"))
        .at(span, "here")
        .help(format!("write {kind} \"what it is about\" {{ … }}"))
}

fn bad_name(kind: &str, name: &str, span: Span, dotted: bool) -> Diagnostic {
    if name.is_empty() {
        return Diagnostic::error(Code::Missing, format!("`{kind}` needs a name as first argument"))
            .at(span, "incomplete")
            .help(format!("write `{kind} \"name\"`"));
    }
    let mended: String = name
        .chars()
        .flat_map(char::to_lowercase)
        .map(
            |character| if character.is_ascii_alphanumeric() || (dotted && character == '.') { character } else { '-' },
        )
        .collect();
    let mended = mended.trim_matches(['-', '.']).to_owned();
    let help = match dotted {
        true => {
            "names of components and operations are lower-case letters, digits and `-`, start with a letter, and may have dots between"
        }
        false => "names are lower-case letters, digits and `-`, and start with a letter",
    };
    let help = if is_name(&mended, dotted) { format!("{help}: `{mended}`") } else { help.to_owned() };
    Diagnostic::error(Code::InvalidName, format!("`{name}` cannot be a name")).at(span, "not a name").help(help)
}

fn wrong_type(kind: &TypeKind, place: &Place<'_>, view: View<'_>) -> Diagnostic {
    let kinds: Vec<String> = match kind {
        TypeKind::Single(only) => vec![only.to_string()],
        TypeKind::Multiple(many) => many.iter().map(|kind| kind.to_string()).collect(),
    };
    // That a value may also be chosen by facets is not what people ask about.
    let kinds: Vec<String> = match view.property(FACETS) {
        Some(_) => kinds.into_iter().filter(|kind| kind != "object").collect(),
        None => kinds,
    };
    let kinds: Vec<String> = kinds.into_iter().filter(|kind| kind != "null").collect();
    // Of ours, what is no text may be a template instead.
    let pattern = view.keyword("pattern").and_then(Value::as_str).unwrap_or_default();
    let template = kinds.len() > 1 && kinds.iter().any(|kind| kind == "string") && pattern.ends_with(r"\$\{");
    let mut wanted: Vec<&str> = kinds
        .iter()
        .filter(|kind| !(template && *kind == "string"))
        .map(|kind| match kind.as_str() {
            "integer" => "an integer",
            "number" => "a number",
            "boolean" => "`#true` or `#false`",
            "string" if view.flag("x-kdl-code") => "a string of Rhai code",
            "string" => "a string",
            "array" => "a list",
            "object" => "a block",
            other => other,
        })
        .collect();
    if template {
        wanted.push("a template (`\"${…}\"`)");
    }
    let wanted = match &*wanted {
        [head @ .., last] if !head.is_empty() => format!("{} or {last}", head.join(", ")),
        _ => wanted.concat(),
    };
    let found = place.value.kind_name();
    let help = match place.field {
        _ if view.flag("x-kdl-code") => Some("code is a string; write it raw: #\"…\"#".to_owned()),
        Some(field) if !field.child && wanted == "a block" => {
            Some(format!("write it as a node of its own: {} {}", field.name, place.value.to_json()))
        }
        _ => None,
    };
    Diagnostic::error(Code::WrongType, format!("{} must be {wanted}, not {found}", subject(place)))
        .at(place.value.span, format!("this is {found}"))
        .help(help)
}

fn wrong_word(words: &[&str], place: &Place<'_>) -> Diagnostic {
    let given = place.value.text().unwrap_or_default();
    let field = place.field.map_or("", |field| field.name.as_str());
    let later = match field {
        "on-error" => given == "collect",
        _ => false,
    };
    if later {
        let message = format!("`{field}=\"{given}\"` is part of the language, but this version does not run it yet");
        return Diagnostic::error(Code::NotYet, message).at(place.value.span, "not in this version");
    }
    let list = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let help = match did_you_mean(given, words.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"? It can be: {list}"),
        None => format!("it can be: {list}"),
    };
    Diagnostic::error(Code::InvalidValue, format!("{} cannot be {}", subject(place), place.value.to_json()))
        .at(place.value.span, "not one of its values")
        .help(help)
}

fn wrong_text(place: &Place<'_>, view: View<'_>) -> Diagnostic {
    let words = view.names("x-values");
    if !words.is_empty() {
        return wrong_word(&words, place);
    }
    // A list of values says what they are at the list.
    if let Some(what) = view.keyword("x-what").and_then(Value::as_str) {
        return invalid(place, &format!("must be {what}"));
    }
    if ["integer", "number", "boolean"].iter().any(|kind| view.allows(kind)) {
        let kind = if view.allows("boolean") {
            "`#true` or `#false`"
        } else if view.allows("number") && !view.allows("integer") {
            "a number"
        } else {
            "an integer"
        };
        return Diagnostic::error(
            Code::WrongType,
            format!("{} must be {kind} or a template (`\"${{…}}\"`), not a string", subject(place)),
        )
        .at(place.value.span, "this is a string");
    }
    match view.keyword("pattern").and_then(Value::as_str) {
        Some(pattern) if !pattern.starts_with("^[a-z][a-z0-9-]*") => invalid(place, &format!("must match `{pattern}`")),
        pattern => {
            let text = place.value.text().unwrap_or_default();
            bad_name(place.node, text, place.value.span, pattern.is_some_and(is_dotted))
        }
    }
}
