//! `http`: requests to servers.

mod client;
mod options;
mod problem;
mod response;
mod target;
mod transport;

pub use response::Response;
pub use target::net_target;

use crate::failure::Answer;
use crate::namespace::Namespace;
use client::Client;
use options::Options;
use rhai::{Dynamic, ImmutableString, Map};
use std::sync::Arc;
use thinking_step::Class;

pub(crate) use response::methods;

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("http");
    // One for each library, so that connections are shared by all scripts of an engine and by nobody else.
    let client = Arc::new(Client::default());
    let get = Arc::clone(&client);
    ns.function(
        "get",
        // A GET is safe by what HTTP says: it looks and changes nothing, so expressions may ask too.
        Class::Observe,
        "get(url) -> response",
        "Asks a server for what is at a URL. The answer has `.status` (int), `.body` (string; a blob if it is not UTF-8), `.headers` (map, names in lower case), `.json()`, `.url`. \
         Throws kind `http` for 429, 5xx, no answer and a broken one; other statuses are returned. A second argument is a map of options: \
         `headers`, `query` (maps), `timeout` (\"30s\" or ms, in all; without, 60 s of silence are too long), `redirects` (10; each must be permitted, \
         and headers do not go to another server), `max_size` (\"256MiB\"). `permissions { net \"host:port\" }` must list the server.",
        move |url: ImmutableString| get.send("GET", &url, Options::default(), Class::Observe, "http::get"),
    )
    .volatile()
    .connects(0);
    let get = Arc::clone(&client);
    ns.form("get", move |url: ImmutableString, options: Map| -> Answer<Response> {
        get.send("GET", &url, Options::read(&options)?, Class::Observe, "http::get")
    });
    let post = Arc::clone(&client);
    ns.function(
        "post",
        Class::Effect,
        "post(url, body) -> response",
        "Sends data to a URL: a string or a blob as it is, a map or a list as JSON; answers and throws as `get`. A third argument is the map of options of `get`. \
         A step that runs again sends again: `step.key` tells the server that it is the same request.",
        move |url: ImmutableString, body: Dynamic| -> Answer<Response> {
            let mut options = Options::default();
            options.send(&body, "the body")?;
            post.send("POST", &url, options, Class::Effect, "http::post")
        },
    )
    .volatile()
    .connects(0);
    let post = Arc::clone(&client);
    ns.form("post", move |url: ImmutableString, body: Dynamic, options: Map| -> Answer<Response> {
        let mut options = Options::read(&options)?;
        options.send(&body, "the body")?;
        post.send("POST", &url, options, Class::Effect, "http::post")
    });
    let request = Arc::clone(&client);
    ns.function(
        "request",
        Class::Effect,
        "request(method, url, options) -> response",
        "A request of any method (GET HEAD POST PUT PATCH DELETE OPTIONS), with the options of `get` and `body` (string or blob) or `json` (any value).",
        move |method: ImmutableString, url: ImmutableString, options: Map| -> Answer<Response> {
            request.send(&method, &url, Options::read(&options)?, Class::Effect, "http::request")
        },
    )
    .volatile()
    .connects(1);
    ns.form("request", move |method: ImmutableString, url: ImmutableString| -> Answer<Response> {
        client.send(&method, &url, Options::default(), Class::Effect, "http::request")
    });
    ns
}
