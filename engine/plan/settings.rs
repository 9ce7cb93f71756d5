//! The runtime's settings: what a run needs to know before it starts.

use crate::compile::NoResults;
use crate::survey::{By, Grant, Right};
use crate::workshop::{Workshop, active_facets};
use crate::{Evaluate, Parameters, Template, pure, script_name};
use std::sync::Arc;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Span, Spanned};
use thinking_schema::{self as schema, Templated};
use thinking_step::{Limits, Permissions, Program, Purpose, RunInfo, Value};

/// Logging, as the runtime says.
#[derive(Clone)]
pub struct LogSettings {
    /// Least level.
    pub level: schema::Level,
    /// Levels of parts of the program.
    pub filters: Vec<(String, schema::Level)>,
    /// How lines on the console look.
    pub console: schema::ConsoleFormat,
    /// More files, relative to the manifest's directory.
    pub files: Vec<(Template, schema::LogFileFormat)>,
}

/// What a run needs to know before it starts.
#[derive(Clone)]
pub struct Settings {
    /// When steps become durable.
    pub durability: schema::DurabilityWord,
    /// Logging.
    pub logging: LogSettings,
}

impl LogSettings {
    /// A log file's path in that run.
    ///
    /// # Errors
    /// What a template threw.
    pub fn path(
        &self,
        template: &Template,
        params: &Parameters,
        facets: &[Arc<str>],
        mode: thinking_step::Mode,
        run: RunInfo,
    ) -> Result<String, thinking_step::StepError> {
        let host = pure::host(params, facets, mode, Some(run));
        template.text(&|program: &Arc<dyn Program>| program.eval(&host))
    }
}

/// Checks the runtime without values.
pub(crate) fn check(shop: &mut Workshop<'_, '_>, diagnostics: &mut Diagnostics) {
    // With the parameters' values missing, only what is wrong with the texts themselves counts.
    let mut all = Diagnostics::new();
    let strings = runtime_strings(shop);
    for (string, run) in strings {
        let scope = scope(shop, run);
        shop.compiler.template(&string, shop.sources, &scope, &NoResults, Purpose::Pure, &mut all);
    }
    let facets = shop.project.facets.facets.clone();
    for facet in &facets {
        let Some((code, span)) = &facet.detect else { continue };
        let scope = scope(shop, false);
        let code = schema::Code(Spanned { value: code.clone(), span: Some(*span) });
        let program = shop.compiler.code(&code, shop.sources, &scope, &NoResults, Purpose::Pure, &mut all);
        // What needs no values can be tried now.
        if program.is_some_and(|program| program.references().is_empty() && !program.volatile())
            && let Err(wrong) = shop.detect(facet)
        {
            all.push(wrong);
        }
    }
    diagnostics.extend(all);
    version(shop, diagnostics);
}

/// All strings of the runtime, and whether they may look at the run.
fn runtime_strings(shop: &Workshop<'_, '_>) -> Vec<(Spanned<String>, bool)> {
    let mut strings = Vec::new();
    let Some(runtime) = &shop.model.manifest.runtime else { return strings };
    fn add<T>(templated: Option<&Templated<T>>, strings: &mut Vec<(Spanned<String>, bool)>) {
        if let Some(Templated::Template(string)) = templated {
            strings.push((string.clone(), false));
        }
    }
    add(runtime.seed.as_ref(), &mut strings);
    for (_, database) in runtime.database.iter() {
        add(database.dimensions.as_ref(), &mut strings);
        add(database.metric.as_ref(), &mut strings);
        strings.extend(database.index.iter().map(|field| (field.clone(), false)));
    }
    if let Some(state) = &runtime.state {
        add(state.durability.as_ref(), &mut strings);
    }
    if let Some(logging) = &runtime.logging {
        add(logging.level.as_ref(), &mut strings);
        logging.filter.iter().for_each(|filter| add(Some(&filter.level), &mut strings));
        add(logging.console.as_ref().and_then(|console| console.format.as_ref()), &mut strings);
        for file in &logging.file {
            strings.push((file.path.clone(), true));
            add(file.format.as_ref(), &mut strings);
        }
    }
    if let Some(permissions) = &runtime.permissions {
        let lists = [&permissions.read, &permissions.write, &permissions.net, &permissions.run, &permissions.env];
        lists.into_iter().for_each(|list| strings.extend(list.iter().map(|string| (string.clone(), false))));
        if let Some(limits) = &permissions.limits {
            add(limits.operations.as_ref(), &mut strings);
            add(limits.depth.as_ref(), &mut strings);
            add(limits.memory.as_ref(), &mut strings);
            add(limits.time.as_ref(), &mut strings);
        }
    }
    strings
}

/// What the runtime's strings see; only names of log files may look at the run.
pub(crate) fn scope(shop: &mut Workshop<'_, '_>, run: bool) -> crate::compile::Scope {
    let names = shop.model.manifest.param.names().map(script_name).collect();
    let declared: Vec<Arc<str>> = shop.project.facets.names().map(Arc::from).collect();
    pure::scope(shop.compiler, names, &declared, run)
}

fn version(shop: &Workshop<'_, '_>, diagnostics: &mut Diagnostics) {
    let Some(project) = &shop.model.manifest.project else { return };
    if let Some(requires) = &project.requires {
        let own = env!("CARGO_PKG_VERSION");
        match (semver::VersionReq::parse(&requires.value), semver::Version::parse(own)) {
            (Ok(wanted), Ok(own)) if !wanted.matches(&own) => diagnostics.push(
                Diagnostic::error(
                    Code::VersionMismatch,
                    format!("this project needs thinking {wanted}, and this is {own}"),
                )
                .at(requires.span, "required here")
                .help("install a version that fits, or change `requires`".to_owned()),
            ),
            (Err(error), _) => diagnostics.push(
                Diagnostic::error(Code::InvalidValue, format!("`requires` is not a version requirement: {error}"))
                    .at(requires.span, "here")
                    .help("write it like \">=0.1\" or \"0.1\"".to_owned()),
            ),
            _ => {}
        }
    }
    if let Some(version) = &project.version
        && let Err(error) = semver::Version::parse(&version.value)
    {
        diagnostics.push(
            Diagnostic::error(Code::InvalidValue, format!("`version` is not a version: {error}"))
                .at(version.span, "here")
                .help("write it like \"0.3.0\"".to_owned()),
        );
    }
}

/// Evaluates what the runtime says.
impl Workshop<'_, '_> {
    /// The settings; mistakes are in `diagnostics`.
    pub fn settings(&mut self, diagnostics: &mut Diagnostics) -> Settings {
        let runtime = self.model.manifest.runtime.clone().unwrap_or_default();
        let logging = runtime.logging.unwrap_or_default();
        let durability = runtime.state.and_then(|state| state.durability);
        let durability = durability.map_or(schema::DurabilityWord::Step, |word| {
            evaluated(self, &word, schema::DurabilityWord::Step, diagnostics)
        });
        let level = logging
            .level
            .map_or(schema::Level::Info, |level| evaluated(self, &level, schema::Level::Info, diagnostics));
        let filters = logging
            .filter
            .iter()
            .map(|filter| {
                (filter.target.value.clone(), evaluated(self, &filter.level, schema::Level::Info, diagnostics))
            })
            .collect();
        let console =
            logging.console.and_then(|console| console.format).map_or(schema::ConsoleFormat::Compact, |format| {
                evaluated(self, &format, schema::ConsoleFormat::Compact, diagnostics)
            });
        let scope = scope(self, true);
        let files = logging
            .file
            .iter()
            .map(|file| {
                let path =
                    self.compiler.template(&file.path, self.sources, &scope, &NoResults, Purpose::Pure, diagnostics);
                let format = file.format.as_ref().map_or(schema::LogFileFormat::Json, |format| {
                    evaluated(self, format, schema::LogFileFormat::Json, diagnostics)
                });
                (path, format)
            })
            .collect();
        Settings { durability, logging: LogSettings { level, filters, console, files } }
    }
}

pub(crate) fn evaluated<T: serde::de::DeserializeOwned + Clone>(
    shop: &mut Workshop<'_, '_>,
    templated: &Templated<T>,
    otherwise: T,
    diagnostics: &mut Diagnostics,
) -> T {
    match templated {
        Templated::Value(value) => value.value.clone(),
        Templated::Template(string) => {
            let Some(value) = value_of(shop, string, diagnostics) else { return otherwise };
            match serde_json::from_value(value.clone()) {
                Ok(value) => value,
                Err(_) => {
                    diagnostics.push(
                        Diagnostic::error(Code::InvalidValue, format!("this gives {value}, which is not allowed here"))
                            .at(string.span, "here"),
                    );
                    otherwise
                }
            }
        }
    }
}

pub(crate) fn value_of(
    shop: &mut Workshop<'_, '_>,
    string: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let scope = scope(shop, false);
    let known = diagnostics.len();
    let template = shop.compiler.template(string, shop.sources, &scope, &NoResults, Purpose::Pure, diagnostics);
    if diagnostics.len() > known {
        return None;
    }
    let host = pure::host(&shop.params, &active_facets(shop.model), shop.model.selection.mode, None);
    let evaluate = |program: &Arc<dyn Program>| program.eval(&host);
    match template.value(&evaluate as &dyn Evaluate) {
        Ok(value) => Some(value),
        // Without values (`validate`) there is nothing to evaluate with; the text itself was checked.
        Err(_) if shop.params.values.is_empty() => None,
        Err(error) => {
            diagnostics.push(
                Diagnostic::error(Code::InvalidValue, error.message.clone())
                    .at(error.span.or(string.span), "here")
                    .help(error.help),
            );
            None
        }
    }
}

pub(crate) fn seed(shop: &mut Workshop<'_, '_>, diagnostics: &mut Diagnostics) -> i64 {
    let seed = shop.model.manifest.runtime.as_ref().and_then(|runtime| runtime.seed.clone());
    seed.map_or(0, |seed| evaluated(shop, &seed, 0, diagnostics))
}

/// What the manifest permits: its `permissions`, what path parameters and inputs grant for reading, and what outputs grant for writing.
pub(crate) fn permissions(shop: &mut Workshop<'_, '_>, diagnostics: &mut Diagnostics) -> Option<Permissions> {
    let grants = grants(shop, diagnostics);
    let of = |right: Right| {
        let own = grants.iter().filter(move |grant| grant.right == right);
        own.map(|grant| grant.pattern.clone()).collect::<Vec<_>>()
    };
    let limits = shop.model.manifest.runtime.as_ref().and_then(|runtime| runtime.permissions.as_ref()?.limits.clone());
    let limits = limits.map_or_else(Limits::default, |limits| script_limits(shop, &limits, diagnostics));
    let (read, write) = (of(Right::Read), of(Right::Write));
    let (net, run, env) = (of(Right::Net), of(Right::Run), of(Right::Env));
    match Permissions::new(&shop.project.directory, &shop.state, &read, &write, &net, &run, &env) {
        Ok(permissions) => Some(permissions.with_limits(limits)),
        Err((glob, why)) => {
            let span = grants.iter().find(|grant| grant.pattern == glob).and_then(|grant| grant.span);
            diagnostics
                .push(Diagnostic::error(Code::InvalidValue, format!("`{glob}` is not a glob: {why}")).at(span, "here"));
            None
        }
    }
}

/// Most calls inside of each other that may be asked for.
const DEEPEST_CALLS: u32 = 1000;

/// What a script may take.
fn script_limits(shop: &mut Workshop<'_, '_>, limits: &schema::ScriptLimits, diagnostics: &mut Diagnostics) -> Limits {
    let mut wrong = |name: &str, why: &str, span: Option<Span>| {
        diagnostics.push(Diagnostic::error(Code::InvalidValue, format!("`{name}` {why}")).at(span, "here"));
    };
    if let Some(Templated::Value(depth)) = &limits.depth
        && !(1..=DEEPEST_CALLS).contains(&depth.value)
    {
        wrong("depth", &format!("must be from 1 to {DEEPEST_CALLS}"), depth.span);
    }
    if let Some(Templated::Value(operations)) = &limits.operations
        && operations.value == 0
    {
        wrong("operations", "must be at least 1: without it there is no limit in a step", operations.span);
    }
    let operations = limits.operations.as_ref().map(|many| evaluated(shop, many, u64::MAX, diagnostics));
    let depth = limits.depth.as_ref().map(|depth| evaluated(shop, depth, DEEPEST_CALLS, diagnostics));
    let memory = limits.memory.as_ref().map(|size| evaluated(shop, size, schema::SizeText(String::new()), diagnostics));
    let time = limits.time.as_ref().map(|time| evaluated(shop, time, schema::DurationText(String::new()), diagnostics));
    Limits {
        memory: memory.and_then(|size| thinking_manifest::units::size(&size.0)),
        operations,
        depth: depth.map(|depth| depth as usize),
        time: time.and_then(|time| thinking_manifest::units::duration(&time.0)),
    }
}

/// Every single thing that the manifest permits, and by what.
pub(crate) fn grants(shop: &mut Workshop<'_, '_>, diagnostics: &mut Diagnostics) -> Vec<Grant> {
    let own = shop.model.manifest.runtime.as_ref().and_then(|runtime| runtime.permissions.clone()).unwrap_or_default();
    let mut grants = Vec::new();
    let lists = [
        (Right::Read, &own.read),
        (Right::Write, &own.write),
        (Right::Net, &own.net),
        (Right::Run, &own.run),
        (Right::Env, &own.env),
    ];
    for (right, list) in lists {
        for string in list {
            let text = if string.value.contains("${") {
                value_of(shop, string, diagnostics).and_then(|value| value.as_str().map(str::to_owned))
            } else {
                Some(string.value.clone())
            };
            let pattern = text.unwrap_or_else(|| wildcard(&string.value));
            grants.push(Grant { right, pattern, span: string.span, by: By::Permissions });
        }
    }
    for (_, pipeline) in shop.model.manifest.pipeline.iter() {
        of_tasks(&pipeline.tasks, &mut grants);
    }
    for (name, param) in shop.model.manifest.param.iter() {
        if param.r#type.as_ref().is_some_and(|kind| kind.value == schema::ParamType::Path) {
            let given =
                shop.params.values.get(name.value.as_str()).and_then(|param| param.value.as_str().map(str::to_owned));
            let default = param.default.as_ref().and_then(|default| default.value.to_json().as_str().map(wildcard));
            grants.extend(given.or(default).map(|path| Grant {
                right: Right::Read,
                pattern: globset::escape(&path),
                span: name.span,
                by: By::Param(name.value.clone()),
            }));
        }
    }
    grants
}

fn of_tasks(tasks: &[schema::Task], grants: &mut Vec<Grant>) {
    for task in tasks {
        match task {
            schema::Task::Step(step) => {
                let grant = |right, path: &Spanned<String>, by| Grant {
                    right,
                    pattern: wildcard(&path.value),
                    span: path.span,
                    by,
                };
                let name = &step.name.value;
                grants.extend(step.input.iter().map(|input| grant(Right::Read, input, By::Input(name.clone()))));
                grants.extend(step.output.iter().map(|output| grant(Right::Write, output, By::Output(name.clone()))));
            }
            schema::Task::Stage(stage) => of_tasks(&stage.tasks, grants),
            schema::Task::Each(each) => of_tasks(&each.tasks, grants),
            schema::Task::Repeat(repeat) => of_tasks(&repeat.tasks, grants),
            schema::Task::Choose(choose) => {
                choose.branches.iter().for_each(|branch| of_tasks(&branch.tasks, grants));
                choose.otherwise.iter().for_each(|otherwise| of_tasks(&otherwise.tasks, grants));
            }
            schema::Task::Wait(_) | schema::Task::Run(_) | schema::Task::End(_) | schema::Task::Fail(_) => {}
        }
    }
}

/// A string with `*` for every `${…}`: what it can become, as a glob.
fn wildcard(text: &str) -> String {
    let mut glob = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        glob.push_str(before);
        glob.push('*');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    glob.push_str(rest);
    glob
}

impl Workshop<'_, '_> {
    /// Whether a facet's `detect` is true, with the parameters as they are without it.
    ///
    /// # Errors
    /// What is wrong with the code, or what it threw.
    pub fn detect(&mut self, facet: &thinking_manifest::FacetDeclaration) -> Result<bool, Diagnostic> {
        let Some((code, span)) = &facet.detect else { return Ok(false) };
        let code = schema::Code(Spanned { value: code.clone(), span: Some(*span) });
        let scope = scope(self, false);
        let mut wrong = Diagnostics::new();
        let program = self.compiler.code(&code, self.sources, &scope, &NoResults, Purpose::Pure, &mut wrong);
        let Some(program) = program else {
            let otherwise =
                || Diagnostic::error(Code::ScriptSyntax, "this `detect` cannot be evaluated").at(*span, "here");
            return Err(wrong.into_iter().next().unwrap_or_else(otherwise));
        };
        let host = pure::host(&self.params, &active_facets(self.model), self.model.selection.mode, None);
        match program.eval(&host) {
            Ok(Value::Bool(detected)) => Ok(detected),
            Ok(other) => {
                Err(Diagnostic::error(Code::InvalidDetect, format!("`detect` gives {other}, not true or false"))
                    .at(*span, "here"))
            }
            Err(error) => {
                Err(Diagnostic::error(Code::InvalidDetect, error.message).at(error.span.or(Some(*span)), "here"))
            }
        }
    }
}
