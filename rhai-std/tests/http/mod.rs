//! `http`, against servers on this machine.

pub(super) mod server;
mod tls;

use super::World;
use serde_json::json;
use server::{answering, page, request, serve};
use std::io::Write;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::Duration;
use thinking_step::{ErrorKind, StepError, Value};

fn world() -> World {
    World::connected(&["127.0.0.1:*", "localhost:*", "none.invalid"])
}

fn ask(port: u16, code: &str) -> Result<Value, StepError> {
    let plain = format!("127.0.0.1:{port}");
    let code = code.replace("HOST", &plain);
    world().eval(&code.replace("SECURE", &format!("https://{plain}")).replace("URL", &format!("http://{plain}")))
}

fn value(port: u16, code: &str) -> Value {
    ask(port, code).unwrap_or_else(|error| panic!("{code}: {error:?}"))
}

/// The message of a request that fails with kind `http`, without the port.
fn failure(port: u16, code: &str) -> String {
    let error = ask(port, code).expect_err(code);
    assert_eq!(error.kind, ErrorKind::Http, "{error:?}");
    error.message.replace(&port.to_string(), "PORT")
}

#[test]
fn an_answer_has_a_status_a_body_and_headers() {
    let port =
        answering(|_| page("201 Created", "X-One: a\r\nx-one: b\r\nContent-Type: text/plain\r\n", "{\"n\": [1]}"));
    assert_eq!(
        value(
            port,
            "let r = http::get(\"URL/a?b\"); [r.status, r.body, r.headers.x_one, r.headers[\"x-one\"], r.json().n[0], r.url]"
        ),
        json!([201, "{\"n\": [1]}", null, "a, b", 1, format!("http://127.0.0.1:{port}/a")])
    );
    let port = answering(|_| page("404 Not Found", "", "no"));
    assert_eq!(value(port, "http::get(\"URL\").status"), json!(404), "a status that trying again does not change");
    assert_eq!(
        ask(port, "http::get(\"URL/x\").json()").unwrap_err().message,
        format!("the answer of `http://127.0.0.1:{port}/x` is not JSON: expected ident at line 1 column 2")
    );
    let port = answering(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\x00".to_vec());
    assert_eq!(value(port, "let r = http::get(\"URL\"); [type_of(r.body), r.body.len()]"), json!(["blob", 2]));
    let port = answering(|_| {
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n".to_vec()
    });
    assert_eq!(value(port, "http::get(\"URL\").body"), json!("abcde"));
    let port = answering(|_| b"HTTP/1.1 204 No Content\r\n\r\n".to_vec());
    assert_eq!(value(port, "http::get(\"URL\").body"), json!(""));
    let port = answering(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n".to_vec());
    assert_eq!(value(port, "http::request(\"head\", \"URL\").headers[\"content-length\"]"), json!("99"));
}

#[test]
fn packed_answers_are_unpacked() {
    let gzip: [u8; 28] =
        [31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 203, 72, 205, 201, 201, 87, 200, 64, 144, 0, 128, 136, 249, 229, 17, 0, 0, 0];
    let answer = move |bytes: &[u8]| {
        let mut answer =
            format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", bytes.len());
        answer.push_str("");
        [answer.as_bytes(), bytes].concat()
    };
    let whole = answer(&gzip);
    let port = answering(move |_| whole.clone());
    assert_eq!(value(port, "http::get(\"URL\").body"), json!("hello hello hello"));
    assert_eq!(
        failure(port, "http::get(\"URL\", #{ max_size: 16 })"),
        "GET `http://127.0.0.1:PORT`: the answer is larger than 16 B"
    );
    let cut = answer(&gzip[..20]);
    let port = answering(move |_| cut.clone());
    assert!(failure(port, "http::get(\"URL\")").contains("the answer "));
}

/// What the server saw of a request.
fn seen(code: &str) -> String {
    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    let port = answering(move |request| {
        sender.lock().unwrap().send(request.to_owned()).unwrap();
        page("200 OK", "", "")
    });
    value(port, &format!("{code}; ()"));
    receiver.recv().unwrap().replace(&port.to_string(), "PORT")
}

#[test]
fn requests_say_what_they_are_told_to() {
    let text = seen(
        "http::get(\"URL/p?a=1#x\", #{ headers: #{ \"X-Many\": [1, \"b\"] }, query: #{ q: \"ä &\", l: [1, 2] } })",
    );
    assert!(text.starts_with("GET /p?a=1&l=1&l=2&q=%C3%A4%20%26 HTTP/1.1\r\n"), "{text}");
    assert!(text.contains("x-many: 1\r\nx-many: b\r\n") && text.contains("accept-encoding: gzip"), "{text}");
    assert!(text.contains(concat!("user-agent: thinking/", env!("CARGO_PKG_VERSION"))), "{text}");
    let text = seen("http::post(\"URL\", #{ a: [1, ()] })");
    assert!(
        text.starts_with("POST / ") && text.contains("application/json") && text.ends_with("{\"a\":[1,null]}"),
        "{text}"
    );
    let text = seen("http::post(\"URL\", \"ä\", #{ headers: #{ \"content-type\": \"x/y\" } })");
    assert!(
        text.contains("content-type: x/y") && text.contains("content-length: 2") && text.ends_with("\r\n\r\nä"),
        "{text}"
    );
    let text = seen("http::request(\"put\", \"URL\", #{ body: blob(2, 65) })");
    assert!(text.starts_with("PUT / ") && text.contains("octet-stream") && text.ends_with("AA"), "{text}");
    let text = seen("http::request(\"DELETE\", \"URL\", #{ json: () })");
    assert!(text.starts_with("DELETE / ") && text.ends_with("null"), "{text}");
    let text = seen("http::request(\"POST\", \"URL\")");
    assert!(text.contains("content-length: 0"), "{text}");
    let text = seen("http::get(\"http://user:pass@HOST\")");
    assert!(text.contains("authorization: Basic dXNlcjpwYXNz"), "{text}");
}

#[test]
fn what_a_request_cannot_be_is_said_before_it_is_sent() {
    for (code, message) in [
        ("http::get(\"x\")", "`x` is not a URL: it must begin with `http://` or `https://`"),
        ("http::get(\"ftp://u:p@x/\")", "`ftp://x/` is not a URL: it must begin with `http://` or `https://`"),
        (
            "http::request(\"BREW\", \"URL\")",
            "`BREW` is not a method: there are GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS",
        ),
        (
            "http::get(\"URL\", #{ body: \"x\" })",
            "a GET request has no body: use `http::post`, or `http::request` with another method",
        ),
        (
            "http::get(\"URL\", #{ tiemout: 1 })",
            "a request has no option `tiemout`: there are body, headers, json, max_size, query, redirects, timeout",
        ),
        (
            "http::get(\"URL\", #{ timeout: \"soon\" })",
            "`timeout` must be a duration such as \"250ms\", \"30s\" or \"5m\", not \"soon\"",
        ),
        ("http::get(\"URL\", #{ timeout: 0 })", "`timeout` must be longer than 0"),
        ("http::get(\"URL\", #{ timeout: -1 })", "`timeout` must not be negative, but is -1"),
        (
            "http::get(\"URL\", #{ timeout: 1.5 })",
            "`timeout` must be a duration such as \"30s\", or milliseconds, not a float",
        ),
        (
            "http::get(\"URL\", #{ max_size: \"big\" })",
            "`max_size` must be a size such as \"64MiB\" or \"8GB\", not \"big\"",
        ),
        ("http::get(\"URL\", #{ redirects: -1 })", "`redirects` must not be negative, but is -1"),
        ("http::get(\"URL\", #{ headers: 1 })", "`headers` must be a map, not an int"),
        ("http::get(\"URL\", #{ headers: #{ \"a b\": 1 } })", "`a b` is not the name of a header"),
        (
            "http::get(\"URL\", #{ headers: #{ a: \"b\\nc\" } })",
            "the value of the header `a` must be one line of ASCII letters",
        ),
        (
            "http::get(\"URL\", #{ headers: #{ Host: \"b\" } })",
            "the header `Host` is set by `http` itself: leave it out",
        ),
        (
            "http::request(\"PUT\", \"URL\", #{ body: 1 })",
            "`body` must be a string, a blob, or a map or list to send as JSON, not an int",
        ),
        (
            "http::request(\"PUT\", \"URL\", #{ body: \"\", json: 1 })",
            "a request has one body: give `body` or `json`, not both",
        ),
        (
            "http::post(\"URL\", || 1)",
            "the body must be a string, a blob, or a map or list to send as JSON, not a function",
        ),
    ] {
        let error = ask(1, code).unwrap_err();
        assert_eq!((error.kind, &*error.message), (ErrorKind::Script, message), "{code}");
    }
}

#[test]
fn servers_that_misbehave() {
    let endless = |line: &'static str| {
        serve(move |mut stream| {
            request(&mut stream);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
            while stream.write_all(line.as_bytes()).is_ok() {}
        })
    };
    let says = |text: &'static str| answering(move |_| text.as_bytes().to_vec());
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let many = "X-Header: 0123456789\r\n";
    for (name, port, options, message) in [
        ("nobody listens", closed, "", "the connection was refused: does the server run?"),
        ("it closes at once", says(""), "", "the answer was cut off: the server closed the connection before its end"),
        (
            "the headers are cut",
            says("HTTP/1.1 200 OK\r\nConte"),
            "",
            "the answer was cut off: the server closed the connection before its end",
        ),
        (
            "the body is cut",
            says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
            "",
            "the answer was cut off: the server closed the connection before its end",
        ),
        (
            "a chunk is cut",
            says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc"),
            "",
            "the answer was cut off: the server closed the connection before its end",
        ),
        (
            "the last chunk is missing",
            says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
            "",
            "the answer was cut off: the server closed the connection before its end",
        ),
        (
            "the length is a lie",
            says("HTTP/1.1 200 OK\r\nContent-Length: 900000000000\r\n\r\nabc"),
            "",
            "the answer is larger than 256 MiB",
        ),
        (
            "the length is no number",
            says("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nabc"),
            "",
            "the answer is not HTTP: content-length header not a number",
        ),
        (
            "a chunk's length is no number",
            says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n"),
            "",
            "the answer is not HTTP: chunk length cannot be read as a number",
        ),
        (
            "it is no HTTP",
            says("SSH-2.0-OpenSSH_9.6\r\n\r\n\r\n"),
            "",
            "the answer is not HTTP: http parse fail: invalid HTTP version",
        ),
        ("headers without end", endless(many), "", "the answer is not HTTP: http parse resulted in too many headers"),
        ("a header without end", endless("x"), "", "the answer's headers are too long"),
        (
            "a body without end",
            answering(|_| [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 1 << 20]].concat()),
            "max_size: \"100KiB\"",
            "the answer is larger than 100 KiB",
        ),
        (
            "it says nothing",
            serve(|stream| {
                std::thread::sleep(Duration::from_secs(60));
                drop(stream)
            }),
            "timeout: 200",
            "no whole answer within 200 ms",
        ),
        (
            "it says a part",
            serve(|mut stream| {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
                std::thread::sleep(Duration::from_secs(60))
            }),
            "timeout: \"200ms\"",
            "no whole answer within 200 ms",
        ),
        (
            "a byte now and then",
            serve(|mut stream| {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
                while stream.write_all(b"x").is_ok() {
                    std::thread::sleep(Duration::from_millis(10))
                }
            }),
            "timeout: 200",
            "no whole answer within 200 ms",
        ),
        (
            "redirects to itself",
            says("HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n"),
            "",
            "more than 10 redirects, the last one to `http://127.0.0.1:PORT/a`",
        ),
        (
            "a redirect to nowhere",
            says("HTTP/1.1 302 Found\r\nLocation: http://\r\nContent-Length: 0\r\n\r\n"),
            "",
            "the redirect to `http://` leads nowhere: it names no host",
        ),
        (
            "429",
            says("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"),
            "",
            "the server answered 429 Too Many Requests",
        ),
        (
            "503",
            says("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 90\r\nContent-Length: 0\r\n\r\n"),
            "",
            "the server answered 503 Service Unavailable, and to try again after 90 s",
        ),
        (
            "503, and more than is taken",
            says("HTTP/1.1 503 x\r\nContent-Length: 99\r\n\r\nabcdefghij"),
            "max_size: 5",
            "the server answered 503 Service Unavailable",
        ),
        (
            "500, and a body without end",
            answering(|_| [b"HTTP/1.1 500 x\r\n\r\n".to_vec(), vec![b'x'; 1 << 20]].concat()),
            "max_size: \"1KiB\"",
            "the server answered 500 Internal Server Error",
        ),
        (
            "429, and what cannot be unpacked",
            says("HTTP/1.1 429 x\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
            "",
            "the server answered 429 Too Many Requests",
        ),
        ("599", says("HTTP/1.1 599 x\r\nContent-Length: 0\r\n\r\n"), "", "the server answered 599"),
    ] {
        let found = failure(port, &format!("http::get(\"URL\", #{{ {options} }})"));
        assert_eq!(found, format!("GET `http://127.0.0.1:PORT`: {message}"), "{name}");
    }
    let error = world().eval("http::get(\"http://none.invalid/\")").unwrap_err();
    assert_eq!((error.kind, &*error.message), (ErrorKind::Http, "GET `http://none.invalid/`: there is no such host"));
}

#[test]
fn an_error_keeps_what_the_server_said() {
    let date = "Date: Fri, 20 Nov 2026 08:00:00 GMT\r\nRetry-After: Fri, 20 Nov 2026 08:00:07 GMT\r\n";
    let port = answering(move |_| page("503 Service Unavailable", date, "one\n\ntwo\u{1b}[31m\n"));
    let error = ask(port, "http::get(\"URL\")").unwrap_err();
    assert_eq!(error.details, ["one", "two [31m"]);
    assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(
        value(port, "let seen; try { http::get(\"URL\") } catch (e) { seen = [e.kind, e.retry_after] } seen"),
        json!(["http", 7000]),
        "a script sees it too"
    );
    let again = ask(port, "try { http::get(\"URL\") } catch (e) { throw e; }").unwrap_err();
    assert_eq!((again.kind, again.retry_after), (ErrorKind::Http, Some(Duration::from_secs(7))), "and throws it on");
    let port = answering(|_| page("503 x", "Retry-After: 7\r\n", &"lots\n".repeat(1000)));
    let error = ask(port, "http::get(\"URL\", #{ max_size: 10 })").unwrap_err();
    assert_eq!((error.retry_after, error.details.len()), (Some(Duration::from_secs(7)), 5), "however long it is");
    for (header, expected) in [("soon", None), ("-1", None), ("0", Some(0))] {
        let port = answering(move |_| page("429 x", &format!("Retry-After: {header}\r\n"), ""));
        assert_eq!(ask(port, "http::get(\"URL\")").unwrap_err().retry_after, expected.map(Duration::from_secs));
    }
    let port = answering(|_| page("500 x", "", ""));
    let error = ask(port, "http::get(\"http://name:s3cr3t@HOST/\")").unwrap_err();
    assert_eq!(
        error.message.replace(&port.to_string(), "PORT"),
        "GET `http://127.0.0.1:PORT/`: the server answered 500 Internal Server Error"
    );
}

#[test]
fn redirects_are_followed_as_browsers_do() {
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let other_log = Arc::clone(&log);
    let other = answering(move |request| {
        other_log.lock().unwrap().push(request.to_owned());
        page("200 OK", "", "there")
    });
    let own_log = Arc::clone(&log);
    let port = answering(move |request| {
        own_log.lock().unwrap().push(request.to_owned());
        let path = request.split(' ').nth(1).unwrap_or_default();
        match path.trim_start_matches('/').split_once('/') {
            Some((status, "there")) => {
                page(&format!("{status} x"), &format!("Location: http://127.0.0.1:{other}/\r\n"), "")
            }
            Some((status, _)) => page(&format!("{status} x"), "Location: /here\r\n", ""),
            None => page("200 OK", "", "here"),
        }
    });
    let headers = "headers: #{ authorization: \"Bearer s3cr3t\", \"x-api-key\": \"s3cr3t\", accept: \"text/html\" }";
    let requests = |method: &str, path: &str| {
        log.lock().unwrap().clear();
        let body = if method == "GET" { "" } else { ", body: \"data\"" };
        value(port, &format!("http::request(\"{method}\", \"URL/{path}\", #{{ {headers} {body} }}).status"));
        let log = log.lock().unwrap();
        assert_eq!(log.len(), 2, "{log:?}");
        log[1].clone()
    };
    for (method, status, second, with_body) in [
        ("GET", 301, "GET", false),
        ("GET", 307, "GET", false),
        ("POST", 301, "GET", false),
        ("POST", 302, "GET", false),
        ("POST", 303, "GET", false),
        ("PUT", 303, "GET", false),
        ("PUT", 302, "PUT", true),
        ("POST", 307, "POST", true),
        ("DELETE", 308, "DELETE", true),
    ] {
        let text = requests(method, &format!("{status}/x"));
        assert!(text.starts_with(&format!("{second} /here ")), "{method} {status}: {text}");
        assert_eq!(text.ends_with("data"), with_body, "{method} {status}: {text}");
        assert!(text.contains("Bearer s3cr3t"), "the same server may know: {text}");
    }
    let text = requests("GET", "302/there");
    assert!(!text.contains("s3cr3t") && text.contains("text/html"), "another port is another server: {text}");
    assert_eq!(value(port, "http::get(\"URL/302/x\", #{ redirects: 0 }).status"), json!(302));
    assert_eq!(value(port, "http::get(\"URL/302/x\").url"), json!(format!("http://127.0.0.1:{port}/here")));
}

#[test]
fn a_redirect_does_not_escape_the_permissions() {
    let reached = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = Arc::clone(&reached);
    let forbidden = answering(move |_| {
        flag.store(true, Ordering::SeqCst);
        page("200 OK", "", "secret")
    });
    let port = answering(move |_| page("302 x", &format!("Location: http://127.0.0.1:{forbidden}/\r\n"), ""));
    let world = World::connected(&[&format!("127.0.0.1:{port}")]);
    let error = world.eval(&format!("http::get(\"http://127.0.0.1:{port}/\")")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Permission);
    let said = |text: &str| text.replace(&port.to_string(), "PORT").replace(&forbidden.to_string(), "OTHER");
    assert_eq!(
        said(&error.message),
        "GET `http://127.0.0.1:PORT/`: redirected, and connecting to `127.0.0.1:OTHER` is not permitted"
    );
    assert_eq!(
        error.help.as_deref().map(said).as_deref(),
        Some("to permit it, add to the manifest: runtime { permissions { net \"127.0.0.1:OTHER\" } }")
    );
    assert!(!reached.load(Ordering::SeqCst));
    let error = World::new().eval("http::post(\"https://API.example.com/x\", \"\")").unwrap_err();
    assert_eq!(error.message, "connecting to `api.example.com:443` is not permitted");
}

#[test]
fn what_is_a_look_and_what_is_an_effect() {
    let port = answering(|_| page("200 OK", "", ""));
    let world = world();
    for code in ["http::get(\"URL\")", "http::post(\"URL\", \"\")", "http::request(\"GET\", \"URL\")"] {
        world.eval(&format!("{}; ()", code.replace("URL", &format!("http://127.0.0.1:{port}")))).unwrap();
    }
    assert_eq!(world.seen(), ["Observe http::get", "Effect http::post", "Effect http::request"]);
}

#[test]
fn a_step_that_is_to_stop_does_not_wait_for_a_server() {
    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    let port = serve(move |mut stream| {
        request(&mut stream);
        sender.lock().unwrap().send(()).unwrap();
        std::thread::sleep(Duration::from_secs(600));
    });
    let world = world();
    std::thread::scope(|scope| {
        let asked =
            scope.spawn(|| world.eval(&format!("try {{ http::get(\"http://127.0.0.1:{port}/\") }} catch {{ 1 }}")));
        receiver.recv().unwrap();
        world.host.stopping.store(true, Ordering::SeqCst);
        assert_eq!(asked.join().unwrap().unwrap_err().message, "the run is stopping", "and no `catch` holds it up");
    });
}

#[test]
fn sixty_four_threads_keep_sixty_four_connections_busy() {
    // The server answers only when all have asked: with fewer at once nobody would ever get an answer.
    let barrier = Arc::new(Barrier::new(64));
    let opened = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (all, count) = (Arc::clone(&barrier), Arc::clone(&opened));
    let port = serve(move |mut stream| {
        count.fetch_add(1, Ordering::SeqCst);
        while request(&mut stream).is_some() {
            all.wait();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx").unwrap();
        }
    });
    let code = format!("let n = 0; for i in 0..3 {{ n += http::get(\"http://127.0.0.1:{port}/\").body.len(); }} n");
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64).map(|_| scope.spawn(|| world().value(&code))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), json!(3));
        }
    });
    // An answer can come before the thread's connection of the round before is seen to be free, but not often.
    assert!((64..=128).contains(&opened.load(Ordering::SeqCst)), "{} connections", opened.load(Ordering::SeqCst));
}
