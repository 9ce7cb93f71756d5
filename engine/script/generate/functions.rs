//! What an expression of `for-all` may call.

use super::generator::Generator;
use proptest::strategy::Strategy;
use rhai::{Array, Dynamic, Engine, EvalAltResult, INT, Map, Position};
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

/// Names and how each is called, in the order in which they are listed.
pub const GENERATORS: [(&str, &str); 13] = [
    ("int", "`int(0..100)`, `int(1..=6)`, `int()` for every int"),
    ("float", "`float(0.0..1.0)`, `float(0.0, 1.0)`, `float()` for every finite float"),
    ("bool", "`bool()`"),
    ("char", "`char()`, `char(\"abc\")` for one of these"),
    (
        "text",
        "`text()`, `text(80)` for up to 80 characters, `text(1..=8)`, `text(\"[a-z]+\")` for what an expression matches",
    ),
    ("blob", "`blob()`, `blob(16)` for up to 16 bytes, `blob(1..=8)`"),
    ("choice", "`choice([\"a\", \"b\"])`, `choice(\"a\", \"b\")`; generators may stand there too"),
    ("one_of", "`one_of(int(0..3), text())`, `one_of([…])`"),
    ("list", "`list(int(0..10))`, `list(int(0..10), 5)` for exactly 5, `list(int(0..10), 0..5)`"),
    ("tuple", "`tuple([int(0..3), text()])`, `tuple(int(0..3), text())`"),
    ("map", "`map(#{ a: int(0..3), b: text() })`"),
    ("optional", "`optional(text())`: `()` or a text"),
    ("just", "`just(5)`: always that value"),
];

/// How many elements lists have unless it is said.
const LENGTHS: RangeInclusive<usize> = 0..=20;
/// How many characters texts have unless it is said.
const CHARACTERS: RangeInclusive<usize> = 0..=32;
/// How many bytes blobs have unless it is said.
const BYTES: RangeInclusive<usize> = 0..=64;
/// Longest list, text or blob.
const LONGEST: usize = 100_000;

/// Why a generator cannot be made.
#[derive(Debug, Clone)]
pub struct Refused {
    /// What is wrong.
    pub message: String,
    /// What to type instead.
    pub help: Option<String>,
}

/// Two floats with `..` or `..=` between them.
#[derive(Debug, Clone)]
struct FloatRange(f64, f64);

type Made = Result<Arc<Generator>, Box<EvalAltResult>>;

fn refuse<T>(message: impl Into<String>, help: impl Into<Option<String>>) -> Result<T, Box<EvalAltResult>> {
    let refused = Refused { message: message.into(), help: help.into() };
    Err(Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(refused), Position::NONE)))
}

/// How a generator is called.
pub fn usage(name: &str) -> Option<String> {
    GENERATORS.iter().find(|(known, _)| *known == name).map(|(_, usage)| format!("write {usage}"))
}

/// An engine that knows generators and nothing else.
pub fn engine() -> Engine {
    let mut engine = Engine::new_raw();
    engine.set_optimization_level(rhai::OptimizationLevel::None);
    engine.set_max_operations(100_000).set_max_expr_depths(48, 48).set_max_array_size(10_000);
    engine.register_type_with_name::<Arc<Generator>>("a generator");
    engine.register_type_with_name::<FloatRange>("a range of floats");
    for operator in ["..", "..="] {
        engine.register_fn(operator, |low: f64, high: f64| FloatRange(low, high));
        engine.register_fn(operator, |low: INT, high: f64| FloatRange(low as f64, high));
        engine.register_fn(operator, |low: f64, high: INT| FloatRange(low, high as f64));
    }
    engine.register_fn("int", || Arc::new(Generator::Int(INT::MIN..=INT::MAX)));
    engine.register_fn("int", |range: Dynamic| -> Made { Ok(Arc::new(Generator::Int(ints(&range, "int")?))) });
    engine.register_fn("float", || Arc::new(Generator::Float(f64::MIN..=f64::MAX)));
    engine.register_fn("float", |range: Dynamic| -> Made {
        match (range.read_lock::<FloatRange>(), ints(&range, "float")) {
            (Some(range), _) => floats(range.0, range.1),
            // `0..100` is a range of ints, and its end does not belong to it; of floats that makes no difference.
            (None, Ok(ints)) => floats(*ints.start() as f64, ints.end().saturating_add(1) as f64),
            (None, Err(error)) => Err(error),
        }
    });
    engine.register_fn("float", |low: Dynamic, high: Dynamic| -> Made {
        match (float(&low), float(&high)) {
            (Some(low), Some(high)) => floats(low, high),
            _ => refuse(format!("`float` takes two numbers, not {} and {}", kind(&low), kind(&high)), usage("float")),
        }
    });
    engine.register_fn("bool", || {
        Arc::new(Generator::OneOf([false, true].map(|flag| Arc::new(Generator::Just(flag.into()))).to_vec()))
    });
    engine.register_fn("char", || Arc::new(Generator::Char));
    engine.register_fn("char", |letters: Dynamic| -> Made {
        let Ok(text) = letters.as_immutable_string_ref() else { return wrong("char", "a text", &letters) };
        one_of(text.chars().map(|letter| Arc::new(Generator::Just(letter.into()))).collect(), "char")
    });
    engine.register_fn("text", || Arc::new(Generator::Text(CHARACTERS)));
    engine.register_fn("text", |what: Dynamic| -> Made {
        match what.as_immutable_string_ref() {
            Ok(pattern) => pattern_of(&pattern),
            Err(_) => Ok(Arc::new(Generator::Text(up_to(&what, "text")?))),
        }
    });
    engine.register_fn("blob", || Arc::new(Generator::Blob(BYTES)));
    engine.register_fn("blob", |sizes: Dynamic| -> Made { Ok(Arc::new(Generator::Blob(up_to(&sizes, "blob")?))) });
    engine.register_fn("list", |what: Dynamic| -> Made { Ok(Arc::new(Generator::List(part(&what)?, LENGTHS))) });
    engine.register_fn("list", |what: Dynamic, sizes: Dynamic| -> Made {
        let sizes = match sizes.as_int() {
            Ok(exactly) => length(exactly, "list")?..=length(exactly, "list")?,
            Err(_) => up_to(&sizes, "list")?,
        };
        Ok(Arc::new(Generator::List(part(&what)?, sizes)))
    });
    engine.register_fn("map", |fields: Dynamic| -> Made {
        let Ok(fields) = fields.as_map_ref() else { return wrong("map", "a map of generators", &fields) };
        let fields: &Map = &fields;
        let fields = fields.iter().map(|(name, value)| Ok((name.to_string(), part(value)?)));
        Ok(Arc::new(Generator::Map(fields.collect::<Result<_, Box<EvalAltResult>>>()?)))
    });
    engine.register_fn("optional", |what: Dynamic| -> Made {
        one_of(vec![Arc::new(Generator::Just(Dynamic::UNIT)), part(&what)?], "optional")
    });
    engine.register_fn("just", |value: Dynamic| Arc::new(Generator::Just(value)));
    several(&mut engine);
    engine
}

/// Functions that take one list or any few arguments.
fn several(engine: &mut Engine) {
    type Build = fn(Vec<Arc<Generator>>) -> Made;
    let kinds: [(&'static str, Build); 3] = [
        ("choice", |parts| one_of(parts, "choice")),
        ("one_of", |parts| one_of(parts, "one_of")),
        ("tuple", |parts| Ok(Arc::new(Generator::Tuple(parts)))),
    ];
    for (name, build) in kinds {
        let parts = |items: &[Dynamic]| items.iter().map(part).collect::<Result<Vec<_>, _>>();
        engine.register_fn(name, move |list: Dynamic| -> Made {
            let Ok(items) = list.as_array_ref() else { return wrong(name, "a list, or several arguments", &list) };
            let items: &Array = &items;
            build(parts(items)?)
        });
        engine.register_fn(name, move |a: Dynamic, b: Dynamic| -> Made { build(parts(&[a, b])?) });
        engine.register_fn(name, move |a: Dynamic, b: Dynamic, c: Dynamic| -> Made { build(parts(&[a, b, c])?) });
        engine.register_fn(name, move |a: Dynamic, b: Dynamic, c: Dynamic, d: Dynamic| -> Made {
            build(parts(&[a, b, c, d])?)
        });
        engine.register_fn(name, move |a: Dynamic, b: Dynamic, c: Dynamic, d: Dynamic, e: Dynamic| -> Made {
            build(parts(&[a, b, c, d, e])?)
        });
    }
}

fn one_of(parts: Vec<Arc<Generator>>, name: &str) -> Made {
    if parts.is_empty() {
        return refuse(format!("`{name}` has nothing to choose from"), usage(name));
    }
    Ok(Arc::new(Generator::OneOf(parts)))
}

/// A generator, or a value that stands for itself.
fn part(value: &Dynamic) -> Made {
    if let Some(generator) = value.read_lock::<Arc<Generator>>() {
        return Ok(Arc::clone(&generator));
    }
    match range_text(value) {
        Some(range) => refuse("a range is no generator", format!("write `int({range})`")),
        None if value.read_lock::<FloatRange>().is_some() => refuse("a range is no generator", usage("float")),
        None => Ok(Arc::new(Generator::Just(value.clone()))),
    }
}

/// A range of ints as it is written.
pub fn range_text(value: &Dynamic) -> Option<String> {
    let exclusive = value.read_lock::<Range<INT>>().map(|range| format!("{}..{}", range.start, range.end));
    exclusive.or_else(|| Some(format_inclusive(&*value.read_lock::<RangeInclusive<INT>>()?)))
}

fn format_inclusive(range: &RangeInclusive<INT>) -> String {
    format!("{}..={}", range.start(), range.end())
}

/// A range of ints, both ends in it.
fn ints(value: &Dynamic, name: &str) -> Result<RangeInclusive<INT>, Box<EvalAltResult>> {
    let range = match (value.read_lock::<Range<INT>>(), value.read_lock::<RangeInclusive<INT>>()) {
        (Some(range), _) if range.start < range.end => range.start..=range.end - 1,
        (_, Some(range)) if range.start() <= range.end() => (*range).clone(),
        (None, None) => return wrong(name, "a range", value),
        _ => {
            let help = match value.read_lock::<Range<INT>>() {
                Some(range) if range.start == range.end => {
                    format!("the end of `a..b` does not belong to it; write `{}..={}`", range.start, range.end)
                }
                _ => "write the smaller number first".to_owned(),
            };
            return refuse(format!("the range `{}` is empty", range_text(value).unwrap_or_default()), help);
        }
    };
    Ok(range)
}

/// Lengths: a range, or a number for as many at most.
fn up_to(value: &Dynamic, name: &str) -> Result<RangeInclusive<usize>, Box<EvalAltResult>> {
    if let Ok(most) = value.as_int() {
        return Ok(0..=length(most, name)?);
    }
    let range = match ints(value, name) {
        Err(_) if range_text(value).is_none() => return wrong(name, "a length or a range of lengths", value),
        range => range?,
    };
    Ok(length(*range.start(), name)?..=length(*range.end(), name)?)
}

fn length(value: INT, name: &str) -> Result<usize, Box<EvalAltResult>> {
    match usize::try_from(value) {
        Ok(length) if length <= LONGEST => Ok(length),
        Ok(_) => refuse(format!("{value} is too long for `{name}`"), format!("at most {LONGEST} fit")),
        Err(_) => refuse(format!("{value} is no length"), usage(name)),
    }
}

fn float(value: &Dynamic) -> Option<f64> {
    value.as_float().ok().or_else(|| value.as_int().ok().map(|int| int as f64))
}

fn floats(low: f64, high: f64) -> Made {
    if !low.is_finite() || !high.is_finite() {
        return refuse("a range of floats needs finite ends", usage("float"));
    }
    if low > high {
        return refuse(format!("the range `{low:?}..{high:?}` is empty"), "write the smaller number first".to_owned());
    }
    Ok(Arc::new(Generator::Float(low..=high)))
}

/// Texts that an expression matches. It matches them as a whole anyway, so anchors around it mean nothing.
fn pattern_of(pattern: &str) -> Made {
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = inner.strip_suffix('$').filter(|rest| !rest.ends_with('\\')).unwrap_or(inner);
    match proptest::string::string_regex(inner) {
        Ok(strategy) => Ok(Arc::new(Generator::Pattern(strategy.sboxed()))),
        Err(error) => {
            let words = error.to_string();
            let last = words.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned();
            refuse(
                format!("no texts can be made from the expression `{pattern}`: {last}"),
                "expressions such as `[a-z]{1,8}` work, without look-around, `\\b` and references".to_owned(),
            )
        }
    }
}

fn wrong<T>(name: &str, wanted: &str, value: &Dynamic) -> Result<T, Box<EvalAltResult>> {
    refuse(format!("`{name}` takes {wanted}, not {}", kind(value)), usage(name))
}

/// What a value is, for people.
pub fn kind(value: &Dynamic) -> &'static str {
    match value.type_name() {
        _ if value.is_unit() => "nothing",
        "i64" => "an int",
        "f64" => "a float",
        "string" => "a text",
        "char" => "a char",
        "bool" => "a bool",
        "array" => "a list",
        "map" => "a map",
        "Fn" => "a function",
        _ if value.read_lock::<Arc<Generator>>().is_some() => "a generator",
        _ if range_text(value).is_some() || value.read_lock::<FloatRange>().is_some() => "a range",
        _ => "something else",
    }
}
