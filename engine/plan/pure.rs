//! The little world of `default`, `detect` and the runtime's templates: parameters, facets, the mode, and nothing that changes.

use crate::compile::Scope;
use crate::{Compiler, Parameters, script_name};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thinking_step::{
    Access, Class, Datum, Host, LogLevel, Mode, RunInfo, ScopeEntry, StaticScope, StepError, TaskInfo, Value,
    VariableKind,
};

pub(crate) fn scope(compiler: &mut Compiler<'_>, params: Vec<String>, facets: &[Arc<str>], run: bool) -> Scope {
    let mut scope = StaticScope::default();
    let mut add = |name: &str, kind| {
        scope.variables.insert(name.to_owned(), ScopeEntry { kind, span: None });
    };
    add("params", VariableKind::Params(params));
    add("facets", VariableKind::Facets(facets.iter().map(ToString::to_string).collect()));
    add("mode", VariableKind::Mode);
    if run {
        add("run", VariableKind::Run);
    }
    compiler.scope(scope)
}

/// A host that knows parameters, facets and the mode, and the run if there is one.
#[must_use]
pub fn host(params: &Parameters, facets: &[Arc<str>], mode: Mode, run: Option<RunInfo>) -> Arc<dyn Host> {
    Arc::new(PureHost { params: params.clone(), facets: facets.to_vec(), mode, run })
}

struct PureHost {
    params: Parameters,
    facets: Vec<Arc<str>>,
    mode: Mode,
    run: Option<RunInfo>,
}

fn refused(what: &str) -> StepError {
    StepError::script(format!("{what} cannot be used here: only parameters, facets and the mode are known"))
}

impl Host for PureHost {
    fn task(&self) -> TaskInfo {
        TaskInfo { path: "".into(), attempt: 1, seed: [0; 32] }
    }
    fn param(&self, name: &str) -> Option<Value> {
        let found = self.params.values.iter().find(|(known, _)| &***known == name || script_name(known) == name);
        found.map(|(_, param)| param.value.clone())
    }
    fn param_names(&self) -> Vec<String> {
        self.params.values.keys().map(|name| script_name(name)).collect()
    }
    fn facet(&self, name: &str) -> bool {
        self.facets.iter().any(|facet| &**facet == name)
    }
    fn mode(&self) -> Mode {
        self.mode
    }
    fn run(&self) -> Option<RunInfo> {
        self.run.clone()
    }
    fn variable(&self, _: &str) -> Option<Value> {
        None
    }
    fn sibling_result(&self, _: &str) -> Result<Option<Value>, StepError> {
        Err(refused("results"))
    }
    fn result(&self, _: &str) -> Result<Option<Value>, StepError> {
        Err(refused("results"))
    }
    fn get(&self, _: &str, _: &str) -> Result<Option<Datum>, StepError> {
        Err(refused("a database"))
    }
    fn put(&self, _: &str, _: &str, _: Datum) -> Result<(), StepError> {
        Err(refused("a database"))
    }
    fn delete(&self, _: &str, _: &str) -> Result<bool, StepError> {
        Err(refused("a database"))
    }
    fn clear(&self, _: &str) -> Result<(), StepError> {
        Err(refused("a database"))
    }
    fn scan(&self, _: &str, _: &str, _: Option<&str>, _: usize) -> Result<Vec<(String, Datum)>, StepError> {
        Err(refused("a database"))
    }
    fn permit(&self, _: Access<'_>) -> Result<PathBuf, StepError> {
        Err(refused("the world outside"))
    }
    fn touch(&self, class: Class, function: &str) -> Result<(), StepError> {
        if class <= Class::State { Ok(()) } else { Err(refused(&format!("`{function}`"))) }
    }
    fn saw_file(&self, _: &Path) {}
    fn saw_env(&self, _: &str, _: Option<&str>) {}
    fn now(&self) -> i64 {
        0
    }
    fn idempotency_key(&self) -> Result<String, StepError> {
        Err(refused("`step.key`"))
    }
    fn log(&self, _: LogLevel, _: &str) {}
    fn check_cancelled(&self) -> Result<(), StepError> {
        Ok(())
    }
}
