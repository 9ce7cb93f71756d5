//! `fake-http`: a server on this machine that answers as a manifest says.

mod message;
mod route;
mod server;

#[cfg(test)]
mod tests;

use message::Seen;
use route::{Answer, Route, Routes};
use serde_json::Value;
use server::Server;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use thinking::prelude::*;

/// A server on this machine (127.0.0.1) that answers requests as its routes say, and keeps them to be looked at. What no route is for gets 404. It
/// needs no permission: connecting to it is permitted while it runs.
#[component("fake-http")]
pub struct FakeHttp {
    /// The port that it listens on; 0, the default: any that is free.
    #[serde(default)]
    port: u16,
    /// What it answers, by method and path. Several of the same method and path answer in turn, and the last stays.
    #[serde(default)]
    route: Vec<Route>,
    #[serde(skip)]
    running: Mutex<Option<Running>>,
}

/// A server that runs. The permission to connect to it ends before it does.
struct Running {
    _permitted: Option<thinking_step::Serving>,
    server: Server,
}

impl FakeHttp {
    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, work: impl FnOnce(&Server) -> T) -> Result<T> {
        match &*self.running() {
            Some(running) => Ok(work(&running.server)),
            None => bail!("the server does not run: it starts with `startup`"),
        }
    }
}

#[operations]
impl FakeHttp {
    /// Starts it.
    pub fn startup(&self) -> Result<()> {
        let routes = Routes::new(&self.route).map_err(|why| anyhow!(why))?;
        let server = Server::start(self.port, Arc::new(routes))
            .map_err(|error| anyhow!("no server could be started on 127.0.0.1:{}: {error}", self.port))?;
        let permitted = thinking_step::current().ok().and_then(|host| host.serve(server.port()));
        *self.running() = Some(Running { _permitted: permitted, server });
        Ok(())
    }

    /// Where it is: `http://127.0.0.1:PORT`, and the path if one is given.
    #[operation(observe)]
    pub fn url(&self, path: Option<String>) -> Result<String> {
        let path = path.unwrap_or_default();
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        self.with(|server| format!("http://127.0.0.1:{}{slash}{path}", server.port()))
    }

    /// The requests that came, in order: each a map with `method`, `path`, `query`, `headers` (names in lower case), `body` and, if the body is JSON,
    /// `json`.
    #[operation(observe)]
    pub fn requests(&self) -> Result<Vec<Seen>> {
        self.with(|server| server.seen())
    }

    /// Answers a method and path so from now on: a map with any of `status`, `body`, `json`, `headers`, `fails` and `delay`, as in a `route`.
    #[operation(observe)]
    pub fn respond(&self, method: &str, path: &str, answer: Value) -> Result<()> {
        let answer: Answer = serde_json::from_value(answer).map_err(|error| anyhow!("this is no answer: {error}"))?;
        let route = Route { on: format!("{method} {path}"), answer };
        self.with(|server| server.routes().replace(&route))?.map_err(|why| anyhow!(why))
    }

    /// Forgets the requests, and what `respond` said.
    #[operation(observe)]
    pub fn reset(&self) -> Result<()> {
        self.with(Server::reset)
    }

    /// Stops it. Nothing of it is left running.
    pub fn shutdown(&self) {
        // The server's threads are waited for outside of the lock: an operation that comes now is told that it does not run.
        let running = self.running().take();
        drop(running);
    }
}
