//! One clear line for what went wrong with a request.

use super::target::shown;
use crate::units::{shown_duration, shown_size};
use jiff::Timestamp;
use std::io::ErrorKind as Io;
use std::time::Duration;
use thinking_step::{ErrorKind, StepError};
use ureq::http::{HeaderMap, header};
use ureq::{Error, Timeout};

/// Lines of an answer's body that are shown with an error, and letters of each.
const LINES: usize = 5;
const LETTERS: usize = 200;

/// A request for messages: ``GET `https://…` ``.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The URL as the script wrote it.
    pub url: String,
    /// How long it may take in all.
    pub timeout: Option<Duration>,
    /// How long there may be silence.
    pub patience: Duration,
}

impl Request {
    /// A failure of kind `http`.
    pub fn failed(&self, why: &str) -> StepError {
        StepError::new(ErrorKind::Http, format!("{} `{}`: {why}", self.method, shown(&self.url)))
    }

    /// What ureq says, said so that one knows what to do.
    pub fn explain(&self, error: &Error) -> StepError {
        let why = match error {
            Error::Timeout(Timeout::PerRead | Timeout::PerWrite) => {
                format!("nothing came for {}", shown_duration(self.patience))
            }
            Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                format!(
                    "no connection within {}",
                    shown_duration(self.timeout.unwrap_or(self.patience).min(self.patience))
                )
            }
            Error::Timeout(_) => {
                format!("no whole answer within {}", shown_duration(self.timeout.unwrap_or(self.patience)))
            }
            Error::HostNotFound => "there is no such host".to_owned(),
            Error::Io(error) if error.kind() == Io::InvalidData && error.get_ref().is_some() => {
                format!("no secure connection: {error}")
            }
            Error::Io(error) => match error.kind() {
                Io::ConnectionRefused => "the connection was refused: does the server run?".to_owned(),
                Io::UnexpectedEof => {
                    "the answer was cut off: the server closed the connection before its end".to_owned()
                }
                Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe => {
                    "the server broke the connection off".to_owned()
                }
                Io::HostUnreachable | Io::NetworkUnreachable => "there is no way to the server".to_owned(),
                Io::InvalidData => format!("the answer makes no sense: {error}"),
                _ => error.to_string(),
            },
            Error::Rustls(error) => format!("no secure connection: {error}"),
            Error::Tls(why) => format!("no secure connection: {why}"),
            Error::LargeResponseHeader(..) => "the answer's headers are too long".to_owned(),
            Error::Decompress(_, error) => format!("the answer cannot be unpacked: {error}"),
            Error::Protocol(error) => format!("the answer is not HTTP: {error}"),
            other => other.to_string(),
        };
        self.failed(&why)
    }

    /// The body is larger than permitted.
    pub fn too_large(&self, max_size: u64) -> StepError {
        self.failed(&format!("the answer is larger than {}", shown_size(max_size)))
            .help("a larger one may be taken with the option `max_size: \"1GiB\"`")
    }

    /// 429 and 5xx.
    pub fn refused(&self, status: ureq::http::StatusCode, headers: &HeaderMap, body: &[u8]) -> StepError {
        let after = retry_after(headers);
        let mut why = format!("the server answered {}", status.as_str());
        if let Some(reason) = status.canonical_reason() {
            why.push_str(&format!(" {reason}"));
        }
        if let Some(after) = after {
            why.push_str(&format!(", and to try again after {}", shown_duration(after)));
        }
        let mut error = self.failed(&why).details(first_lines(body));
        error.retry_after = after;
        error
    }
}

/// The first lines of a body that is text.
fn first_lines(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(body.get(..LINES * LETTERS * 4).unwrap_or(body));
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).take(LINES);
    let shown = |line: &str| -> String {
        line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LETTERS).collect()
    };
    lines.map(shown).collect()
}

/// `Retry-After`: seconds, or a date that counts from the server's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    let now = headers.get(header::DATE).and_then(|now| date(now.to_str().ok()?)).unwrap_or_else(Timestamp::now);
    let wait = date(text)?.duration_since(now);
    Some(Duration::try_from(wait).unwrap_or_default())
}
