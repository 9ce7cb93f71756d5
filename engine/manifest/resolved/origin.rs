//! Where a value of a composed manifest comes from.

use crate::Project;
use crate::located::{Kind, Located};
use std::collections::HashMap;
use thinking_diagnostic::{SourceMap, Span};
use thinking_schema::FACETS;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// As messages call it: `pipeline.kdl`.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The facet that it stands under; of a mode or an absent facet as written (`!gpu`).
    pub facet: Option<String>,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(facet) = &self.facet {
            write!(formatter, "facet {facet}, ")?;
        }
        write!(formatter, "{}:{}", self.file, self.line)
    }
}

/// Which parts of a project's texts stand under a facet.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    facets: HashMap<Span, String>,
}

impl Origins {
    /// Of a value at that place; `None` for one that stands in no text.
    #[must_use]
    pub fn of(&self, span: Span, sources: &SourceMap) -> Option<Origin> {
        let place = sources.place(span)?;
        let file = sources.get(span.source)?.name.to_string();
        Some(Origin { file, line: place.line, column: place.column, facet: self.facets.get(&span).cloned() })
    }

    fn walk(&mut self, value: &Located, around: Option<&str>) {
        let own = value.get("facet").and_then(Located::text);
        let facet = own.or(around);
        if let Some(facet) = facet {
            self.facets.insert(value.span, facet.to_owned());
        }
        match &value.value {
            Kind::Map(fields) => {
                for field in fields {
                    if field.name == FACETS {
                        // A choice between plain values: each stands under its own condition.
                        field.value.items().iter().for_each(|choice| self.walk(choice, facet));
                        continue;
                    }
                    if let Some(facet) = facet {
                        self.facets.insert(field.name_span, facet.to_owned());
                    }
                    self.walk(&field.value, facet);
                }
            }
            Kind::List(items) => items.iter().for_each(|item| self.walk(item, facet)),
            _ => {}
        }
    }

    /// Facets of one node that declares them.
    fn declared(&mut self, holder: &Located) {
        for facet in holder.get("facet").map(Located::fields).unwrap_or_default() {
            self.walk(&facet.value, Some(&facet.name));
        }
    }
}

impl Project {
    /// Which of its texts stand under a facet.
    #[must_use]
    pub fn origins(&self) -> Origins {
        let mut origins = Origins::default();
        for layer in self.layers() {
            for field in layer.fields() {
                match field.name.as_str() {
                    "facet" => {}
                    "facet-group" => field.value.fields().iter().for_each(|group| origins.declared(&group.value)),
                    _ => origins.walk(&field.value, None),
                }
            }
            origins.declared(layer);
        }
        origins
    }
}
