//! Which names can be seen.

/// Names of the script itself, innermost last.
#[derive(Debug, Default)]
pub struct Names {
    locals: Vec<String>,
    /// Inside of a function: nothing from outside can be seen.
    in_function: bool,
}

/// A place to come back to.
#[derive(Debug, Clone, Copy)]
pub struct Mark(usize);

impl Names {
    /// Whether the engine's variables can be seen.
    pub fn sees_scope(&self) -> bool {
        !self.in_function
    }

    /// Whether the script itself defined the name.
    pub fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|local| local == name)
    }

    /// All names of the script that can be seen.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.locals.iter().map(String::as_str)
    }

    /// Adds a name.
    pub fn add(&mut self, name: impl Into<String>) {
        self.locals.push(name.into());
    }

    /// Remembers how many names there are.
    pub fn mark(&self) -> Mark {
        Mark(self.locals.len())
    }

    /// Forgets the names added since.
    pub fn reset(&mut self, mark: Mark) {
        self.locals.truncate(mark.0);
    }

    /// Names inside of a function: its parameters alone. Gives what to come back to.
    pub fn enter_function(&mut self, parameters: impl IntoIterator<Item = String>) -> Self {
        std::mem::replace(self, Self { locals: parameters.into_iter().collect(), in_function: true })
    }
}
