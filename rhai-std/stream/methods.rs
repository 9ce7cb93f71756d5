//! What a stream does without ever being a list.

use super::Stream;
use crate::failure::Answer;
use crate::namespace::Namespace;
use rhai::{Array, Dynamic, EvalAltResult, FnPtr, FuncRegistration, INT, NativeCallContext, Position};
use std::any::TypeId;
use thinking_step::Class;

pub(crate) fn methods() -> Namespace {
    let mut ns = Namespace::global("stream");
    ns.module.set_iter_result(TypeId::of::<Stream>(), |value| match value.try_cast::<Stream>() {
        Some(stream) => stream.items(),
        None => Box::new(std::iter::empty()),
    });
    ns.function(
        "to_list",
        Class::Pure,
        "to_list() -> list",
        "All elements of a stream at once. Lines of a file, rows of a table and orders of a list are made one after the other while `for`, `map`, `filter`, \
         `reduce`, `for_each`, `find`, `some`, `all` and `len` go through them; `print` shows the first thousand; anything else that a list can do makes the list first.",
        |stream: &mut Stream| stream.list(),
    );
    ns.form("to_list", |list: &mut Array| Answer::Ok(list.clone()));
    ns.form("len", |stream: &mut Stream| -> Answer<INT> {
        let counted = stream.count().unwrap_or_else(|| {
            let mut count = 0;
            stream.items().try_for_each(|item| item.map(|_| count += 1)).map(|()| count)
        });
        Ok(INT::try_from(counted?).unwrap_or(INT::MAX))
    });
    ns.form("is_empty", |stream: &mut Stream| -> Answer<bool> {
        match stream.items().next() {
            Some(item) => item.map(|_| false),
            None => Ok(true),
        }
    });
    ns.form("for_each", |context: NativeCallContext, stream: &mut Stream, each: FnPtr| -> Answer<()> {
        visit(stream, |item, index| {
            each.call_raw_with_extra_args("for_each", &context, Some(item), [], [index], None).map(|_| true)
        })
    });
    ns.form("map", |context: NativeCallContext, stream: &mut Stream, map: FnPtr| -> Answer<Array> {
        let mut list = Array::new();
        visit(stream, |item, index| {
            list.push(map.call_raw_with_extra_args("map", &context, Some(item), [], [index], Some(0))?);
            Ok(true)
        })?;
        Ok(list)
    });
    ns.form("filter", |context: NativeCallContext, stream: &mut Stream, filter: FnPtr| -> Answer<Array> {
        let mut list = Array::new();
        visit(stream, |item, index| {
            if holds("filter", &context, &filter, item, index)? {
                list.push(item.clone());
            }
            Ok(true)
        })?;
        Ok(list)
    });
    ns.form("some", |context: NativeCallContext, stream: &mut Stream, filter: FnPtr| -> Answer<bool> {
        let mut found = false;
        visit(stream, |item, index| {
            found = holds("some", &context, &filter, item, index)?;
            Ok(!found)
        })?;
        Ok(found)
    });
    ns.form("all", |context: NativeCallContext, stream: &mut Stream, filter: FnPtr| -> Answer<bool> {
        let mut all = true;
        visit(stream, |item, index| {
            all = holds("all", &context, &filter, item, index)?;
            Ok(all)
        })?;
        Ok(all)
    });
    ns.form("find", |context: NativeCallContext, stream: &mut Stream, filter: FnPtr| -> Answer<Dynamic> {
        let mut found = Dynamic::UNIT;
        visit(stream, |item, index| {
            let holds = holds("find", &context, &filter, item, index)?;
            if holds {
                found = item.clone();
            }
            Ok(!holds)
        })?;
        Ok(found)
    });
    ns.form("reduce", |context: NativeCallContext, stream: &mut Stream, reducer: FnPtr| {
        reduce(&context, stream, &reducer, Dynamic::UNIT)
    });
    ns.form("reduce", |context: NativeCallContext, stream: &mut Stream, reducer: FnPtr, initial: Dynamic| {
        reduce(&context, stream, &reducer, initial)
    });
    for (name, text) in [("print", "to_string"), ("debug", "to_debug")] {
        ns.form(name, move |context: NativeCallContext, stream: &mut Stream| printed(&context, stream, text));
    }
    elements(&mut ns);
    ns
}

/// Most elements that `print` shows of a stream.
const PRINTED: usize = 1000;

/// The first elements as a list of them is printed. What is printed is for people, so not all of them are made.
fn printed(context: &NativeCallContext, stream: &Stream, text: &str) -> Answer<String> {
    let mut items = stream.items();
    let first = items.by_ref().take(PRINTED).collect::<Answer<Array>>()?;
    let more = items.next().is_some();
    let shown = context.call_native_fn_raw(text, true, &mut [&mut Dynamic::from_array(first)])?.to_string();
    Ok(match shown.strip_suffix(']') {
        Some(shown) if more => format!("{shown}, … and more]"),
        _ => shown,
    })
}

/// `stream[place]`: makes the list and keeps it.
fn elements(ns: &mut Namespace) {
    ns.module.set_indexer_get_fn(|stream: &mut Stream, at: INT| -> Answer<Dynamic> {
        let list = stream.held()?;
        let length = list.len();
        place(length, at)
            .and_then(|at| list.get(at).cloned())
            .ok_or_else(|| EvalAltResult::ErrorArrayBounds(length, at, Position::NONE).into())
    });
    let registration = FuncRegistration::new_index_setter();
    registration.set_into_module(&mut ns.module, |stream: &mut Stream, at: INT, value: Dynamic| -> Answer<()> {
        let list = stream.held()?;
        let length = list.len();
        match place(length, at).and_then(|at| list.get_mut(at)) {
            Some(slot) => *slot = value,
            None => return Err(EvalAltResult::ErrorArrayBounds(length, at, Position::NONE).into()),
        }
        Ok(())
    });
}

/// A place in a list of that length; negative ones count from the end.
fn place(length: usize, at: INT) -> Option<usize> {
    if at < 0 { length.checked_sub(usize::try_from(at.unsigned_abs()).ok()?) } else { usize::try_from(at).ok() }
}

/// Shows one element after the other until `each` says `false`.
fn visit(stream: &Stream, mut each: impl FnMut(&mut Dynamic, Dynamic) -> Answer<bool>) -> Answer<()> {
    for (index, item) in stream.items().enumerate() {
        let index = INT::try_from(index).unwrap_or(INT::MAX).into();
        if !each(&mut item?, index)? {
            break;
        }
    }
    Ok(())
}

fn holds(name: &str, context: &NativeCallContext, filter: &FnPtr, item: &mut Dynamic, index: Dynamic) -> Answer<bool> {
    let answer = filter.call_raw_with_extra_args(name, context, Some(item), [], [index], Some(0))?;
    // As for lists: what is no bool does not hold.
    Ok(answer.as_bool().unwrap_or(false))
}

fn reduce(context: &NativeCallContext, stream: &Stream, reducer: &FnPtr, initial: Dynamic) -> Answer<Dynamic> {
    let mut result = initial;
    visit(stream, |item, index| {
        let so_far = std::mem::take(&mut result);
        result = reducer.call_raw_with_extra_args("reduce", context, Some(item), [so_far], [index], Some(1))?;
        Ok(true)
    })?;
    Ok(result)
}
