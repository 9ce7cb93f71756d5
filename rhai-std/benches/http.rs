//! How many requests 64 threads keep under way: a server on this machine takes 50 ms for each answer, so that 64 connections that are always busy
//! give 64 / 0.05 s = 1280 requests a second.
//!
//! `cargo bench -p thinking-std --bench http`
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark is run by hand")]

use rhai::{Dynamic, Engine, Scope};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};
use thinking_std::{evaluate, library};
use thinking_step::testing::MemoryHost;
use thinking_step::{Host, Permissions};

const THREADS: usize = 64;
const REQUESTS: usize = 100;
const PAUSE: Duration = Duration::from_millis(50);

fn main() {
    let port = serve();
    let mut engine = Engine::new();
    library().register(&mut engine);
    let code = format!("for i in 0..{REQUESTS} {{ http::get(\"http://127.0.0.1:{port}/\"); }}");
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut host = MemoryHost::new(&std::env::temp_dir());
                let net = ["127.0.0.1:*".to_owned()];
                let root = std::env::temp_dir();
                host.permissions = Permissions::new(&root, &root.join("x"), &[], &[], &net, &[], &[]).unwrap();
                let host: Arc<dyn Host> = Arc::new(host);
                let ran = evaluate(&host, || engine.eval_with_scope::<Dynamic>(&mut Scope::new(), &code));
                assert!(ran.0.unwrap().is_unit());
            });
        }
    });
    let taken = start.elapsed();
    let rate = (THREADS * REQUESTS) as f64 / taken.as_secs_f64();
    let best = THREADS as f64 / PAUSE.as_secs_f64();
    println!(
        "{} requests in {taken:.2?}: {rate:.0} a second, {:.1} % of {best}",
        THREADS * REQUESTS,
        100.0 * rate / best
    );
}

fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).is_ok_and(|count| count > 0) {
                    std::thread::sleep(PAUSE);
                    if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx").is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}
