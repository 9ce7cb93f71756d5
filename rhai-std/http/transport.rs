//! The way to a server: look its address up, connect, send and receive, each of which ends soon when the step is to stop.
//!
//! A request runs on the thread of the script, so the script's own host can be asked between short waits; looking up and connecting, which
//! the system does not let be interrupted, happen on a thread of their own that is left behind.

use crate::evaluation::check_cancelled;
use std::error::Error as StdError;
use std::fmt::{Display, Formatter, Result as FmtResult};
use std::io::{Error as IoError, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport};

/// Between two looks whether the step is to stop.
const SLICE: Duration = Duration::from_millis(50);

/// The error inside of ureq that says that the step is to stop; the real one is asked for again outside.
fn stopped() -> Error {
    Error::Other("the step is to stop".into())
}

/// The connection broke before any of the request was on its way, so that it may be sent again whatever it asks for. Inside of ureq's error.
#[derive(Debug)]
pub struct Unsent;

impl Display for Unsent {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        f.write_str("the server closed the connection before the request was sent")
    }
}

impl StdError for Unsent {}

fn go_on() -> Result<(), Error> {
    check_cancelled().map_err(|_| stopped())
}

/// When a wait is over; `None`: never.
fn end(timeout: &NextTimeout) -> Option<Instant> {
    timeout.not_zero().and_then(|left| Instant::now().checked_add(*left))
}

/// Does on another thread what cannot be interrupted.
fn elsewhere<T: Send + 'static>(
    timeout: &NextTimeout,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let (sender, receiver) = sync_channel(1);
    std::thread::Builder::new().name("http-connect".to_owned()).spawn(move || {
        // Nobody listens any more if the step has stopped.
        let _ = sender.send(work());
    })?;
    let end = end(timeout);
    loop {
        match receiver.recv_timeout(SLICE) {
            Ok(done) => return Ok(done?),
            Err(RecvTimeoutError::Timeout) => go_on()?,
            Err(RecvTimeoutError::Disconnected) => return Err(IoError::other("the thread that connects ended").into()),
        }
        if end.is_some_and(|end| Instant::now() >= end) {
            return Err(Error::Timeout(timeout.reason));
        }
    }
}

/// Looks addresses up as the system does.
#[derive(Debug, Default)]
pub struct Lookup;

impl Resolver for Lookup {
    fn resolve(&self, uri: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let host = uri.host().unwrap_or_default().to_owned();
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let mut found = self.empty();
        if let Ok(address) = bare.parse() {
            found.push(SocketAddr::new(address, port));
            return Ok(found);
        }
        let addresses =
            elsewhere(&timeout, move || (bare.as_str(), port).to_socket_addrs()).map_err(|error| match error {
                Error::Io(_) => Error::HostNotFound,
                other => other,
            })?;
        addresses.take(16).for_each(|address| found.push(address));
        if found.is_empty() { Err(Error::HostNotFound) } else { Ok(found) }
    }
}

/// Opens connections.
#[derive(Debug, Default)]
pub struct Connect;

impl Connector<()> for Connect {
    type Out = Socket;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Socket>, Error> {
        let mut last = Error::HostNotFound;
        for address in details.addrs.iter().copied() {
            // Each address gets its part of the time, so that one that never answers does not hide the others.
            let part = details.timeout.not_zero().map(|left| *left / u32::try_from(details.addrs.len()).unwrap_or(1));
            let connected = elsewhere(&details.timeout, move || match part {
                Some(part) => TcpStream::connect_timeout(&address, part.max(SLICE)),
                None => TcpStream::connect(address),
            });
            match connected {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    stream.set_read_timeout(Some(SLICE))?;
                    stream.set_write_timeout(Some(SLICE))?;
                    let buffers =
                        LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
                    return Ok(Some(Socket { stream, buffers, slice: SLICE, sent: false, used: false }));
                }
                Err(Error::Io(error)) => last = Error::Io(error),
                Err(other) => return Err(other),
            }
        }
        Err(last)
    }
}

/// A connection.
#[derive(Debug)]
pub struct Socket {
    pub(super) stream: TcpStream,
    buffers: LazyBuffers,
    /// What the socket's own timeout for reading is.
    slice: Duration,
    /// Whether the system has taken a byte of the request.
    sent: bool,
    /// Whether there was a request before this one.
    used: bool,
}

impl Transport for Socket {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let timeout = timeout.for_write();
        let end = end(&timeout);
        let mut sent = 0;
        while sent < amount {
            let output = self.buffers.output().get(sent..amount).unwrap_or_default();
            match self.stream.write(output) {
                Ok(0) => return Err(IoError::from(ErrorKind::WriteZero).into()),
                Ok(more) => {
                    sent += more;
                    self.sent = true;
                }
                Err(error) if waits(&error) => {
                    go_on()?;
                    if end.is_some_and(|end| Instant::now() >= end) {
                        return Err(Error::Timeout(timeout.reason));
                    }
                }
                Err(error) if self.used && !self.sent => return Err(IoError::new(error.kind(), Unsent).into()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let timeout = timeout.for_read();
        let end = end(&timeout);
        loop {
            let left = end.map_or(SLICE, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Err(Error::Timeout(timeout.reason));
            }
            let slice = left.min(SLICE).max(Duration::from_millis(1));
            if slice != self.slice {
                self.stream.set_read_timeout(Some(slice))?;
                self.slice = slice;
            }
            match self.stream.read(self.buffers.input_append_buf()) {
                Ok(amount) => {
                    self.buffers.input_appended(amount);
                    // A server that sends one byte after the other for ever keeps nobody who is to stop.
                    go_on()?;
                    return Ok(amount > 0);
                }
                Err(error) if waits(&error) => go_on()?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn is_open(&mut self) -> bool {
        // Nothing may be there to read yet: bytes that nobody asked for, or an end, make it useless.
        let idle = self.stream.set_nonblocking(true).is_ok()
            && matches!(self.stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
        // It is asked between two requests.
        self.used = true;
        self.sent = false;
        idle && self.stream.set_nonblocking(false).is_ok()
    }
}

fn waits(error: &IoError) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
