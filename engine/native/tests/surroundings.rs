//! Databases, bytes and the call under way.

use crate::bench::host;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use thinking::prelude::*;
use thinking_step::testing::MemoryHost;
use thinking_step::{Host, with_current};

fn inside<T>(host: &Arc<MemoryHost>, body: impl FnOnce() -> Result<T, StepError>) -> Result<T, StepError> {
    let host: Arc<dyn Host> = host.clone();
    with_current(&host, body)
}

#[test]
fn a_database_is_read_and_written() {
    let host = Arc::new(host());
    let words = Kv::named("words");
    inside(&host, || {
        assert!(words.is_empty()?);
        words.put("a", &[1, 2])?;
        words.put("b/1", "text")?;
        words.put("b/2", &json!({ "x": null }))?;
        words.put_blob("c", [1, 255])?;
        assert_eq!(words.get::<Vec<u8>>("a")?, Some(vec![1, 2]));
        assert_eq!(words.get::<String>("b/1")?.as_deref(), Some("text"));
        assert_eq!(words.get::<String>("nothing")?, None);
        assert_eq!(words.get_blob("c")?, Some(vec![1, 255]));
        assert_eq!(words.get_blob("nothing")?, None);
        assert_eq!((words.len()?, words.is_empty()?, words.has("c")?, words.has("d")?), (4, false, true, false));
        assert_eq!(words.keys()?, ["a", "b/1", "b/2", "c"]);
        assert_eq!(words.scan("b/")?, [("b/1".to_owned(), json!("text")), ("b/2".to_owned(), json!({ "x": null }))]);
        assert_eq!((words.delete("a")?, words.delete("a")?), (true, false));
        words.clear()?;
        assert_eq!(words.keys()?, [""; 0]);
        Ok(())
    })
    .expect("all of it works");
}

#[test]
fn more_rows_than_a_page_are_all_seen() {
    let host = Arc::new(host());
    let words = Kv::named("words");
    inside(&host, || {
        (0..2000).try_for_each(|number| words.put(&format!("{number:05}"), &number))?;
        assert_eq!((words.len()?, words.keys()?.len(), words.scan("0000")?.len()), (2000, 2000, 10));
        assert_eq!(words.scan("")?.last(), Some(&("01999".to_owned(), json!(1999))));
        Ok(())
    })
    .expect("all of it works");
}

#[test]
fn what_is_of_another_kind_is_told() {
    let host = Arc::new(host());
    let words = Kv::named("words");
    let told = |body: &dyn Fn() -> Result<(), StepError>| inside(&host, body).expect_err("it is refused").message;
    inside(&host, || words.put("text", "x").and_then(|()| words.put_blob("bytes", [1]))).expect("it is written");
    assert_eq!(
        told(&|| words.get::<u32>("text").map(drop)),
        "the value of `text` in `words` does not fit: invalid type: string \"x\", expected u32"
    );
    assert_eq!(told(&|| words.get::<Blob>("bytes").map(drop)), "`bytes` in `words` holds bytes: use `get_blob`");
    assert_eq!(told(&|| words.get_blob("text").map(drop)), "`text` in `words` holds no bytes: use `get`");
    assert_eq!(told(&|| words.scan("").map(drop)), "`bytes` in `words` holds bytes: use `get_blob`");
    let map = [((1, 2), 3)].into_iter().collect::<std::collections::BTreeMap<_, _>>();
    assert_eq!(told(&|| words.put("map", &map)), "`map` in `words` cannot be set: key must be a string");
    let outside = words.get::<u32>("text").expect_err("nothing was called").message;
    assert_eq!(outside, "databases and states can be used only on the thread that the engine called");
}

#[test]
fn bytes_come_as_bytes_or_as_numbers() {
    let packed = rmp_serde::to_vec(&Blob(vec![0, 200])).expect("it can be packed");
    assert_eq!(packed, [0xc4, 2, 0, 200], "without a detour");
    assert_eq!(rmp_serde::from_slice::<Blob>(&packed).expect("it can be read"), Blob(vec![0, 200]));
    assert_eq!(serde_json::from_value::<Blob>(json!([0, 200])).expect("it can be read"), Blob(vec![0, 200]));
    let told = serde_json::from_value::<Blob>(json!({})).expect_err("it is none");
    assert_eq!(told.to_string(), "invalid type: map, expected bytes, or a list of numbers from 0 to 255");
}

#[test]
fn the_call_under_way_is_asked() {
    let host = Arc::new(host());
    inside(&host, || {
        assert_eq!((here::path()?, here::attempt()?, here::seed()?), ("test".to_owned(), 1, [7; 32]));
        assert_eq!(here::idempotency_key()?, "key");
        assert_eq!(here::reading("a.txt")?, Path::new("/nowhere/a.txt"));
        assert_eq!(here::writing("b.txt")?, Path::new("/nowhere/b.txt"));
        log::warn("look");
        here::check_cancelled()
    })
    .expect("all of it works");
    assert_eq!(*host.seen.lock().expect("it is ours"), ["file /nowhere/a.txt", "Warn look"]);
    host.stopping.store(true, Ordering::SeqCst);
    assert_eq!(inside(&host, here::check_cancelled).expect_err("it should stop").kind, ErrorKind::Cancelled);
    assert!(here::seed().is_err());
    log::info("nobody hears this");
}

#[test]
fn what_waits_for_another_thread_of_its_own_stops_when_it_should() {
    let host = Arc::new(host());
    let state = State::<u32>::default();
    let told = inside(&host, || {
        let world = here::world()?;
        let _reading = state.read()?;
        host.stopping.store(true, Ordering::SeqCst);
        std::thread::scope(|scope| scope.spawn(|| world.enter(|| state.write().map(drop))).join().expect("it ends"))
    });
    assert_eq!(told.expect_err("it could not change it").kind, ErrorKind::Cancelled);
}
