//! Events as `tracing` events, from which the run's log is written.

use crate::names;
use std::sync::{Arc, Mutex, PoisonError};
use thinking_event::{Event, Reporter, RunEnd};
use thinking_step::LogLevel;
use tracing::{error, info, warn};

/// Sends each event to `tracing`.
///
/// The run's own have the target `thinking::run` and the fields `event` (a word, see [`crate::event_name`]), `run`, and as they
/// apply `task attempt took_us error kind` and others. Lines of scripts have their level and the target `thinking::script`, lines of
/// programs the target `thinking::output` and the field `stream`.
#[derive(Default)]
pub struct TracingReporter {
    run: Mutex<Option<Arc<str>>>,
}

pub(crate) const RUN: &str = "thinking::run";
pub(crate) const SCRIPT: &str = "thinking::script";
pub(crate) const OUTPUT: &str = "thinking::output";

impl TracingReporter {
    /// A reporter that knows of no run yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Reporter for TracingReporter {
    fn event(&self, event: &Event) {
        let run = {
            let mut known = self.run.lock().unwrap_or_else(PoisonError::into_inner);
            if let Event::RunStarted { run, .. } = event {
                *known = Some(run.clone());
            }
            known.clone()
        };
        tell(event, run.as_deref());
    }
}

fn tell(event: &Event, run: Option<&str>) {
    let name = names::event_name(event);
    match event {
        Event::RunStarted { pipeline, at, resumed, remembered, directory, .. } => {
            let remembered = remembered.join("\n");
            info!(target: RUN, event = name, run, pipeline = &**pipeline, at, resumed, remembered, directory);
        }
        Event::Rerun { task, reason, dropped, others, .. } => {
            let others =
                others.iter().map(|(pipeline, count)| format!("{pipeline}={count}")).collect::<Vec<_>>().join(" ");
            info!(target: RUN, event = name, run, task = &*task.path, reason, dropped, dropped_of_others = others);
        }
        Event::ContainerStarted { task, iterations, passed } => {
            let passed = Some(*passed).filter(|passed| *passed > 0);
            info!(target: RUN, event = name, run, task = &*task.path, iterations = *iterations, passed);
        }
        Event::ContainerEnded { task, took } => {
            info!(target: RUN, event = name, run, task = &*task.path, took_us = took);
        }
        Event::StepStarted { task, attempt, .. } => {
            info!(target: RUN, event = name, run, task = &*task.path, attempt);
        }
        Event::Waiting { task, at, until, condition } => {
            info!(target: RUN, event = name, run, task = &*task.path, at, until, condition);
        }
        Event::StepDone { task, attempt, took } => {
            info!(target: RUN, event = name, run, task = &*task.path, attempt, took_us = took);
        }
        Event::StepsKept { task, count } => {
            info!(target: RUN, event = name, run, task = &*task.path, count);
        }
        Event::TaskSkipped { task } => {
            info!(target: RUN, event = name, run, task = &*task.path);
        }
        Event::AttemptFailed { task, attempt, error, pause } => {
            let (kind, details, help) = (error.kind.name(), error.details.join("\n"), error.help.as_deref());
            let error = &*error.message;
            warn!(target: RUN, event = name, run, task = &*task.path, attempt, error, kind, details, help, pause_ms = pause);
        }
        Event::TaskFailed { task, attempts, error, passed_over } => {
            let (kind, details, help) = (error.kind.name(), error.details.join("\n"), error.help.as_deref());
            let error = &*error.message;
            error!(target: RUN, event = name, run, task = &*task.path, attempts, error, kind, details, help, passed_over);
        }
        Event::Output { task, stderr, line } => {
            let stream = names::stream(*stderr);
            info!(target: OUTPUT, run, task = &*task.path, stream, "{line}");
        }
        Event::Log { task, level, message } => {
            let task = &*task.path;
            match level {
                LogLevel::Trace => tracing::trace!(target: SCRIPT, run, task, "{message}"),
                LogLevel::Debug => tracing::debug!(target: SCRIPT, run, task, "{message}"),
                LogLevel::Info => info!(target: SCRIPT, run, task, "{message}"),
                LogLevel::Warn => warn!(target: SCRIPT, run, task, "{message}"),
                LogLevel::Error => error!(target: SCRIPT, run, task, "{message}"),
            }
        }
        Event::HookEnded { task, target, took, error: None, .. } => {
            info!(target: RUN, event = name, run, task = &*task.path, hook = &**target, took_us = took);
        }
        Event::HookEnded { task, target, took, error: Some(error), passed_over } => {
            let (kind, details, help) = (error.kind.name(), error.details.join("\n"), error.help.as_deref());
            let (error, hook) = (&*error.message, &**target);
            error!(target: RUN, event = name, run, task = &*task.path, hook, took_us = took, error, kind, details, help, passed_over);
        }
        Event::Stopping { running } => info!(target: RUN, event = name, run, running),
        Event::RunEnded { end, counts, took, .. } => {
            let (how, took_us) = (names::end(end), *took);
            let (done, kept, skipped) = (counts.done, counts.kept, counts.skipped);
            let (failed, retried) = (counts.failed, counts.retried);
            match end {
                RunEnd::Failed { task, error } => {
                    let (kind, details, help) = (error.kind.name(), error.details.join("\n"), error.help.as_deref());
                    let (task, error) = (&*task.path, &*error.message);
                    error!(target: RUN, event = name, run, end = how, task, error, kind, details, help, done, kept, skipped, failed, retried, took_us);
                }
                RunEnd::StoreFailed { message, help, unusable } => {
                    let (error, help) = (&**message, help.as_deref());
                    error!(target: RUN, event = name, run, end = how, error, help, unusable, done, kept, skipped, failed, retried, took_us);
                }
                RunEnd::Stopped { path } => {
                    let task = &**path;
                    info!(target: RUN, event = name, run, end = how, task, done, kept, skipped, failed, retried, took_us);
                }
                RunEnd::Done | RunEnd::Unchanged | RunEnd::Interrupted => {
                    info!(target: RUN, event = name, run, end = how, done, kept, skipped, failed, retried, took_us);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TracingReporter;
    use crate::testing::task;
    use std::fmt::Debug;
    use std::sync::{Arc, Mutex, PoisonError};
    use thinking_event::{Event, Reporter};
    use thinking_step::{ErrorKind, LogLevel, StepError};
    use tracing::field::{Field, Visit};
    use tracing::{Metadata, Subscriber, span};

    /// Writes down level, target and fields.
    #[derive(Clone, Default)]
    struct Notes(Arc<Mutex<Vec<String>>>);

    struct Fields(String);

    impl Visit for Fields {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.0.push_str(&format!(" {field}={value:?}"));
        }
    }

    impl Subscriber for Notes {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, event: &tracing::Event<'_>) {
            let mut fields = Fields(format!("{} {}", event.metadata().level(), event.metadata().target()));
            event.record(&mut fields);
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fields.0);
        }
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    #[test]
    fn fields_and_targets() {
        let notes = Notes::default();
        tracing::subscriber::with_default(notes.clone(), || {
            let reporter = TracingReporter::new();
            reporter.event(&Event::TaskSkipped { task: task("early") });
            reporter.event(&Event::RunStarted {
                run: "r1".into(),
                pipeline: "train".into(),
                at: 0,
                resumed: true,
                remembered: vec!["-p epochs=5".to_owned()],
                directory: "runs/r1".to_owned(),
            });
            reporter.event(&Event::StepDone { task: task("fit/epoch[3]/train"), attempt: 2, took: 812 });
            let error = StepError::new(ErrorKind::Exec, "it ended with code 3").details(["no memory".to_owned()]);
            reporter.event(&Event::TaskFailed { task: task("b"), attempts: 2, error, passed_over: false });
            reporter.event(&Event::Log { task: task("a"), level: LogLevel::Warn, message: "hm".to_owned() });
            reporter.event(&Event::Output { task: task("a"), stderr: true, line: "{x}".to_owned() });
        });
        let notes = notes.0.lock().unwrap_or_else(PoisonError::into_inner).join("\n");
        insta::assert_snapshot!(notes, @r#"
        INFO thinking::run event="task-skipped" task="early"
        INFO thinking::run event="run-started" run="r1" pipeline="train" at=0 resumed=true remembered="-p epochs=5" directory="runs/r1"
        INFO thinking::run event="step-done" run="r1" task="fit/epoch[3]/train" attempt=2 took_us=812
        ERROR thinking::run event="task-failed" run="r1" task="b" attempts=2 error="it ended with code 3" kind="exec" details="no memory" passed_over=false
        WARN thinking::script message=hm run="r1" task="a"
        INFO thinking::output message={x} run="r1" task="a" stream="stderr"
        "#);
    }
}
