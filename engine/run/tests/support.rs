//! Plans made by hand, a reporter that remembers, and a project in a temporary directory.

use crate::{
    ApplyError, Clock, Launch, ManualClock, Options, Preview, PreviewRequest, StopSignal, apply, datum, preview,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use thinking_diagnostic::Span;
use thinking_event::{Event, Reporter, RunEnd};
use thinking_plan::{
    Body, Branch, Call, Callee, Exec, OnError, ParamValue, Plan, Retry, Setting, StdoutAs, Step, Task, TaskId,
    TaskKind, Template, TemplatePart, TemplateValue, Wait,
};
use thinking_step::{
    Datum, Definition, DefinitionPart, Host, Mode, NativeStep, Permissions, Program, Reference, ReferenceKind,
    StepError, Value, digest,
};
use thinking_store::memory::MemoryStore;
use thinking_store::{Durability, Scan, Store};

type Run = dyn Fn(&Arc<dyn Host>) -> Result<Value, StepError> + Send + Sync;

struct Closure(String, Vec<Reference>, Box<Run>);

impl Program for Closure {
    fn eval(&self, host: &Arc<dyn Host>) -> Result<Value, StepError> {
        (self.2)(host)
    }
    fn references(&self) -> &[Reference] {
        &self.1
    }
    fn canonical(&self) -> (&str, &[(u32, Span)]) {
        (&self.0, &[])
    }
    fn volatile(&self) -> bool {
        false
    }
}

/// A program made of a closure. The text stands for its meaning.
pub(super) fn program(
    text: &str,
    run: impl Fn(&Arc<dyn Host>) -> Result<Value, StepError> + Send + Sync + 'static,
) -> Arc<dyn Program> {
    referring(text, Vec::new(), run)
}

/// The same, that says what it mentions.
pub(super) fn referring(
    text: &str,
    kinds: Vec<ReferenceKind>,
    run: impl Fn(&Arc<dyn Host>) -> Result<Value, StepError> + Send + Sync + 'static,
) -> Arc<dyn Program> {
    let span = Span { source: thinking_diagnostic::SourceId(0), start: 0, end: 0 };
    let references = kinds.into_iter().map(|kind| Reference { kind, span }).collect();
    Arc::new(Closure(text.to_owned(), references, Box::new(run)))
}

/// An expression with a fixed value.
pub(super) fn value(value: impl Into<Value>) -> Arc<dyn Program> {
    let value = value.into();
    program(&value.to_string(), move |_| Ok(value.clone()))
}

/// A task to be put into a plan.
#[derive(Clone)]
pub(super) struct Node {
    pub name: Option<&'static str>,
    pub when: Option<Arc<dyn Program>>,
    pub retry: Option<Arc<Retry>>,
    pub timeout: Option<Setting<std::time::Duration>>,
    pub on_error: OnError,
    pub kind: Kind,
}

/// A branch of a `choose`: its condition and what is in it.
pub(super) type BranchNode = (Option<Arc<dyn Program>>, Vec<Node>);

#[derive(Clone)]
pub(super) enum Kind {
    Stage(Vec<Node>),
    Step(Box<StepNode>),
    Each(&'static str, Arc<dyn Program>, Option<Arc<dyn Program>>, Vec<Node>),
    Repeat(&'static str, Arc<dyn Program>, Option<u32>, Vec<Node>),
    Choose(bool, Vec<BranchNode>),
    Run(Vec<(&'static str, TemplateValue)>, Vec<Node>),
    End,
    Fail(&'static str),
}

#[derive(Clone)]
pub(super) struct StepNode {
    pub body: Body,
    pub text: String,
    pub inputs: Vec<&'static str>,
    pub outputs: Vec<&'static str>,
    pub always: bool,
}

impl Node {
    fn new(name: Option<&'static str>, kind: Kind) -> Self {
        Self { name, when: None, retry: None, timeout: None, on_error: OnError::Fail, kind }
    }
    pub fn when(mut self, when: Arc<dyn Program>) -> Self {
        self.when = Some(when);
        self
    }
    pub fn skip(mut self) -> Self {
        self.on_error = OnError::Skip;
        self
    }
    pub fn timeout(mut self, millis: u64) -> Self {
        self.timeout = Some(Setting::Fixed(std::time::Duration::from_millis(millis)));
        self
    }
    pub fn retry(mut self, tries: u32) -> Self {
        self.retry = Some(Arc::new(Retry {
            tries: Setting::Fixed(tries),
            backoff: Setting::Fixed(thinking_plan::Backoff::Fixed),
            initial: Setting::Fixed(std::time::Duration::from_secs(1)),
            max: None,
            jitter: Setting::Fixed(false),
            on: Vec::new(),
        }));
        self
    }
    fn step(mut self, change: impl FnOnce(&mut StepNode)) -> Self {
        if let Kind::Step(step) = &mut self.kind {
            change(step);
        }
        self
    }
    pub fn always(self) -> Self {
        self.step(|step| step.always = true)
    }
    pub fn input(self, glob: &'static str) -> Self {
        self.step(|step| step.inputs.push(glob))
    }
    pub fn output(self, path: &'static str) -> Self {
        self.step(|step| step.outputs.push(path))
    }
}

pub(super) fn stage(name: &'static str, children: Vec<Node>) -> Node {
    Node::new(Some(name), Kind::Stage(children))
}
pub(super) fn each(variable: &'static str, items: Arc<dyn Program>, children: Vec<Node>) -> Node {
    Node::new(Some(variable), Kind::Each(variable, items, None, children))
}
pub(super) fn keyed(
    variable: &'static str,
    items: Arc<dyn Program>,
    key: Arc<dyn Program>,
    children: Vec<Node>,
) -> Node {
    Node::new(Some(variable), Kind::Each(variable, items, Some(key), children))
}
pub(super) fn repeat(variable: &'static str, until: Arc<dyn Program>, max: Option<u32>, children: Vec<Node>) -> Node {
    Node::new(Some(variable), Kind::Repeat(variable, until, max, children))
}
pub(super) fn choose(all: bool, branches: Vec<BranchNode>) -> Node {
    Node::new(None, Kind::Choose(all, branches))
}
pub(super) fn inner(name: &'static str, params: Vec<(&'static str, TemplateValue)>, children: Vec<Node>) -> Node {
    Node::new(Some(name), Kind::Run(params, children))
}
pub(super) fn end() -> Node {
    Node::new(None, Kind::End)
}
pub(super) fn fail(reason: &'static str) -> Node {
    Node::new(None, Kind::Fail(reason))
}

fn body(name: &'static str, text: &str, body: Body) -> Node {
    let step = StepNode { body, text: text.to_owned(), inputs: vec![], outputs: vec![], always: false };
    Node::new(Some(name), Kind::Step(Box::new(step)))
}

/// A step; `text` is its definition.
pub(super) fn step(
    name: &'static str,
    text: &str,
    run: impl Fn(&Arc<dyn Host>) -> Result<Value, StepError> + Send + Sync + 'static,
) -> Node {
    body(name, text, Body::Script(program(text, run)))
}

/// A step that writes a value.
pub(super) fn put(name: &'static str, key: &'static str, written: impl Into<Value>) -> Node {
    let written = written.into();
    step(name, &format!("put {key} {written}"), move |host| {
        host.put("data", key, Datum::Json(written.clone()))?;
        Ok(written.clone())
    })
}

/// A `wait`.
pub(super) fn wait(name: &'static str, wait: Wait) -> Node {
    body(name, "wait", Body::Wait(wait))
}

pub(super) fn call(name: &'static str, native: Arc<dyn NativeStep>, arguments: Value) -> Node {
    body(
        name,
        native.name(),
        Body::Call(Call {
            callee: Callee::Step { step: native.clone(), dependencies: Vec::new() },
            arguments: TemplateValue::Fixed(arguments),
        }),
    )
}

/// `sh -c script`
pub(super) fn shell(name: &'static str, script: &str, stdout: Option<StdoutAs>) -> Node {
    let text = |text: &str| Template::fixed(text, None);
    let exec = Exec {
        program: text("sh"),
        arguments: vec![text("-c"), text(script)],
        environment: vec![],
        stdin: None,
        directory: None,
        stdout: stdout.map(Setting::Fixed),
    };
    body(name, script, Body::Exec(Box::new(exec)))
}

/// A template of one expression.
pub(super) fn template(program: Arc<dyn Program>) -> TemplateValue {
    TemplateValue::Template(Template { parts: vec![TemplatePart::Code(program)], span: None, source: "${…}".into() })
}

/// Where a project lies.
pub(super) enum Directory {
    Temporary(tempfile::TempDir),
    /// Its files are there already, or stay.
    Given(std::path::PathBuf),
}

/// A project in a temporary directory with a state in memory.
pub(super) struct Project {
    pub directory: Directory,
    pub store: Arc<dyn Store>,
    pub clock: Arc<ManualClock>,
    /// Instead of `clock`.
    pub other_clock: Option<Arc<dyn Clock>>,
    pub stop: StopSignal,
    pub params: BTreeMap<&'static str, (Value, bool)>,
    pub options: Options,
    pub pipeline: &'static str,
    pub seed: i64,
}

/// What a run told, and how it ended.
#[derive(Debug)]
pub(super) struct Told {
    pub end: RunEnd,
    pub events: Vec<Event>,
}

#[derive(Default)]
struct Memory(Mutex<Vec<Event>>);

impl Reporter for Memory {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

impl Project {
    pub fn new() -> Self {
        Self::on(Arc::new(MemoryStore::default()))
    }

    pub fn on(store: Arc<dyn Store>) -> Self {
        Self {
            directory: Directory::Temporary(tempfile::tempdir().unwrap()),
            store,
            clock: Arc::default(),
            other_clock: None,
            stop: StopSignal::new(std::time::Duration::ZERO),
            params: BTreeMap::new(),
            options: Options::default(),
            pipeline: "main",
            seed: 0,
        }
    }

    pub fn path(&self) -> &Path {
        match &self.directory {
            Directory::Temporary(directory) => directory.path(),
            Directory::Given(path) => path,
        }
    }

    pub fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.path().join(name)).ok()
    }

    pub fn plan(&self, nodes: &[Node]) -> Plan {
        let (root, state) = (self.path().canonicalize().unwrap(), self.path().join(".thinking"));
        let everything = ["**".to_owned()];
        let run = ["sh".to_owned(), "no-such-program".to_owned()];
        let mut plan = Plan {
            project: "test".into(),
            named: true,
            pipeline: self.pipeline.into(),
            tasks: vec![],
            root: vec![],
            databases: vec!["data".into()],
            params: Default::default(),
            facets: vec![],
            remembered_facets: Vec::new(),
            mode: Mode::App,
            permissions: Permissions::new(&root, &state, &everything, &everything, &[], &run, &[]).unwrap(),
            seed: self.seed,
            digest: digest(b""),
            directory: root,
            wiring: Default::default(),
            wirer: Default::default(),
            hooks: Default::default(),
            resources: Vec::new(),
        };
        for (name, (value, secret)) in &self.params {
            let param = ParamValue { value: value.clone(), secret: *secret, given: true, span: None };
            plan.params.values.insert((*name).into(), param);
        }
        let mut text = String::new();
        plan.root = nodes.iter().map(|node| add(&mut plan, node, None, "", &mut text)).collect();
        plan.digest = digest(text.as_bytes());
        plan
    }

    pub fn apply(&self, nodes: &[Node]) -> Told {
        self.try_apply(nodes).unwrap()
    }

    pub fn try_apply(&self, nodes: &[Node]) -> Result<Told, ApplyError> {
        self.try_apply_plan(self.plan(nodes))
    }

    pub fn apply_plan(&self, plan: Plan) -> Told {
        self.try_apply_plan(plan).unwrap()
    }

    fn try_apply_plan(&self, plan: Plan) -> Result<Told, ApplyError> {
        let reporter = Arc::new(Memory::default());
        let state = self.path().canonicalize().unwrap().join(".thinking");
        let end = apply(Launch {
            plan: Arc::new(plan),
            store: self.store.clone(),
            line: "main".to_owned(),
            reporter: reporter.clone(),
            stop: self.stop.clone(),
            clock: self.other_clock.clone().unwrap_or_else(|| self.clock.clone()),
            runs_directory: state.join("runs"),
            state_directory: state,
            options: self.options.clone(),
            remembered: vec![],
            durability: Durability::Step,
            environment: Arc::new(|_| None),
            test: None,
            hidden: vec![],
        })?;
        let events = std::mem::take(&mut *reporter.0.lock().unwrap());
        Ok(Told { end: end.end, events })
    }

    pub fn preview(&self, nodes: &[Node]) -> Preview {
        self.preview_plan(self.plan(nodes), Options::default())
    }

    pub fn preview_plan(&self, plan: Plan, options: Options) -> Preview {
        let request = PreviewRequest {
            plan: Arc::new(plan),
            store: self.store.clone(),
            line: "main".to_owned(),
            clock: self.clock.clone(),
            state_directory: self.path().join(".thinking"),
            options,
            environment: Arc::new(|_| None),
        };
        preview(request).unwrap()
    }

    /// Everything in the database, as text.
    pub fn data(&self) -> BTreeMap<String, String> {
        let store = &*self.store;
        let view = store.view("main").unwrap();
        let database = store.database("data").unwrap();
        let rows = store.scan(&view, Scan { database, prefix: b"", after: None, limit: 10_000 }).unwrap();
        let shown = |bytes: &[u8]| match datum::decode(bytes).unwrap() {
            Datum::Json(value) => value.to_string(),
            Datum::Blob(blob) => format!("{blob:?}"),
        };
        rows.into_iter().map(|(key, value)| (String::from_utf8(key).unwrap(), shown(&value))).collect()
    }

    pub fn get(&self, key: &str) -> Option<String> {
        self.data().remove(key)
    }
}

impl Told {
    /// The events that say what happened, a word and a path each.
    pub fn lines(&self) -> Vec<String> {
        let line = |event: &Event| match event {
            Event::StepDone { task, .. } => Some(format!("done {}", task.path)),
            Event::StepsKept { task, count } => Some(format!("kept {count} up to {}", task.path)),
            Event::Rerun { task, reason, dropped, .. } => Some(format!("rerun {} ({dropped}): {reason}", task.path)),
            Event::TaskSkipped { task } => Some(format!("skipped {}", task.path)),
            Event::TaskFailed { task, error, passed_over, .. } => {
                Some(format!("{} {}: {error}", if *passed_over { "passed over" } else { "failed" }, task.path))
            }
            Event::AttemptFailed { task, attempt, pause, .. } => Some(format!("again {} {attempt} {pause}", task.path)),
            _ => None,
        };
        self.events.iter().filter_map(line).collect()
    }

    /// Paths of the steps that ran.
    pub fn ran(&self) -> Vec<String> {
        let done = |line: String| line.strip_prefix("done ").map(str::to_owned);
        self.lines().into_iter().filter_map(done).collect()
    }
}

fn add(plan: &mut Plan, node: &Node, parent: Option<TaskId>, around: &str, text: &mut String) -> TaskId {
    let path = match node.name {
        Some(name) if around.is_empty() => name.to_owned(),
        Some(name) => format!("{around}/{name}"),
        None => around.to_owned(),
    };
    let id = TaskId(plan.tasks.len() as u32);
    plan.tasks.push(Task {
        name: node.name.map(Into::into),
        path: path.as_str().into(),
        parent,
        span: None,
        when: node.when.clone(),
        retry: node.retry.clone(),
        timeout: node.timeout.clone(),
        on_error: Setting::Fixed(node.on_error),
        kind: TaskKind::End,
    });
    let when = node.when.as_ref().map(|when| when.canonical().0.to_owned());
    text.push_str(&format!("{path} {when:?} {:?} (", node.on_error));
    let all = |plan: &mut Plan, children: &[Node], text: &mut String| -> Vec<TaskId> {
        children.iter().map(|child| add(plan, child, Some(id), &path, text)).collect()
    };
    let kind = match &node.kind {
        Kind::Stage(children) => TaskKind::Stage { children: all(plan, children, text) },
        Kind::Each(variable, items, key, children) => {
            text.push_str(items.canonical().0);
            let children = all(plan, children, text);
            TaskKind::Each { variable: (*variable).into(), items: items.clone(), key: key.clone(), children }
        }
        Kind::Repeat(variable, until, max, children) => {
            text.push_str(until.canonical().0);
            let (children, max) = (all(plan, children, text), max.map(Setting::Fixed));
            TaskKind::Repeat { variable: (*variable).into(), until: until.clone(), max, children }
        }
        Kind::Choose(choose_all, branches) => {
            let branches = branches.iter().map(|(condition, children)| {
                text.push_str(condition.as_ref().map_or("", |condition| condition.canonical().0));
                Branch { condition: condition.clone(), children: all(plan, children, text), span: None }
            });
            TaskKind::Choose { all: *choose_all, branches: branches.collect() }
        }
        Kind::Run(params, children) => {
            let params = params.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
            TaskKind::Run { pipeline: "other".into(), params, children: all(plan, children, text) }
        }
        Kind::End => {
            text.push_str("end");
            TaskKind::End
        }
        Kind::Fail(reason) => {
            text.push_str("fail");
            TaskKind::Fail { reason: Template::fixed(*reason, None) }
        }
        Kind::Step(step) => {
            text.push_str(&step.text);
            let part = DefinitionPart { label: "`rhai`".to_owned(), text: step.text.clone(), places: vec![] };
            let globs = |globs: &[&'static str]| globs.iter().map(|glob| Template::fixed(*glob, None)).collect();
            TaskKind::Step(Box::new(Step {
                body: step.body.clone(),
                inputs: globs(&step.inputs),
                outputs: globs(&step.outputs),
                always: step.always,
                definition: Arc::new(Definition { parts: vec![part] }),
            }))
        }
    };
    text.push(')');
    plan.tasks[id.0 as usize].kind = kind;
    id
}
