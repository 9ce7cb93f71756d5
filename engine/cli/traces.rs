//! Where a run's trace goes: to the OpenTelemetry collector that the standard variables name, as protobuf over HTTP.

use crate::cli::output;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use thinking_event::Reporter;
use thinking_report::TraceReporter;

/// The variables that name a collector; without one nothing is sent.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// A reporter that sends the run's trace, if a collector is named.
pub(crate) fn reporter() -> Option<Arc<dyn Reporter>> {
    let named = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    ENDPOINTS.iter().find(|name| named(name))?;
    match SpanExporter::builder().with_http().with_http_client(Client::new()).build() {
        Ok(exporter) => {
            let resource = Resource::builder().with_service_name("thinking").build();
            let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
            Some(Arc::new(TraceReporter::new(provider)))
        }
        Err(error) => {
            output::talk(&format!("the run's trace is not sent: {error}\n"));
            None
        }
    }
}

/// The blocking client as the exporter wants it; called from the exporter's own thread.
#[derive(Debug)]
struct Client(ureq::Agent);

impl Client {
    fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(10)))
            .build();
        Self(config.into())
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, mut body) = self.0.run(request.map(Vec::from))?.into_parts();
        Ok(Response::from_parts(parts, body.read_to_vec()?.into()))
    }
}

impl HttpClient for Client {
    // What `#[async_trait]` makes of an `async fn`.
    fn send_bytes<'life0, 'async_trait>(
        &'life0 self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(ready(self.send(request)))
    }
}
