use super::TraceReporter;
use crate::testing::task;
use opentelemetry::trace::Status;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use std::sync::{Arc, Mutex, PoisonError};
use thinking_event::{Counts, Event, Reporter, RunEnd};
use thinking_step::{ErrorKind, LogLevel, StepError};

/// Keeps what is exported.
#[derive(Debug, Clone, Default)]
struct Shelf(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Shelf {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(batch);
        Ok(())
    }
}

/// Name, name of the span around it, attributes, events, status.
fn told(spans: &[SpanData]) -> String {
    let name = |id| spans.iter().find(|span| span.span_context.span_id() == id).map_or("-", |span| &span.name);
    let mut lines: Vec<String> = Vec::new();
    for span in spans {
        let pairs = |pairs: &[opentelemetry::KeyValue]| {
            pairs.iter().map(|pair| format!(" {}={}", pair.key, pair.value)).collect::<String>()
        };
        let status = match &span.status {
            Status::Unset => String::new(),
            Status::Ok => " ok".to_owned(),
            Status::Error { description } => format!(" ERROR {description}"),
        };
        lines.push(format!("{} < {}{}{status}", span.name, name(span.parent_span_id), pairs(&span.attributes)));
        lines.extend(span.events.iter().map(|event| format!("  {}{}", event.name, pairs(&event.attributes))));
    }
    lines.join("\n")
}

#[test]
fn a_run_is_a_trace() {
    let shelf = Shelf::default();
    let reporter = TraceReporter::new(SdkTracerProvider::builder().with_simple_exporter(shelf.clone()).build());
    let error = || StepError::new(ErrorKind::Exec, "it ended with code 3");
    let started = |path: &str, attempt| Event::StepStarted { task: task(path), attempt, at: 2_000 };
    let events = [
        Event::RunStarted {
            run: "r1".into(),
            pipeline: "train".into(),
            at: 1_000,
            resumed: true,
            remembered: Vec::new(),
            directory: String::new(),
        },
        Event::Rerun { task: task("fit"), reason: "it is new".to_owned(), span: None, dropped: 2, others: Vec::new() },
        Event::ContainerStarted { task: task("fit"), iterations: None, passed: 0 },
        Event::ContainerStarted { task: task("fit/epoch"), iterations: Some(2), passed: 0 },
        started("fit/epoch[1]/train", 1),
        Event::Log { task: task("fit/epoch[1]/train"), level: LogLevel::Warn, message: "hm".to_owned() },
        Event::Log { task: task("fit/epoch[1]/train"), level: LogLevel::Debug, message: "not this".to_owned() },
        Event::AttemptFailed { task: task("fit/epoch[1]/train"), attempt: 1, error: error(), pause: 0 },
        started("fit/epoch[1]/train", 2),
        Event::StepDone { task: task("fit/epoch[1]/train"), attempt: 2, took: 1_500_000 },
        Event::ContainerEnded { task: task("fit/epoch"), took: 1 },
        started("fit/shaky", 1),
        Event::TaskFailed { task: task("fit/shaky"), attempts: 1, error: error(), passed_over: true },
        started("fit/last", 1),
        Event::TaskFailed { task: task("fit/last"), attempts: 1, error: error(), passed_over: false },
        Event::RunEnded {
            run: "r1".into(),
            end: RunEnd::Failed { task: task("fit/last"), error: error() },
            counts: Counts { done: 1, kept: 4, skipped: 0, failed: 1, retried: 1 },
            took: 9,
        },
    ];
    events.iter().for_each(|event| reporter.event(event));
    reporter.finish();
    let spans = shelf.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    insta::assert_snapshot!(told(&spans), @r#"
    fit/epoch[1]/train < fit/epoch thinking.task=fit/epoch[1]/train thinking.attempt=1 thinking.outcome=failed ERROR it ended with code 3
      log level=warn message=hm
      exception exception.type=exec exception.message=it ended with code 3
    fit/epoch[1]/train < fit/epoch thinking.task=fit/epoch[1]/train thinking.attempt=2 thinking.outcome=done
    fit/epoch < fit thinking.task=fit/epoch thinking.iterations=2
    fit/shaky < fit thinking.task=fit/shaky thinking.attempt=1 thinking.outcome=passed-over ERROR it ended with code 3
      exception exception.type=exec exception.message=it ended with code 3
    fit/last < fit thinking.task=fit/last thinking.attempt=1 thinking.outcome=failed ERROR it ended with code 3
      exception exception.type=exec exception.message=it ended with code 3
    fit < run train thinking.task=fit
    run train < - thinking.run=r1 thinking.pipeline=train thinking.resumed=true thinking.end=failed thinking.done=1 thinking.kept=4 thinking.skipped=0 thinking.failed=1 thinking.retried=1 ERROR fit/last: it ended with code 3
      rerun thinking.task=fit thinking.reason=it is new thinking.dropped=2
    "#);
    let trace = spans.first().expect("spans").span_context.trace_id();
    assert!(spans.iter().all(|span| span.span_context.trace_id() == trace), "one run is one trace");
    let train = spans.iter().rfind(|span| span.name == "fit/epoch[1]/train").expect("it was done");
    assert_eq!(train.end_time.duration_since(train.start_time).expect("in order").as_micros(), 1_500_000);
    // A process that is killed or interrupted leaves nothing open.
    reporter.event(&Event::ContainerEnded { task: task("never/begun"), took: 1 });
}
