//! A run as an OpenTelemetry trace: the run is the root, containers and attempts of steps are spans.

use opentelemetry::trace::{Span as _, Status, TraceContextExt, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use thinking_event::{Counts, Event, Reporter, RunEnd};
use thinking_step::{LogLevel, StepError};

/// Makes spans of events. Spans have the times of what they tell of, as events come later: a step is told when it is durable.
///
/// | span | attributes |
/// | --- | --- |
/// | `run PIPELINE` | `thinking.run`, `thinking.pipeline`, `thinking.resumed`; at its end `thinking.end` and `thinking.done`, `…kept`, `…skipped`, `…failed`, `…retried` |
/// | a container, by its path | `thinking.task`, `thinking.iterations` |
/// | an attempt of a step, by its path | `thinking.task`, `thinking.attempt`, `thinking.outcome` (`done`, `failed`, `passed-over`, `interrupted`) |
///
/// A failure sets the span's status and adds an `exception` event; log lines from `info` up are events of their span, as is a `rerun` of the run's.
/// Kept steps have no spans.
pub struct TraceReporter {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    open: Mutex<Open>,
}

/// Spans that have not ended.
#[derive(Default)]
struct Open {
    root: Option<Span>,
    containers: HashMap<String, Span>,
    /// With the times when they started.
    steps: HashMap<String, (Span, SystemTime)>,
}

impl TraceReporter {
    /// Gives its spans to that provider, which is shut down at the end.
    #[must_use]
    pub fn new(provider: SdkTracerProvider) -> Self {
        let tracer = provider.tracer("thinking");
        Self { provider, tracer, open: Mutex::default() }
    }

    fn start(&self, name: String, parent: Option<&Span>, at: SystemTime, attributes: Vec<KeyValue>) -> Span {
        let context = match parent {
            Some(parent) => Context::new().with_remote_span_context(parent.span_context().clone()),
            None => Context::new(),
        };
        let builder = self.tracer.span_builder(name).with_start_time(at).with_attributes(attributes);
        self.tracer.build_with_context(builder, &context)
    }

    fn tell(&self, open: &mut Open, event: &Event) {
        let now = SystemTime::now();
        match event {
            Event::RunStarted { run, pipeline, at, resumed, .. } => {
                let attributes = vec![
                    KeyValue::new("thinking.run", run.to_string()),
                    KeyValue::new("thinking.pipeline", pipeline.to_string()),
                    KeyValue::new("thinking.resumed", *resumed),
                ];
                open.root = Some(self.start(format!("run {pipeline}"), None, time(*at), attributes));
            }
            Event::Rerun { task, reason, dropped, .. } => {
                let attributes = vec![
                    KeyValue::new("thinking.task", task.path.to_string()),
                    KeyValue::new("thinking.reason", reason.clone()),
                    KeyValue::new("thinking.dropped", whole(*dropped)),
                ];
                if let Some(root) = &mut open.root {
                    root.add_event_with_timestamp("rerun", now, attributes);
                }
            }
            Event::ContainerStarted { task, iterations, .. } => {
                let mut attributes = vec![KeyValue::new("thinking.task", task.path.to_string())];
                attributes.extend(iterations.map(|count| KeyValue::new("thinking.iterations", whole(count))));
                let span = self.start(task.path.to_string(), open.around(&task.path), now, attributes);
                open.containers.insert(task.path.to_string(), span);
            }
            Event::ContainerEnded { task, .. } => {
                if let Some(mut span) = open.containers.remove(&*task.path) {
                    span.end_with_timestamp(now);
                }
            }
            Event::StepStarted { task, attempt, at } => {
                let attributes = vec![
                    KeyValue::new("thinking.task", task.path.to_string()),
                    KeyValue::new("thinking.attempt", i64::from(*attempt)),
                ];
                let began = time(*at);
                let span = self.start(task.path.to_string(), open.around(&task.path), began, attributes);
                open.steps.insert(task.path.to_string(), (span, began));
            }
            Event::StepDone { task, took, .. } => {
                if let Some((span, began)) = open.steps.remove(&*task.path) {
                    end(span, "done", began + Duration::from_micros(*took));
                }
            }
            Event::AttemptFailed { task, error, .. } => open.fail(&task.path, error, "failed", now),
            Event::TaskFailed { task, error, passed_over, .. } => {
                open.fail(&task.path, error, if *passed_over { "passed-over" } else { "failed" }, now);
            }
            Event::Log { task, level, message } if *level >= LogLevel::Info => {
                let attributes = vec![
                    KeyValue::new("level", crate::names::level(*level)),
                    KeyValue::new("message", message.clone()),
                ];
                if let Some((span, _)) = open.steps.get_mut(&*task.path) {
                    span.add_event_with_timestamp("log", now, attributes);
                }
            }
            Event::Waiting { task, until, .. } => {
                let attributes = until.map(|until| KeyValue::new("until", until)).into_iter().collect();
                if let Some((span, _)) = open.steps.get_mut(&*task.path) {
                    span.add_event_with_timestamp("waiting", now, attributes);
                }
            }
            Event::RunEnded { end, counts, .. } => open.finish(end, counts, now),
            Event::StepsKept { .. }
            | Event::TaskSkipped { .. }
            | Event::Output { .. }
            | Event::Log { .. }
            | Event::HookEnded { .. }
            | Event::Stopping { .. } => {}
        }
    }
}

impl Open {
    /// The nearest span around a task.
    fn around(&self, path: &str) -> Option<&Span> {
        let outer = path.rmatch_indices(['/', '[']).filter_map(|(at, _)| self.containers.get(path.get(..at)?));
        outer.into_iter().next().or(self.root.as_ref())
    }

    fn fail(&mut self, path: &str, error: &StepError, outcome: &'static str, now: SystemTime) {
        let step = self.steps.remove(path).map(|(span, _)| span);
        let Some(mut span) = step.or_else(|| self.containers.remove(path)) else { return };
        let attributes = vec![
            KeyValue::new("exception.type", error.kind.name()),
            KeyValue::new("exception.message", error.message.clone()),
        ];
        span.add_event_with_timestamp("exception", now, attributes);
        span.set_status(Status::error(error.message.clone()));
        end(span, outcome, now);
    }

    fn finish(&mut self, how: &RunEnd, counts: &Counts, now: SystemTime) {
        self.steps.drain().for_each(|(_, (span, _))| end(span, "interrupted", now));
        self.containers.drain().for_each(|(_, mut span)| span.end_with_timestamp(now));
        let Some(mut root) = self.root.take() else { return };
        root.set_attribute(KeyValue::new("thinking.end", crate::names::end(how)));
        let Counts { done, kept, skipped, failed, retried } = *counts;
        for (name, count) in [
            ("thinking.done", done),
            ("thinking.kept", kept),
            ("thinking.skipped", skipped),
            ("thinking.failed", failed),
            ("thinking.retried", retried),
        ] {
            root.set_attribute(KeyValue::new(name, whole(count)));
        }
        match how {
            RunEnd::Failed { task, error } => {
                root.set_status(Status::error(format!("{}: {}", task.path, error.message)))
            }
            RunEnd::StoreFailed { message, .. } => root.set_status(Status::error(message.clone())),
            _ => root.set_status(Status::Ok),
        }
        root.end_with_timestamp(now);
    }
}

impl Reporter for TraceReporter {
    fn event(&self, event: &Event) {
        self.tell(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner), event);
    }

    fn finish(&self) {
        // A collector that cannot be reached is no reason for a run to fail.
        let _ = self.provider.shutdown();
    }
}

fn end(mut span: Span, outcome: &'static str, at: SystemTime) {
    span.set_attribute(KeyValue::new("thinking.outcome", outcome));
    span.end_with_timestamp(at);
}

fn time(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "traces_tests.rs"]
mod tests;
