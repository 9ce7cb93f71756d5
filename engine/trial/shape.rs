//! A case to tasks, and which part of the test each of them belongs to.
//!
//! ```text
//! stage on-error=skip { before setup; setups }      outermost suite first
//! stage on-error=skip { after setup }               one for each aspect
//! stage on-error=skip when passed { before run; what the test does }
//! stage on-error=skip { after run }
//! stage on-error=skip { before teardown }
//! stage on-error=skip { teardown }                  one each, the test's own first
//! stage on-error=skip { after teardown }
//! ```

use crate::case::{Case, Variable};
use crate::codes::Codes;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use thinking_diagnostic::{Span, Spanned};
use thinking_event::testing::PhaseKind;
use thinking_schema::{
    Act, Acts, Aspect, Call, Code, CrashAt, Fails, Named, OnErrorWord, RunAct, RunPipeline, Stage, Step, Task,
    Templated, Titled, Tree,
};

/// Tasks, and what they are to the test.
#[derive(Default)]
pub(crate) struct Shape {
    pub tasks: Vec<Task>,
    pub parts: Vec<Part>,
    /// By the path of a step that the test has of its own.
    pub roles: BTreeMap<String, Role>,
    pub runs: Vec<Run>,
    /// Pipelines that are killed on the way.
    pub crashes: Vec<Spanned<RunAct>>,
    /// Variables that are there from the beginning.
    pub variables: Vec<(String, Option<Span>)>,
    /// Where what is torn down begins in `tasks`: what still runs if the test was stopped.
    pub teardown: usize,
    /// How many parts there are up to each of `tasks`.
    ends: Vec<usize>,
}

/// A part of a test, as reports show it.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub kind: PhaseKind,
    /// `setup`, `run` or `teardown`: what `test.stage` is in it.
    pub stage: &'static str,
    pub title: String,
    /// Of a teardown: the setup whose value it gets, by the number of its part.
    pub undoes: Option<usize>,
}

/// What a step is to the test.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    pub part: usize,
    pub job: Job,
}

#[derive(Debug, Clone)]
pub(crate) enum Job {
    /// Does something; its result goes nowhere.
    Act,
    /// Does something; its result goes into that variable.
    Gives(&'static str),
    /// Evaluates the part's title.
    Title,
    /// Sets variables.
    Sets(Vec<Variable>),
    /// Fails if that run did not fail as it should.
    MustHaveFailed(usize),
}

/// A pipeline under test.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub part: usize,
    /// The path of its task.
    pub path: String,
    pub name: String,
    /// How it must fail, if it must.
    pub fails: Option<Spanned<Fails>>,
    pub act: Spanned<RunAct>,
}

impl Shape {
    /// What is torn down: each task with the numbers of its parts.
    pub fn torn_down(&self) -> impl Iterator<Item = (&Task, Range<usize>)> {
        let before = |at: usize| at.checked_sub(1).and_then(|at| self.ends.get(at)).copied().unwrap_or_default();
        let parts = self.ends.iter().enumerate().map(move |(at, end)| before(at)..*end);
        self.tasks.iter().zip(parts).skip(self.teardown)
    }

    /// The run that a path is in.
    pub fn run_of(&self, path: &str) -> Option<usize> {
        let within = |run: &Run| {
            path.strip_prefix(&run.path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']))
        };
        self.runs.iter().position(within)
    }

    /// The part that a path belongs to.
    pub fn part_of(&self, path: &str) -> Option<usize> {
        match self.roles.get(path) {
            Some(role) => Some(role.part),
            None => self.run_of(path).and_then(|run| self.runs.get(run)).map(|run| run.part),
        }
    }
}

/// Which variables every test has.
pub(crate) const VARIABLES: &[&str] = &["fixture", "outcome", "error", "result", "test", "args", "doc", "table"];

/// The tasks of a case.
pub(crate) fn shape(case: &Case<'_>, codes: &Codes) -> Shape {
    let mut shaper = Shaper { shape: Shape::default(), stage: "setup", codes, number: 0, runs: BTreeSet::new() };
    shaper.whole(case);
    let mut shape = shaper.shape;
    shape.variables = VARIABLES.iter().map(|name| ((*name).to_owned(), None)).collect();
    shape.variables.extend(case.row.iter().map(|variable| (variable.name.value.clone(), variable.name.span)));
    let given = case.given.values().flatten();
    shape.variables.extend(given.map(|variable| (variable.name.value.clone(), variable.name.span)));
    shape
}

struct Shaper<'s> {
    shape: Shape,
    stage: &'static str,
    codes: &'s Codes,
    number: usize,
    /// Pipelines that were run so far.
    runs: BTreeSet<String>,
}

impl Shaper<'_> {
    fn whole(&mut self, case: &Case<'_>) {
        let aspects: Vec<(&str, &Aspect)> =
            aspects(&case.manifest.aspect).chain(case.suites.iter().flat_map(|suite| aspects(&suite.aspect))).collect();
        // Setups, outermost first.
        let setups = case.suites.iter().map(|suite| suite.setup.as_ref()).chain([case.test.setup.as_ref()]);
        let mut first = Vec::new();
        self.befores(&aspects, "setup", &mut first);
        // For each suite, and the test: the nearest setup that its teardown belongs to.
        let mut made = Vec::new();
        for setup in setups {
            let outer = made.last().copied().flatten();
            let own = setup.map(|setup| {
                let part = self.part(PhaseKind::Setup, "");
                self.acts(&setup.value.acts, part, &mut first, Some("fixture"));
                part
            });
            made.push(own.or(outer));
        }
        let guarded = !first.is_empty();
        self.apart(first, None);
        self.afters(&aspects, "setup");
        self.stage = "run";
        let mut body = Vec::new();
        self.befores(&aspects, "run", &mut body);
        self.body(case, &mut body);
        self.apart(body, guarded.then(|| self.codes.passed.clone()));
        self.shape.teardown = self.shape.tasks.len();
        self.afters(&aspects, "run");
        self.stage = "teardown";
        for (name, aspect) in &aspects {
            for around in aspect.around.iter().filter(|around| named(&around.value.phases, "teardown")) {
                self.aspect(name, around.value.before.as_ref());
            }
        }
        let suites = case.suites.iter().rev().map(|suite| suite.teardown.as_ref());
        let teardowns = [case.test.teardown.as_ref()].into_iter().chain(suites);
        for (teardown, undoes) in teardowns.zip(made.into_iter().rev()) {
            let Some(teardown) = teardown else { continue };
            let part = self.part(PhaseKind::Teardown, "");
            let mut tasks = Vec::new();
            self.acts(&teardown.value.acts, part, &mut tasks, None);
            self.shape.parts.iter_mut().skip(part).for_each(|part| part.undoes = undoes);
            self.apart(tasks, None);
        }
        self.afters(&aspects, "teardown");
    }

    fn body(&mut self, case: &Case<'_>, tasks: &mut Vec<Task>) {
        let mut body = None;
        for (at, act) in case.test.acts.iter().enumerate() {
            let (kind, titled) = match act {
                Act::Given(titled) => (PhaseKind::Given, Some(titled)),
                Act::When(titled) => (PhaseKind::When, Some(titled)),
                Act::Then(titled) => (PhaseKind::Then, Some(titled)),
                Act::Run(_) | Act::CrashEverywhere(_) => (PhaseKind::Run, None),
                _ => (PhaseKind::Body, None),
            };
            match titled {
                Some(titled) => {
                    body = None;
                    self.titled(kind, titled, case.given.get(&at), tasks);
                }
                None if kind == PhaseKind::Run => {
                    body = None;
                    self.act(act, 0, tasks, Some("result"));
                }
                None => {
                    let part = *body.get_or_insert_with(|| self.part(PhaseKind::Body, ""));
                    self.act(act, part, tasks, Some("result"));
                }
            }
        }
    }

    fn titled(
        &mut self,
        kind: PhaseKind,
        titled: &Spanned<Titled>,
        given: Option<&Vec<Variable>>,
        tasks: &mut Vec<Task>,
    ) {
        let part = self.part(kind, &titled.value.title.value);
        if let Some(given) = given {
            self.own(Job::Sets(given.clone()), part, Body::Nothing, titled.span, tasks);
        }
        if titled.value.title.value.contains("${") {
            self.own(Job::Title, part, Body::Title(titled.value.title.clone()), titled.value.title.span, tasks);
        }
        self.acts(&titled.value.acts, part, tasks, None);
    }

    fn part(&mut self, kind: PhaseKind, title: &str) -> usize {
        self.shape.parts.push(Part { kind, stage: self.stage, title: title.to_owned(), undoes: None });
        self.shape.parts.len() - 1
    }

    /// A stage of its own, whose failure ends nothing but itself.
    fn apart(&mut self, tasks: Vec<Task>, when: Option<Code>) {
        if !tasks.is_empty() {
            let stage = skipping(tasks, when);
            self.shape.tasks.push(stage);
            self.shape.ends.push(self.shape.parts.len());
        }
    }

    fn befores(&mut self, aspects: &[(&str, &Aspect)], phase: &str, tasks: &mut Vec<Task>) {
        for (name, aspect) in aspects {
            for around in aspect.around.iter().filter(|around| named(&around.value.phases, phase)) {
                if let Some(before) = &around.value.before {
                    let part = self.part(PhaseKind::Aspect, name);
                    self.acts(&before.value.acts, part, tasks, None);
                }
            }
        }
    }

    fn afters(&mut self, aspects: &[(&str, &Aspect)], phase: &str) {
        for (name, aspect) in aspects.iter().rev() {
            for around in aspect.around.iter().rev().filter(|around| named(&around.value.phases, phase)) {
                self.aspect(name, around.value.after.as_ref());
            }
        }
    }

    fn aspect(&mut self, name: &str, acts: Option<&Spanned<Acts>>) {
        let Some(acts) = acts else { return };
        let part = self.part(PhaseKind::Aspect, name);
        let mut tasks = Vec::new();
        self.acts(&acts.value.acts, part, &mut tasks, None);
        self.apart(tasks, None);
    }

    /// What is done in a part; the last value goes into `gives`.
    fn acts(&mut self, acts: &[Act], part: usize, tasks: &mut Vec<Task>, gives: Option<&'static str>) {
        for (at, act) in acts.iter().enumerate() {
            let last = at + 1 == acts.len();
            self.act(act, part, tasks, if last { gives.or(Some("result")) } else { Some("result") });
        }
    }

    fn act(&mut self, act: &Act, part: usize, tasks: &mut Vec<Task>, gives: Option<&'static str>) {
        let job = |is_script: bool| match gives {
            // What a script wants to pass on it declares.
            Some("result") if is_script => Job::Act,
            Some(name) => Job::Gives(name),
            None => Job::Act,
        };
        match act {
            Act::Rhai(script) => {
                self.own(job(true), part, Body::Rhai(script.value.code.clone()), script.span, tasks);
            }
            Act::Script(script) => self.own(job(true), part, Body::File(script.value.file.clone()), script.span, tasks),
            Act::Call(call) => self.own(job(false), part, Body::Call(call.clone()), call.span, tasks),
            Act::Exec(exec) => self.own(job(false), part, Body::Exec(Box::new(exec.clone())), exec.span, tasks),
            Act::Run(run) => self.run(run, tasks),
            Act::CrashEverywhere(crash) => {
                let part = self.part(PhaseKind::Run, &crash.value.pipeline.value);
                let run = RunAct {
                    pipeline: crash.value.pipeline.clone(),
                    params: crash.value.params.clone(),
                    fails: None,
                    fail: Vec::new(),
                    crash: Vec::new(),
                    snapshot: None,
                    facet: None,
                };
                self.shape.crashes.push(Spanned { value: run, span: crash.span });
                let call = crash_call(&crash.value.pipeline, crash.value.params.as_ref(), Vec::new(), crash.span);
                self.own(Job::Act, part, Body::Call(call), crash.span, tasks);
            }
            Act::Given(titled) | Act::When(titled) | Act::Then(titled) => {
                // The schema lets them stand in each other; then the inner one is a part like any other.
                let kind = match act {
                    Act::Given(_) => PhaseKind::Given,
                    Act::When(_) => PhaseKind::When,
                    _ => PhaseKind::Then,
                };
                self.titled(kind, titled, None, tasks);
            }
        }
    }

    fn run(&mut self, run: &Spanned<RunAct>, tasks: &mut Vec<Task>) {
        let name = &run.value.pipeline;
        let part = self.part(PhaseKind::Run, &name.value);
        if !run.value.crash.is_empty() {
            let call = crash_call(name, run.value.params.as_ref(), run.value.crash.clone(), run.span);
            self.shape.crashes.push(run.clone());
            self.own(Job::Gives("result"), part, Body::Call(call), run.span, tasks);
            if let Some(name) = &run.value.snapshot {
                self.own(Job::Act, part, Body::Snapshot(name.clone()), name.span, tasks);
            }
            return;
        }
        let task = run_task(run);
        // Two runs of one pipeline are told apart by their paths.
        let (path, task) = if self.runs.insert(name.value.clone()) {
            (name.value.clone(), task)
        } else {
            self.number += 1;
            let around = format!("again-{}", self.number);
            (format!("{around}/{}", name.value), stage(Some(around), vec![task], None, None))
        };
        let number = self.shape.runs.len();
        let fails = run.value.fails.clone().filter(|fails| fails.value != Fails::Any(false));
        self.shape.runs.push(Run { part, path, name: name.value.clone(), fails: fails.clone(), act: run.clone() });
        match fails {
            Some(fails) => {
                tasks.push(skipping(vec![task], None));
                self.own(Job::MustHaveFailed(number), part, Body::Nothing, fails.span, tasks);
            }
            None => tasks.push(task),
        }
        if let Some(name) = &run.value.snapshot {
            self.own(Job::Act, part, Body::Snapshot(name.clone()), name.span, tasks);
        }
    }

    /// A step that the test has of its own.
    fn own(&mut self, job: Job, part: usize, body: Body, span: Option<Span>, tasks: &mut Vec<Task>) {
        self.number += 1;
        // No name in a manifest has a blank.
        let name = format!("part {}", self.number);
        self.shape.roles.insert(name.clone(), Role { part, job });
        let (mut rhai, mut script, mut call, mut exec) = (None, None, None, None);
        match body {
            Body::Nothing => rhai = Some(self.codes.nothing.clone()),
            Body::Rhai(code) => rhai = Some(code),
            Body::File(file) => script = Some(file),
            Body::Call(given) => call = Some(given),
            Body::Exec(given) => exec = Some(*given),
            Body::Title(title) => call = Some(native("test.title", &title)),
            Body::Snapshot(name) => call = Some(native("test.snapshot", &name)),
        }
        let step = Step {
            name: Spanned { value: name, span },
            rhai,
            script,
            call,
            exec,
            input: Vec::new(),
            output: Vec::new(),
            always: None,
            when: None,
            timeout: None,
            retry: None,
            on_error: None,
            facet: None,
            description: None,
            tags: Vec::new(),
        };
        tasks.push(Task::Step(Box::new(Spanned { value: step, span })));
    }
}

enum Body {
    Nothing,
    Rhai(Code),
    File(Spanned<String>),
    Call(Spanned<Call>),
    Exec(Box<Spanned<thinking_schema::Exec>>),
    Title(Spanned<String>),
    Snapshot(Spanned<String>),
}

/// A pipeline under test as a task.
pub(crate) fn run_task(run: &Spanned<RunAct>) -> Task {
    Task::Run(Spanned {
        value: RunPipeline {
            pipeline: run.value.pipeline.clone(),
            params: run.value.params.clone(),
            when: None,
            timeout: None,
            retry: None,
            on_error: None,
            facet: None,
            description: None,
            tags: Vec::new(),
        },
        span: run.span,
    })
}

/// A call of a step that only tests have.
fn native(name: &str, text: &Spanned<String>) -> Spanned<Call> {
    let argument = Spanned { value: Tree::Text(text.value.clone()), span: text.span };
    let operation = Spanned { value: name.to_owned(), span: text.span };
    Spanned {
        value: Call { operation, arguments: vec![(Spanned { value: "text".to_owned(), span: text.span }, argument)] },
        span: text.span,
    }
}

/// A call of the step that runs a pipeline in processes of its own and kills them: everywhere if no place is given.
fn crash_call(
    pipeline: &Spanned<String>,
    params: Option<&Spanned<Tree>>,
    crashes: Vec<Spanned<CrashAt>>,
    span: Option<Span>,
) -> Spanned<Call> {
    let mut call = native("test.crash", pipeline);
    let named = |name: &str| Spanned { value: name.to_owned(), span };
    if let Some(params) = params {
        call.value.arguments.push((named("params"), params.clone()));
    }
    if !crashes.is_empty() {
        let text = |at: Spanned<CrashAt>| Spanned { value: Tree::Text(at.value.at.value), span: at.value.at.span };
        let list = Tree::List(crashes.into_iter().map(text).collect());
        call.value.arguments.push((named("crash"), Spanned { value: list, span }));
    }
    Spanned { span, ..call }
}

fn aspects(aspects: &Named<Aspect>) -> impl Iterator<Item = (&str, &Aspect)> {
    aspects.iter().map(|(name, aspect)| (name.value.as_str(), aspect))
}

fn named(phases: &[Spanned<String>], phase: &str) -> bool {
    phases.iter().any(|known| known.value == phase)
}

fn skipping(tasks: Vec<Task>, when: Option<Code>) -> Task {
    stage(None, tasks, when, Some(OnErrorWord::Skip))
}

fn stage(name: Option<String>, tasks: Vec<Task>, when: Option<Code>, on_error: Option<OnErrorWord>) -> Task {
    let value = |word| Templated::Value(Spanned { value: word, span: None });
    Task::Stage(Spanned {
        value: Stage {
            name: name.map(|name| Spanned { value: name, span: None }),
            tasks,
            when,
            timeout: None,
            retry: None,
            on_error: on_error.map(value),
            facet: None,
            description: None,
            tags: Vec::new(),
        },
        span: None,
    })
}
