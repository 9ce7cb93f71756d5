//! Why an attempt failed.

use std::time::Duration;
use thinking_diagnostic::Span;

/// The kinds of error that `retry { on … }` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// It took longer than `timeout`.
    Timeout,
    /// A request to a server failed.
    Http,
    /// A program could not be started or ended with another code than 0.
    Exec,
    /// A script threw, or used something wrongly.
    Script,
    /// A native step failed or panicked.
    Native,
    /// Another step wrote the same data first.
    Conflict,
    /// The manifest does not permit it. Trying again would not help, so `retry` leaves it alone.
    Permission,
    /// The store failed (a full disk, for instance). Ends the run.
    Store,
    /// The run is stopping; the attempt leaves nothing behind.
    Cancelled,
}

impl ErrorKind {
    /// The word for it in manifests, events and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Http => "http",
            Self::Exec => "exec",
            Self::Script => "script",
            Self::Native => "native",
            Self::Conflict => "conflict",
            Self::Permission => "permission",
            Self::Store => "store",
            Self::Cancelled => "cancelled",
        }
    }

    /// The kind that a word means.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let kinds = [
            Self::Timeout,
            Self::Http,
            Self::Exec,
            Self::Script,
            Self::Native,
            Self::Conflict,
            Self::Permission,
            Self::Store,
            Self::Cancelled,
        ];
        kinds.into_iter().find(|kind| kind.name() == name)
    }
}

/// Why an attempt failed: kind, one line, place, and more lines where there are any.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StepError {
    /// What kind of failure.
    pub kind: ErrorKind,
    /// One line: what happened.
    pub message: String,
    /// Where in a manifest or script it happened.
    pub span: Option<Span>,
    /// More lines: the last lines of standard error, the causes.
    pub details: Vec<String>,
    /// The next thing to do.
    pub help: Option<String>,
    /// How long a server asked to wait before the next try.
    pub retry_after: Option<Duration>,
}

impl StepError {
    /// A failure of that kind.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), span: None, details: Vec::new(), help: None, retry_after: None }
    }

    /// A script's failure.
    #[must_use]
    pub fn script(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Script, message)
    }

    /// Says where, unless that is known already.
    #[must_use]
    pub fn at(mut self, span: Option<Span>) -> Self {
        self.span = self.span.or(span);
        self
    }

    /// Sets the help line.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds lines below the message.
    #[must_use]
    pub fn details(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(lines);
        self
    }
}
