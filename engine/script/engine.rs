//! The one engine that all programs share.

use rhai::packages::{Package, StandardPackage};
use rhai::{Dynamic, Engine, OptimizationLevel};
use thinking_std::{Library, check_cancelled, host, stack_used};
use thinking_step::LogLevel;

/// Most calls inside of each other.
pub const CALL_LEVELS: usize = 64;
/// Deepest nesting of expressions and blocks; a chain `a + b + …` counts one per operator.
const EXPRESSION_DEPTH: usize = 96;
/// Most bytes of stack that a script may take: half of the smallest stack that threads are given.
const STACK: usize = 1 << 20;
/// A script asks whether it should stop once in so many operations (well below a millisecond).
const CHECK_EVERY: u64 = 4096;

/// Builds the engine. Nothing in it belongs to one script, so threads share it without a lock.
pub fn build(library: &Library) -> Engine {
    let mut engine = Engine::new_raw();
    engine.register_global_module(StandardPackage::new().as_shared_module());
    library.register(&mut engine);
    // Checking wants the text as it was written; the pieces are small, so folding constants gains little.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.disable_symbol("eval");
    engine.set_max_call_levels(CALL_LEVELS);
    engine.set_max_expr_depths(EXPRESSION_DEPTH, EXPRESSION_DEPTH);
    // Rhai's limits on the size of strings, lists and maps walk the whole value after every call that could have changed it: a
    // list grown element by element would take quadratic time. What grows by one slip (`pad`, `repeat`) is bounded in the library.
    engine.on_progress(|operations| {
        if stack_used() > STACK {
            return Some(Dynamic::from("functions call each other, or expressions are nested, too deeply"));
        }
        if operations.is_multiple_of(CHECK_EVERY) {
            return check_cancelled().err().map(|error| match *error {
                rhai::EvalAltResult::ErrorTerminated(value, _) | rhai::EvalAltResult::ErrorRuntime(value, _) => value,
                other => Dynamic::from(other.to_string()),
            });
        }
        None
    });
    engine.on_print(|text| say(LogLevel::Info, text));
    engine.on_debug(|text, _, _| say(LogLevel::Debug, text));
    engine
}

fn say(level: LogLevel, text: &str) {
    // Without a host there is nobody to tell.
    if let Ok(host) = host() {
        host.log(level, text);
    }
}
