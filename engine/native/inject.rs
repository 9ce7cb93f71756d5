//! Components as dependencies.

use crate::dependency::{Injectable, Wanted, misfit};
use crate::name;
use std::any::TypeId;
use std::ops::Deref;
use std::sync::Arc;
use thinking_step::{Interface, Provided, ProvidedKind, StepError};

/// Another component: by an interface that it provides (`Inject<dyn Tokenizer>`), or by its own type (`Inject<Split>`). It is used like a reference.
///
/// Tests make one of their own: `Inject::new(Arc::new(Split::default()))`.
pub struct Inject<T: ?Sized> {
    it: Option<Arc<T>>,
    binding: Arc<str>,
}

impl<T: ?Sized> Inject<T> {
    /// One that was not chosen by the engine, for tests.
    #[must_use]
    pub fn new(it: Arc<T>) -> Self {
        Self { it: Some(it), binding: "".into() }
    }

    /// The name of its binding; empty in tests.
    #[must_use]
    pub fn binding(&self) -> &str {
        &self.binding
    }
}

impl<T: ?Sized> Default for Inject<T> {
    /// Nothing yet: fields have this value until the engine fills them.
    fn default() -> Self {
        Self { it: None, binding: "".into() }
    }
}

impl<T: ?Sized> Clone for Inject<T> {
    fn clone(&self) -> Self {
        Self { it: self.it.clone(), binding: Arc::clone(&self.binding) }
    }
}

impl<T: ?Sized> std::fmt::Debug for Inject<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Inject({})", self.binding)
    }
}

impl<T: ?Sized> Deref for Inject<T> {
    type Target = T;

    /// # Panics
    /// It was made by `Default` and never filled, which the engine does not do.
    fn deref(&self) -> &T {
        match &self.it {
            Some(it) => it,
            None => panic!("this `Inject` was made by `Default`: in tests, make it by `Inject::new`"),
        }
    }
}

impl<T: ?Sized + Send + Sync + 'static> Injectable for Inject<T> {
    fn wanted() -> Wanted {
        Wanted { name: name::of::<T>(), rust: Some(TypeId::of::<T>()), optional: false, many: false }
    }

    fn from_provided(provided: Provided) -> Result<Self, StepError> {
        let Provided { binding, what } = provided;
        let ProvidedKind::Component(component, _) = what else {
            return Err(misfit(&format!("`{binding}` is no component")));
        };
        let cast = component.cast(TypeId::of::<T>()).and_then(|it| it.downcast::<Arc<T>>().ok());
        match cast {
            Some(it) => Ok(Self { it: Some(*it), binding }),
            None => Err(misfit(&format!("`{binding}` is no `{}`", std::any::type_name::<T>()))),
        }
    }
}

/// The interface that a trait is.
pub fn interface<T: ?Sized + 'static>() -> Interface {
    Interface { name: name::of::<T>(), rust: Some(TypeId::of::<T>()) }
}
