//! What a server answered.

use crate::convert::from_value;
use crate::failure::{Answer, fail};
use crate::namespace::Namespace;
use rhai::{Dynamic, INT, ImmutableString, Map};
use std::sync::Arc;
use thinking_step::{Class, Value};

/// An answer as a script holds it. Copies share one body.
#[derive(Debug, Clone)]
pub struct Response(Arc<Answered>);

#[derive(Debug)]
struct Answered {
    status: u16,
    /// The URL that answered, for messages.
    url: String,
    headers: Map,
    body: Dynamic,
}

impl Response {
    /// An answer; a body that is UTF-8 becomes a string, another one a blob.
    pub fn new(status: u16, url: String, headers: &ureq::http::HeaderMap, body: Vec<u8>) -> Self {
        let body = match String::from_utf8(body) {
            Ok(text) => text.into(),
            Err(error) => Dynamic::from_blob(error.into_bytes()),
        };
        Self(Arc::new(Answered { status, url, headers: read_headers(headers), body }))
    }
}

/// By name in lower case; several of one name are joined by commas, as HTTP has it.
fn read_headers(headers: &ureq::http::HeaderMap) -> Map {
    let mut map = Map::new();
    for name in headers.keys() {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        map.insert(name.as_str().into(), values.join(", ").into());
    }
    map
}

/// Properties and methods of an answer.
pub(crate) fn methods() -> Namespace {
    let mut ns = Namespace::global("response");
    ns.module.set_getter_fn("status", |response: &mut Response| Answer::Ok(INT::from(response.0.status)));
    ns.module.set_getter_fn("body", |response: &mut Response| Answer::Ok(response.0.body.clone()));
    ns.module.set_getter_fn("headers", |response: &mut Response| Answer::Ok(response.0.headers.clone()));
    ns.module
        .set_getter_fn("url", |response: &mut Response| Answer::Ok(ImmutableString::from(response.0.url.as_str())));
    ns.function(
        "json",
        Class::Pure,
        "json()",
        "The value that the body of a response says as JSON: `http::get(url).json()`. Throws if it says none.",
        |response: &mut Response| -> Answer<Dynamic> {
            let answered = &response.0;
            let parsed: Result<Value, _> = match answered.body.as_immutable_string_ref() {
                Ok(text) => serde_json::from_str(text.trim_start_matches('\u{feff}')),
                Err(_) => return Err(fail(format!("the answer of `{}` is not JSON: it is not UTF-8", answered.url))),
            };
            let value =
                parsed.map_err(|error| fail(format!("the answer of `{}` is not JSON: {error}", answered.url)))?;
            Ok(from_value(&value))
        },
    );
    ns
}
