//! What a request may be told besides its URL.

use crate::convert::value_from;
use crate::failure::{Answer, fail, raise};
use crate::number::{count, kind};
use crate::stream::settled;
use crate::units;
use rhai::{Array, Dynamic, Map};
use std::time::Duration;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Most bytes of a response's body, unless it is told otherwise.
const MAX_SIZE: u64 = 256 << 20;
/// Most redirects that are followed, unless it is told otherwise.
const REDIRECTS: usize = 10;
/// The names, for the message about another one.
const NAMES: &str = "body, headers, json, max_size, query, redirects, timeout";

/// How a request is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// Headers as the script gives them.
    pub headers: HeaderMap,
    /// Parameters to put behind the URL.
    pub query: Vec<(String, String)>,
    /// What is sent.
    pub body: Option<Vec<u8>>,
    /// How long it may take in all; `None`: as long as something comes.
    pub timeout: Option<Duration>,
    /// How many redirects are followed.
    pub redirects: usize,
    /// Most bytes of the response's body, unpacked.
    pub max_size: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            headers: HeaderMap::new(),
            query: Vec::new(),
            body: None,
            timeout: None,
            redirects: REDIRECTS,
            max_size: MAX_SIZE,
        }
    }
}

impl Options {
    /// Reads a script's map.
    ///
    /// # Errors
    /// An option that there is not, or a value that does not fit.
    pub fn read(map: &Map) -> Answer<Self> {
        let mut options = Self::default();
        if map.contains_key("body") && map.contains_key("json") {
            return Err(fail("a request has one body: give `body` or `json`, not both"));
        }
        for (name, value) in map {
            match name.as_str() {
                "headers" => options.headers = headers(value)?,
                "query" => options.query = query(value)?,
                "timeout" => options.timeout = Some(units::duration(value, "`timeout`")?),
                "redirects" => {
                    let many = value.as_int().map_err(|_| wrong("redirects", "an int", value))?;
                    options.redirects = count(many, "`redirects`")?;
                }
                "max_size" | "max-size" => options.max_size = units::size(value, "`max_size`")?,
                "body" | "json" => {}
                other => return Err(fail(format!("a request has no option `{other}`: there are {NAMES}"))),
            }
        }
        // After the headers, which may say what the body is.
        if let Some(body) = map.get("body") {
            options.send(body, "`body`")?;
        }
        if let Some(value) = map.get("json") {
            options.send_json(value)?;
        }
        if options.timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(fail("`timeout` must be longer than 0"));
        }
        Ok(options)
    }

    /// Sets the body: text or bytes as they are, a map or a list as JSON.
    ///
    /// # Errors
    /// It is something else; `what` names it.
    pub fn send(&mut self, body: &Dynamic, what: &str) -> Answer<()> {
        let body = &*settled(body)?;
        if let Ok(text) = body.as_immutable_string_ref() {
            self.set_body(text.as_bytes().to_vec(), "text/plain; charset=utf-8");
        } else if let Ok(bytes) = body.as_blob_ref() {
            self.set_body(bytes.clone(), "application/octet-stream");
        } else if body.is_map() || body.is_array() {
            self.send_json(body)?;
        } else {
            let found = kind(body);
            return Err(fail(format!(
                "{what} must be a string, a blob, or a map or list to send as JSON, not {found}"
            )));
        }
        Ok(())
    }

    fn send_json(&mut self, value: &Dynamic) -> Answer<()> {
        let text = value_from(value).map_err(raise)?.to_string();
        self.set_body(text.into_bytes(), "application/json");
        Ok(())
    }

    fn set_body(&mut self, body: Vec<u8>, content_type: &'static str) {
        self.headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
        self.body = Some(body);
    }
}

fn wrong(name: &str, wanted: &str, value: &Dynamic) -> Box<rhai::EvalAltResult> {
    fail(format!("`{name}` must be {wanted}, not {}", kind(value)))
}

fn headers(value: &Dynamic) -> Answer<HeaderMap> {
    let map = value.as_map_ref().map_err(|_| wrong("headers", "a map", value))?;
    let mut headers = HeaderMap::new();
    for (name, value) in map.iter() {
        let key = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| fail(format!("`{name}` is not the name of a header")))?;
        // These say how the message is cut and where it goes: a wrong one would let it be read as another message.
        if [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::HOST, header::CONNECTION, header::EXPECT]
            .contains(&key)
        {
            return Err(fail(format!("the header `{name}` is set by `http` itself: leave it out")));
        }
        for text in texts(value) {
            // The value may be a secret, so it is not part of the message.
            let text = HeaderValue::from_str(&text)
                .map_err(|_| fail(format!("the value of the header `{name}` must be one line of ASCII letters")))?;
            headers.append(key.clone(), text);
        }
    }
    Ok(headers)
}

fn query(value: &Dynamic) -> Answer<Vec<(String, String)>> {
    let map = value.as_map_ref().map_err(|_| wrong("query", "a map", value))?;
    let pairs = map.iter().flat_map(|(name, value)| texts(value).into_iter().map(move |text| (name.to_string(), text)));
    Ok(pairs.collect())
}

/// One text, or those of a list; `()` is none.
fn texts(value: &Dynamic) -> Vec<String> {
    if let Ok(list) = value.read_lock::<Array>().ok_or(()) {
        return list.iter().flat_map(texts).collect();
    }
    if value.is_unit() { Vec::new() } else { vec![value.to_string()] }
}
