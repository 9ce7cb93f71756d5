//! Requests with redirects, each step of which is permitted first.

use super::options::Options;
use super::problem::Request;
use super::response::Response;
use super::target::{Target, shown};
use super::transport::{Connect, Lookup, Unsent};
use crate::evaluation::{check_cancelled, check_memory, host};
use crate::failure::{Answer, fail, raise};
use std::io::{ErrorKind as Io, Read};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use thinking_step::{Access, Class};
use ureq::config::Config;
use ureq::http::{self, HeaderMap, Method, StatusCode, header};
use ureq::unversioned::transport::{Connector, RustlsConnector, Transport};
use ureq::{Agent, Body};

/// How long a server may be silent, and a connection may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Connections that are kept open for the next request: as many as there may be threads.
const KEPT: usize = 128;

/// Sends requests; connections are kept for the next one. Costs nothing before the first.
#[derive(Debug, Default)]
pub struct Client {
    agent: OnceLock<Agent>,
}

impl Client {
    /// Sends a request and waits for the whole answer.
    ///
    /// # Errors
    /// The URL is none, it is not permitted, the step is to stop; or of kind `http`: no answer, a broken one, 429 and 5xx.
    pub fn send(&self, method: &str, url: &str, options: Options, class: Class, function: &str) -> Answer<Response> {
        let method = known(method)?;
        if method == Method::GET && options.body.is_some() {
            return Err(fail("a GET request has no body: use `http::post`, or `http::request` with another method"));
        }
        let host = host()?;
        let wrong = |why: String| fail(format!("`{}` is not a URL: {why}", shown(url)));
        let target = Target::parse(url).map_err(wrong)?;
        host.permit(Access::Net(&target.host, target.port)).map_err(raise)?;
        host.touch(class, function).map_err(raise)?;
        let target = target.with_query(&options.query).map_err(wrong)?;
        let about =
            Request { method: method.to_string(), url: url.to_owned(), timeout: options.timeout, patience: PATIENCE };
        Exchange { client: self, options, about, method, target, end: None }.run()
    }

    fn agent(&self) -> &Agent {
        self.agent.get_or_init(|| agent(Connect))
    }
}

fn agent(connect: impl Connector<(), Out = impl Transport>) -> Agent {
    let config = Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("thinking/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(Some(PATIENCE))
        .timeout_connect(Some(PATIENCE))
        .timeout_per_read(Some(PATIENCE))
        .timeout_per_write(Some(PATIENCE))
        .max_idle_connections(KEPT)
        .max_idle_connections_per_host(KEPT)
        .build();
    Agent::with_parts(config, connect.chain(RustlsConnector::default()), Lookup)
}

/// The methods that make sense in a script.
fn known(method: &str) -> Answer<Method> {
    let upper = method.to_ascii_uppercase();
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    known.into_iter().find(|known| known.as_str() == upper).ok_or_else(|| {
        fail(format!("`{method}` is not a method: there are GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS"))
    })
}

/// A request on its way through redirects.
struct Exchange<'a> {
    client: &'a Client,
    options: Options,
    about: Request,
    method: Method,
    target: Target,
    end: Option<Instant>,
}

impl Exchange<'_> {
    fn run(mut self) -> Answer<Response> {
        self.end = self.options.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut redirects = 0;
        loop {
            let answered = self.asked()?;
            let status = answered.status();
            let location = answered.headers().get(header::LOCATION);
            let leads_on = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) && self.options.redirects > 0;
            let Some(location) = location.filter(|_| leads_on) else { return self.finish(answered) };
            if redirects == self.options.redirects {
                let why = format!("more than {redirects} redirects, the last one to `{}`", self.place());
                return Err(raise(self.about.failed(&why)));
            }
            redirects += 1;
            let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
            self.follow(status, &location)?;
        }
    }

    /// The URL without what may be secret in it.
    fn place(&self) -> String {
        let scheme = self.target.uri.scheme_str().unwrap_or_default();
        shown(&format!("{scheme}://{}{}", self.target.host_and_port(), self.target.uri.path()))
    }

    /// Sends and waits for the answer's head. A connection that was kept may be closed by the server just when it is used again, so what changes
    /// nothing, or never went out, is sent a second time.
    fn asked(&self) -> Answer<http::Response<Body>> {
        let sent = match self.once()? {
            Err(error) if unsent(&error) || (broken(&error) && self.method.is_safe()) => self.once()?,
            sent => sent,
        };
        sent.map_err(|error| {
            let open = broken(&error) && !unsent(&error) && !self.method.is_safe();
            self.failed(&error, open.then_some(UNKNOWN))
        })
    }

    fn once(&self) -> Answer<Result<http::Response<Body>, ureq::Error>> {
        check_cancelled()?;
        let left = self.end.map(|end| end.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(Err(ureq::Error::Timeout(ureq::Timeout::Global)));
        }
        let mut request = http::Request::builder().method(self.method.clone()).uri(self.target.uri.clone());
        if let Some(headers) = request.headers_mut() {
            headers.clone_from(&self.options.headers);
        }
        let agent = self.client.agent();
        let unfit = |error: http::Error| raise(self.about.failed(&error.to_string()));
        let needs_body = [Method::POST, Method::PUT, Method::PATCH].contains(&self.method);
        let sent = match &self.options.body {
            None if !needs_body => {
                let request = request.body(()).map_err(unfit)?;
                agent.run(agent.configure_request(request).timeout_global(left).build())
            }
            body => {
                let request = request.body(body.as_deref().unwrap_or_default()).map_err(unfit)?;
                agent.run(agent.configure_request(request).timeout_global(left).build())
            }
        };
        Ok(sent)
    }

    fn failed(&self, error: &ureq::Error, help: Option<&str>) -> Box<rhai::EvalAltResult> {
        // That the step is to stop comes first: everything else follows from it.
        match check_cancelled() {
            Err(stop) => stop,
            Ok(()) => {
                let mut error = self.about.explain(error);
                error.help = error.help.or(help.map(str::to_owned));
                raise(error)
            }
        }
    }

    fn follow(&mut self, status: StatusCode, location: &str) -> Answer<()> {
        let next = self.target.follow(location).map_err(|why| {
            raise(self.about.failed(&format!("the redirect to `{}` leads nowhere: {why}", shown(location))))
        })?;
        host()?.permit(Access::Net(&next.host, next.port)).map_err(|mut error| {
            error.message = self.about.failed(&format!("redirected, and {}", error.message)).message;
            raise(error)
        })?;
        // As browsers do: after 303, and a POST after 301 and 302, what is asked for is another page.
        let asks_anew = status == StatusCode::SEE_OTHER && self.method != Method::HEAD;
        let post = self.method == Method::POST && matches!(status.as_u16(), 301 | 302);
        if asks_anew || post {
            self.method = Method::GET;
            self.options.body = None;
            self.options.headers.remove(header::CONTENT_TYPE);
        }
        if !self.target.same_origin(&next) {
            self.options.headers = harmless(&self.options.headers);
        }
        self.target = next;
        Ok(())
    }

    fn finish(self, answered: http::Response<Body>) -> Answer<Response> {
        let (parts, body) = answered.into_parts();
        if parts.status == StatusCode::TOO_MANY_REQUESTS || parts.status.is_server_error() {
            // The status decides: how the rest of the answer is, and whether it comes at all, changes nothing.
            let content = beginning(body.into_reader());
            check_cancelled()?;
            return Err(raise(self.about.refused(parts.status, &parts.headers, &content)));
        }
        let expected = if self.method == Method::HEAD { Some(0) } else { body.content_length() };
        let max_size = self.options.max_size;
        if expected.is_some_and(|length| length > max_size) {
            return Err(raise(self.about.too_large(max_size)));
        }
        let mut reader = body.into_reader();
        let mut content = Vec::new();
        let mut piece = vec![0; 64 << 10];
        loop {
            match reader.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => content.extend_from_slice(piece.get(..count).unwrap_or_default()),
                Err(error) => return Err(self.failed(&error.into(), None)),
            }
            check_memory()?;
            check_cancelled()?;
            if content.len() as u64 > max_size {
                return Err(raise(self.about.too_large(max_size)));
            }
        }
        Ok(Response::new(parts.status.as_u16(), self.place(), &parts.headers, content))
    }
}

/// What is read of an answer that only tells what went wrong, in bytes.
const BEGINNING: u64 = 64 << 10;

/// The beginning of a body, as far as it comes.
fn beginning(reader: impl Read) -> Vec<u8> {
    let mut content = Vec::new();
    // What came before a failure is kept, and is all there is to say.
    let _ = reader.take(BEGINNING).read_to_end(&mut content);
    content
}

/// For those who lost the connection after they asked for a change.
const UNKNOWN: &str = "the request may have been carried out or not: before it is sent again, look; or send `step.key` along, so that the \
                       server can tell that it is the same one";

/// The connection ended.
fn broken(error: &ureq::Error) -> bool {
    let ends = [Io::ConnectionReset, Io::ConnectionAborted, Io::BrokenPipe, Io::UnexpectedEof];
    matches!(error, ureq::Error::Io(error) if ends.contains(&error.kind()))
}

/// The connection ended before any of the request went out.
fn unsent(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<Unsent>()))
}

/// What may go to another server: what is asked for, but not who asks.
fn harmless(headers: &HeaderMap) -> HeaderMap {
    let kept = [header::ACCEPT, header::ACCEPT_LANGUAGE, header::CONTENT_TYPE, header::USER_AGENT];
    headers.iter().filter(|(name, _)| kept.contains(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
#[path = "client_tests.rs"]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
