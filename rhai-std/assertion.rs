//! `assert`, `assert_eq`, `assert_throws`, `dig`.

use crate::difference::differences;
use crate::failure::{Answer, fail, raise, step_error};
use crate::namespace::Namespace;
use crate::stream::{Stream, as_list, settled, settled_within};
use rhai::{Array, Dynamic, EvalAltResult, FnPtr, ImmutableString, NativeCallContext};
use thinking_step::{Class, StepError};

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::global("");
    let pure = Class::Pure;
    ns.function(
        "assert",
        pure,
        "assert(condition)",
        "Fails unless the condition holds; a second argument is the message.",
        |condition: bool| if condition { Answer::Ok(()) } else { Err(fail("the assertion does not hold")) },
    );
    ns.form(
        "assert",
        |condition: bool, message: Dynamic| {
            if condition { Answer::Ok(()) } else { Err(fail(message.to_string())) }
        },
    );
    ns.function(
        "assert_eq",
        pure,
        "assert_eq(left, right)",
        "Fails unless both are equal, and says where they differ; a third argument is the message.",
        |left: Dynamic, right: Dynamic| assert_eq(&*settled_within(&left)?, &*settled_within(&right)?, None),
    );
    ns.form("assert_eq", |left: Dynamic, right: Dynamic, message: Dynamic| {
        assert_eq(&*settled_within(&left)?, &*settled_within(&right)?, Some(message.to_string()))
    });
    ns.function(
        "assert_throws",
        pure,
        "assert_throws(|| …) -> string",
        "Fails unless the function throws; gives its message. A second argument must be in the message.",
        |context: NativeCallContext, body: FnPtr| assert_throws(&context, &body, ""),
    );
    ns.form("assert_throws", |context: NativeCallContext, body: FnPtr, part: ImmutableString| {
        assert_throws(&context, &body, &part)
    });
    ns.function(
        "dig",
        pure,
        "dig(value, key…)",
        "Follows keys and places into maps and lists: `dig(x, \"a\", 0, \"b\")`; `()` where anything on the way is missing.",
        |value: Dynamic, a: Dynamic| dig(value, &[a]),
    );
    ns.form("dig", |value: Dynamic, a: Dynamic, b: Dynamic| dig(value, &[a, b]));
    ns.form("dig", |value: Dynamic, a: Dynamic, b: Dynamic, c: Dynamic| dig(value, &[a, b, c]));
    ns.form("dig", |value: Dynamic, a: Dynamic, b: Dynamic, c: Dynamic, d: Dynamic| dig(value, &[a, b, c, d]));
    ns.form("dig", |value: Dynamic, a: Dynamic, b: Dynamic, c: Dynamic, d: Dynamic, e: Dynamic| {
        dig(value, &[a, b, c, d, e])
    });
    ns.form("dig", |value: Dynamic, a: Dynamic, b: Dynamic, c: Dynamic, d: Dynamic, e: Dynamic, f: Dynamic| {
        dig(value, &[a, b, c, d, e, f])
    });
    ns
}

/// Whether two values are equal: numbers by value, lists and maps by their elements.
pub fn equal(left: &Dynamic, right: &Dynamic) -> bool {
    match (left.as_int(), right.as_int()) {
        (Ok(left), Ok(right)) => return left == right,
        (Ok(int), Err(_)) => return right.as_float().is_ok_and(|float| int as f64 == float),
        (Err(_), Ok(int)) => return left.as_float().is_ok_and(|float| int as f64 == float),
        _ => {}
    }
    if let (Ok(left), Ok(right)) = (left.as_array_ref(), right.as_array_ref()) {
        return left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| equal(left, right));
    }
    if let (Ok(left), Ok(right)) = (left.as_map_ref(), right.as_map_ref()) {
        return left.len() == right.len()
            && left.iter().zip(right.iter()).all(|((a, left), (b, right))| a == b && equal(left, right));
    }
    if let (Ok(left), Ok(right)) = (left.as_blob_ref(), right.as_blob_ref()) {
        return *left == *right;
    }
    if let (Ok(left), Ok(right)) = (left.as_float(), right.as_float()) {
        return left == right;
    }
    if left.is::<Stream>() || right.is::<Stream>() {
        let list = |value: &Dynamic| as_list(value).map(|list| list.map_or_else(|| value.clone(), Dynamic::from_array));
        return matches!((list(left), list(right)), (Ok(left), Ok(right)) if equal(&left, &right));
    }
    left.type_name() == right.type_name() && left.to_string() == right.to_string()
}

fn assert_eq(left: &Dynamic, right: &Dynamic, message: Option<String>) -> Answer<()> {
    if equal(left, right) {
        return Ok(());
    }
    let message = message.unwrap_or_else(|| "the two values are not equal".to_owned());
    Err(raise(StepError::script(message).details(differences(left, right))))
}

fn assert_throws(context: &NativeCallContext, body: &FnPtr, part: &str) -> Answer<String> {
    let error = match body.call_within_context::<Dynamic>(context, ()) {
        Ok(_) => return Err(fail("the function was to throw, but did not")),
        Err(error) if error.is_pseudo_error() || !error.is_catchable() => return Err(error),
        // The call itself failed, not what it calls: that would be inside of another error.
        Err(error) if matches!(&*error, EvalAltResult::ErrorFunctionNotFound(called, _) if names(called, body)) => {
            return Err(takes_arguments(body));
        }
        Err(error) => error,
    };
    let message = match error.unwrap_inner() {
        EvalAltResult::ErrorRuntime(thrown, _) => step_error(thrown).message,
        other => other.to_string(),
    };
    if message.contains(part) {
        return Ok(message);
    }
    let lines = [format!("message: {message}"), format!("missing: {part}")];
    Err(raise(StepError::script("the function threw something else").details(lines)))
}

/// Whether `name (types)` means that function.
fn names(called: &str, body: &FnPtr) -> bool {
    called.split(" (").next() == Some(body.fn_name())
}

fn takes_arguments(body: &FnPtr) -> Box<EvalAltResult> {
    let without = "`assert_throws` calls it without any";
    if body.is_anonymous() {
        let error = StepError::script(format!("the function takes arguments, but {without}"));
        return raise(error.help("write `assert_throws(|| …)`: what the function needs can be seen from inside of it"));
    }
    fail(format!("there is no function `{}` that takes no arguments, but {without}", body.fn_name()))
}

fn dig(value: Dynamic, path: &[Dynamic]) -> Answer<Dynamic> {
    path.iter().try_fold(value, |value, key| {
        let value = settled(&value)?;
        if let Ok(map) = value.as_map_ref() {
            return Ok(map.get(key.to_string().as_str()).cloned().unwrap_or(Dynamic::UNIT));
        }
        let (Ok(list), Ok(at)) = (value.as_array_ref(), key.as_int()) else { return Ok(Dynamic::UNIT) };
        Ok(element(&list, at).cloned().unwrap_or(Dynamic::UNIT))
    })
}

/// The element at a place; negative places count from the end.
fn element(list: &Array, at: i64) -> Option<&Dynamic> {
    let at = if at < 0 {
        list.len().checked_sub(usize::try_from(at.unsigned_abs()).ok()?)?
    } else {
        usize::try_from(at).ok()?
    };
    list.get(at)
}
