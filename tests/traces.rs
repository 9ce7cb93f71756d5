//! Traces for OpenTelemetry: `cargo test --features opentelemetry --test integration traces`

use crate::support::{Sandbox, run};
use std::io::{Read, Write};
use std::net::TcpListener;

const MANIFEST: &str = r#"pipeline "main" { stage "fit" { each "n" in="1..=2" { step "one" { rhai "n" } } } }"#;

/// Takes one request and answers that all is well; gives its first line and its body.
fn one_request(listener: &TcpListener) -> (String, Vec<u8>) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let (head, length) = loop {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&buffer[..count]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            bytes.drain(..end + 4);
            break (head, length.unwrap_or(0usize));
        }
    };
    while bytes.len() < length {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0);
        bytes.extend_from_slice(&buffer[..count]);
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    (head.lines().next().unwrap_or_default().to_owned(), bytes)
}

#[test]
fn a_run_is_sent_to_the_collector() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || one_request(&listener));
    let sandbox = Sandbox::with(MANIFEST);
    let ran = run(sandbox.command(&["apply", "--quiet"]).env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)).expect(0);
    assert_eq!(ran.err, "");
    let (line, body) = server.join().unwrap();
    assert_eq!(line, "POST /v1/traces HTTP/1.1");
    for text in ["run main", "fit/n[1]/one", "fit/n[2]/one", "thinking.outcome", "service.name"] {
        assert!(body.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
}

#[test]
fn a_run_needs_no_collector() {
    let sandbox = Sandbox::with(MANIFEST);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = sandbox.command(&["apply", "--quiet"]);
    let ran = run(command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{free}"))).expect(0);
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
}
