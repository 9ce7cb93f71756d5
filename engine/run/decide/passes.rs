//! Loops and branches: when a container goes over its tasks once more.

use crate::decide::core::{Core, Waiting};
use crate::decide::frame::{Frame, FrameKind};
use crate::decide::items::Item;
use crate::decide::scope::Iteration;
use crate::decide::{Command, Ending, Place, Question, Scope, Siblings, own_key, push_key, shown};
use std::sync::Arc;
use thinking_plan::TaskKind;
use thinking_step::{StepError, Value};
use thinking_store::IterationKey;

impl Core {
    /// Decides what the top frame does before its next pass over its children; `None` to look again.
    pub(super) fn before_pass(&mut self) -> Option<Command> {
        let plan = self.plan.clone();
        let frame = self.frames.last_mut()?;
        let task = frame.place.as_ref().map(|place| &plan.task(place.task).kind);
        match (&mut frame.kind, task) {
            (FrameKind::Each { items, index, keys, ahead, .. }, Some(TaskKind::Each { .. })) => {
                let known = keys.as_ref().map(|keys| keys.len() as u64);
                // Keys are asked for before the first iteration, so that two equal ones are found before anything has run.
                let asked = known.filter(|known| if *ahead { *known < items.len() } else { known == index });
                let Some(mut item) = items.get(asked.unwrap_or(*index)) else { return Some(self.close()) };
                if asked.is_none() {
                    let at = usize::try_from(*index).unwrap_or(usize::MAX);
                    if let Some(key) = keys.as_ref().and_then(|keys| keys.get(at)) {
                        item.key = key.clone();
                    }
                    self.start_iteration(item);
                    return None;
                }
                let place = frame.place.clone()?;
                let scope = self.item_scope(&item, asked.unwrap_or_default())?;
                self.waiting = Waiting::Key;
                Some(Command::Evaluate { place: Place { scope, ..place }, question: Question::Key })
            }
            (FrameKind::Repeat { count, max }, Some(TaskKind::Repeat { variable, .. })) => {
                if max.is_some_and(|max| *count >= max) {
                    let text =
                        format!("`until` is still not true after {count} iterations, the `max` of this `repeat`");
                    return Some(self.fail_top(StepError::script(text)));
                }
                *count += 1;
                let (count, variable) = (*count, variable.clone());
                let iteration = Iteration {
                    variable,
                    value: count.into(),
                    index: u64::from(count) - 1,
                    value_is_key: true,
                    // The index is the key less one: whoever knows the key knows it.
                    index_is_key: true,
                    siblings: Siblings::Counted,
                };
                self.start_pass(IterationKey::Integer(i64::from(count)), iteration);
                None
            }
            (FrameKind::Choose { branch, taken, entered }, Some(TaskKind::Choose { all, branches })) => {
                if !*all && !taken.is_empty() {
                    return Some(self.close());
                }
                let next = branch.wrapping_add(1);
                let first = taken.is_empty();
                if *entered == 0
                    && let Some(found) = branches.get(next)
                {
                    *branch = next;
                    if found.condition.is_some() {
                        let place = frame.place.clone()?;
                        return Some(self.ask(place, Question::Condition(next)));
                    }
                    // `otherwise` holds when nothing else did.
                    self.branch(first);
                    return None;
                }
                // All conditions were looked at before any branch changes what they see.
                let Some(at) = taken.get(*entered).copied().filter(|_| *all) else { return Some(self.close()) };
                (*branch, frame.next, frame.open) = (at, 0, true);
                *entered += 1;
                None
            }
            _ => Some(self.close()),
        }
    }

    /// A pass over the top frame's children is over; `None` to look again.
    pub(super) fn after_pass(&mut self) -> Option<Command> {
        let frame = self.frames.last_mut()?;
        match &frame.kind {
            FrameKind::Plain => Some(self.close()),
            FrameKind::Repeat { .. } => {
                let place = frame.place.clone()?;
                let (scope, iterations) = (frame.scope.clone(), frame.iterations.clone());
                Some(self.ask(Place { scope, iterations, ..place }, Question::Until))
            }
            FrameKind::Each { .. } | FrameKind::Choose { .. } => None,
        }
    }

    pub(super) fn branch(&mut self, holds: bool) {
        if let Some(frame) = self.frames.last_mut()
            && let FrameKind::Choose { branch, taken, .. } = &mut frame.kind
            && holds
        {
            taken.push(*branch);
            let task = frame.place.as_ref().map(|place| &self.plan.task(place.task).kind);
            frame.open = !matches!(task, Some(TaskKind::Choose { all: true, .. }));
            frame.next = 0;
        }
    }

    pub(super) fn close(&mut self) -> Command {
        match self.frames.pop() {
            Some(mut frame) => match frame.place.take() {
                Some(place) => Command::Close { place, shape: frame.shape() },
                None => self.finish(Ending::Done),
            },
            None => self.finish(Ending::Done),
        }
    }

    pub(super) fn item_scope(&self, item: &Item, index: u64) -> Option<Arc<Scope>> {
        let frame = self.frames.last()?;
        let place = frame.place.as_ref()?;
        let (FrameKind::Each { items, keys, ahead, .. }, TaskKind::Each { variable, key, .. }) =
            (&frame.kind, &self.plan.task(place.task).kind)
        else {
            return None;
        };
        let siblings = match keys {
            None => Siblings::Items(items.clone()),
            // While they are being asked for nothing else holds them, so that adding one does not copy all.
            Some(keys) if *ahead && keys.len() as u64 == items.len() => Siblings::Keys(keys.clone()),
            Some(_) => Siblings::Unknown,
        };
        Some(Scope::iteration(
            &place.scope,
            Iteration {
                variable: variable.clone(),
                value: item.value.clone(),
                index,
                value_is_key: key.is_none() && item.value_is_key,
                index_is_key: key.is_none() && item.index_is_key,
                siblings,
            },
        ))
    }

    /// A key was evaluated.
    pub(super) fn keyed(&mut self, value: Value) -> Command {
        let Some(key) = own_key(&value) else {
            return self.fail_top(StepError::script(format!(
                "`key` gives {}, where a string or a whole number is needed",
                shown(&value)
            )));
        };
        if let Some(secret) = self.mask.find(&value) {
            let error = secret_key(secret);
            return self.fail_top(error);
        }
        if let Some(Frame { kind: FrameKind::Each { keys: Some(keys), seen, .. }, .. }) = self.frames.last_mut() {
            if !seen.insert(key.clone()) {
                let text = format!("two elements have the key {value}; the keys of an `each` must differ");
                return self.fail_top(StepError::script(text));
            }
            Arc::make_mut(keys).push(key);
        }
        self.advance()
    }

    pub(super) fn start_iteration(&mut self, item: Item) {
        let index = match self.frames.last().map(|frame| &frame.kind) {
            Some(FrameKind::Each { index, .. }) => *index,
            _ => return,
        };
        let Some(scope) = self.item_scope(&item, index) else { return };
        if let Some(frame) = self.frames.last_mut()
            && let FrameKind::Each { index, .. } = &mut frame.kind
        {
            *index += 1;
            frame.scope = scope;
        }
        self.pass(item.key);
    }

    pub(super) fn start_pass(&mut self, key: IterationKey, iteration: Iteration) {
        if let Some(frame) = self.frames.last_mut()
            && let Some(place) = &frame.place
        {
            frame.scope = Scope::iteration(&place.scope, iteration);
        }
        self.pass(key);
    }

    pub(super) fn pass(&mut self, key: IterationKey) {
        let Some(frame) = self.frames.last_mut() else { return };
        let Some(place) = &frame.place else { return };
        let mut path = String::with_capacity(place.path.len() + 8);
        path.push_str(&place.path);
        push_key(&mut path, &key);
        frame.path = path.into();
        frame.iterations = place.iterations.iter().cloned().chain(std::iter::once(key)).collect();
        frame.open = true;
        frame.next = 0;
    }
}

/// Keys are in paths, and paths are stored and shown.
pub(super) fn secret_key(secret: &str) -> StepError {
    StepError::script(format!("the secret `{secret}` must not be part of a key"))
        .help("say what names an iteration instead with `key=`")
}
