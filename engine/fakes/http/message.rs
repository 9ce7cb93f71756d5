//! Requests as they come, and answers as they go.

use crate::http::route::Ready;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use thinking::prelude::*;

/// Most bytes of a request's head.
const HEAD: usize = 64 << 10;
/// Most bytes of a request's body.
const BODY: usize = 64 << 20;
/// Most headers.
const HEADERS: usize = 128;

/// A request that came.
#[data]
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// `GET`
    pub method: String,
    /// The path without what is asked for: `/items`.
    pub path: String,
    /// What is asked for, by name; of a name that is there twice the last.
    pub query: BTreeMap<String, String>,
    /// Headers, their names in lower case; values of one name are joined by commas.
    pub headers: BTreeMap<String, String>,
    /// The body as text; what is not UTF-8 is replaced.
    pub body: String,
    /// The body's value, if it is JSON.
    pub json: Value,
}

/// Why there is no request.
pub enum Trouble {
    /// The connection is at its end.
    Over,
    /// It is none that this server understands: what is answered before the connection ends.
    Refused(Ready),
}

impl From<std::io::Error> for Trouble {
    fn from(_: std::io::Error) -> Self {
        Self::Over
    }
}

/// A connection's bytes that were not used yet.
pub struct Incoming<S> {
    stream: S,
    ahead: Vec<u8>,
}

/// What the head of a request says.
struct Head {
    seen: Seen,
    keep: bool,
}

impl<S: Read + Write> Incoming<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, ahead: Vec::new() }
    }

    /// The next request, and whether the connection goes on after it.
    pub fn next(&mut self) -> Result<(Seen, bool), Trouble> {
        let Head { mut seen, keep } = self.head()?;
        let header = |name: &str| seen.headers.get(name).map(|value| value.to_ascii_lowercase());
        let chunked = header("transfer-encoding").is_some_and(|value| value.contains("chunked"));
        let length = header("content-length").map(|value| value.parse::<usize>());
        if header("expect").is_some_and(|value| value == "100-continue") {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let body = match length {
            _ if chunked => self.chunks()?,
            Some(Ok(length)) if length <= BODY => self.take(length)?,
            Some(Ok(_)) => return Err(refused(413, "the body is larger than fake-http takes")),
            Some(Err(_)) => return Err(refused(400, "content-length is no number")),
            None => Vec::new(),
        };
        seen.json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        seen.body = String::from_utf8_lossy(&body).into_owned();
        Ok((seen, keep))
    }

    /// Answers; says whether that went well.
    pub fn answer(&mut self, ready: &Ready, method: &str, keep: bool) -> std::io::Result<()> {
        let mut out = format!("HTTP/1.1 {} {}\r\n", ready.status, reason(ready.status)).into_bytes();
        for (name, value) in &ready.headers {
            out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        let bodiless = matches!(ready.status, 204 | 304);
        if !bodiless && !ready.headers.iter().any(|(name, _)| name == "content-length") {
            out.extend_from_slice(format!("content-length: {}\r\n", ready.body.len()).as_bytes());
        }
        out.extend_from_slice(if keep { b"\r\n" } else { b"connection: close\r\n\r\n" });
        if method != "HEAD" && !bodiless {
            out.extend_from_slice(&ready.body);
        }
        self.stream.write_all(&out)?;
        self.stream.flush()
    }

    fn head(&mut self) -> Result<Head, Trouble> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; HEADERS];
            let mut request = httparse::Request::new(&mut headers);
            match request.parse(&self.ahead) {
                Ok(httparse::Status::Complete(used)) => {
                    let head = head(&request);
                    self.ahead.drain(..used);
                    return Ok(head);
                }
                Ok(httparse::Status::Partial) if self.ahead.len() > HEAD => {
                    return Err(refused(431, "the head is larger than fake-http takes"));
                }
                Ok(httparse::Status::Partial) => self.more()?,
                Err(error) => return Err(refused(400, &format!("this is no request: {error}"))),
            }
        }
    }

    fn chunks(&mut self) -> Result<Vec<u8>, Trouble> {
        let mut body = Vec::new();
        loop {
            let (used, size) = match httparse::parse_chunk_size(&self.ahead) {
                Ok(httparse::Status::Complete((used, size))) => (used, usize::try_from(size).unwrap_or(usize::MAX)),
                Ok(httparse::Status::Partial) if self.ahead.len() > HEAD => {
                    return Err(refused(400, "a chunk has no size"));
                }
                Ok(httparse::Status::Partial) => {
                    self.more()?;
                    continue;
                }
                Err(_) => return Err(refused(400, "a chunk has no size")),
            };
            if size > BODY.saturating_sub(body.len()) {
                return Err(refused(413, "the body is larger than fake-http takes"));
            }
            self.ahead.drain(..used);
            body.extend(self.take(size)?);
            if size > 0 {
                self.take(2)?;
                continue;
            }
            // What may follow the last chunk, up to an empty line, says nothing here.
            loop {
                match self.ahead.windows(2).position(|pair| pair == b"\r\n") {
                    Some(at) => {
                        self.ahead.drain(..at + 2);
                        if at == 0 {
                            return Ok(body);
                        }
                    }
                    None if self.ahead.len() > HEAD => {
                        return Err(refused(431, "the head is larger than fake-http takes"));
                    }
                    None => self.more()?,
                }
            }
        }
    }

    fn take(&mut self, count: usize) -> Result<Vec<u8>, Trouble> {
        while self.ahead.len() < count {
            self.more()?;
        }
        Ok(self.ahead.drain(..count).collect())
    }

    fn more(&mut self) -> Result<(), Trouble> {
        let mut piece = [0; 8 << 10];
        match self.stream.read(&mut piece)? {
            0 => Err(Trouble::Over),
            count => {
                self.ahead.extend_from_slice(piece.get(..count).unwrap_or_default());
                Ok(())
            }
        }
    }
}

fn refused(status: u16, why: &str) -> Trouble {
    Trouble::Refused(Ready::text(status, format!("{why}\n")))
}

fn head(request: &httparse::Request<'_, '_>) -> Head {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for header in &*request.headers {
        let value = String::from_utf8_lossy(header.value).into_owned();
        headers
            .entry(header.name.to_ascii_lowercase())
            .and_modify(|before| *before = format!("{before}, {value}"))
            .or_insert(value);
    }
    let target = request.path.unwrap_or("/");
    // A proxy's client writes the whole URL.
    let target = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => target,
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let plain = |text: &str| decoded(&text.replace('+', " "));
    let connection = headers.get("connection").map(|value| value.to_ascii_lowercase()).unwrap_or_default();
    let keep = match request.version {
        Some(1) => !connection.contains("close"),
        _ => connection.contains("keep-alive"),
    };
    Head {
        seen: Seen {
            method: request.method.unwrap_or("").to_owned(),
            path: decoded(path),
            query: pairs.map(|(name, value)| (plain(name), plain(value))).collect(),
            headers,
            body: String::new(),
            json: Value::Null,
        },
        keep,
    }
}

/// `%20` and the like as what they stand for.
fn decoded(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, digit(after.first()), digit(after.get(1))) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
