//! Looking at a state and changing it, so that a thread that waits for itself is told instead.

use super::attempt::locked;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::thread::{self, ThreadId};
use thinking_step::{ErrorKind, StepError};

/// A value, and who holds it.
pub(super) struct Lock<T> {
    value: RwLock<Option<T>>,
    holders: Mutex<Vec<(ThreadId, Held)>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    Reading,
    Changing,
}

impl<T> Default for Lock<T> {
    fn default() -> Self {
        Self { value: RwLock::new(None), holders: Mutex::default() }
    }
}

impl<T> Lock<T> {
    pub(super) fn read(&self, name: &str) -> Result<Reading<'_, T>, StepError> {
        let guard = match self.held() {
            Some(Held::Changing) => return Err(held(name, "read", "changed")),
            // Waiting could mean to wait for one who waits for this thread.
            Some(Held::Reading) => match self.value.try_read() {
                Ok(guard) => guard,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return Err(held(name, "read", "read")),
            },
            None => self.value.read().unwrap_or_else(PoisonError::into_inner),
        };
        if guard.is_none() {
            return Err(gone(name));
        }
        Ok(Reading { guard, _hold: self.hold(Held::Reading) })
    }

    pub(super) fn write(&self, name: &str) -> Result<Changing<'_, T>, StepError> {
        self.may_write(name)?;
        let guard = self.value.write().unwrap_or_else(PoisonError::into_inner);
        if guard.is_none() {
            return Err(gone(name));
        }
        Ok(Changing { guard, _hold: self.hold(Held::Changing) })
    }

    /// Refuses where this thread would wait for itself.
    pub(super) fn may_write(&self, name: &str) -> Result<(), StepError> {
        match self.held() {
            Some(Held::Changing) => Err(held(name, "changed", "changed")),
            Some(Held::Reading) => Err(held(name, "changed", "read")),
            None => Ok(()),
        }
    }

    /// Puts a value in.
    pub(super) fn replace(&self, name: &str, value: T) -> Result<(), StepError> {
        self.may_write(name)?;
        *self.value.write().unwrap_or_else(PoisonError::into_inner) = Some(value);
        Ok(())
    }

    /// Puts a value in unless there is one.
    pub(super) fn replace_unless_there(&self, name: &str, value: impl FnOnce() -> T) -> Result<(), StepError> {
        if self.held().is_some() || self.value.read().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Ok(());
        }
        self.replace(name, value())
    }

    /// Looks at the value without waiting.
    pub(super) fn look<R>(&self, name: &str, look: impl FnOnce(&T) -> R) -> Result<R, StepError> {
        let guard = match self.value.try_read() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return Err(StepError::new(ErrorKind::Native, format!("{name} is still being changed")));
            }
        };
        guard.as_ref().map(look).ok_or_else(|| gone(name))
    }

    /// How this thread holds it.
    fn held(&self) -> Option<Held> {
        let me = thread::current().id();
        locked(&self.holders).iter().find(|(thread, _)| *thread == me).map(|(_, held)| *held)
    }

    fn hold(&self, held: Held) -> Hold<'_> {
        let me = thread::current().id();
        locked(&self.holders).push((me, held));
        Hold { holders: &self.holders }
    }
}

fn held(name: &str, wanted: &str, is: &str) -> StepError {
    StepError::new(ErrorKind::Native, format!("{name} cannot be {wanted} while it is being {is} here"))
        .help("let go of the first guard before: end its block, or `drop` it")
}

fn gone(name: &str) -> StepError {
    StepError::new(ErrorKind::Conflict, format!("{name} was taken back by a step that failed"))
}

/// A note that this thread holds it.
struct Hold<'s> {
    holders: &'s Mutex<Vec<(ThreadId, Held)>>,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        let me = thread::current().id();
        let mut holders = locked(self.holders);
        if let Some(at) = holders.iter().position(|(thread, _)| *thread == me) {
            holders.swap_remove(at);
        }
    }
}

/// A state that is being looked at.
pub struct Reading<'s, T> {
    guard: RwLockReadGuard<'s, Option<T>>,
    _hold: Hold<'s>,
}

impl<T> Deref for Reading<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        match &*self.guard {
            Some(value) => value,
            None => unreachable!("it was there when the guard was made"),
        }
    }
}

/// A state that is being changed.
pub struct Changing<'s, T> {
    guard: RwLockWriteGuard<'s, Option<T>>,
    _hold: Hold<'s>,
}

impl<T> Deref for Changing<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        match &*self.guard {
            Some(value) => value,
            None => unreachable!("it was there when the guard was made"),
        }
    }
}

impl<T> DerefMut for Changing<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        match &mut *self.guard {
            Some(value) => value,
            None => unreachable!("it was there when the guard was made"),
        }
    }
}
