//! The server as its clients see it.

use crate::http::route::{Answer, Route, Routes};
use crate::http::server::Server;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

fn server(routes: Value) -> Server {
    let routes: Vec<Route> = serde_json::from_value(routes).unwrap();
    Server::start(0, Arc::new(Routes::new(&routes).unwrap())).unwrap()
}

/// Sends bytes and reads all that comes until the server closes the connection.
fn send(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.write_all(bytes).unwrap();
    let mut all = Vec::new();
    // A server that refuses before it has read everything may reset the connection after its answer.
    let _ = stream.read_to_end(&mut all);
    String::from_utf8(all).unwrap()
}

fn get(server: &Server, path: &str) -> String {
    let answer = send(server, format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes());
    let status = answer.split(' ').nth(1).unwrap().to_owned();
    format!("{status} {}", answer.split_once("\r\n\r\n").unwrap().1.trim_end())
}

#[test]
fn routes_answer() {
    let server = server(json!([
        { "on": "GET /text", "body": "hello" },
        { "on": "GET /json", "status": 201, "body": { "rows": [1, 2.5, null] }, "headers": { "X-One": "a" } },
        { "on": "GET /users/{id}/mail", "body": "mail" },
        { "on": "* /files/*", "body": "file" },
        { "on": "GET /turn", "body": "first" },
        { "on": "GET /turn", "body": "second", "fails": 2 },
        { "on": "GET /turn", "status": 410 },
        { "on": "GET /list", "json": "[{ \"id\": 1 }, \"x\"]" },
        { "on": "GET /gone", "status": 204, "body": "never sent" }
    ]));
    let cases = [
        ("/text", "200 hello"),
        ("/text?a=1", "200 hello"),
        ("/json", r#"201 {"rows":[1,2.5,null]}"#),
        ("/users/7/mail", "200 mail"),
        (
            "/users/a%2Fb/mail",
            "404 fake-http has no route for GET /users/a/b/mail; it has: GET /text, GET /json, GET /users/{id}/mail, * /files/*, GET /turn, GET /list, GET /gone",
        ),
        ("/files/a/b.txt", "200 file"),
        ("/turn", "200 first"),
        ("/turn", "503 fake-http was told to fail"),
        ("/turn", "503 fake-http was told to fail"),
        ("/turn", "200 second"),
        ("/turn", "410 "),
        ("/turn", "410 "),
        ("/list", r#"200 [{"id":1},"x"]"#),
        ("/gone", "204 "),
    ];
    for (path, expected) in cases {
        assert_eq!(get(&server, path), expected, "{path}");
    }
    assert_eq!(server.seen().len(), cases.len(), "what no route is for is kept, too");
    let whole = send(&server, b"GET /json HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_eq!(
        whole,
        "HTTP/1.1 201 Created\r\nx-one: a\r\ncontent-type: application/json\r\ncontent-length: 21\r\nconnection: close\r\n\r\n{\"rows\":[1,2.5,null]}"
    );
    server.reset();
    assert!(server.seen().is_empty());
    assert_eq!(get(&server, "/turn"), "200 first", "from the beginning");
}

#[test]
fn requests_are_kept() {
    let server = server(json!([]));
    let both = b"POST /a%20b?q=x+y&q=%C3%A4&flag HTTP/1.1\r\nX-Kind: one\r\nx-kind: two\r\nContent-Length: 7\r\n\r\n{\"a\":1}\
                 PUT http://127.0.0.1/c HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n";
    let answers = send(&server, both);
    assert_eq!(answers.matches("HTTP/1.1 404").count(), 2, "both on one connection: {answers}");
    let seen = serde_json::to_value(server.seen()).unwrap();
    assert_eq!(
        seen,
        json!([
            {
                "method": "POST", "path": "/a b", "query": { "q": "ä", "flag": "" },
                "headers": { "x-kind": "one, two", "content-length": "7" }, "body": "{\"a\":1}", "json": { "a": 1 }
            },
            {
                "method": "PUT", "path": "/c", "query": {},
                "headers": { "transfer-encoding": "chunked", "connection": "close" }, "body": "abcde", "json": null
            }
        ])
    );
}

#[test]
fn odd_requests_are_refused_and_do_no_harm() {
    let server = server(json!([{ "on": "GET /", "body": "fine" }]));
    let cases: [(&[u8], &str); 7] = [
        (b"\x16\x03\x01\x02", "400"),
        (b"GET\r\n\r\n", "400"),
        (b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", "400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", "413"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffff\r\n", "413"),
        (b"HEAD / HTTP/1.0\r\n\r\n", "200"),
    ];
    for (bytes, status) in cases {
        let answer = send(&server, bytes);
        assert_eq!(answer.split(' ').nth(1), Some(status), "{}: {answer}", String::from_utf8_lossy(bytes));
    }
    assert!(!send(&server, b"HEAD / HTTP/1.0\r\n\r\n").contains("fine"));
    drop(TcpStream::connect(("127.0.0.1", server.port())).unwrap());
    assert_eq!(get(&server, "/"), "200 fine");
}

#[test]
fn nothing_is_left_when_it_stops() {
    let server = server(json!([{ "on": "GET /slow", "delay": "1000m" }]));
    let port = server.port();
    // One connection that says nothing, and one that waits for an answer that takes hours.
    let mut idle = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut waits = TcpStream::connect(("127.0.0.1", port)).unwrap();
    waits.write_all(b"GET /slow HTTP/1.1\r\n\r\n").unwrap();
    while server.seen().is_empty() {
        std::thread::yield_now();
    }
    drop(server);
    for stream in [&mut idle, &mut waits] {
        assert!(matches!(stream.read(&mut [0; 8]), Ok(0) | Err(_)), "it was closed");
    }
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens");
}

#[test]
fn routes_at_run_time_come_first() {
    let server = server(json!([{ "on": "GET /a/*", "body": "old" }, { "on": "GET /b", "body": "b" }]));
    let answer = |body: &str| Answer { body: body.into(), ..serde_json::from_value(json!({})).unwrap() };
    let respond = |on: &str, body: &str| server.routes().replace(&Route { on: on.to_owned(), answer: answer(body) });
    respond("GET /a/x", "new").unwrap();
    respond("GET /b", "newer").unwrap();
    assert_eq!(["/a/x", "/a/y", "/b"].map(|path| get(&server, path)), ["200 new", "200 old", "200 newer"]);
    server.reset();
    assert_eq!(["/a/x", "/b"].map(|path| get(&server, path)), ["200 old", "200 b"]);
}

#[test]
fn mistakes_in_routes_are_named() {
    let cases = [
        (json!({ "on": "/items" }), r#"`/items` is no route: it has a method and a path, such as "GET /items""#),
        (json!({ "on": "GET items" }), r#"`GET items` is no route: its path begins with `/`, such as "GET /items""#),
        (json!({ "on": "GET /", "status": 99 }), "`GET /` cannot answer 99: a status is from 200 to 599"),
        (
            json!({ "on": "GET /", "json": "[1" }),
            "the `json` of `GET /` is none: EOF while parsing a list at line 1 column 2",
        ),
        (json!({ "on": "GET /", "json": "1", "body": 1 }), "`GET /` has a `body` and a `json`: which one is meant?"),
        (json!({ "on": "GET /", "delay": "soon" }), r#"`GET /` cannot wait for `soon`: write "50ms" or "2s""#),
        (json!({ "on": "GET /", "headers": { "a b": "c" } }), "`GET /` cannot answer with the header `a b: c`"),
    ];
    for (route, message) in cases {
        let routes: Vec<Route> = serde_json::from_value(json!([route])).unwrap();
        assert_eq!(Routes::new(&routes).err().as_deref(), Some(message));
    }
}
