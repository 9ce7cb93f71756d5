//! A wait goes on after a kill, and an interruption ends it at once.

use crate::support::Sandbox;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

/// Starts an apply and gives it back as soon as it waits, with when that is over.
fn waiting(sandbox: &Sandbox) -> (Child, i64) {
    let mut child = sandbox.command(&["apply", "--json"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut events = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let event = events.find(|event| event["event"] == "waiting").expect("it waits");
    (child, event["until"].as_i64().unwrap())
}

fn signal(child: &Child, signal: i32) {
    let pid = i32::try_from(child.id()).unwrap();
    // SAFETY: the child is ours and was not waited for.
    unsafe { libc::kill(pid, signal) };
}

#[test]
fn a_killed_wait_is_over_when_it_would_have_been() {
    let sandbox =
        Sandbox::with(r#"pipeline "main" { step "a" { rhai "1" }; wait "long" for="1h"; step "b" { rhai "2" } }"#);
    let (mut child, first) = waiting(&sandbox);
    child.kill().unwrap();
    child.wait().unwrap();
    let (mut child, again) = waiting(&sandbox);
    assert_eq!(first, again);
    assert!(sandbox.run(&["plan"]).expect(0).out.contains("waits    long"));
    signal(&child, libc::SIGINT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    // Shortened, it is over.
    sandbox.write(
        "pipeline.kdl",
        r#"pipeline "main" { step "a" { rhai "1" }; wait "long" for="1ms"; step "b" { rhai "2" } }"#,
    );
    let told = sandbox.run(&["apply"]).expect(0).err;
    assert!(told.contains("= a  kept") && told.contains("✓ b"), "{told}");
}

#[test]
fn a_wait_for_a_file() {
    let sandbox = Sandbox::with(
        r##"pipeline "main" { wait "file" until=#"fs::exists("go")"# timeout="1h"; step "b" { rhai #"fs::read_text("go")"# } }"##,
    );
    let (mut child, _) = waiting(&sandbox);
    sandbox.write("go", "now");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    std::fs::remove_file(sandbox.file("go")).unwrap();
    sandbox.write("go", "now");
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"));
}
