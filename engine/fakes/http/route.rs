//! What a server answers.

use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thinking::prelude::*;

/// A method and path, and what is answered: `route "GET /items" status=200 { body { … } }`.
#[data]
#[derive(Clone)]
#[schemars(extend("x-kdl-arguments" = ["on"]))]
pub struct Route {
    /// Method and path: `GET /items`. `*` is any method, `{id}` one part of a path, `*` at its end all that follows.
    #[schemars(extend("pattern" = r"^(\*|[A-Za-z]+) /|\$\{", "x-what" = "a method and a path, such as \"GET /items\""))]
    pub on: String,
    /// What is answered.
    #[serde(flatten)]
    pub answer: Answer,
}

/// One answer.
#[data]
#[derive(Clone)]
pub struct Answer {
    /// The status; 200 if nothing is said.
    #[serde(default = "ok")]
    pub status: u16,
    /// The body: a text as it is, anything else as JSON.
    #[serde(default)]
    pub body: Value,
    /// The body as JSON text, for what is written so more easily: `json #"[{ "id": 1 }]"#`.
    #[serde(default)]
    pub json: Option<String>,
    /// Headers by name.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How many requests get 503 before this is answered.
    #[serde(default)]
    pub fails: u32,
    /// How long the answer takes, in real time: `50ms`, `2s`.
    #[serde(default)]
    pub delay: Option<String>,
}

fn ok() -> u16 {
    200
}

/// One answer, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub delay: Duration,
}

impl Ready {
    /// A text.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        let headers = vec![("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())];
        Self { status, headers, body: text.into().into_bytes(), delay: Duration::ZERO }
    }
}

/// A pattern of paths, and its answers in turn.
struct Known {
    on: String,
    method: String,
    path: Vec<String>,
    /// Each with how many requests are still to be refused before it.
    answers: Vec<(u32, Ready)>,
    next: usize,
}

/// All routes: those that were told at run time come first.
pub struct Routes {
    first: Vec<Route>,
    now: Mutex<Vec<Known>>,
}

impl Routes {
    /// What a configuration says; or what is wrong with it.
    pub fn new(routes: &[Route]) -> Result<Self, String> {
        Ok(Self { first: routes.to_vec(), now: Mutex::new(known(routes)?) })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Known>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers so from now on.
    pub fn replace(&self, route: &Route) -> Result<(), String> {
        let new = known(std::slice::from_ref(route))?;
        let mut now = self.lock();
        now.retain(|one| new.iter().all(|new| new.on != one.on));
        now.splice(0..0, new);
        Ok(())
    }

    /// What the configuration says, from its beginning.
    pub fn reset(&self) {
        if let Ok(all) = known(&self.first) {
            *self.lock() = all;
        }
    }

    /// The answer to a request.
    pub fn answer(&self, method: &str, path: &str) -> Ready {
        let mut now = self.lock();
        let Some(route) = now.iter_mut().find(|route| route.fits(method, path)) else {
            let names: Vec<&str> = now.iter().map(|route| route.on.as_str()).collect();
            let help =
                if names.is_empty() { "it has no routes".to_owned() } else { format!("it has: {}", names.join(", ")) };
            return Ready::text(404, format!("fake-http has no route for {method} {path}; {help}\n"));
        };
        let last = route.answers.len().saturating_sub(1);
        let at = route.next.min(last);
        match route.answers.get_mut(at) {
            Some((fails, _)) if *fails > 0 => {
                *fails -= 1;
                Ready::text(503, "fake-http was told to fail\n")
            }
            Some((_, ready)) => {
                route.next = at + 1;
                ready.clone()
            }
            None => Ready::text(500, "fake-http has nothing to answer\n"),
        }
    }
}

impl Known {
    fn fits(&self, method: &str, path: &str) -> bool {
        // Who asks for the head of an answer asks where GET is answered.
        let head = method == "HEAD" && self.method.eq_ignore_ascii_case("GET");
        if self.method != "*" && !self.method.eq_ignore_ascii_case(method) && !head {
            return false;
        }
        let given: Vec<&str> = path.split('/').collect();
        let rest = self.path.last().is_some_and(|part| part == "*");
        let fixed = self.path.len() - usize::from(rest);
        let count = if rest { given.len() > fixed } else { given.len() == fixed };
        let is_any = |part: &str| part.starts_with('{') && part.ends_with('}');
        count && self.path.iter().take(fixed).zip(&given).all(|(part, given)| is_any(part) || part == given)
    }
}

fn known(routes: &[Route]) -> Result<Vec<Known>, String> {
    let mut all: Vec<Known> = Vec::new();
    for Route { on, answer } in routes {
        let wrong = |why: &str| format!("`{on}` is no route: {why}, such as \"GET /items\"");
        let (method, path) = on.split_once(' ').ok_or_else(|| wrong("it has a method and a path"))?;
        if !path.starts_with('/') {
            return Err(wrong("its path begins with `/`"));
        }
        let ready = (answer.fails, ready(on, answer)?);
        match all.iter_mut().find(|known| known.on == *on) {
            Some(known) => known.answers.push(ready),
            None => all.push(Known {
                on: on.clone(),
                method: method.to_owned(),
                path: path.split('/').map(str::to_owned).collect(),
                answers: vec![ready],
                next: 0,
            }),
        }
    }
    Ok(all)
}

fn ready(on: &str, answer: &Answer) -> Result<Ready, String> {
    if !(200..=599).contains(&answer.status) {
        return Err(format!("`{on}` cannot answer {}: a status is from 200 to 599", answer.status));
    }
    let parsed = match &answer.json {
        Some(_) if !answer.body.is_null() => {
            return Err(format!("`{on}` has a `body` and a `json`: which one is meant?"));
        }
        Some(text) => Some(
            serde_json::from_str::<Value>(text).map_err(|error| format!("the `json` of `{on}` is none: {error}"))?,
        ),
        None => None,
    };
    let (kind, body) = match &answer.body {
        _ if parsed.is_some() => (Some("application/json"), parsed.unwrap_or_default().to_string().into_bytes()),
        Value::Null => (None, Vec::new()),
        Value::String(text) => (Some("text/plain; charset=utf-8"), text.clone().into_bytes()),
        other => (Some("application/json"), other.to_string().into_bytes()),
    };
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in &answer.headers {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) || value.contains(['\r', '\n']) {
            return Err(format!("`{on}` cannot answer with the header `{name}: {value}`"));
        }
        headers.push((name.to_ascii_lowercase(), value.clone()));
    }
    if let Some(kind) = kind
        && !headers.iter().any(|(name, _)| name == "content-type")
    {
        headers.push(("content-type".to_owned(), kind.to_owned()));
    }
    let delay = match &answer.delay {
        None => Duration::ZERO,
        Some(text) => {
            duration(text).ok_or_else(|| format!("`{on}` cannot wait for `{text}`: write \"50ms\" or \"2s\""))?
        }
    };
    Ok(Ready { status: answer.status, headers, body, delay })
}

/// `50ms`, `2s` or `1m`.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|letter: char| letter.is_ascii_alphabetic())?);
    let number: u64 = number.trim().parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    }
}
