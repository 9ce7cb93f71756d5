//! What a filter asks of documents.

use super::order::{compare, equal};
use crate::convert::value_from;
use crate::failure::{Answer, fail, raise};
use crate::number::kind;
use rhai::{Dynamic, Map};
use std::cmp::Ordering;
use thinking_diagnostic::did_you_mean;
use thinking_step::{StepError, Value};

/// The words for [`Operator`], in the order in which people are told of them.
const OPERATORS: &[(&str, Operator)] = &[
    ("eq", Operator::Eq),
    ("ne", Operator::Ne),
    ("gt", Operator::Gt),
    ("gte", Operator::Gte),
    ("lt", Operator::Lt),
    ("lte", Operator::Lte),
    ("in", Operator::In),
    ("contains", Operator::Contains),
    ("exists", Operator::Exists),
];

/// What is asked of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
    In,
    Contains,
    Exists,
}

/// One question.
#[derive(Debug)]
pub(super) struct Test {
    /// The field as written, and the names that lead to it.
    pub field: Field,
    pub operator: Operator,
    pub operand: Value,
}

/// All of them must hold.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub tests: Vec<Test>,
}

/// A field of documents; `author.name` is a field inside of a field.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub name: String,
}

impl Field {
    /// What a document has there.
    pub fn of<'d>(&self, document: &'d Value) -> Option<&'d Value> {
        self.name.split('.').try_fold(document, |value, name| match value {
            Value::Object(fields) => fields.get(name),
            Value::Array(items) => items.get(name.parse::<usize>().ok()?),
            _ => None,
        })
    }
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// It is no map, an operator does not exist, or its operand makes no sense.
    pub fn new(given: &Dynamic) -> Answer<Self> {
        let Ok(map) = given.as_map_ref() else {
            return Err(fail(format!("a filter must be a map such as #{{ year: 2020 }}, not {}", kind(given))));
        };
        let mut tests = Vec::new();
        for (name, condition) in map.iter() {
            let field = Field { name: name.to_string() };
            match condition.as_map_ref() {
                Ok(operators) => read(&field, &operators, &mut tests)?,
                Err(_) => {
                    tests.push(Test { field, operator: Operator::Eq, operand: value_from(condition).map_err(raise)? })
                }
            }
        }
        Ok(Self { tests })
    }

    /// Whether a document passes.
    pub fn matches(&self, document: &Value) -> bool {
        self.tests.iter().all(|test| test.holds(test.field.of(document)))
    }
}

fn read(field: &Field, operators: &Map, tests: &mut Vec<Test>) -> Answer<()> {
    let name = &field.name;
    if operators.is_empty() {
        let error = StepError::script(format!("the filter asks nothing of `{name}`"));
        return Err(raise(error.help(format!("write #{{ {}: #{{ gte: 2020 }} }} or another operator", shown(name)))));
    }
    for (word, operand) in operators {
        let Some((_, operator)) = OPERATORS.iter().find(|(known, _)| known == word) else {
            return Err(unknown(name, word));
        };
        let operand = value_from(operand).map_err(raise)?;
        let wanted = match operator {
            Operator::Gt | Operator::Gte | Operator::Lt | Operator::Lte => {
                (!(operand.is_number() || operand.is_string())).then_some("a number or a string")
            }
            Operator::In => (!operand.is_array()).then_some("a list"),
            Operator::Exists => (!operand.is_boolean()).then_some("true or false"),
            Operator::Eq | Operator::Ne | Operator::Contains => None,
        };
        if let Some(wanted) = wanted {
            return Err(fail(format!("`{word}` of `{name}` needs {wanted}, not {operand}")));
        }
        tests.push(Test { field: field.clone(), operator: *operator, operand });
    }
    Ok(())
}

fn unknown(field: &str, word: &str) -> Box<rhai::EvalAltResult> {
    let words = OPERATORS.iter().map(|(word, _)| *word);
    let help = match did_you_mean(word, words.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "there are: {}; a field inside of a field is written \"{field}.{word}\", equality with a map `eq: #{{ … }}`",
            words.collect::<Vec<_>>().join(", ")
        ),
    };
    raise(StepError::script(format!("the filter of `{field}` has no operator `{word}`")).help(help))
}

/// A field as a script writes it.
fn shown(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name.to_owned() } else { format!("{name:?}") }
}

impl Test {
    /// `()` and a field that is missing are the same to all but `exists`.
    fn holds(&self, found: Option<&Value>) -> bool {
        let value = found.unwrap_or(&Value::Null);
        let is = |wanted: &[Ordering]| compare(value, &self.operand).is_some_and(|order| wanted.contains(&order));
        match self.operator {
            Operator::Eq => equal(value, &self.operand),
            Operator::Ne => !equal(value, &self.operand),
            Operator::Gt => is(&[Ordering::Greater]),
            Operator::Gte => is(&[Ordering::Greater, Ordering::Equal]),
            Operator::Lt => is(&[Ordering::Less]),
            Operator::Lte => is(&[Ordering::Less, Ordering::Equal]),
            Operator::In => self.operand.as_array().is_some_and(|list| list.iter().any(|one| equal(value, one))),
            Operator::Contains => match (value, &self.operand) {
                (Value::String(text), Value::String(piece)) => text.contains(piece.as_str()),
                (Value::Array(items), wanted) => items.iter().any(|item| equal(item, wanted)),
                _ => false,
            },
            Operator::Exists => self.operand == Value::Bool(found.is_some()),
        }
    }
}
