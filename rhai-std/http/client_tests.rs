//! Connections that were kept, and are closed just when they are used again.

use super::*;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use thinking_step::testing::MemoryHost;
use thinking_step::{Host, Permissions};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, NextTimeout};

use super::super::transport::Socket;

/// Connections of which each breaks when it is used for the second request, just before that is sent.
#[derive(Debug)]
struct Brittle;

#[derive(Debug)]
struct BrittleSocket {
    socket: Socket,
    idle: bool,
}

impl Connector<()> for Brittle {
    type Out = BrittleSocket;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<BrittleSocket>, ureq::Error> {
        Ok(Connect.connect(details, None)?.map(|socket| BrittleSocket { socket, idle: false }))
    }
}

impl Transport for BrittleSocket {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.socket.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if std::mem::take(&mut self.idle) {
            self.socket.stream.shutdown(Shutdown::Both)?;
        }
        self.socket.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.socket.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.idle = true;
        self.socket.is_open()
    }
}

/// A server that answers the first `answers` requests of each connection and closes it after the next one. Gives its port and how many
/// requests came.
fn serve(answers: usize) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let came = Arc::clone(&count);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let came = Arc::clone(&came);
            std::thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().unwrap());
                for at in 0..=answers {
                    let (mut line, mut length) = (String::new(), 0);
                    while lines.read_line(&mut line).is_ok_and(|read| read > 2) {
                        let lower = line.to_lowercase();
                        length = lower.strip_prefix("content-length: ").map_or(length, |n| n.trim().parse().unwrap());
                        line.clear();
                    }
                    if line.is_empty() || lines.read_exact(&mut vec![0; length]).is_err() {
                        return;
                    }
                    came.fetch_add(1, SeqCst);
                    if at < answers {
                        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx").unwrap();
                    }
                }
            });
        }
    });
    (port, count)
}

/// What two requests, one after the other, give.
fn twice(client: &Client, port: u16, method: &str) -> Vec<Result<(), thinking_step::StepError>> {
    let directory = tempfile::tempdir().unwrap();
    let mut host = MemoryHost::new(directory.path());
    let state = directory.path().join(".thinking");
    let net = ["127.0.0.1:*".to_owned()];
    host.permissions = Permissions::new(directory.path(), &state, &[], &[], &net, &[], &[]).unwrap();
    let host: Arc<dyn Host> = Arc::new(host);
    let ask = || {
        let options = Options { body: (method != "GET").then(|| b"data".to_vec()), ..Options::default() };
        client.send(method, &format!("http://127.0.0.1:{port}/"), options, Class::Effect, "http::request")
    };
    let both = || (0..2).map(|_| ask().map(drop).map_err(crate::failure::unraised)).collect();
    crate::evaluate(&host, both).0
}

#[test]
fn what_was_not_sent_is_sent_again() {
    for method in ["GET", "POST", "DELETE"] {
        let (port, came) = serve(9);
        let client = Client { agent: OnceLock::from(agent(Brittle)) };
        for answer in twice(&client, port, method) {
            assert_eq!(answer, Ok(()), "{method}");
        }
        assert_eq!(came.load(SeqCst), 2, "{method}: each came once");
    }
}

#[test]
fn what_may_have_been_done_is_not_sent_again() {
    let (port, came) = serve(1);
    let answers = twice(&Client::default(), port, "POST");
    let error = answers.into_iter().nth(1).unwrap().unwrap_err();
    assert_eq!(
        error.message.replace(&port.to_string(), "PORT"),
        "POST `http://127.0.0.1:PORT/`: the answer was cut off: the server closed the connection before its end"
    );
    assert_eq!(error.help.as_deref(), Some(UNKNOWN));
    assert_eq!(came.load(SeqCst), 2, "the second one came once");
    let (port, came) = serve(1);
    let answers = twice(&Client::default(), port, "GET");
    assert!(answers.iter().all(Result::is_ok), "a GET changes nothing: {answers:?}");
    assert_eq!(came.load(SeqCst), 3);
}
