//! `rand`: random numbers that a resumed step draws again as it drew them before.
//!
//! The n-th draw of an evaluation is BLAKE3, keyed with the task's seed, of n. Nothing is kept between attempts.

use crate::evaluation::{host, next_draw};
use crate::failure::{Answer, fail};
use crate::namespace::Namespace;
use rhai::{Array, Dynamic, INT};
use thinking_step::Class;

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("rand");
    ns.function(
        "int",
        Class::State,
        "int(lo, hi) -> int",
        "An int from `lo` to `hi`, both included, each equally likely. Drawn from `runtime { seed }` and the task's path: a step that runs again draws the same.",
        |lo: INT, hi: INT| int(lo, hi),
    );
    ns.function(
        "float",
        Class::State,
        "float() -> float",
        "A float from 0 up to, not including, 1: one of 2^53, each equally likely. Drawn as `int` draws.",
        || -> Answer<f64> {
            // 53 bits are what a float between 0.5 and 1 can hold.
            Ok((draw()? >> 11) as f64 / (1_u64 << 53) as f64)
        },
    );
    ns.function(
        "choice",
        Class::State,
        "choice(list)",
        "One of the elements of a list, each equally likely, drawn as `int` draws. Throws for an empty list.",
        |list: Array| -> Answer<Dynamic> {
            if list.is_empty() {
                return Err(fail("an empty list has nothing to choose from"));
            }
            let at = below(list.len() as u64)?;
            Ok(usize::try_from(at).ok().and_then(|at| list.into_iter().nth(at)).unwrap_or(Dynamic::UNIT))
        },
    );
    ns
}

/// A list in random order (Fisher–Yates).
///
/// # Errors
/// There is no run.
pub fn shuffle(mut list: Array) -> Answer<Array> {
    for last in (1..list.len()).rev() {
        let other = usize::try_from(below(last as u64 + 1)?).unwrap_or(last);
        list.swap(last, other);
    }
    Ok(list)
}

fn int(lo: INT, hi: INT) -> Answer<INT> {
    if lo > hi {
        return Err(fail(format!("there is no int from {lo} to {hi}")));
    }
    let width = hi.abs_diff(lo);
    let offset = if width == u64::MAX { draw()? } else { below(width + 1)? };
    Ok(lo.wrapping_add_unsigned(offset))
}

/// A number below `bound`, each equally likely: draws that would favour the small ones are thrown away.
fn below(bound: u64) -> Answer<u64> {
    let unfair = bound.wrapping_neg() % bound;
    loop {
        let number = draw()?;
        if number >= unfair {
            return Ok(number % bound);
        }
    }
}

fn draw() -> Answer<u64> {
    let seed = host()?.task().seed;
    let hash = blake3::keyed_hash(&seed, &next_draw().to_le_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.as_bytes()[..8]);
    Ok(u64::from_le_bytes(bytes))
}
