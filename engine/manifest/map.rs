//! Phase 2: a KDL document to JSON with places, driven by the schema alone.
//!
//! What KDL can say and the schema has no place for (an argument too many, a scalar given twice, a type annotation) is reported here and
//! left in the JSON under a name in parentheses, which no schema knows: so every validator finds the JSON wrong too.

use crate::located::{Field, Kind, Located};
use crate::view::View;
use kdl::{KdlDocument, KdlEntry, KdlNode, KdlValue};
use miette::SourceSpan;
use serde_json::Number;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, SourceId, Span};
use thinking_schema::FACETS;

/// Maps a document by the definition `schema` to an object.
pub(crate) fn map(
    document: &KdlDocument,
    source: SourceId,
    schema: View<'_>,
    diagnostics: &mut Diagnostics,
) -> Located {
    let mut mapper = Mapper { source, diagnostics, repeats: false };
    let span = Span::new(source, 0, 0);
    let mut fields = Vec::new();
    mapper.children(document, schema, "a manifest", &mut fields);
    Located::new(Kind::Map(fields), span)
}

struct Mapper<'d> {
    source: SourceId,
    diagnostics: &'d mut Diagnostics,
    /// Whether a node may be there several times: in a component's config only its own schema can tell.
    repeats: bool,
}

impl Mapper<'_> {
    fn span(&self, span: SourceSpan) -> Span {
        Span::new(self.source, span.offset(), span.offset() + span.len())
    }

    fn name_span(&self, node: &KdlNode) -> Span {
        self.span(node.name().span())
    }

    /// A node's name and what stands beside it on its line.
    fn head_span(&self, node: &KdlNode) -> Span {
        let name = self.name_span(node);
        let last = node.entries().iter().map(|entry| self.entry_span(entry)).next_back();
        match last {
            Some(last) if !node.entries().iter().any(is_long) => name.to(last),
            _ => name,
        }
    }

    fn entry_span(&self, entry: &KdlEntry) -> Span {
        self.span(entry.span())
    }

    /// The literal of an entry, without its name.
    fn value_span(&self, entry: &KdlEntry) -> Span {
        let whole = self.entry_span(entry);
        match entry.format() {
            Some(format) if !format.value_repr.is_empty() && format.value_repr.len() <= whole.len() => {
                Span { start: whole.end - format.value_repr.len() as u32, ..whole }
            }
            _ => whole,
        }
    }

    fn children(&mut self, document: &KdlDocument, schema: View<'_>, inside: &str, fields: &mut Vec<Field>) {
        let tasks = schema.tasks();
        for node in document.nodes() {
            self.refuse_type(node.ty().map(|ty| self.span(ty.span())), fields);
            let name = node.name().value();
            if let Some((property, view)) = schema.child(name) {
                self.child(node, property, view, fields);
            } else if let Some((property, view)) = tasks
                && let Some(kind) = view.property(name)
            {
                let task = self.object(node, kind, 0);
                let span = task.span;
                let wrapped = Located::new(
                    Kind::Map(vec![Field {
                        name: name.to_owned(),
                        name_span: self.name_span(node),
                        child: true,
                        value: task,
                    }]),
                    span,
                );
                self.list(fields, property, node).push(wrapped);
            } else if let Some(property) = schema.others() {
                let before = std::mem::replace(&mut self.repeats, true);
                let value = self.single(node, View::any());
                let target = self.map_field(fields, property, node);
                self.insert(target, node, name, value, inside);
                self.repeats = before;
            } else if schema.additional().is_none() && fields.iter().any(|field| field.name == name) {
                // That it means nothing here is told once, where it stands first.
                mark(fields, "(repeated)", self.name_span(node));
            } else {
                let value = match schema.additional() {
                    Some(view) => self.single(node, view),
                    None => self.unknown(node),
                };
                self.insert(fields, node, name, value, inside);
            }
        }
    }

    /// A child node that the schema has a property for.
    fn child(&mut self, node: &KdlNode, property: &str, view: View<'_>, fields: &mut Vec<Field>) {
        if view.is_keyed() {
            return self.keyed(node, property, view, fields);
        }
        if view.flag("x-kdl-add") && view.allows("object") && !view.is_any() {
            return self.added(node, property, view, fields);
        }
        if view.allows("array") && !view.is_any() {
            let item = view.items();
            let known = fields.iter().any(|field| field.name == property);
            if item.allows("object") && !item.allows_scalar() {
                let element = self.object(node, item, 0);
                self.list(fields, property, node).push(element);
                return;
            }
            if known && !view.flag("x-kdl-add") {
                return self.repeated(fields, node, property);
            }
            let condition = self.condition(node, item);
            let mut elements: Vec<Located> =
                self.arguments(node, fields).into_iter().map(|entry| self.scalar(entry)).collect();
            match condition {
                Some(condition) => {
                    elements = elements.into_iter().map(|element| self.conditional(condition, element)).collect();
                }
                None => self.no_properties(node, fields),
            }
            if elements.is_empty() {
                self.diagnostics.push(
                    Diagnostic::error(Code::Missing, format!("`{}` needs at least one value", node.name().value()))
                        .at(self.name_span(node), "nothing follows"),
                );
                mark(fields, "(arguments)", self.name_span(node));
            }
            self.list(fields, property, node).extend(elements);
            return;
        }
        let value = self.single(node, view);
        let name = property.to_owned();
        self.insert(fields, node, &name, value, "");
    }

    /// Properties of nodes of the same kind together in one map: `env A="1"; env B="2"`.
    fn added(&mut self, node: &KdlNode, property: &str, view: View<'_>, fields: &mut Vec<Field>) {
        let Kind::Map(own) = self.object(node, view, 0).value else { return };
        for field in own {
            let target = self.map_field(fields, property, node);
            if target.iter().any(|known| known.name == field.name) {
                self.diagnostics.push(duplicate(&field.name, field.name_span));
                mark(fields, "(repeated)", field.name_span);
            } else {
                target.push(field);
            }
        }
    }

    /// `kind "name" { … }` into a map by name.
    fn keyed(&mut self, node: &KdlNode, property: &str, view: View<'_>, fields: &mut Vec<Field>) {
        let first = node.entries().iter().find(|entry| entry.name().is_none());
        let (key, key_span) = match first {
            Some(entry) => match self.scalar(entry).value {
                Kind::Text(text) => (text, self.value_span(entry)),
                other => (Located::new(other, self.value_span(entry)).to_json().to_string(), self.value_span(entry)),
            },
            None => (String::new(), self.name_span(node)),
        };
        let Some(element) = view.additional() else { return };
        let value = self.object(node, element, usize::from(first.is_some()));
        let target = self.map_field(fields, property, node);
        if let Some(known) = target.iter().find(|field| field.name == key) {
            let before = known.name_span;
            let kind = node.name().value();
            let message = if key.is_empty() {
                format!("a second `{kind}` without a name")
            } else {
                format!("`{kind} {key:?}` is declared twice")
            };
            self.diagnostics.push(
                Diagnostic::error(Code::Duplicate, message)
                    .at(key_span, "again here")
                    .at(before, "first here")
                    .help("in one file a name is declared once; a facet or another file may overlay it".to_owned()),
            );
            mark(fields, "(repeated)", key_span);
            return;
        }
        target.push(Field { name: key, name_span: key_span, child: true, value });
    }

    /// The condition of a node that is a plain value: `timeout "5m" facet="gpu"`. `None` if it has none, or is a block with a property for it.
    fn condition<'n>(&self, node: &'n KdlNode, view: View<'_>) -> Option<&'n KdlEntry> {
        let own = view.property("facet").is_some() || (view.property(FACETS).is_none() && !view.is_any());
        node.entries().iter().find(|entry| !own && entry.name().is_some_and(|name| name.value() == "facet"))
    }

    /// A value that is there under a facet only.
    fn conditional(&mut self, condition: &KdlEntry, value: Located) -> Located {
        let span = value.span;
        let facet = self.scalar(condition);
        let name_span = condition.name().map_or(span, |name| self.span(name.span()));
        let field = |name: &str, name_span, value| Field { name: name.to_owned(), name_span, child: false, value };
        let choice = Located::new(Kind::Map(vec![field("facet", name_span, facet), field("value", span, value)]), span);
        let list = Located::new(Kind::List(vec![choice]), span);
        Located::new(Kind::Map(vec![field(FACETS, name_span, list)]), span)
    }

    /// A node as the value of a property that is no list.
    fn single(&mut self, node: &KdlNode, view: View<'_>) -> Located {
        if let Some(condition) = self.condition(node, view) {
            let mut plain = node.clone();
            plain.retain(|entry| entry.name().is_none_or(|name| name.value() != "facet"));
            let value = self.single(&plain, view);
            let choice = self.conditional(condition, value);
            return self.noded(node, choice);
        }
        let positional = node.entries().iter().filter(|entry| entry.name().is_none()).count();
        let plain = node.children().is_none() && positional == node.entries().len();
        if plain && positional == 0 && view.allows("boolean") && !view.is_any() {
            return self.noded(node, Located::new(Kind::Bool(true), self.name_span(node)));
        }
        if plain && positional == 1 && (view.allows_scalar() || view.is_any()) {
            let mut holder = Vec::new();
            self.arguments(node, &mut holder);
            if !holder.is_empty() {
                return self.noded(node, Located::new(Kind::Map(holder), self.name_span(node)));
            }
            let entry = node.entries().first().map(|entry| self.scalar(entry));
            return self.noded(node, entry.unwrap_or_else(|| Located::new(Kind::Null, self.name_span(node))));
        }
        if view.is_any() {
            return self.free(node);
        }
        if view.allows("object") && view.property(FACETS).is_none() {
            return self.object(node, view, 0);
        }
        // A scalar with too much or too little beside it: the first value counts, the rest is reported.
        let mut holder = Vec::new();
        self.no_properties(node, &mut holder);
        let entries = self.arguments(node, &mut holder);
        let name = node.name().value();
        let value = match entries.split_first() {
            None => {
                self.diagnostics.push(
                    Diagnostic::error(Code::Missing, format!("`{name}` needs a value"))
                        .at(self.name_span(node), "nothing follows"),
                );
                mark(&mut holder, "(nothing)", self.name_span(node));
                Located::new(Kind::Map(holder), self.name_span(node))
            }
            Some((first, rest)) => {
                for entry in rest {
                    self.surplus(name, view, entry, &mut holder);
                }
                if holder.is_empty() {
                    self.scalar(first)
                } else {
                    Located::new(Kind::Map(holder), self.head_span(node))
                }
            }
        };
        if let Some(children) = node.children().filter(|children| !children.nodes().is_empty()) {
            let place = children.nodes().first().map_or(self.name_span(node), |child| self.name_span(child));
            self.diagnostics.push(
                Diagnostic::error(Code::UnknownNode, format!("`{name}` takes a value, not a block"))
                    .at(place, "not here"),
            );
            return self.noded(node, Located::new(Kind::Map(vec![marker("(children)", place)]), value.span));
        }
        self.noded(node, value)
    }

    /// A node as an object: arguments (after `skip`) into the properties that the schema names, properties as they are, children by their names.
    fn object(&mut self, node: &KdlNode, view: View<'_>, skip: usize) -> Located {
        let mut fields: Vec<Field> = Vec::new();
        let name = node.name().value();
        let positions = view.names("x-kdl-arguments");
        for (at, entry) in self.arguments(node, &mut fields).into_iter().skip(skip).enumerate() {
            let value = self.scalar(entry);
            let name_span = value.span;
            let rest = positions.last().and_then(|last| last.strip_suffix("..."));
            match (positions.get(at), rest) {
                (Some(property), _) if !property.ends_with("...") => {
                    let property = (*property).to_owned();
                    fields.push(Field { name: property, name_span, child: false, value });
                }
                (_, Some(property)) => {
                    let span = value.span;
                    match fields.iter_mut().find(|field| field.name == property) {
                        Some(Field { value: Located { value: Kind::List(items), span: whole, .. }, .. }) => {
                            *whole = whole.to(span);
                            items.push(value);
                        }
                        _ => fields.push(Field {
                            name: property.to_owned(),
                            name_span,
                            child: false,
                            value: Located::new(Kind::List(vec![value]), span),
                        }),
                    }
                }
                _ => self.surplus(name, view, entry, &mut fields),
            }
        }
        for entry in node.entries() {
            let Some(key) = entry.name() else { continue };
            self.refuse_type(entry.ty().map(|ty| self.span(ty.span())), &mut fields);
            let property = key.value();
            let name_span = self.span(key.span());
            if view.others() == Some(property) {
                self.diagnostics.push(
                    Diagnostic::error(Code::UnknownProperty, format!("`{name}` has no property `{property}`"))
                        .at(name_span, "unknown")
                        .help("the config of a component goes into children: { name value }".to_owned()),
                );
                mark(&mut fields, "(properties)", name_span);
                continue;
            }
            let mut value = self.scalar(entry);
            if let Some(target) = view.property(property)
                && target.allows("array")
                && !target.is_any()
            {
                value = Located { span: value.span, node: None, value: Kind::List(vec![value]) };
            }
            if let Some(known) = fields.iter().find(|field| field.name == property) {
                let diagnostic = duplicate(property, name_span).at(known.name_span, "first here");
                self.diagnostics.push(diagnostic);
                mark(&mut fields, "(repeated)", name_span);
                continue;
            }
            fields.push(Field { name: property.to_owned(), name_span, child: false, value });
        }
        if let Some(children) = node.children() {
            self.children(children, view, name, &mut fields);
        }
        let span = self.head_span(node);
        self.noded(node, Located::new(Kind::Map(fields), span))
    }

    /// A node that no schema describes: a value, a list or an object, as it looks.
    fn free(&mut self, node: &KdlNode) -> Located {
        let mut holder = Vec::new();
        let entries = self.arguments(node, &mut holder);
        let named = node.entries().iter().any(|entry| entry.name().is_some());
        if named || node.children().is_some() {
            let mut value = self.object(node, View::any(), entries.len());
            if !entries.is_empty() {
                let items: Vec<Located> = entries.into_iter().map(|entry| self.scalar(entry)).collect();
                let span = self.name_span(node);
                if let Some(fields) = value.fields_mut() {
                    let items = Located::new(Kind::List(items), span);
                    fields.insert(0, Field { name: "-".to_owned(), name_span: span, child: false, value: items });
                }
            }
            return value;
        }
        let value = match &*entries {
            [] => Located::new(Kind::Bool(true), self.name_span(node)),
            [only] => self.scalar(only),
            many => {
                let items = many.iter().map(|entry| self.scalar(entry)).collect();
                Located::new(Kind::List(items), self.head_span(node))
            }
        };
        self.noded(node, value)
    }

    fn noded(&self, node: &KdlNode, mut value: Located) -> Located {
        value.node = Some(node.name().value().into());
        value
    }

    fn arguments<'n>(&mut self, node: &'n KdlNode, fields: &mut Vec<Field>) -> Vec<&'n KdlEntry> {
        let entries: Vec<&KdlEntry> = node.entries().iter().filter(|entry| entry.name().is_none()).collect();
        for entry in &entries {
            self.refuse_type(entry.ty().map(|ty| self.span(ty.span())), fields);
        }
        entries
    }

    fn scalar(&mut self, entry: &KdlEntry) -> Located {
        let span = self.value_span(entry);
        let value = match entry.value() {
            KdlValue::String(text) => Kind::Text(text.clone()),
            KdlValue::Bool(value) => Kind::Bool(*value),
            KdlValue::Null => Kind::Null,
            KdlValue::Integer(number) => match i64::try_from(*number) {
                Ok(number) => Kind::Number(number.into()),
                Err(_) => {
                    self.diagnostics.push(
                        Diagnostic::error(Code::InvalidValue, "this number does not fit into 64 bits").at(span, "here"),
                    );
                    Kind::Map(vec![marker("(number)", span)])
                }
            },
            KdlValue::Float(number) => match Number::from_f64(*number) {
                Some(number) => Kind::Number(number),
                None => {
                    self.diagnostics
                        .push(Diagnostic::error(Code::InvalidValue, "JSON has no such number").at(span, "here"));
                    Kind::Map(vec![marker("(number)", span)])
                }
            },
        };
        Located::new(value, span)
    }

    /// A node that the schema does not know. That is told; what is in it is then told by nobody: two steps may well stand in a `parallel`.
    fn unknown(&mut self, node: &KdlNode) -> Located {
        let told = std::mem::take(self.diagnostics);
        let value = self.free(node);
        *self.diagnostics = told;
        value
    }

    fn insert(&mut self, fields: &mut Vec<Field>, node: &KdlNode, name: &str, value: Located, _inside: &str) {
        let name_span = self.name_span(node);
        if let Some(known) = fields.iter_mut().find(|field| field.name == name) {
            // Two values under different facets stand side by side.
            let both = (known.value.get_mut(FACETS), value.get(FACETS));
            if let (Some(choices), Some(more)) = both
                && let Kind::List(choices) = &mut choices.value
            {
                choices.extend(more.items().iter().cloned());
                return;
            }
            if self.repeats {
                return again(known, name_span, value);
            }
            return self.repeated(fields, node, name);
        }
        fields.push(Field { name: name.to_owned(), name_span, child: true, value });
    }

    fn repeated(&mut self, fields: &mut Vec<Field>, node: &KdlNode, name: &str) {
        let again = self.name_span(node);
        let first = fields.iter().find(|field| field.name == name).map(|field| field.name_span);
        self.diagnostics.push(duplicate(node.name().value(), again).at(first, "first here"));
        mark(fields, "(repeated)", again);
    }

    fn list<'f>(&mut self, fields: &'f mut Vec<Field>, property: &str, node: &KdlNode) -> &'f mut Vec<Located> {
        let span = self.name_span(node);
        let at = match fields
            .iter()
            .position(|field| field.name == property && matches!(field.value.value, Kind::List(_)))
        {
            Some(at) => at,
            None => {
                let value = Located::new(Kind::List(Vec::new()), span);
                fields.push(Field { name: property.to_owned(), name_span: span, child: true, value });
                fields.len() - 1
            }
        };
        match &mut fields[at].value.value {
            Kind::List(items) => items,
            _ => unreachable!("the position was looked up among lists"),
        }
    }

    fn map_field<'f>(&mut self, fields: &'f mut Vec<Field>, property: &str, node: &KdlNode) -> &'f mut Vec<Field> {
        let span = self.name_span(node);
        let at =
            match fields.iter().position(|field| field.name == property && matches!(field.value.value, Kind::Map(_))) {
                Some(at) => at,
                None => {
                    let value = Located::new(Kind::Map(Vec::new()), span);
                    fields.push(Field { name: property.to_owned(), name_span: span, child: true, value });
                    fields.len() - 1
                }
            };
        match &mut fields[at].value.value {
            Kind::Map(own) => own,
            _ => unreachable!("the position was looked up among maps"),
        }
    }

    fn surplus(&mut self, name: &str, view: View<'_>, entry: &KdlEntry, fields: &mut Vec<Field>) {
        let span = self.value_span(entry);
        let word = match entry.value() {
            KdlValue::String(word) => word.clone(),
            other => other.to_string(),
        };
        let help = if view.property(&word).is_some_and(|view| view.allows("boolean")) {
            format!("a property is written with its value: {word}=#true")
        } else {
            "properties are written name=value".to_owned()
        };
        self.diagnostics.push(
            Diagnostic::error(Code::SurplusArgument, format!("`{name}` takes fewer arguments"))
                .at(span, "one too many")
                .help(help),
        );
        mark(fields, "(arguments)", span);
    }

    fn no_properties(&mut self, node: &KdlNode, fields: &mut Vec<Field>) {
        for entry in node.entries() {
            if let Some(key) = entry.name() {
                let span = self.span(key.span());
                let name = node.name().value();
                self.diagnostics.push(
                    Diagnostic::error(Code::UnknownProperty, format!("`{name}` takes values, no properties"))
                        .at(span, "not here"),
                );
                mark(fields, "(properties)", span);
            }
        }
    }

    fn refuse_type(&mut self, span: Option<Span>, fields: &mut Vec<Field>) {
        let Some(span) = span else { return };
        self.diagnostics.push(
            Diagnostic::error(Code::TypeAnnotation, "type annotations mean nothing in a manifest")
                .at(span, "take it out")
                .help("the schema says what type a value has".to_owned()),
        );
        mark(fields, "(type)", span);
    }
}

/// A node that is there once more: together they are a list. Its place is the name of the second, after its first element: so it differs from a list
/// that was written as one.
fn again(known: &mut Field, name_span: Span, value: Located) {
    match &mut known.value.value {
        Kind::List(items) if items.first().is_some_and(|first| known.value.span.start > first.span.start) => {
            items.push(value);
        }
        _ => {
            let first = std::mem::replace(&mut known.value, Located::new(Kind::Null, name_span));
            known.value.value = Kind::List(vec![first, value]);
        }
    }
}

fn duplicate(name: &str, span: Span) -> Diagnostic {
    Diagnostic::error(Code::Duplicate, format!("`{name}` is given twice")).at(span, "again here")
}

/// Leaves something in the JSON that no schema knows.
fn mark(fields: &mut Vec<Field>, name: &str, span: Span) {
    if !fields.iter().any(|field| field.name == name) {
        fields.push(marker(name, span));
    }
}

fn marker(name: &str, span: Span) -> Field {
    Field { name: name.to_owned(), name_span: span, child: true, value: Located::new(Kind::Bool(true), span) }
}

fn is_long(entry: &KdlEntry) -> bool {
    entry.format().is_some_and(|format| format.value_repr.contains('\n') || format.leading.contains('\n'))
}
