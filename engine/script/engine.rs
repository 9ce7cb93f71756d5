//! The one engine that all programs share.

use crate::coverage::{MARK, Recorder, accept_bodies};
use rhai::packages::{Package, StandardPackage};
use rhai::{Dynamic, Engine, EvalAltResult, EvalContext, OptimizationLevel, Position};
use std::cell::Cell;
use thinking_std::{
    DEEPEST, Library, check_cancelled, check_depth, check_memory, error_map, host, spend_operations, stack_used,
    too_deep,
};
use thinking_step::{LogLevel, StepError};

/// Most calls inside of each other, whatever the manifest says; the stack mostly ends before.
pub const CALL_LEVELS: usize = 1000;
/// Deepest nesting of expressions and blocks; a chain `a + b + …` counts one per operator.
const EXPRESSION_DEPTH: usize = 96;
/// Most bytes of stack that a script may take: half of the smallest stack that threads are given.
const STACK: usize = 1 << 20;
/// A script asks whether it should stop once in so many operations (well below a millisecond).
const CHECK_EVERY: u64 = 4096;
/// The value of one in so many mentioned variables is looked at. A prime, so that a loop does not show the same one each time.
const LOOK_EVERY: u32 = 61;

thread_local! {
    /// Operations since the last look. Rhai's own number begins anew with each call of a closure, and would never get far in
    /// `list.filter(|x| …)`.
    static SINCE: Cell<u64> = const { Cell::new(0) };
    static UNTIL_NEXT: Cell<u32> = const { Cell::new(LOOK_EVERY) };
}

/// Takes back operations that are not the script's own.
#[inline]
pub fn uncount(operations: u64) {
    // Below 0 if a look was just taken: the next operations make up for it.
    SINCE.set(SINCE.get().wrapping_sub(operations));
}

/// Builds the engine. Nothing in it belongs to one script, so threads share it without a lock.
pub fn build(library: &Library) -> Engine {
    let mut engine = without_variables(library);
    #[expect(deprecated, reason = "Rhai marks so what may change with a new version of it")]
    engine.on_var(|name, _, context| refuse_deep_value(name, &context));
    engine
}

/// Builds an engine that runs what [`instrument`](crate::coverage::instrument) made.
pub fn build_covering(library: &Library, recorder: Recorder) -> Engine {
    let mut engine = without_variables(library);
    accept_bodies(&mut engine, recorder.clone());
    #[expect(deprecated, reason = "Rhai marks so what may change with a new version of it")]
    engine.on_var(move |name, index, context| {
        if name == MARK {
            recorder.hit(index.wrapping_sub(1));
            uncount(1);
            return Ok(Some(Dynamic::UNIT));
        }
        refuse_deep_value(name, &context)
    });
    engine
}

fn without_variables(library: &Library) -> Engine {
    let mut engine = Engine::new_raw();
    engine.register_global_module(StandardPackage::new().as_shared_module());
    library.register(&mut engine);
    // Checking wants the text as it was written; the pieces are small, so folding constants gains little.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.disable_symbol("eval");
    engine.set_max_call_levels(CALL_LEVELS);
    engine.set_max_expr_depths(EXPRESSION_DEPTH, EXPRESSION_DEPTH);
    // Rhai's limits on the size of strings, lists and maps walk the whole value after every call that could have changed it: a
    // list grown element by element would take quadratic time. So the memory of the process is looked at instead; what grows by one
    // call (`pad`, `repeat`) is bounded in the library.
    engine.on_progress(|_| {
        if stack_used() > STACK {
            return Some(Dynamic::from(
                "functions call each other, or expressions are nested, too deeply for the stack",
            ));
        }
        let mut answer = check_memory();
        let since = SINCE.get().wrapping_add(1);
        SINCE.set(if since == CHECK_EVERY { 0 } else { since });
        if since == CHECK_EVERY {
            answer = answer.and_then(|()| spend_operations(CHECK_EVERY)).and_then(|()| check_cancelled());
        }
        answer.err().map(|error| match *error {
            EvalAltResult::ErrorTerminated(value, _) | EvalAltResult::ErrorRuntime(value, _) => value,
            other => Dynamic::from(other.to_string()),
        })
    });
    engine.on_print(|text| say(LogLevel::Info, text));
    engine.on_debug(|text, _, _| say(LogLevel::Debug, text));
    engine
}

/// Ends scripts that nest a value ever deeper: copying or dropping it would run out of stack, which nothing can catch. A loop cannot nest
/// without naming a variable, so now and then the value of one is looked at.
#[inline]
fn refuse_deep_value(
    name: &str,
    context: &EvalContext<'_, '_, '_, '_, '_, '_>,
) -> Result<Option<Dynamic>, Box<EvalAltResult>> {
    check_depth(context.call_level())?;
    let left = UNTIL_NEXT.get();
    if left > 1 {
        UNTIL_NEXT.set(left - 1);
        return Ok(None);
    }
    UNTIL_NEXT.set(LOOK_EVERY);
    match context.scope().get(name) {
        Some(value) if too_deep(value) => {
            let error = StepError::script(format!("`{name}` is nested more than {DEEPEST} levels deep"))
                .help("is a value put into itself in a loop? Keep what belongs together in one flat list");
            let thrown = Dynamic::from_map(error_map(&error));
            Err(EvalAltResult::ErrorTerminated(thrown, Position::NONE).into())
        }
        _ => Ok(None),
    }
}

fn say(level: LogLevel, text: &str) {
    // Without a host there is nobody to tell.
    if let Ok(host) = host() {
        host.log(level, text);
    }
}
