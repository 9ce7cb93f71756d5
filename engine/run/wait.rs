//! Waits that survive a kill: what is recorded is when the run first got there.

use crate::Stop;
use crate::attempt::side_host;
use crate::decide::{Place, shown};
use crate::host::{RunHost, attempt_note};
use crate::results;
use crate::world::World;
use std::sync::Arc;
use std::time::Duration;
use thinking_event::Event;
use thinking_plan::{Setting, Wait};
use thinking_step::{ErrorKind, Host, Program, StepError, Value};
use thinking_store::{Commit, Entry, Token};

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Shorter waits are not worth a line.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// Stays until it is over.
///
/// # Errors
/// The run is to stop (kind `cancelled`; the next one goes on waiting), it took too long, an expression failed, or the store did.
pub(crate) fn stay(
    world: &Arc<World>,
    place: &Place,
    wait: &Wait,
    host: &Arc<RunHost>,
    token: Token,
) -> Result<(), StepError> {
    let side = side_host(world, place);
    let duration =
        |setting: &Setting<Duration>| setting.get(&|program: &Arc<dyn Program>| program.eval(&side)).map(millis);
    let tell = |until, condition| {
        world.tell(Event::Waiting { task: place.task_ref(&world.plan), at: world.clock.now(), until, condition });
    };
    match wait {
        Wait::For(time) => {
            let time = duration(time)?;
            if time == 0 {
                return Ok(());
            }
            let over = began(world, place, host, token)?.saturating_add(time);
            // Whatever the clock does, no process waits longer than what is written.
            let left = left(world, over, time);
            if left >= millis(WORTH_TELLING) {
                tell(Some(over), false);
            }
            pause(world, host, micros(left))
        }
        Wait::Until { condition, timeout } => {
            let timeout = timeout.as_ref().map(duration).transpose()?;
            if holds(world, place, condition)? {
                return Ok(());
            }
            let began = began(world, place, host, token)?;
            let over = timeout.map(|timeout| (began.saturating_add(timeout), timeout));
            tell(over.map(|(over, _)| over), true);
            loop {
                let rest = over.map(|(over, timeout)| left(world, over, timeout));
                if rest == Some(0) {
                    return Err(StepError::new(ErrorKind::Timeout, "`until` did not become true within `timeout`"));
                }
                let look = rest.map_or(millis(LOOK), |rest| rest.min(millis(LOOK)));
                pause(world, host, micros(look))?;
                if holds(world, place, condition)? {
                    return Ok(());
                }
            }
        }
    }
}

/// Milliseconds that are left of `whole` until the time `over`.
fn left(world: &World, over: i64, whole: i64) -> i64 {
    over.saturating_sub(world.clock.now()).clamp(0, whole.max(0))
}

/// Pauses for so many microseconds by the clock's `elapsed`, or until something else ends it.
fn pause(world: &World, host: &RunHost, length: u64) -> Result<(), StepError> {
    let mut now = world.clock.elapsed();
    let end = now.saturating_add(length);
    while now < end {
        if world.stop.asked() != Stop::No {
            return Err(StepError::new(ErrorKind::Cancelled, "the run is stopping"));
        }
        host.check_cancelled()?;
        let next = host.deadline().map_or(end, |deadline| end.min(deadline.at));
        world.clock.pause(Duration::from_micros(next.saturating_sub(now)), &world.stop);
        host.check_cancelled()?;
        now = world.clock.elapsed();
    }
    Ok(())
}

/// Whether the condition is true of the data and the world as they are now. What it looks at is no reason to wait anew.
fn holds(world: &Arc<World>, place: &Place, condition: &Arc<dyn Program>) -> Result<bool, StepError> {
    match condition.eval(&side_host(world, place))? {
        Value::Bool(holds) => Ok(holds),
        other => Err(StepError::script(format!("`until` gives {}, where true or false is needed", shown(&other)))),
    }
}

/// When the run first got here, in milliseconds since 1970 UTC; recorded and durable.
fn began(world: &World, place: &Place, host: &RunHost, token: Token) -> Result<i64, StepError> {
    let failed = |error| world.store_failed(error);
    let store = &*world.store;
    if world.head().is_changing() {
        let entry = Entry::LineChanged { reason: "what came before ran again".to_owned(), at: world.clock.now() };
        world.head().commit(store, Commit::entry(world.line.clone(), entry)).map_err(failed)?;
    }
    // Only the same wait for the same result is gone on with.
    let generation = results::generation(world, place).map_err(failed)?;
    let which = format!("{} wait {generation} {} ", world.run.id, world.head().stretch());
    let name = attempt_note(&world.line, place);
    let known = store.note(&name).map_err(failed)?;
    let known = known.as_deref().and_then(|note| std::str::from_utf8(note).ok());
    if let Some(at) = known.and_then(|note| note.strip_prefix(&which)).and_then(|at| at.parse().ok()) {
        host.seen().touched = true;
        return Ok(at);
    }
    let at = world.clock.now();
    let entry = Entry::Attempt { run: world.run_number, task: place.key.clone(), token, key: String::new() };
    let notes = vec![(name, Some(format!("{which}{at}").into_bytes()))];
    let commit = Commit { token: Some(token), notes, ..Commit::entry(world.line.clone(), entry) };
    let seq = world.head().commit(store, commit).map_err(failed)?;
    store.wait_durable(seq).map_err(failed)?;
    // The commit at the end removes the note.
    host.seen().touched = true;
    Ok(at)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn micros(millis: i64) -> u64 {
    u64::try_from(millis).unwrap_or(0).saturating_mul(1000)
}
