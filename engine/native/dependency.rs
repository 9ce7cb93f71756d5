//! Dependencies: how a type of a field or parameter says what is needed, and takes what is given.

use std::any::TypeId;
use thinking_step::{ErrorKind, Need, Origin, Provided, StepError, Supplied};

/// What a type asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// An interface (`tokenizer`), or what the engine has (`kv`, `params`, `facets`, `run`).
    pub name: String,
    /// The Rust type that it must be.
    pub rust: Option<TypeId>,
    /// Whether it may be missing.
    pub optional: bool,
    /// Whether all that fit are asked for.
    pub many: bool,
}

impl Wanted {
    /// One thing of the engine, by its name.
    #[must_use]
    pub fn engine(name: &str) -> Self {
        Self { name: name.to_owned(), rust: None, optional: false, many: false }
    }
}

/// What a field marked `#[inject]`, or a parameter of a step, can be: `Inject<dyn Trait>`, `Inject<Component>`, `Kv`, `Params`, `Facets`, `Run`; each
/// also as an `Option`, or as a `Vec` of all that fit, sorted by the names of their bindings.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no dependency",
    label = "nothing that the engine can give",
    note = "dependencies are `Inject<dyn Trait>`, `Inject<Component>`, `Kv`, `Params`, `Facets`, `Run`, and `Option` and `Vec` of these",
    note = "what the manifest gives to a step is marked: `#[arg] name: Type`"
)]
pub trait Injectable: Sized {
    /// What is asked for.
    fn wanted() -> Wanted;

    /// The thing itself.
    ///
    /// # Errors
    /// What was given is no such thing: a mistake of the wiring, named with the binding.
    fn from_provided(provided: Provided) -> Result<Self, StepError>;

    /// From nothing, one, or many.
    ///
    /// # Errors
    /// Nothing was given for what must be there, or what was given is no such thing.
    fn from_supplied(supplied: Supplied) -> Result<Self, StepError> {
        match supplied {
            Supplied::One(provided) => Self::from_provided(provided),
            Supplied::Nothing | Supplied::Many(_) => Err(misfit("nothing was given where one was needed")),
        }
    }
}

impl<T: Injectable> Injectable for Option<T> {
    fn wanted() -> Wanted {
        Wanted { optional: true, ..T::wanted() }
    }

    fn from_provided(provided: Provided) -> Result<Self, StepError> {
        T::from_provided(provided).map(Some)
    }

    fn from_supplied(supplied: Supplied) -> Result<Self, StepError> {
        match supplied {
            Supplied::Nothing => Ok(None),
            given => T::from_supplied(given).map(Some),
        }
    }
}

impl<T: Injectable> Injectable for Vec<T> {
    fn wanted() -> Wanted {
        Wanted { many: true, ..T::wanted() }
    }

    fn from_provided(provided: Provided) -> Result<Self, StepError> {
        Ok(vec![T::from_provided(provided)?])
    }

    fn from_supplied(supplied: Supplied) -> Result<Self, StepError> {
        match supplied {
            Supplied::Nothing => Ok(Vec::new()),
            Supplied::One(provided) => Self::from_provided(provided),
            Supplied::Many(all) => all.into_iter().map(T::from_provided).collect(),
        }
    }
}

/// A need as a field or parameter declares it.
pub fn need<T: Injectable>(name: &str, file: &'static str, line: u32) -> Need {
    let wanted = T::wanted();
    Need {
        name: name.to_owned(),
        wanted: wanted.name,
        rust: wanted.rust,
        optional: wanted.optional,
        many: wanted.many,
        origin: Origin::Source(file, line),
    }
}

/// What was given, in the order of the needs.
pub struct Supplies<'a> {
    binding: &'a str,
    needs: &'a [Need],
    given: std::vec::IntoIter<Supplied>,
    taken: usize,
}

impl<'a> Supplies<'a> {
    pub(crate) fn new(binding: &'a str, needs: &'a [Need], given: Vec<Supplied>) -> Self {
        Self { binding, needs, given: given.into_iter(), taken: 0 }
    }

    /// For whom it is.
    #[must_use]
    pub fn binding(&self) -> &str {
        self.binding
    }

    /// The next one.
    ///
    /// # Errors
    /// It is not there, or no such thing.
    pub fn take<T: Injectable>(&mut self) -> Result<T, StepError> {
        let name = self.needs.get(self.taken).map_or("?", |need| &need.name);
        self.taken += 1;
        let supplied = self.given.next().unwrap_or(Supplied::Nothing);
        T::from_supplied(supplied).map_err(|error| {
            misfit(&format!("`{}` cannot use what it was given as `{name}`: {}", self.binding, error.message))
        })
    }
}

pub(crate) fn misfit(message: &str) -> StepError {
    StepError::new(ErrorKind::Native, message)
}
