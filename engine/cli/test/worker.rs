//! A worker: a process that loads one project and runs its tests, one after the other.

use crate::cli::args::Common;
use crate::cli::exit::{Exit, Trouble};
use crate::cli::runner;
use crate::cli::session::{self, Session};
use crate::cli::test::args::WorkerArgs;
use crate::cli::test::suites;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::sync::Arc;
use thinking_diagnostic::{Diagnostics, Severity, SourceMap, Style, render};
use thinking_event::testing::{Coverage, Outcome, TestFailure, Try};
use thinking_run::Environment;
use thinking_script::Rhai;
use thinking_testing::protocol::{Done, Order, Ready, Reply, Request, Settings};
use thinking_trial::{Case, Collected, collect};

/// Serves until its input ends.
pub(crate) fn run(args: &WorkerArgs) -> Result<Exit, Trouble> {
    // Where the system cannot do that, the end of the input does.
    let _ = thinking_testing::pool::end_with_parent();
    let language = Rhai::new();
    let common = Common { manifest: Some(args.manifest.clone()), state: args.state.clone(), json: false, quiet: true };
    let loaded = Session::load_with_tests(&args.manifest, &language);
    if let Ok(session) = &loaded {
        // What goes wrong with the project's crates was printed, and ends this process before it is ready.
        runner::enter(session, &common)?;
    }
    let Ok(mut replies) = Replies::take() else { return Ok(Exit::Wrong) };
    let mut session = match loaded {
        Ok(session) => session,
        Err((sources, diagnostics)) => {
            replies.say(&wrong(&diagnostics, &sources));
            return Ok(Exit::Wrong);
        }
    };
    let state = session::state_directory(&common, &session.project.directory);
    if !args.checked {
        session.check(&state);
    }
    let mut found = std::mem::take(&mut session.diagnostics);
    if found.has_errors() {
        replies.say(&wrong(&found, &session.sources));
        return Ok(Exit::Wrong);
    }
    let project = args.manifest.display().to_string();
    let (model, given) = match suites::base(&mut session, &args.facet, &state)? {
        Ok(base) => base,
        Err(more) => {
            found.extend(more);
            replies.say(&wrong(&found, &session.sources));
            return Ok(Exit::Wrong);
        }
    };
    let root = session.project.directory.display().to_string();
    let Collected { cases } = collect(&model.manifest, &project, &session.sources, &mut found);
    let mut bench = suites::bench(&mut session, &model, &given, &state);
    let mut prepared = suites::Ready::default();
    if !args.checked {
        for case in &cases {
            prepared.of(&mut bench, case, &mut found);
        }
    }
    if found.has_errors() {
        replies.say(&wrong(&found, bench.sources));
        return Ok(Exit::Wrong);
    }
    let ready = Ready {
        tests: cases.iter().map(|case| case.info.clone()).collect(),
        settings: Settings::default(),
        warnings: shown(&found, bench.sources),
        root,
        state: state.display().to_string(),
        ..Ready::default()
    };
    replies.say(&Reply::Ready(Box::new(ready)));
    let environment: Environment = Arc::new(|name| std::env::var(name).ok());
    for line in BufReader::new(io::stdin()).lines() {
        let Ok(line) = line else { break };
        let Ok(Request::Run(order)) = serde_json::from_str(&line) else { break };
        let case = cases.iter().find(|case| case.info.path() == order.test);
        let result = match case {
            Some(case) => match prepared.of(&mut bench, case, &mut Diagnostics::new()) {
                Some(ready) => ready.run(case, &order, &environment, bench.sources),
                None => lost(case, &order, "it cannot be made ready any more: its files changed"),
            },
            None => break,
        };
        let done =
            Done { test: order.test.clone(), repetition: order.repetition, result, coverage: Coverage::default() };
        replies.say(&Reply::Done(Box::new(done)));
    }
    Ok(Exit::Done)
}

/// A test that could not even begin.
fn lost(case: &Case<'_>, order: &Order, message: &str) -> Try {
    let failure = TestFailure {
        kind: "script".to_owned(),
        message: message.to_owned(),
        rendered: format!("{message}\n"),
        file: case.info.file.clone(),
        line: case.info.line,
        ..TestFailure::default()
    };
    Try {
        number: order.attempt,
        at: 0,
        took: 0,
        outcome: Outcome::Failed,
        phases: Vec::new(),
        failures: vec![failure],
        leaks: Vec::new(),
        properties: Vec::new(),
    }
}

fn wrong(found: &Diagnostics, sources: &SourceMap) -> Reply {
    let error_count = found.iter().filter(|one| one.severity == Severity::Error).count();
    let errors: Diagnostics = found.iter().filter(|one| one.severity == Severity::Error).cloned().collect();
    Reply::Ready(Box::new(Ready { errors: shown(&errors, sources), error_count, ..Ready::default() }))
}

fn shown(found: &Diagnostics, sources: &SourceMap) -> String {
    found.iter().map(|one| render(one, sources, Style::default())).collect()
}

/// Where replies go: what was standard output when the process began. What else is written there goes to standard error.
struct Replies(File);

impl Replies {
    fn take() -> io::Result<Self> {
        let replies = rustix::io::dup(io::stdout())?;
        rustix::stdio::dup2_stdout(io::stderr())?;
        Ok(Self(File::from(replies)))
    }

    fn say(&mut self, reply: &Reply) {
        let Ok(mut line) = serde_json::to_vec(reply) else { return };
        line.push(b'\n');
        // Nobody listens any more: the end of the input follows.
        let _ = self.0.write_all(&line);
    }
}
