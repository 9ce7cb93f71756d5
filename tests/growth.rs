//! Cost grows in proportion: ten times the steps take at most twelve times as long. Judged by the processor time of the process alone, and the
//! least of several runs, so that a busy machine does not fail it.

use crate::support::Sandbox;
use std::process::Stdio;
use std::time::Duration;

/// Tries before growth counts as too much.
const TRIES: usize = 3;

/// Processor time that a run of the binary took, in the program and in the system for it.
#[allow(unsafe_code, reason = "the standard library does not tell what a child used")]
#[allow(clippy::zombie_processes, reason = "it is waited for below, by the call that tells")]
fn used(sandbox: &Sandbox, arguments: &[&str]) -> Duration {
    let child = sandbox.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut status = 0;
    // SAFETY: `rusage` is plain numbers, for which zeros are a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let pid = libc::pid_t::try_from(child.id()).unwrap();
    // SAFETY: the child is ours, nobody else waits for it, and both places are valid for writing.
    let waited = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
    assert_eq!((waited, status), (pid, 0), "the run failed");
    let time = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec.unsigned_abs()) + Duration::from_micros(time.tv_usec.unsigned_abs())
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

fn least(runs: usize, mut once: impl FnMut() -> Duration) -> Duration {
    (0..runs).map(|_| once()).min().unwrap()
}

fn chain(steps: usize) -> String {
    format!(
        "runtime {{ database \"rows\" kind=\"kv\" }}\npipeline \"main\" {{\n    each \"i\" in=\"1..={steps}\" {{ step \"s\" {{ rhai #\"rows.put(`k${{i % 100}}`, i); i\"# }} }}\n    step \"last\" {{ rhai \"1\" }}\n}}\n"
    )
}

fn apply(steps: usize) -> Duration {
    least(2, || used(&Sandbox::with(&chain(steps)), &["apply", "--quiet"]))
}

/// Going over what is kept, because the last step changed.
fn walk(steps: usize) -> Duration {
    let sandbox = Sandbox::with(&chain(steps));
    sandbox.run(&["apply", "--quiet"]).expect(0);
    let mut value = 1;
    least(3, || {
        value += 1;
        sandbox.write("pipeline.kdl", &chain(steps).replace("rhai \"1\"", &format!("rhai \"{value}\"")));
        used(&sandbox, &["apply", "--quiet"])
    })
}

fn validate(steps: usize) -> Duration {
    let mut manifest = String::from("param \"n\" type=\"int\" default=1\npipeline \"main\" {\n");
    for step in 0..steps {
        manifest.push_str(&format!("    step \"s{step}\" {{ rhai \"let x = {step} + params.n; x\" }}\n"));
    }
    manifest.push_str("}\n");
    let sandbox = Sandbox::with(&manifest);
    least(2, || used(&sandbox, &["validate"]))
}

#[track_caller]
fn proportional(what: &str, cost: impl Fn(usize) -> Duration, steps: usize) {
    let mut seen = Vec::new();
    for _ in 0..TRIES {
        let (small, large) = (cost(steps), cost(steps * 10));
        if large < small * 12 {
            return;
        }
        seen.push((small, large));
    }
    panic!("{what}: with ten times the steps {seen:?}");
}

#[test]
fn ten_times_the_steps_take_at_most_twelve_times_as_long() {
    proportional("apply", apply, 1_000);
    proportional("walk", walk, 1_000);
    proportional("validate", validate, 200);
}
