//! Doubles in real runs: each folder of `doubles/` has a manifest, its doubles a line each, and what came of it;
//! `THINKING_UPDATE=1` writes that anew.

use crate::support::{root, update};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use thinking::prelude::*;
use thinking_container::{Calls, Double, Registry, Stand};
use thinking_diagnostic::{Diagnostic, Diagnostics, SourceMap, Span, Style, render};
use thinking_event::{Event, Reporter};
use thinking_manifest::{Project, Selection};
use thinking_plan::{Compiler, Given, NativeSteps, Parameters, Plan, Workshop};
use thinking_run::{Launch, ManualClock, Options, StopSignal};
use thinking_script::Rhai;
use thinking_step::{ErrorKind, Language, NativeStep};
use thinking_store::{Durability, memory::MemoryStore};

pub trait Bank: Send + Sync {
    fn pay(&self, amount: i64) -> i64;
}

/// A bank that is really there.
#[component("doubles.bank", provides = Bank)]
pub struct Real {
    #[state]
    paid: State<i64>,
}

impl Bank for Real {
    fn pay(&self, amount: i64) -> i64 {
        amount
    }
}

#[operations]
impl Real {
    pub fn startup(&self) {
        log::info("the bank opens");
    }
    /// Pays, and says what was paid so far.
    #[operation(effect)]
    pub fn transfer(&self, amount: i64, to: &str) -> Result<i64> {
        log::info(format_args!("{to} is really paid {amount}"));
        let mut paid = self.paid.write()?;
        *paid += amount;
        Ok(*paid)
    }
    pub fn rates(&self) -> Vec<f64> {
        vec![1.5]
    }
    pub fn shutdown(&self) {
        log::info("the bank closes");
    }
}

/// Holds a bank as Rust does.
#[component("doubles.teller")]
pub struct Teller {
    #[inject]
    bank: Inject<dyn Bank>,
}

#[operations]
impl Teller {
    pub fn serve(&self) -> i64 {
        self.bank.pay(1)
    }
}

struct Shipped(Registry);

impl NativeSteps for Shipped {
    fn get(&self, name: &str) -> Option<Arc<dyn NativeStep>> {
        self.0.get(name)
    }
    fn names(&self) -> Vec<String> {
        self.0.names().into_iter().map(str::to_owned).collect()
    }
}

/// What happened, a line each.
#[derive(Default)]
struct Lines(Mutex<String>);

impl Reporter for Lines {
    fn event(&self, event: &Event) {
        let line = match event {
            Event::Log { message, .. } => message.clone(),
            Event::StepDone { task, .. } => format!("done {}", task.path),
            Event::AttemptFailed { task, error, .. } => format!("again {}: [{}] {error}", task.path, error.kind.name()),
            Event::TaskFailed { task, error, .. } => format!("failed {}: [{}] {error}", task.path, error.kind.name()),
            _ => return,
        };
        let mut lines = self.0.lock().unwrap();
        let _ = writeln!(lines, "{line}");
    }
}

/// `stub NAME returns=JSON`, `stub NAME throws=TEXT`, `stub NAME http=TEXT`, `stub NAME body`, `spy NAME`.
fn read(line: &str, start: usize, source: thinking_diagnostic::SourceId) -> Double {
    let mut words = line.splitn(3, ' ');
    let (word, name, how) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap_or(""));
    let stand = match (word, how.split_once('=').unwrap_or((how, ""))) {
        ("spy", _) => Stand::Spy,
        (_, ("returns", value)) => Stand::Returns(serde_json::from_str(value).unwrap()),
        (_, ("throws", text)) => Stand::Throws(text.to_owned(), None),
        (_, ("http", text)) => Stand::Throws(text.to_owned(), Some(ErrorKind::Http)),
        _ => Stand::Body(Arc::new(|arguments, host| {
            host.log(thinking_step::LogLevel::Info, &format!("the body sees {arguments}"));
            Ok(arguments.get("amount").cloned().unwrap_or(Value::Null))
        })),
    };
    let at = start + word.len() + 1;
    Double::of(name, Some(Span::new(source, at, at + name.len())), stand)
}

fn shown(found: &[Diagnostic], sources: &SourceMap) -> String {
    found.iter().map(|one| render(one, sources, Style::default())).collect()
}

fn outcome(folder: &Path) -> String {
    let place = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        std::fs::copy(&entry, place.path().join(entry.file_name().unwrap())).unwrap();
    }
    let language = Rhai::new();
    let (mut sources, mut found) = (SourceMap::new(), Diagnostics::new());
    let project = Project::load(&place.path().join("pipeline.kdl"), &mut sources, &mut found).unwrap();
    let model = project.compose(&Selection::default(), &mut found).unwrap();
    let language: &dyn Language = &language;
    let components = thinking_native::component_types();
    let mut shop = Workshop {
        project: &project,
        model: &model,
        params: Parameters::default(),
        steps: &Shipped(Registry::shipped()),
        components: &components,
        compiler: &mut Compiler::new(language),
        sources: &mut sources,
        state: place.path().join(".thinking"),
    };
    shop.resolve_params(&Given::default(), &mut found);
    let plan = shop.plan("main", &mut found);
    let found: Vec<Diagnostic> = found.into_iter().collect();
    assert!(found.is_empty(), "{}", shown(&found, &sources));
    let mut plan: Plan = plan.unwrap();
    let text = std::fs::read_to_string(folder.join("doubles.txt")).unwrap();
    let source = sources.add("doubles.txt", text.as_str());
    let mut start = 0;
    let mut doubles = Vec::new();
    for line in text.lines() {
        doubles.push(read(line, start, source));
        start += line.len() + 1;
    }
    let calls = Arc::new(Calls::default());
    if let Err(wrong) = plan.double(&doubles, &calls) {
        return shown(&wrong, &sources);
    }
    let lines = Arc::new(Lines::default());
    let ended = thinking_run::apply(Launch {
        plan: Arc::new(plan),
        store: Arc::new(MemoryStore::default()),
        line: "main".to_owned(),
        reporter: lines.clone(),
        stop: StopSignal::default(),
        clock: Arc::new(ManualClock::default()),
        runs_directory: place.path().join("runs"),
        state_directory: place.path().join(".thinking"),
        options: Options::default(),
        remembered: Vec::new(),
        durability: Durability::Step,
        environment: Arc::new(|_| None),
        hidden: Vec::new(),
        test: None,
    });
    ended.unwrap();
    let mut text = std::mem::take(&mut *lines.0.lock().unwrap());
    for call in calls.all() {
        let ended = match call.ended {
            Some(Ok(value)) => format!("gave {value}"),
            Some(Err(message)) => format!("threw {message}"),
            None => "goes on".to_owned(),
        };
        let _ = writeln!(text, "called {} {} {ended}", call.operation, Value::Object(call.arguments));
    }
    text
}

#[test]
fn in_real_runs() {
    let mut folders: Vec<_> =
        std::fs::read_dir(root().join("tests/doubles")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() > 5, "the cases are there");
    for folder in folders {
        let text = outcome(&folder);
        let path = folder.join("expected.txt");
        if update() {
            std::fs::write(&path, &text).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(text, expected, "{}: THINKING_UPDATE=1 writes it anew", path.display());
    }
}
