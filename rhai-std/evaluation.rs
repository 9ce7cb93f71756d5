//! Whom a script's functions talk to while it runs.

use crate::failure::{Answer, error_map, fail, raise};
use crate::memory;
use crate::units::shown_duration;
use rhai::{Array, Dynamic, EvalAltResult, Position};
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::{Duration, Instant};
use thinking_diagnostic::Span;
use thinking_step::{ErrorKind, Host, Limits, StepError, USUAL_DEPTH};

struct Evaluation {
    host: Arc<dyn Host>,
    /// Random numbers drawn so far.
    drawn: u64,
    /// A failure that no `catch` may swallow.
    fatal: Option<StepError>,
    /// The last failure that came with a place of its own: what scripts throw on carries none.
    placed: Option<StepError>,
}

thread_local! {
    /// The evaluations under way on this thread, innermost last. Rhai runs a script on one thread from start to end, so the thread is
    /// the cheapest place to keep the host: no engine is cloned and nothing is locked.
    static EVALUATIONS: RefCell<Vec<Evaluation>> = const { RefCell::new(Vec::new()) };
    /// Where the stack stood when the outermost evaluation began.
    static STACK_START: Cell<usize> = const { Cell::new(0) };
    /// More than this the process may not hold while the outermost evaluation runs, in bytes.
    static CEILING: Cell<u64> = const { Cell::new(u64::MAX) };
    /// Operations that the outermost evaluation may still take.
    static OPERATIONS: Cell<u64> = const { Cell::new(u64::MAX) };
    /// How many operations that was in the beginning.
    static ALL_OPERATIONS: Cell<u64> = const { Cell::new(u64::MAX) };
    /// How many calls may be inside of each other.
    static DEPTH: Cell<usize> = const { Cell::new(USUAL_DEPTH) };
    /// When the outermost evaluation must be over, and how long that was in the beginning.
    static END: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
}

/// Takes the innermost evaluation away again, also when a panic passes through.
struct Leave;

impl Drop for Leave {
    fn drop(&mut self) {
        EVALUATIONS.with_borrow_mut(|all| {
            all.pop();
            if all.is_empty() {
                CEILING.set(u64::MAX);
                END.set(None);
            }
        });
    }
}

/// Runs `body` with `host` as the world of all library functions that it calls on this thread. Evaluations may nest.
///
/// Gives its value, and the first failure that ends the attempt whatever the script did about it, if there was one: it is stopping, its
/// time is over, or the store failed.
pub fn evaluate<T>(host: &Arc<dyn Host>, body: impl FnOnce() -> T) -> (T, Option<StepError>) {
    evaluate_within(host, Limits::default(), body)
}

/// As [`evaluate`], with limits of its own. An evaluation inside of another one shares the outer one's.
pub fn evaluate_within<T>(host: &Arc<dyn Host>, limits: Limits, body: impl FnOnce() -> T) -> (T, Option<StepError>) {
    EVALUATIONS.with_borrow_mut(|all| {
        if all.is_empty() {
            STACK_START.set(stack_place());
            CEILING.set(memory::held().saturating_add(limits.memory.unwrap_or_else(memory::default_limit)));
            OPERATIONS.set(limits.operations.unwrap_or(u64::MAX));
            ALL_OPERATIONS.set(limits.operations.unwrap_or(u64::MAX));
            DEPTH.set(limits.depth.unwrap_or(USUAL_DEPTH));
            END.set(limits.time.and_then(|time| Some((Instant::now().checked_add(time)?, time))));
        }
        all.push(Evaluation { host: Arc::clone(host), drawn: 0, fatal: None, placed: None });
    });
    let leave = Leave;
    let value = body();
    let fatal = EVALUATIONS.with_borrow_mut(|all| all.last_mut().and_then(|evaluation| evaluation.fatal.take()));
    drop(leave);
    (value, fatal)
}

/// The host of the evaluation under way.
///
/// # Errors
/// There is none: a function of the library was called outside of [`evaluate`].
pub fn host() -> Answer<Arc<dyn Host>> {
    EVALUATIONS
        .with_borrow(|all| all.last().map(|evaluation| Arc::clone(&evaluation.host)))
        .ok_or_else(|| fail("this function works only inside of a run"))
}

/// Asks whether the attempt should stop.
///
/// # Errors
/// It should.
pub fn check_cancelled() -> Answer<()> {
    host()?.check_cancelled().map_err(raise)?;
    match END.get() {
        Some((end, time)) if Instant::now() >= end => Err(beyond(
            format!("the script takes longer than {}", shown_duration(time)),
            "work in pieces with `each`, or raise the limit: runtime { permissions { limits time=\"…\" } }",
        )),
        _ => Ok(()),
    }
}

/// How long the script may still take, if that is limited.
pub(crate) fn time_left() -> Option<Duration> {
    END.get().map(|(end, _)| end.saturating_duration_since(Instant::now()))
}

/// A limit was reached. No `catch` can swallow that.
fn beyond(message: String, help: &str) -> Box<EvalAltResult> {
    let error = StepError::script(message).help(help);
    Box::new(EvalAltResult::ErrorTerminated(Dynamic::from_map(error_map(&error)), Position::NONE))
}

/// Whether that many calls may be inside of each other.
///
/// # Errors
/// They are too many. No `catch` can swallow that.
#[inline]
pub fn check_depth(level: usize) -> Answer<()> {
    if level <= DEPTH.get() { Ok(()) } else { Err(too_deep_calls()) }
}

#[cold]
fn too_deep_calls() -> Box<EvalAltResult> {
    beyond(
        format!("functions call each other more than {} levels deep", DEPTH.get()),
        "does a function call itself without end? If not, go on with a loop, or raise the limit: runtime { permissions { limits depth=… } }",
    )
}

/// Whether the evaluation under way still keeps to its memory; costs a nanosecond or two, so it may be asked for every operation.
///
/// # Errors
/// It does not. No `catch` can swallow that.
#[inline]
pub fn check_memory() -> Answer<()> {
    // Outside of an evaluation there is no limit.
    if memory::held() <= CEILING.get() { Ok(()) } else { too_large() }
}

#[cold]
fn too_large() -> Answer<()> {
    Err(beyond(
        "the script's data has grown too large for the memory".to_owned(),
        "work in pieces: keep what is done in a database, read files line by line, or split the step with `each`; \
         or raise the limit: runtime { permissions { limits memory=\"…\" } }",
    ))
}

/// Counts operations of the evaluation under way.
///
/// # Errors
/// They are more than it may take. No `catch` can swallow that.
pub fn spend_operations(many: u64) -> Answer<()> {
    let left = OPERATIONS.get();
    if left == u64::MAX {
        return Ok(());
    }
    OPERATIONS.set(left.saturating_sub(many));
    if left >= many {
        return Ok(());
    }
    Err(beyond(
        format!("the script takes more than {} operations", ALL_OPERATIONS.get()),
        "is there a loop that never ends? Long work belongs into a step, which may take any number unless \
         runtime { permissions { limits operations=… } } says otherwise",
    ))
}

/// A list of what an iterator gives, as long as there is memory for it.
pub fn gathered<T: Into<Dynamic>>(items: impl Iterator<Item = T>) -> Answer<Array> {
    let mut list = Array::new();
    for item in items {
        if list.len().is_multiple_of(4096) {
            check_memory()?;
        }
        list.push(item.into());
    }
    Ok(list)
}

/// How many bytes of stack the evaluations under way on this thread have taken.
#[must_use]
pub fn stack_used() -> usize {
    STACK_START.get().abs_diff(stack_place())
}

#[inline(never)]
fn stack_place() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&here)).addr()
}

/// The number of the next draw of random numbers in this evaluation, from 0.
pub fn next_draw() -> u64 {
    EVALUATIONS.with_borrow_mut(|all| {
        all.last_mut().map_or(0, |evaluation| {
            evaluation.drawn += 1;
            evaluation.drawn - 1
        })
    })
}

/// Keeps a failure that ends the attempt, so that the evaluation ends with it even if the script catches everything.
pub fn note_fatal(error: &StepError) {
    if is_fatal(error.kind) {
        EVALUATIONS.with_borrow_mut(|all| {
            if let Some(evaluation) = all.last_mut() {
                evaluation.fatal.get_or_insert_with(|| error.clone());
            }
        });
    }
}

/// Keeps where a failure happened, if it was in another text than that of the script under way.
pub fn note_place(error: &StepError) {
    if error.span.is_some() {
        EVALUATIONS.with_borrow_mut(|all| {
            if let Some(evaluation) = all.last_mut() {
                evaluation.placed = Some(error.clone());
            }
        });
    }
}

/// Where a failure happened that was noted before.
pub fn noted_place(error: &StepError) -> Option<Span> {
    EVALUATIONS.with_borrow(|all| {
        let noted = all.last()?.placed.as_ref()?;
        if noted.kind == error.kind && noted.message == error.message { noted.span } else { None }
    })
}

/// Whether a failure of that kind ends the attempt whatever the script does.
#[must_use]
pub fn is_fatal(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Cancelled | ErrorKind::Timeout | ErrorKind::Store)
}
