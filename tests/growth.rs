//! Cost grows in proportion: ten times the steps take at most twelve times as long. Judged by the least of several runs, so that a busy machine
//! does not fail it.

use crate::support::Sandbox;
use std::time::{Duration, Instant};

fn least(runs: usize, mut once: impl FnMut() -> Duration) -> Duration {
    (0..runs).map(|_| once()).min().unwrap()
}

fn chain(steps: usize) -> String {
    format!(
        "runtime {{ database \"rows\" kind=\"kv\" }}\npipeline \"main\" {{\n    each \"i\" in=\"1..={steps}\" {{ step \"s\" {{ rhai #\"rows.put(`k${{i % 100}}`, i); i\"# }} }}\n    step \"last\" {{ rhai \"1\" }}\n}}\n"
    )
}

fn apply(steps: usize) -> Duration {
    let sandbox = Sandbox::with(&chain(steps));
    let start = Instant::now();
    sandbox.run(&["apply", "--quiet"]).expect(0);
    start.elapsed()
}

/// Going over what is kept, because the last step changed.
fn walk(steps: usize) -> Duration {
    let sandbox = Sandbox::with(&chain(steps));
    sandbox.run(&["apply", "--quiet"]).expect(0);
    let mut value = 1;
    least(3, || {
        value += 1;
        sandbox.write("pipeline.kdl", &chain(steps).replace("rhai \"1\"", &format!("rhai \"{value}\"")));
        let start = Instant::now();
        sandbox.run(&["apply", "--quiet"]).expect(0);
        start.elapsed()
    })
}

fn validate(steps: usize) -> Duration {
    let mut manifest = String::from("param \"n\" type=\"int\" default=1\npipeline \"main\" {\n");
    for step in 0..steps {
        manifest.push_str(&format!("    step \"s{step}\" {{ rhai \"let x = {step} + params.n; x\" }}\n"));
    }
    manifest.push_str("}\n");
    let sandbox = Sandbox::with(&manifest);
    least(3, || {
        let start = Instant::now();
        sandbox.run(&["validate"]).expect(0);
        start.elapsed()
    })
}

#[track_caller]
fn proportional(what: &str, small: Duration, large: Duration) {
    assert!(large < small * 12, "{what}: {small:?} became {large:?} with ten times the steps");
}

#[test]
fn ten_times_the_steps_take_at_most_twelve_times_as_long() {
    proportional("apply", least(3, || apply(1_000)), least(2, || apply(10_000)));
    proportional("walk", walk(1_000), walk(10_000));
    proportional("validate", validate(200), validate(2_000));
}
