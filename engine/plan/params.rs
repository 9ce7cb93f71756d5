//! Parameters: where their values come from and whether they fit.

use crate::compile::NoResults;
use crate::workshop::{Workshop, active_facets};
use crate::{Evaluate, ParamValue, Parameters, TemplatePart, TemplateValue};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Spanned, did_you_mean};
use thinking_manifest::units;
use thinking_schema::{Named, Param, ParamType, Tree};
use thinking_step::{Program, Purpose, ReferenceKind};

/// Values that were given, the strongest source first.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// `-p name=value`
    pub command_line: Vec<(String, String)>,
    /// `--params FILE`: the file's name for messages, and its values.
    pub files: Vec<(String, Map<String, Value>)>,
    /// Those of the unfinished run.
    pub remembered: BTreeMap<String, Value>,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// The working directory: paths on the command line are relative to it.
    pub working_directory: PathBuf,
}

/// Where a parameter's value comes from.
enum Source<'g> {
    CommandLine(&'g str),
    File(&'g str, &'g Value),
    Remembered(&'g Value),
    Environment(&'g str, &'g str),
    Default,
}

/// Gives every declared parameter its value.
pub(crate) fn resolve(shop: &mut Workshop<'_, '_>, given: &Given, diagnostics: &mut Diagnostics) -> Parameters {
    let model = shop.model;
    let declared = &model.manifest.param;
    let directory = shop.project.directory.clone();
    unknown(declared, given, diagnostics);
    let mut all = Parameters::default();
    for at in order(shop, &mut Diagnostics::new()) {
        let Some((name, param)) = declared.0.get(at).map(|(name, param)| (name, param)) else { continue };
        let source = source_of(name, param, given);
        let is_remembered = matches!(source, Source::Remembered(_));
        let kind = kind_of(param);
        let (value, is_given) = match source {
            Source::CommandLine(text) => {
                (parse(kind, text).map(|value| based(kind, value, &given.working_directory, &directory)), true)
            }
            Source::Environment(variable, text) => {
                (parse(kind, text).map_err(|why| format!("{why} (from the environment variable {variable})")), false)
            }
            Source::File(file, value) => (fit(kind, value).map_err(|why| format!("{why} (in {file})")), true),
            Source::Remembered(value) => (fit(kind, value), true),
            Source::Default => match &param.default {
                Some(default) => {
                    let value = default_value(shop, default, &all, diagnostics);
                    let may_miss = |value: &Value| value.is_null() && param.optional;
                    (value.and_then(|value| if may_miss(&value) { Ok(value) } else { fit(kind, &value) }), false)
                }
                None if param.optional => (Ok(Value::Null), false),
                None => {
                    diagnostics.push(
                        Diagnostic::error(
                            Code::MissingParam,
                            format!("parameter `{name}` needs a value", name = name.value),
                        )
                        .at(name.span, param.help.clone().unwrap_or_else(|| "declared here".to_owned()))
                        .help(match &param.env {
                            // The command line can be read by others, and is kept by shells.
                            Some(env) if param.secret => format!("set the environment variable {}", env.value),
                            Some(env) => {
                                format!("give it with -p {}={}, or set {}", name.value, example(kind), env.value)
                            }
                            None => format!("give it with -p {}={}", name.value, example(kind)),
                        }),
                    );
                    continue;
                }
            },
        };
        let value = value.and_then(|value| if value.is_null() { Ok(value) } else { bounds(param, value) });
        match value {
            Ok(value) => {
                let value =
                    ParamValue { value, secret: param.secret, given: is_given && !param.secret, span: name.span };
                all.values.insert(name.value.as_str().into(), value);
            }
            Err(why) => {
                let why = match is_remembered {
                    true => format!(
                        "{why}, remembered from the unfinished run: give another one, or start over with --fresh"
                    ),
                    false => why,
                };
                let shown = if param.secret { "its value does not fit".to_owned() } else { why };
                diagnostics.push(
                    Diagnostic::error(Code::InvalidParam, format!("parameter `{}`: {shown}", name.value))
                        .at(name.span, param.help.clone().unwrap_or_else(|| "declared here".to_owned()))
                        .help(format!("it is {}, such as -p {}={}", article(kind), name.value, example(kind))),
                );
            }
        }
    }
    all
}

/// The default as a template, with what is wrong in it.
fn compiled(shop: &mut Workshop<'_, '_>, default: &Spanned<Tree>, diagnostics: &mut Diagnostics) -> TemplateValue {
    let facets: Vec<Arc<str>> = shop.project.facets.names().map(Arc::from).collect();
    let names = shop.model.manifest.param.names().map(crate::script_name).collect();
    let scope = crate::pure::scope(shop.compiler, names, &facets, false);
    shop.compiler.tree(default, shop.sources, &scope, &NoResults, Purpose::Pure, diagnostics)
}

/// The parameters that a default looks at, by their names in scripts.
fn mentioned(value: &TemplateValue, found: &mut Vec<String>) {
    match value {
        TemplateValue::Fixed(_) => {}
        TemplateValue::Template(template) => {
            for part in &template.parts {
                let TemplatePart::Code(program) = part else { continue };
                for reference in program.references() {
                    match &reference.kind {
                        ReferenceKind::Param(name) => found.push(name.clone()),
                        // Which ones is known when it runs; no parameter has that name.
                        ReferenceKind::AnyParam => found.push(String::new()),
                        _ => {}
                    }
                }
            }
        }
        TemplateValue::List(items) => items.iter().for_each(|item| mentioned(item, found)),
        TemplateValue::Map(fields) => fields.iter().for_each(|(_, field)| mentioned(field, found)),
    }
}

/// The order in which defaults can be evaluated: what one looks at comes before it. Circles are told and broken.
fn order(shop: &mut Workshop<'_, '_>, diagnostics: &mut Diagnostics) -> Vec<usize> {
    let declared = &shop.model.manifest.param;
    let names: Vec<String> = declared.names().map(crate::script_name).collect();
    let mut needs: Vec<Vec<usize>> = Vec::new();
    for (_, param) in declared.iter() {
        let mut found = Vec::new();
        if let Some(default) = &param.default {
            mentioned(&compiled(shop, default, diagnostics), &mut found);
        }
        needs.push(found.iter().filter_map(|name| names.iter().position(|known| known == name)).collect());
    }
    let mut done: Vec<usize> = Vec::new();
    let mut way: Vec<usize> = Vec::new();
    for start in 0..names.len() {
        visit(start, &needs, &mut way, &mut done, &mut |circle| {
            let shown: Vec<&str> = circle.iter().map(|at| names[*at].as_str()).collect();
            let span = circle.first().and_then(|at| declared.0.get(*at)).and_then(|(name, _)| name.span);
            diagnostics.push(
                Diagnostic::error(
                    Code::InvalidParam,
                    format!("defaults look at each other in a circle: {}", shown.join(" → ")),
                )
                .at(span, "in the circle")
                .help("give one of them a default without `${…}`".to_owned()),
            );
        });
    }
    done
}

fn visit(
    at: usize,
    needs: &[Vec<usize>],
    way: &mut Vec<usize>,
    done: &mut Vec<usize>,
    circle: &mut dyn FnMut(&[usize]),
) {
    if done.contains(&at) {
        return;
    }
    if let Some(start) = way.iter().position(|known| *known == at) {
        let mut round = way[start..].to_vec();
        round.push(at);
        circle(&round);
        return;
    }
    way.push(at);
    for need in &needs[at] {
        visit(*need, needs, way, done, circle);
    }
    way.pop();
    if !done.contains(&at) {
        done.push(at);
    }
}

/// What is wrong with the declarations themselves, whatever the values; of components' parameters, too, bound or not.
pub(crate) fn check(shop: &mut Workshop<'_, '_>, diagnostics: &mut Diagnostics) {
    order(shop, diagnostics);
    let model = shop.model;
    for (name, param) in model.manifest.param.iter() {
        if param.secret
            && let Some(default) = &param.default
        {
            diagnostics.push(
                Diagnostic::error(Code::InvalidParam, format!("the secret `{}` cannot have a default", name.value))
                    .at(default.span, "would stand in the manifest for all to read")
                    .help(format!("take it out, and give the value with env= or -p {}=…", name.value)),
            );
        }
        declaration(shop, name, param, diagnostics);
    }
    for (_, component) in model.manifest.component.iter() {
        for (name, param) in component.param.iter() {
            if let Some(default) = &param.default {
                compiled(shop, default, diagnostics);
            }
            declaration(shop, name, param, diagnostics);
        }
    }
}

/// What is wrong with one declaration: its bounds, its allowed values, its default. What a default's template has wrong is told elsewhere.
fn declaration(shop: &mut Workshop<'_, '_>, name: &Spanned<String>, param: &Param, diagnostics: &mut Diagnostics) {
    let kind = kind_of(param);
    if let (Some(min), Some(max)) = (&param.min, &param.max)
        && min.value > max.value
    {
        diagnostics.push(
            Diagnostic::error(Code::InvalidParam, format!("no value of `{}` is allowed: min is above max", name.value))
                .at(min.span, "above")
                .at(max.span, "this"),
        );
    }
    for (bound, what) in [(&param.min, "min"), (&param.max, "max")] {
        if let Some(bound) = bound
            && !matches!(kind, ParamType::Int | ParamType::Float)
        {
            diagnostics.push(
                Diagnostic::error(
                    Code::InvalidParam,
                    format!("`{what}` is for numbers, and `{}` is {}", name.value, article(kind)),
                )
                .at(bound.span, "here")
                .help("take it out, or make the parameter an int or a float".to_owned()),
            );
        }
    }
    for allowed in param.one_of.iter().flat_map(|list| &list.value) {
        if let Err(why) = fit(kind, allowed) {
            diagnostics.push(
                Diagnostic::error(Code::InvalidParam, format!("a value of `one-of` of `{}`: {why}", name.value))
                    .at(param.one_of.as_ref().and_then(|list| list.span), "among these"),
            );
        }
    }
    let Some(default) = &param.default else { return };
    let mut wrong = Diagnostics::new();
    let value = compiled(shop, default, &mut wrong);
    let mut needs = Vec::new();
    mentioned(&value, &mut needs);
    // What looks at other parameters is checked when they have their values.
    if !wrong.is_empty() || !needs.is_empty() {
        return;
    }
    let host = crate::pure::host(&Parameters::default(), &active_facets(shop.model), shop.model.selection.mode, None);
    let evaluate = |program: &Arc<dyn Program>| program.eval(&host);
    let value = value.value(&evaluate as &dyn Evaluate).map_err(|error| error.message);
    if let Err(why) = value.and_then(|value| typed(param, &value)) {
        diagnostics.push(
            Diagnostic::error(Code::InvalidParam, format!("the default of `{}`: {why}", name.value))
                .at(default.span, "here"),
        );
    }
}

/// A value as a declaration has it, of the right kind and within its bounds.
///
/// # Errors
/// Why it is none, in a few words.
pub(crate) fn typed(param: &Param, value: &Value) -> Result<Value, String> {
    if value.is_null() && param.optional {
        return Ok(Value::Null);
    }
    fit(kind_of(param), value).and_then(|value| bounds(param, value))
}

fn source_of<'g>(name: &str, param: &'g Param, given: &'g Given) -> Source<'g> {
    if let Some((_, text)) = given.command_line.iter().rev().find(|(known, _)| known == name) {
        return Source::CommandLine(text);
    }
    if let Some((file, value)) =
        given.files.iter().rev().find_map(|(file, values)| values.get(name).map(|value| (file.as_str(), value)))
    {
        return Source::File(file, value);
    }
    if let Some(value) = given.remembered.get(name).filter(|_| !param.secret) {
        return Source::Remembered(value);
    }
    if let Some(variable) = &param.env
        && let Some(text) = given.environment.get(&variable.value)
    {
        return Source::Environment(&variable.value, text);
    }
    Source::Default
}

fn unknown(declared: &Named<Param>, given: &Given, diagnostics: &mut Diagnostics) {
    let names = given
        .command_line
        .iter()
        .map(|(name, _)| (name, "-p"))
        .chain(given.files.iter().flat_map(|(file, values)| values.keys().map(move |name| (name, file.as_str()))));
    for (name, source) in names {
        if declared.get(name).is_none() {
            let help = match did_you_mean(name, declared.names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if declared.is_empty() => "the manifest declares no parameters".to_owned(),
                None => format!("declared are: {}", declared.names().collect::<Vec<_>>().join(", ")),
            };
            diagnostics.push(
                Diagnostic::error(Code::UnknownParam, format!("no parameter is called `{name}` (given by {source})"))
                    .help(help),
            );
        }
    }
}

fn kind_of(param: &Param) -> ParamType {
    param.r#type.as_ref().map_or(ParamType::String, |kind| kind.value)
}

fn article(kind: ParamType) -> &'static str {
    match kind {
        ParamType::String => "a string",
        ParamType::Int => "a whole number",
        ParamType::Float => "a number",
        ParamType::Bool => "true or false",
        ParamType::Path => "a path",
        ParamType::Datetime => "a date and time (RFC 3339)",
        ParamType::Duration => "a duration",
        ParamType::Size => "a size",
        ParamType::Json => "JSON",
        ParamType::List => "a list",
    }
}

fn example(kind: ParamType) -> &'static str {
    match kind {
        ParamType::String => "text",
        ParamType::Int => "3",
        ParamType::Float => "0.5",
        ParamType::Bool => "true",
        ParamType::Path => "data/file.txt",
        ParamType::Datetime => "2026-01-31T12:00:00Z",
        ParamType::Duration => "5m",
        ParamType::Size => "64MiB",
        ParamType::Json => "'{\"a\": 1}'",
        ParamType::List => "a,b,c",
    }
}

/// A value from text on the command line or in the environment.
fn parse(kind: ParamType, text: &str) -> Result<Value, String> {
    let wrong = || format!("`{text}` is not {}", article(kind));
    Ok(match kind {
        ParamType::String | ParamType::Path | ParamType::Datetime | ParamType::Duration | ParamType::Size => {
            return fit(kind, &Value::String(text.to_owned()));
        }
        ParamType::Int => text.trim().parse::<i64>().map_err(|_| wrong())?.into(),
        ParamType::Float => {
            let number: f64 = text.trim().parse().map_err(|_| wrong())?;
            serde_json::Number::from_f64(number).map(Value::Number).ok_or_else(wrong)?
        }
        ParamType::Bool => match text.trim() {
            "true" | "#true" | "yes" | "1" => true.into(),
            "false" | "#false" | "no" | "0" => false.into(),
            _ => return Err(wrong()),
        },
        ParamType::Json => serde_json::from_str(text).map_err(|error| format!("{}: {error}", wrong()))?,
        ParamType::List => match serde_json::from_str::<Value>(text) {
            Ok(list @ Value::Array(_)) => list,
            _ if text.is_empty() => Value::Array(Vec::new()),
            _ => text.split(',').map(|part| Value::String(part.trim().to_owned())).collect(),
        },
    })
}

/// A value as its type has it: sizes are bytes, floats are floats.
fn fit(kind: ParamType, value: &Value) -> Result<Value, String> {
    let wrong = || format!("{value} is not {}", article(kind));
    match (kind, value) {
        (ParamType::String | ParamType::Path, Value::String(_)) => Ok(value.clone()),
        (ParamType::Int, Value::Number(number)) => whole(number).map(Value::from).ok_or_else(wrong),
        (ParamType::Float, Value::Number(number)) => {
            number.as_f64().and_then(serde_json::Number::from_f64).map(Value::Number).ok_or_else(wrong)
        }
        (ParamType::Bool, Value::Bool(_)) => Ok(value.clone()),
        (ParamType::Datetime, Value::String(text)) => {
            text.parse::<jiff::Timestamp>().map(|_| value.clone()).map_err(|_| wrong())
        }
        (ParamType::Duration, Value::String(text)) => units::duration(text).map(|_| value.clone()).ok_or_else(wrong),
        (ParamType::Size, Value::String(text)) => units::size(text).map(Value::from).ok_or_else(wrong),
        (ParamType::Size, Value::Number(number)) if number.as_u64().is_some() => Ok(value.clone()),
        (ParamType::Json, _) => Ok(value.clone()),
        (ParamType::List, Value::Array(_)) => Ok(value.clone()),
        // `default "a"` of a list is a list of one.
        (ParamType::List, Value::String(_) | Value::Number(_) | Value::Bool(_)) => {
            Ok(Value::Array(vec![value.clone()]))
        }
        _ => Err(wrong()),
    }
}

/// 2, also if it is written 2.0.
fn whole(number: &serde_json::Number) -> Option<i64> {
    // Beyond 2^53 a float does not say which whole number is meant.
    let exact = |float: &f64| float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0;
    number.as_i64().or_else(|| number.as_f64().filter(exact).map(|float| float as i64))
}

fn bounds(param: &Param, value: Value) -> Result<Value, String> {
    if let Some(number) = value.as_f64() {
        if let Some(min) = &param.min
            && number < min.value
        {
            return Err(format!("{value} is below its least value {}", min.value));
        }
        if let Some(max) = &param.max
            && number > max.value
        {
            return Err(format!("{value} is above its greatest value {}", max.value));
        }
    }
    if let Some(allowed) = &param.one_of
        && !allowed.value.iter().any(|one| same(one, &value) || fit(kind_of(param), one).as_ref() == Ok(&value))
    {
        let list = allowed.value.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
        let near = value.as_str().and_then(|text| did_you_mean(text, allowed.value.iter().filter_map(Value::as_str)));
        return Err(match near {
            Some(near) => format!("{value} is not one of {list}; did you mean \"{near}\"?"),
            None => format!("{value} is not one of {list}"),
        });
    }
    Ok(value)
}

fn same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|number| Some(number) == other.as_f64())
}

/// A path given relative to the working directory, as seen from the manifest's directory where it is inside, absolute otherwise.
fn based(kind: ParamType, value: Value, working: &Path, directory: &Path) -> Value {
    let (ParamType::Path, Value::String(text)) = (kind, &value) else { return value };
    let full = working.join(text);
    let full = full.canonicalize().unwrap_or(full);
    let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_path_buf());
    let path = full.strip_prefix(&directory).map(Path::to_path_buf).unwrap_or(full);
    Value::String(path.display().to_string())
}

fn default_value(
    shop: &mut Workshop<'_, '_>,
    default: &Spanned<Tree>,
    earlier: &Parameters,
    diagnostics: &mut Diagnostics,
) -> Result<Value, String> {
    let value = compiled(shop, default, diagnostics);
    let host = crate::pure::host(earlier, &active_facets(shop.model), shop.model.selection.mode, None);
    let evaluate = |program: &Arc<dyn Program>| program.eval(&host);
    value.value(&evaluate as &dyn Evaluate).map_err(|error| error.message)
}

/// The value of a tree whose templates look at parameters, facets and the mode.
pub(crate) fn constant(
    shop: &mut Workshop<'_, '_>,
    tree: &Spanned<Tree>,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let (params, mut found) = (shop.params.clone(), Diagnostics::new());
    let value = default_value(shop, tree, &params, &mut found);
    let wrong = found.has_errors();
    diagnostics.extend(found);
    match value {
        Ok(value) => (!wrong).then_some(value),
        Err(why) => {
            if !wrong {
                diagnostics.push(Diagnostic::error(Code::InvalidValue, why).at(tree.span, "here"));
            }
            None
        }
    }
}
