//! Databases as the manifest declares them: what they are in scripts, where their data lies, and what counts as a change.

use crate::names;
use crate::settings::{evaluated, value_of};
use crate::workshop::Workshop;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Span, Spanned};
use thinking_schema::{self as schema, DatabaseKind, MetricWord, Templated};
use thinking_step::{Metric, VariableKind};

/// A database of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// As in the manifest.
    pub name: Arc<str>,
    /// What its data is kept under: a database of another kind is another one, so that rows of one kind are never read as those of another.
    pub stored: Arc<str>,
}

/// A kv database of that name.
impl From<&str> for Database {
    fn from(name: &str) -> Self {
        Self { name: name.into(), stored: name.into() }
    }
}

/// One thing that a declaration says: its label in a definition, its text, where it stands.
pub(crate) type Part = (String, String, Option<Span>);

/// A declared database.
pub(crate) struct Declared {
    pub database: Database,
    pub name: Spanned<String>,
    pub kind: VariableKind,
    /// What steps that use it are made of besides their own text; nothing for kv.
    pub parts: Vec<Part>,
}

/// What the parts of the definitions are, by database.
pub(crate) type Parts = BTreeMap<String, Vec<Part>>;

/// All databases that can be used in scripts.
pub(crate) fn declared(shop: &mut Workshop<'_, '_>, diagnostics: &mut Diagnostics) -> Vec<Declared> {
    let Some(runtime) = &shop.model.manifest.runtime else { return Vec::new() };
    let mut all = Vec::new();
    for (name, database) in runtime.database.iter() {
        if let Some(why) = names::reserved(name, shop.compiler.language()) {
            diagnostics.push(
                Diagnostic::error(Code::ReservedName, format!("a database cannot be called `{}`", name.value))
                    .at(name.span, why),
            );
            continue;
        }
        all.push(declare(shop, name, database, diagnostics));
    }
    all
}

fn declare(
    shop: &mut Workshop<'_, '_>,
    name: &Spanned<String>,
    database: &schema::Database,
    diagnostics: &mut Diagnostics,
) -> Declared {
    let (word, own) = (database.kind.value.word(), name.value.clone());
    let place = database.kind.span.or(name.span);
    let mut parts = vec![(format!("database `{own}` of kind `{word}`"), String::new(), place)];
    let mut say = |what: &str, text: String, span: Option<Span>| {
        parts.push((format!("`{what}` of the database `{own}`"), text, span.or(place)));
    };
    let kind = match database.kind.value {
        DatabaseKind::Kv => {
            parts.clear();
            VariableKind::Kv(own.clone())
        }
        DatabaseKind::Objects => VariableKind::Objects(own.clone()),
        DatabaseKind::Documents => {
            let index: BTreeSet<String> =
                database.index.iter().filter_map(|field| text(shop, field, diagnostics)).collect();
            let index: Vec<String> = index.into_iter().collect();
            say("index", index.join("\n"), database.index.first().and_then(|field| field.span));
            VariableKind::Documents { name: own.clone(), index }
        }
        DatabaseKind::Vectors => {
            let dimensions = dimensions(shop, database.dimensions.as_ref(), diagnostics);
            say("dimensions", dimensions.to_string(), database.dimensions.as_ref().and_then(Templated::span));
            let word = database
                .metric
                .as_ref()
                .map_or(MetricWord::Cosine, |metric| evaluated(shop, metric, MetricWord::Cosine, diagnostics));
            say("metric", word.word().to_owned(), database.metric.as_ref().and_then(Templated::span));
            let metric = match word {
                MetricWord::Cosine => Metric::Cosine,
                MetricWord::Dot => Metric::Dot,
                MetricWord::Euclidean => Metric::Euclidean,
            };
            VariableKind::Vectors { name: own.clone(), dimensions, metric }
        }
    };
    let stored = match database.kind.value {
        DatabaseKind::Kv => own.clone(),
        // No name in a manifest has a colon.
        _ => format!("{own}:{word}"),
    };
    let database = Database { name: own.into(), stored: stored.into() };
    Declared { database, name: name.clone(), kind, parts }
}

fn text(shop: &mut Workshop<'_, '_>, string: &Spanned<String>, diagnostics: &mut Diagnostics) -> Option<String> {
    if !string.value.contains("${") {
        return Some(string.value.clone());
    }
    let value = value_of(shop, string, diagnostics)?;
    let fit = value.as_str().filter(|field| field.split('.').all(|name| !name.is_empty()));
    if fit.is_none() {
        let message = format!("this gives {value}, and a field is written like \"year\" or \"author.name\"");
        diagnostics.push(Diagnostic::error(Code::InvalidValue, message).at(string.span, "here"));
    }
    fit.map(str::to_owned)
}

/// How many numbers a vector has; 0 where parameters have no values yet.
fn dimensions(shop: &mut Workshop<'_, '_>, given: Option<&Templated<i64>>, diagnostics: &mut Diagnostics) -> usize {
    const UNKNOWN: i64 = i64::MIN;
    let Some(given) = given else { return 0 };
    let number = evaluated(shop, given, UNKNOWN, diagnostics);
    if number != UNKNOWN && !(1..=schema::MOST_DIMENSIONS).contains(&number) {
        let message = format!("`dimensions` must be from 1 to {}, and this is {number}", schema::MOST_DIMENSIONS);
        diagnostics.push(Diagnostic::error(Code::InvalidValue, message).at(given.span(), "here"));
    }
    usize::try_from(number).unwrap_or(0)
}
