//! A run of tests.

use crate::cli::exit::{Exit, Trouble};
use crate::cli::output;
use crate::cli::test::args::TestArgs;
use crate::cli::test::projects::{self, Found};
use std::process::Command;
use thinking_event::testing::{TestEvent, TestReporter};
use thinking_testing::pool::{Interrupt, Planned, Pool, ProjectWorkers, RunOptions};

/// Runs tests.
pub(crate) fn run(args: &TestArgs) -> Result<Exit, Trouble> {
    let found = match projects::find(args) {
        Ok(found) => found,
        Err(wrong) => {
            output::complain(wrong, args.json);
            return Ok(Exit::Wrong);
        }
    };
    let workers = found.iter().map(|one| workers(one, args)).collect();
    let jobs = args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
    let mut pool = Pool::new(workers, jobs);
    let Some(ready) = pool.load(&|| Interrupt::None, &mut || {}) else { return Ok(Exit::Interrupted) };
    let mut wrong = false;
    let mut planned = Vec::new();
    for (number, ready) in ready.into_iter().enumerate() {
        match ready {
            Ok(ready) => {
                wrong |= ready.error_count > 0;
                output::talk(&ready.errors);
                output::talk(&ready.warnings);
                planned.extend(ready.tests.into_iter().map(|test| Planned {
                    project: number,
                    test,
                    repetition: 1,
                    expected: None,
                }));
            }
            Err(error) => {
                wrong = true;
                output::talk(&format!("{error}\n{}\n", error.last_lines.join("\n")));
            }
        }
    }
    if wrong {
        return Ok(Exit::Wrong);
    }
    let work = std::env::temp_dir().join(format!("thinking-test-{}", std::process::id()));
    let options = RunOptions { known: planned.len(), work, ..RunOptions::default() };
    let result = pool.run(&planned, &options, &|| Interrupt::None, &mut Plain);
    output::talk(&format!("{:?} {:?}\n", result.counts, result.took));
    Ok(if result.counts.failed > 0 { Exit::Failed } else { Exit::Done })
}

struct Plain;

impl TestReporter for Plain {
    fn event(&mut self, event: &TestEvent) {
        if let TestEvent::Ended(record) = event {
            let mut text = format!("{} {}\n", record.outcome.word(), record.test.path());
            for one in &record.tries {
                for (_, failure) in one.all_failures() {
                    text.push_str(&failure.rendered);
                }
            }
            output::talk(&text);
        }
    }
}

/// How workers of a project are started.
fn workers(found: &Found, args: &TestArgs) -> ProjectWorkers {
    let (manifest, state, facet) = (found.manifest.clone(), args.state.clone(), args.facet.clone());
    let mut checked = false;
    let command = move || {
        let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| "thinking".into()));
        command.arg(super::WORKER).arg(&manifest);
        if let Some(state) = &state {
            command.arg("--state").arg(state);
        }
        if !facet.is_empty() {
            command.arg("--facet").arg(facet.join(","));
        }
        if std::mem::replace(&mut checked, true) {
            command.arg("--checked");
        }
        command
    };
    ProjectWorkers { project: found.manifest.display().to_string(), command: Box::new(command) }
}
