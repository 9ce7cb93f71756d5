//! How a namespace is put together.

use crate::stream::{Native, accepting_streams};
use rhai::{Dynamic, FuncRegistration, Module, NativeCallContext, Position, RhaiFunc, RhaiNativeFunc};
use std::sync::Arc;
use thinking_step::Class;

/// What is known of a function besides its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionDoc {
    /// Its namespace; empty for those that are called by their bare name, `kv` and the like for methods.
    pub namespace: &'static str,
    /// Its name.
    pub name: &'static str,
    /// How it touches the world.
    pub class: Class,
    /// How it is called: `read_text(path) -> string`.
    pub signature: &'static str,
    /// For people, on one line: what it does in the first sentence, then what it takes, units, errors, formulas.
    pub doc: &'static str,
    /// Its value may differ each time although nothing that is recorded changed.
    pub volatile: bool,
    /// Which argument names a file that it reads, from 0.
    pub reads: Option<usize>,
    /// Which argument names a file that it writes, from 0.
    pub writes: Option<usize>,
    /// Which argument is a pattern of files that it reads, from 0.
    pub reads_below: Option<usize>,
    /// Which argument names an environment variable that it reads, from 0.
    pub env: Option<usize>,
    /// Which argument is the URL of a server that it connects to, from 0.
    pub net: Option<usize>,
    /// Its value is a list whose elements are made one after the other.
    pub stream: bool,
    /// It is there in tests only.
    pub in_tests: bool,
}

impl FunctionDoc {
    /// The name as scripts write it: `fs::read_text`.
    #[must_use]
    pub fn full_name(&self) -> String {
        if self.namespace.is_empty() { self.name.to_owned() } else { format!("{}::{}", self.namespace, self.name) }
    }

    /// The first sentence of what there is to say.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.doc.find(". ").map_or(self.doc, |end| &self.doc[..=end])
    }

    /// Says that its value may differ each time.
    pub fn volatile(&mut self) -> &mut Self {
        self.volatile = true;
        self
    }

    /// Says which argument names a file that it reads.
    pub fn reads(&mut self, argument: usize) -> &mut Self {
        self.reads = Some(argument);
        self
    }

    /// Says which argument names a file that it writes.
    pub fn writes(&mut self, argument: usize) -> &mut Self {
        self.writes = Some(argument);
        self
    }

    /// Says which argument is a pattern of files that it reads.
    pub fn reads_below(&mut self, argument: usize) -> &mut Self {
        self.reads_below = Some(argument);
        self
    }

    /// Says which argument names an environment variable that it reads.
    pub fn names_env(&mut self, argument: usize) -> &mut Self {
        self.env = Some(argument);
        self
    }

    /// Says that its value is a list whose elements are made one after the other.
    pub fn streams(&mut self) -> &mut Self {
        self.stream = true;
        self
    }

    /// Says that it is there in tests only.
    pub fn in_tests(&mut self) -> &mut Self {
        self.in_tests = true;
        self
    }

    /// Says which argument is the URL of a server that it connects to.
    pub fn connects(&mut self, argument: usize) -> &mut Self {
        self.net = Some(argument);
        self
    }
}

/// A namespace under construction: functions go in together with what is to be known of them.
pub struct Namespace {
    /// The name in scripts; empty for the global one.
    pub name: &'static str,
    /// What Rhai calls.
    pub module: Module,
    /// What people and the checker read. A function that takes several forms has several entries.
    pub functions: Vec<FunctionDoc>,
    global: bool,
}

impl Namespace {
    /// A namespace whose functions are called `name::function`.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, module: Module::new(), functions: Vec::new(), global: false }
    }

    /// Functions that are called without a namespace: globals (`name` is empty) or methods of a type (`name` is the type's).
    #[must_use]
    pub fn global(name: &'static str) -> Self {
        Self { global: true, ..Self::new(name) }
    }

    /// Adds a function. `signature` and `doc` are for people; `native` decides how many arguments of which types it takes.
    pub fn function<A: 'static, const N: usize, const X: bool, R, const F: bool, NATIVE>(
        &mut self,
        name: &'static str,
        class: Class,
        signature: &'static str,
        doc: &'static str,
        native: NATIVE,
    ) -> &mut FunctionDoc
    where
        R: Clone + Send + Sync + 'static,
        NATIVE: RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
    {
        self.form(name, native);
        self.functions.push(FunctionDoc {
            namespace: self.name,
            name,
            class,
            signature,
            doc,
            volatile: false,
            reads: None,
            writes: None,
            reads_below: None,
            env: None,
            net: None,
            stream: false,
            in_tests: false,
        });
        let last = self.functions.len() - 1;
        &mut self.functions[last]
    }

    /// Adds one more form of a function that is there already: other arguments, the same meaning.
    pub fn form<A: 'static, const N: usize, const X: bool, R, const F: bool, NATIVE>(
        &mut self,
        name: &'static str,
        native: NATIVE,
    ) -> &mut Self
    where
        R: Clone + Send + Sync + 'static,
        NATIVE: RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
    {
        let global = self.global;
        let registration = || {
            let registration = FuncRegistration::new(name);
            if global { registration.in_global_namespace() } else { registration.in_internal_namespace() }
        };
        let native = with_position(native.into_rhai_function(true, true));
        let types = NATIVE::param_types();
        accepting_streams(&mut self.module, registration, types.as_ref(), &native);
        registration().set_into_module_raw(&mut self.module, types, native);
        self
    }

    /// Adds a constant.
    pub fn constant(&mut self, name: &'static str, value: impl Into<Dynamic>) -> &mut Self {
        let value: Dynamic = value.into();
        self.module.set_var(name, value);
        self
    }
}

/// Rhai does not say where a function of a namespace failed, so each says it itself.
fn with_position(native: RhaiFunc) -> RhaiFunc {
    let wrap = |func: Native, takes_context: bool| -> Native {
        Arc::new(move |context: Option<NativeCallContext<'_>>, args: &mut [&mut Dynamic]| {
            let position = context.as_ref().map_or(Position::NONE, NativeCallContext::call_position);
            func(context.filter(|_| takes_context), args).map_err(|mut error| {
                if error.position().is_none() {
                    error.set_position(position);
                }
                error
            })
        })
    };
    match native {
        RhaiFunc::Pure { func, has_context, is_pure, is_volatile } => {
            RhaiFunc::Pure { func: wrap(func, has_context), has_context: true, is_pure, is_volatile }
        }
        RhaiFunc::Method { func, has_context, is_pure, is_volatile } => {
            RhaiFunc::Method { func: wrap(func, has_context), has_context: true, is_pure, is_volatile }
        }
        other => other,
    }
}
