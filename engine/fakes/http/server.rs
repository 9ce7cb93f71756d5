//! A server and its threads, none of which outlives it.

use crate::http::message::{Incoming, Seen, Trouble};
use crate::http::route::Routes;
use std::collections::HashMap;
use std::io::Result;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A server that listens on 127.0.0.1 until it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    routes: Arc<Routes>,
    inner: Mutex<Inner>,
    /// The server is to stop.
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    stopping: bool,
    seen: Vec<Seen>,
    /// Open connections, to be closed when it stops.
    open: HashMap<u64, TcpStream>,
    threads: Vec<JoinHandle<()>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits; says whether the server goes on.
    fn wait(&self, time: Duration) -> bool {
        let end = Instant::now().checked_add(time);
        let mut inner = self.lock();
        while !inner.stopping {
            let left = end.map_or(time, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return true;
            }
            inner = self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }
}

impl Server {
    /// Starts one; port 0 is any that is free.
    pub fn start(port: u16, routes: Arc<Routes>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { routes, inner: Mutex::default(), changed: Condvar::new() });
        let own = Arc::clone(&shared);
        let accepting =
            std::thread::Builder::new().name("fake-http".to_owned()).spawn(move || accept(&listener, &own))?;
        Ok(Self { address, shared, accepting: Some(accepting) })
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn routes(&self) -> &Routes {
        &self.shared.routes
    }

    /// The requests that came.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.lock().seen.clone()
    }

    /// Forgets the requests, and what was told at run time.
    pub fn reset(&self) {
        self.shared.routes.reset();
        self.shared.lock().seen.clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.changed.notify_all();
        // Wakes the one that waits for connections; if nobody can connect, it has ended already.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
        let (open, threads) = {
            let mut inner = self.shared.lock();
            (std::mem::take(&mut inner.open), std::mem::take(&mut inner.threads))
        };
        for stream in open.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        for thread in threads {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for number in 0.. {
        let Ok((stream, _)) = listener.accept() else {
            // Too many open files, for instance: the next one may be luckier.
            if shared.wait(Duration::from_millis(10)) {
                continue;
            }
            return;
        };
        let mut inner = shared.lock();
        if inner.stopping {
            return;
        }
        let Ok(second) = stream.try_clone() else { continue };
        inner.open.insert(number, second);
        inner.threads.retain(|thread| !thread.is_finished());
        let own = Arc::clone(shared);
        let thread = std::thread::Builder::new().name("fake-http".to_owned()).spawn(move || {
            let _ = stream.set_nodelay(true);
            talk(stream, &own);
            own.lock().open.remove(&number);
        });
        match thread {
            Ok(thread) => inner.threads.push(thread),
            Err(_) => {
                inner.open.remove(&number);
            }
        }
    }
}

/// Answers the requests of one connection.
fn talk(stream: TcpStream, shared: &Shared) {
    let mut incoming = Incoming::new(stream);
    loop {
        let (seen, keep) = match incoming.next() {
            Ok(next) => next,
            Err(Trouble::Over) => return,
            Err(Trouble::Refused(ready)) => {
                let _ = incoming.answer(&ready, "", false);
                return;
            }
        };
        let (method, path) = (seen.method.clone(), seen.path.clone());
        shared.lock().seen.push(seen);
        let ready = shared.routes.answer(&method, &path);
        if !ready.delay.is_zero() && !shared.wait(ready.delay) {
            return;
        }
        if incoming.answer(&ready, &method, keep).is_err() || !keep {
            return;
        }
    }
}
