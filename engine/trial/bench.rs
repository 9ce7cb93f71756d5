//! What tests of a project are made with.

use crate::case::Case;
use crate::codes::Codes;
use crate::setting::{Setting, Settings};
use crate::shape::shape;
use crate::steps::TestSteps;
use crate::trial::Prepared;
use std::path::PathBuf;
use std::sync::Arc;
use thinking_diagnostic::{Diagnostics, SourceMap, Spanned};
use thinking_manifest::{Model, Project};
use thinking_plan::{Compiler, Given, NativeSteps, Workshop};
use thinking_step::ComponentType;

/// A project, and what is needed to make tests of it.
pub struct Bench<'b, 'l> {
    /// The project.
    pub project: &'b Project,
    /// The manifest as it is where a test says nothing.
    pub base: &'b Model,
    /// Values of parameters where a test says nothing.
    pub given: Given,
    /// Native steps.
    pub steps: &'b dyn NativeSteps,
    /// Native components.
    pub components: &'b [Arc<dyn ComponentType>],
    /// Compiles scripts.
    pub compiler: &'b mut Compiler<'l>,
    /// All texts; script files are added.
    pub sources: &'b mut SourceMap,
    /// The project's state: never permitted to steps.
    pub state: PathBuf,
    codes: Option<Codes>,
    settings: Settings,
}

/// What a [`Bench`] is made of.
pub struct Parts<'b, 'l> {
    /// See there.
    pub project: &'b Project,
    /// See there.
    pub base: &'b Model,
    /// See there.
    pub given: Given,
    /// See there.
    pub steps: &'b dyn NativeSteps,
    /// See there.
    pub components: &'b [Arc<dyn ComponentType>],
    /// See there.
    pub compiler: &'b mut Compiler<'l>,
    /// See there.
    pub sources: &'b mut SourceMap,
    /// See there.
    pub state: PathBuf,
}

impl<'b, 'l> Bench<'b, 'l> {
    /// A bench with nothing on it.
    #[must_use]
    pub fn new(parts: Parts<'b, 'l>) -> Self {
        let Parts { project, base, given, steps, components, compiler, sources, state } = parts;
        let codes = Some(Codes::new(sources));
        let settings = Settings::default();
        Self { project, base, given, steps, components, compiler, sources, state, codes, settings }
    }

    /// Makes a test ready to run. `None` if it has mistakes, which are in `diagnostics`.
    pub fn prepare(&mut self, case: &Case<'_>, diagnostics: &mut Diagnostics) -> Option<Prepared> {
        let setting = self.setting(case, diagnostics)?;
        let codes = self.codes.take()?;
        let shape = shape(case, &codes);
        self.codes = Some(codes);
        let steps = TestSteps { others: self.steps };
        let mut shop = Workshop {
            project: self.project,
            model: &setting.model,
            params: setting.params.clone(),
            steps: &steps,
            components: self.components,
            compiler: self.compiler,
            sources: self.sources,
            state: self.state.clone(),
        };
        let name = Spanned { value: case.info.path(), span: case.span };
        let mut own = Diagnostics::new();
        let plan = shop.plan_flow(&name, &shape.tasks, &shape.variables, &mut own);
        let wrong = own.has_errors();
        diagnostics.extend(own);
        let plan = plan.filter(|_| !wrong)?;
        Some(Prepared::new(plan, shape))
    }

    fn setting(&mut self, case: &Case<'_>, diagnostics: &mut Diagnostics) -> Option<Arc<Setting>> {
        let mut settings = std::mem::take(&mut self.settings);
        let setting = settings.of(self, case, diagnostics);
        self.settings = settings;
        setting
    }
}
