//! What a small step costs beyond its own work: a loop of steps that each write one key, on a state on disk.
//!
//! `cargo bench -p thinking-run`; divide the time by the number of steps.
#![allow(clippy::unwrap_used, reason = "a benchmark may fail loudly")]

use divan::Bencher;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use thinking_diagnostic::Span;
use thinking_event::{Event, Reporter, RunEnd};
use thinking_plan::{Body, OnError, Plan, Setting, Step, Task, TaskId, TaskKind};
use thinking_run::{Launch, Options, StopSignal, SystemClock, apply};
use thinking_step::{Datum, Definition, Host, Mode, Permissions, Program, Reference, StepError, Value, digest};
use thinking_store::{Durability, Store};
use thinking_store_lmdb::{LmdbStore, OpenOptions};

fn main() {
    divan::main();
}

struct Closure<F>(F);

impl<F: Fn(&Arc<dyn Host>) -> Result<Value, StepError> + Send + Sync> Program for Closure<F> {
    fn eval(&self, host: &Arc<dyn Host>) -> Result<Value, StepError> {
        (self.0)(host)
    }
    fn references(&self) -> &[Reference] {
        &[]
    }
    fn canonical(&self) -> (&str, &[(u32, Span)]) {
        ("", &[])
    }
    fn volatile(&self) -> bool {
        false
    }
}

struct Silent;

impl Reporter for Silent {
    fn event(&self, _: &Event) {}
}

fn task(name: &str, path: &str, parent: Option<TaskId>, kind: TaskKind) -> Task {
    let on_error = Setting::Fixed(OnError::Fail);
    let (name, path) = (Some(name.into()), path.into());
    Task { name, path, parent, span: None, when: None, retry: None, timeout: None, on_error, kind }
}

fn plan(root: &Path, steps: u64) -> Plan {
    let body = Closure(|host: &Arc<dyn Host>| {
        let number = host.variable("n").unwrap_or_default();
        host.put("data", &format!("{:08}", number.as_i64().unwrap_or(0)), Datum::Json(number.clone()))?;
        Ok(number)
    });
    let step = Step {
        body: Body::Script(Arc::new(body)),
        inputs: Vec::new(),
        outputs: Vec::new(),
        always: false,
        definition: Arc::new(Definition::default()),
    };
    let items = Arc::new(Closure(move |_: &Arc<dyn Host>| Ok(json!({"$range": [0, steps]}))));
    let each = TaskKind::Each { variable: "n".into(), items, key: None, children: vec![TaskId(1)] };
    Plan {
        named: true,
        project: "bench".into(),
        pipeline: "main".into(),
        tasks: vec![task("n", "n", None, each), task("put", "n/put", Some(TaskId(0)), TaskKind::Step(Box::new(step)))],
        root: vec![TaskId(0)],
        databases: vec!["data".into()],
        params: Default::default(),
        facets: Vec::new(),
        remembered_facets: Vec::new(),
        mode: Mode::App,
        permissions: Permissions::new(root, &root.join(".thinking"), &[], &[], &[], &[], &[]).unwrap(),
        seed: 0,
        digest: digest(&steps.to_le_bytes()),
        directory: root.to_owned(),
        wiring: Default::default(),
        wirer: Default::default(),
        hooks: Default::default(),
        resources: Vec::new(),
    }
}

fn run(root: &Path, store: &Arc<dyn Store>, steps: u64) -> RunEnd {
    let state = root.join(".thinking");
    apply(Launch {
        plan: Arc::new(plan(root, steps)),
        store: store.clone(),
        line: "main".to_owned(),
        reporter: Arc::new(Silent),
        stop: StopSignal::default(),
        clock: Arc::new(SystemClock::default()),
        runs_directory: state.join("runs"),
        state_directory: state,
        options: Options::default(),
        remembered: Vec::new(),
        durability: Durability::Step,
        environment: Arc::new(|_| None),
        test: None,
        hidden: Vec::new(),
    })
    .unwrap()
    .end
}

fn store(root: &Path) -> Arc<dyn Store> {
    Arc::new(LmdbStore::open(OpenOptions::new(root.join(".thinking"), "bench")).unwrap())
}

/// A first run.
#[divan::bench(args = [10_000, 100_000], sample_count = 3, sample_size = 1)]
fn first(bencher: Bencher<'_, '_>, steps: u64) {
    bencher
        .with_inputs(|| {
            let directory = tempfile::tempdir().unwrap();
            let store = store(directory.path());
            (directory, store)
        })
        .bench_values(|(directory, store)| assert_eq!(run(directory.path(), &store, steps), RunEnd::Done));
}

/// A walk over what is recorded, and one step more.
#[divan::bench(args = [10_000, 100_000], sample_count = 3, sample_size = 1)]
fn kept(bencher: Bencher<'_, '_>, steps: u64) {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    run(directory.path(), &store, steps);
    let mut more = steps;
    bencher.bench_local(|| {
        more += 1;
        assert_eq!(run(directory.path(), &store, more), RunEnd::Done);
    });
}

/// Seeing that nothing is to be done.
#[divan::bench(args = [10_000, 100_000], sample_count = 3, sample_size = 1)]
fn finished(bencher: Bencher<'_, '_>, steps: u64) {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    run(directory.path(), &store, steps);
    bencher.bench_local(|| assert_eq!(run(directory.path(), &store, steps), RunEnd::Unchanged));
}
