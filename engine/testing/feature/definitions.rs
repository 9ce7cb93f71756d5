//! Which definition a step is done by.

use super::StepText;
use super::snippet::{near, snippet};
use cucumber_expressions::expand::{Error, ParameterError};
use cucumber_expressions::{Expression, SingleExpression, Spanned, parse};
use regex::{Captures, Regex};
use thinking_diagnostic::{Code, Diagnostic, MappedText, Span, did_you_mean};
use thinking_step::{Value, from_text};

/// What stands between braces in a definition.
const PARAMETERS: [&str; 4] = ["int", "float", "word", "string"];

/// Definitions by the text of the steps that they do.
#[derive(Debug)]
pub struct Definitions {
    all: Vec<Definition>,
}

#[derive(Debug)]
struct Definition {
    pattern: MappedText,
    regex: Regex,
    /// What kind each parameter is; `None` for an expression, whose groups are what they look like.
    parameters: Option<Vec<Parameter>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parameter {
    Int,
    Float,
    String,
    /// `{word}` and `{}`.
    Text,
}

/// The definition that does a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Which, counted from 0 as they were given.
    pub index: usize,
    /// What stands in the step for its parameters: `{int}` an int, `{float}` a float, others texts; groups of an expression are a number if they look
    /// like one, and `null` if they take no part.
    pub arguments: Vec<Value>,
}

impl Definitions {
    /// Takes the texts of definitions: Cucumber expressions (`a text {string}`, `{int} word(s)`, `is/are`), or regular expressions if they begin with `^`
    /// or end with `$`.
    ///
    /// # Errors
    /// Everything that is wrong with them, at its place.
    pub fn new(patterns: &[MappedText]) -> Result<Self, Vec<Diagnostic>> {
        let (mut all, mut problems): (Vec<Definition>, _) = (Vec::new(), Vec::new());
        for pattern in patterns {
            if let Some(first) = all.iter().find(|other| other.pattern.text == pattern.text) {
                let message = format!("two definitions of `{}`", pattern.text);
                let problem = Diagnostic::error(Code::Duplicate, message)
                    .at(pattern.whole, "")
                    .at(first.pattern.whole, "the first one");
                problems.push(
                    problem.help("a step is done by one definition; change the text of one, or remove it".to_owned()),
                );
                continue;
            }
            match definition(pattern) {
                Ok(definition) => all.push(definition),
                Err(problem) => problems.push(*problem),
            }
        }
        if problems.is_empty() { Ok(Self { all }) } else { Err(problems) }
    }

    /// The definition that does a step.
    ///
    /// # Errors
    /// There is none, or there are several; told at the step.
    pub fn find(&self, step: &StepText) -> Result<Found, Box<Diagnostic>> {
        let found: Vec<_> = self
            .all
            .iter()
            .enumerate()
            .filter_map(|(index, definition)| Some((index, definition, definition.regex.captures(&step.text)?)))
            .collect();
        match &*found {
            [(index, definition, captures)] => Ok(Found { index: *index, arguments: definition.arguments(captures) }),
            [] => Err(Box::new(self.missing(step))),
            several => {
                let message = format!("{} definitions fit the step `{}`", several.len(), step.text);
                let mut problem = Diagnostic::error(Code::Duplicate, message).at(step.span, "");
                for (_, definition, _) in several {
                    problem = problem.at(definition.pattern.whole, format!("`{}`", definition.pattern.text));
                }
                Err(Box::new(problem.help("make the text of one of them more exact".to_owned())))
            }
        }
    }

    fn missing(&self, step: &StepText) -> Diagnostic {
        let (pattern, code) = snippet(&step.text);
        let problem = Diagnostic::error(Code::Missing, format!("no definition fits the step `{}`", step.text));
        let known = self.all.iter().filter(|one| one.parameters.is_some()).map(|one| &*one.pattern.text);
        let problem = match near(&pattern, known) {
            Some(near) => problem.at(step.span, "").help(format!("the nearest definition is `{near}`; another one:")),
            None => {
                problem.at(step.span, "").help("write a definition in the manifest or in `tests/**/*.kdl`:".to_owned())
            }
        };
        // On a line of its own, to be copied.
        problem.help(code)
    }
}

impl Definition {
    fn arguments(&self, captures: &Captures<'_>) -> Vec<Value> {
        let group = |at: usize| captures.get(at).map(|group| group.as_str());
        let Some(parameters) = &self.parameters else {
            return (1..captures.len()).map(|at| group(at).map_or(Value::Null, from_text)).collect();
        };
        let mut at = 1;
        let mut arguments = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            let text = group(at).unwrap_or("");
            let float = |text: &str| text.parse::<f64>().ok().filter(|float| float.is_finite()).map(Value::from);
            arguments.push(match parameter {
                // What is too long for an int is a float; what is neither stays a text.
                Parameter::Int => {
                    text.parse::<i64>().map(Value::from).ok().or_else(|| float(text)).unwrap_or_else(|| text.into())
                }
                Parameter::Float => float(text).unwrap_or_else(|| text.into()),
                Parameter::Text => text.into(),
                Parameter::String => {
                    let text = group(at).or_else(|| group(at + 1)).unwrap_or("");
                    at += 1;
                    text.replace("\\\"", "\"").replace("\\'", "'").into()
                }
            });
            at += 1;
        }
        arguments
    }
}

fn definition(pattern: &MappedText) -> Result<Definition, Box<Diagnostic>> {
    let text = &*pattern.text;
    let problem = |message: String, span: Span| Diagnostic::error(Code::InvalidValue, message).at(span, "");
    if text.trim().is_empty() {
        return Err(Box::new(
            problem("a definition without a text".to_owned(), pattern.whole)
                .help("write the text of the steps that it does: `a text {string}`".to_owned()),
        ));
    }
    if text.starts_with('^') || text.ends_with('$') {
        let regex = Regex::new(text).map_err(|error| {
            let words = error.to_string();
            let last = words.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned();
            let help = "a text that begins with `^` or ends with `$` is a regular expression";
            Box::new(problem(format!("the expression is wrong: {last}"), pattern.whole).help(help.to_owned()))
        })?;
        return Ok(Definition { pattern: pattern.clone(), regex, parameters: None });
    }
    let wrong = |error: Error<Spanned<'_>>| Box::new(explain(error, pattern));
    let regex = Expression::regex(text).map_err(wrong)?;
    let parsed = Expression::parse(text).map_err(|error| wrong(Error::Parsing(error)))?;
    let parameters = parsed.iter().filter_map(|part| match part {
        SingleExpression::Parameter(parameter) => Some(match *parameter.input.fragment() {
            "int" => Parameter::Int,
            "float" => Parameter::Float,
            "string" => Parameter::String,
            _ => Parameter::Text,
        }),
        _ => None,
    });
    Ok(Definition { pattern: pattern.clone(), regex, parameters: Some(parameters.collect()) })
}

/// Why a text is no Cucumber expression.
fn explain(error: Error<Spanned<'_>>, pattern: &MappedText) -> Diagnostic {
    use parse::Error as Parse;
    let span = |place: Spanned<'_>| {
        let start = place.location_offset();
        pattern.span(start, start + place.fragment().len().max(1).min(pattern.text.len().saturating_sub(start)))
    };
    let (message, place, help) = match error {
        Error::Expansion(ParameterError::NotFound(name)) => {
            let near = did_you_mean(name.fragment(), PARAMETERS).map(|near| format!("did you mean `{{{near}}}`?"));
            let help =
                near.unwrap_or_else(|| "there are {int}, {float}, {word}, {string} and {} for anything".to_owned());
            return Diagnostic::error(Code::InvalidValue, format!("there is no parameter `{{{}}}`", name.fragment()))
                .at(span(name), "")
                .help(help);
        }
        Error::Parsing(error) => match error {
            Parse::NestedParameter(at) => ("a parameter inside of another", at, "`\\{` for a brace"),
            Parse::OptionalInParameter(at) => ("an optional part inside of a parameter", at, "`\\(` for a parenthesis"),
            Parse::UnfinishedParameter(at) => ("the parameter is not closed", at, "`\\{` for a brace"),
            Parse::NestedOptional(at) => ("an optional part inside of another", at, "`\\(` for a parenthesis"),
            Parse::ParameterInOptional(at) => ("a parameter inside of an optional part", at, "`\\{` for a brace"),
            Parse::EmptyOptional(at) => ("an optional part with nothing in it", at, "`\\(` for a parenthesis"),
            Parse::AlternationInOptional(at) => ("alternatives inside of an optional part", at, "`\\/` for a slash"),
            Parse::UnfinishedOptional(at) => ("the optional part is not closed", at, "`\\(` for a parenthesis"),
            Parse::EmptyAlternation(at) => ("an alternative with nothing in it", at, "`\\/` for a slash"),
            Parse::OnlyOptionalInAlternation(at) => {
                ("an alternative that is only optional", at, "`\\(` for a parenthesis")
            }
            Parse::UnescapedReservedCharacter(at) => {
                ("the character means something else here", at, "a `\\` before it")
            }
            Parse::EscapedNonReservedCharacter(at) => ("the character needs no `\\`", at, "`\\\\` for a backslash"),
            Parse::EscapedEndOfLine(at) => ("nothing follows the `\\`", at, "`\\\\` for a backslash"),
            Parse::Other(at, _) => ("the definition cannot be read", at, "`\\` before ( ) { } /"),
            Parse::Needed(_) => {
                return Diagnostic::error(Code::InvalidValue, "the definition ends too early").at(pattern.whole, "");
            }
        },
        other => {
            return Diagnostic::error(Code::InvalidValue, format!("the definition cannot be used: {other}"))
                .at(pattern.whole, "");
        }
    };
    Diagnostic::error(Code::InvalidValue, message)
        .at(span(place), "")
        .help(format!("write {help}, if it is meant as it stands; in KDL best in a raw text: #\"…\"#"))
}
