//! `math`: every function takes ints and floats alike.

use crate::failure::{Answer, fail};
use crate::namespace::Namespace;
use crate::number::{number, whole};
use rhai::{Array, Dynamic, INT};
use thinking_step::Class;

/// Name, signature, line for people, and the function itself.
type Simple = (&'static str, &'static str, &'static str, fn(f64) -> f64);

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("math");
    ns.constant("PI", std::f64::consts::PI).constant("E", std::f64::consts::E);
    let one = "the argument";
    let simple: [Simple; 14] = [
        ("sqrt", "sqrt(x) -> float", "The square root.", f64::sqrt),
        ("exp", "exp(x) -> float", "e to the power of x.", f64::exp),
        ("ln", "ln(x) -> float", "The natural logarithm.", f64::ln),
        ("log10", "log10(x) -> float", "The logarithm to base 10.", f64::log10),
        ("log2", "log2(x) -> float", "The logarithm to base 2.", f64::log2),
        ("sin", "sin(x) -> float", "The sine of an angle in radians.", f64::sin),
        ("cos", "cos(x) -> float", "The cosine of an angle in radians.", f64::cos),
        ("tan", "tan(x) -> float", "The tangent of an angle in radians.", f64::tan),
        ("asin", "asin(x) -> float", "The angle in radians that has this sine.", f64::asin),
        ("acos", "acos(x) -> float", "The angle in radians that has this cosine.", f64::acos),
        ("atan", "atan(x) -> float", "The angle in radians that has this tangent.", f64::atan),
        ("sinh", "sinh(x) -> float", "The hyperbolic sine.", f64::sinh),
        ("cosh", "cosh(x) -> float", "The hyperbolic cosine.", f64::cosh),
        ("tanh", "tanh(x) -> float", "The hyperbolic tangent.", f64::tanh),
    ];
    for (name, signature, doc, native) in simple {
        ns.function(name, Class::Pure, signature, doc, move |x: Dynamic| Answer::Ok(native(number(&x, one)?)));
    }
    ns.function("pi", Class::Pure, "pi() -> float", "The number pi.", || std::f64::consts::PI);
    ns.function("e", Class::Pure, "e() -> float", "Euler's number.", || std::f64::consts::E);
    ns.function("pow", Class::Pure, "pow(x, y) -> float", "x to the power of y.", |x: Dynamic, y: Dynamic| {
        Answer::Ok(number(&x, "the base")?.powf(number(&y, "the exponent")?))
    });
    ns.function(
        "atan2",
        Class::Pure,
        "atan2(y, x) -> float",
        "The angle in radians of the point (x, y).",
        |y: Dynamic, x: Dynamic| Answer::Ok(number(&y, "y")?.atan2(number(&x, "x")?)),
    );
    ns.function("hypot", Class::Pure, "hypot(x, y) -> float", "The length of (x, y).", |x: Dynamic, y: Dynamic| {
        Answer::Ok(number(&x, "x")?.hypot(number(&y, "y")?))
    });
    ns.function("abs", Class::Pure, "abs(x)", "Without its sign; an int stays one.", |x: Dynamic| abs(&x));
    let roundings: [Simple; 3] = [
        ("floor", "floor(x) -> int", "The largest int that is not larger.", f64::floor),
        ("ceil", "ceil(x) -> int", "The smallest int that is not smaller.", f64::ceil),
        (
            "round",
            "round(x) -> int",
            "The nearest int, halves away from zero. `round(x, digits)` gives a float.",
            f64::round,
        ),
    ];
    for (name, signature, doc, native) in roundings {
        ns.function(name, Class::Pure, signature, doc, move |x: Dynamic| match x.as_int() {
            Ok(int) => Ok(int),
            Err(_) => whole(native(number(&x, one)?)),
        });
    }
    ns.form("round", |x: Dynamic, digits: INT| -> Answer<f64> {
        let scale = 10_f64.powi(i32::try_from(digits.clamp(-300, 300)).unwrap_or(0));
        Ok((number(&x, one)? * scale).round() / scale)
    });
    ns.function("min", Class::Pure, "min(x, y)", "The smaller one; also of a list.", |x: Dynamic, y: Dynamic| {
        pick(x, y, true)
    });
    ns.form("min", |list: Array| extreme(list, true));
    ns.function("max", Class::Pure, "max(x, y)", "The larger one; also of a list.", |x: Dynamic, y: Dynamic| {
        pick(x, y, false)
    });
    ns.form("max", |list: Array| extreme(list, false));
    ns.function(
        "clamp",
        Class::Pure,
        "clamp(x, low, high)",
        "x, but not below `low` nor above `high`.",
        |x: Dynamic, low: Dynamic, high: Dynamic| -> Answer<Dynamic> {
            if number(&low, "the lower bound")? > number(&high, "the upper bound")? {
                return Err(fail(format!("the lower bound {low} is above the upper bound {high}")));
            }
            pick(pick(x, low, false)?, high, true)
        },
    );
    ns
}

fn abs(x: &Dynamic) -> Answer<Dynamic> {
    match x.as_int() {
        Ok(int) => int.checked_abs().map(Into::into).ok_or_else(|| fail(format!("{int} has no positive counterpart"))),
        Err(_) => Ok(number(x, "the argument")?.abs().into()),
    }
}

fn pick(x: Dynamic, y: Dynamic, smaller: bool) -> Answer<Dynamic> {
    let first = match (x.as_int(), y.as_int()) {
        (Ok(x), Ok(y)) => (x <= y) == smaller,
        _ => (number(&x, "the first argument")? <= number(&y, "the second argument")?) == smaller,
    };
    Ok(if first { x } else { y })
}

fn extreme(list: Array, smallest: bool) -> Answer<Dynamic> {
    let mut rest = list.into_iter();
    let first = rest.next().ok_or_else(|| fail("an empty list has no smallest or largest element"))?;
    number(&first, "element 0")?;
    rest.try_fold(first, |best, next| pick(best, next, smallest))
}
