//! `time`, `sys`, `result`.

use super::{World, failure, value};
use serde_json::json;

#[test]
fn time_is_milliseconds() {
    let world = World::new();
    assert_eq!(world.value("time::now()"), json!(1_767_225_600_000_i64));
    assert_eq!(world.seen(), ["Observe time::now"]);
    assert_eq!(value("time::format(1767225600000)"), json!("2026-01-01T00:00:00Z"));
    assert_eq!(value("time::format(1767225600123, \"%Y-%m-%d %H:%M\")"), json!("2026-01-01 00:00"));
    for text in
        ["2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00Z", "2026-01-01T02:00:00+02:00", " 2026-01-01 "]
    {
        assert_eq!(value(&format!("time::parse(\"{text}\")")), json!(1_767_225_600_000_i64), "{text}");
    }
    assert_eq!(failure("time::parse(\"tomorrow\")"), "`tomorrow` is not a time such as 2026-01-31T08:00:00Z");
    assert!(failure("time::format(9223372036854775807)").contains("no point in time"));
    assert!(failure("time::format(0, \"%\")").contains("is not a pattern"));
}

#[test]
fn sleep_waits_about_so_long() {
    let start = std::time::Instant::now();
    value("time::sleep(0.03); sleep(0)");
    assert!(start.elapsed().as_millis() >= 30);
    assert_eq!(failure("time::sleep(-1)"), "cannot wait for -1.0 seconds");
    assert_eq!(failure("time::sleep(1e300)"), "cannot wait for 1e300 seconds");
    assert_eq!(failure("time::sleep(\"1s\")"), "the number of seconds must be a number, not a string");
}

#[test]
fn the_machine() {
    assert!(value("sys::cpus()").as_i64().unwrap() >= 1);
    assert!(value("sys::gpus()").as_i64().unwrap() >= 0);
    assert!(value("sys::memory()").as_i64().unwrap() >= 0);
    assert!(!value("sys::hostname()").as_str().unwrap().is_empty());
    assert_eq!(failure("sys::env(\"HOME\")"), "reading the environment variable `HOME` is not permitted");
}

#[test]
fn without_a_run_functions_say_so() {
    let error = super::ENGINE.eval::<rhai::Dynamic>("rand::float()").unwrap_err();
    assert!(error.to_string().contains("this function works only inside of a run"), "{error}");
}
