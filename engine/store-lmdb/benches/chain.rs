//! A chain of small durable steps: two puts and one read each, one step after the other.
//!
//! `cargo bench -p thinking-store-lmdb` prints the time per step and the bytes that a step takes on disk.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a benchmark may stop and print")]

use divan::Bencher;
use divan::counter::ItemsCount;
use std::path::Path;
use thinking_store::{Commit, DatabaseId, Entry, InternId, IterationKey, Seq, Store, TaskKey, View, Write, contract};
use thinking_store_lmdb::{LmdbStore, OpenOptions};

const STEPS: u64 = 100_000;

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let start = std::time::Instant::now();
    chain(&store, |number| number);
    store.close().unwrap();
    let took = start.elapsed().as_secs_f64() * 1e6 / STEPS as f64;
    drop(store);
    let bytes = std::fs::metadata(directory.path().join("data.mdb")).unwrap().len() as f64 / STEPS as f64;
    eprintln!("first chain: {took:.2} µs and {bytes:.0} bytes per durable step");
    divan::main();
}

fn open(directory: &Path) -> LmdbStore {
    LmdbStore::open(OpenOptions::new(directory, "bench")).unwrap()
}

fn chain(store: &LmdbStore, key_of: fn(u64) -> u64) {
    let words = store.database("words").unwrap();
    let path = store.intern(b"train/step").unwrap();
    for number in 1..=STEPS {
        one(store, words, path, number, key_of(number));
    }
}

fn one(store: &LmdbStore, words: DatabaseId, path: InternId, number: u64, key: u64) {
    let task = TaskKey::new(path, &[IterationKey::Integer(number as i64)]);
    let token = store.begin("main", &task).unwrap();
    let view = store.view("main").unwrap();
    let before = store.get(&view, words, b"total").unwrap().map_or(0, |value| value.len() as u64 + number);
    let writes = vec![
        Write::Put(words, key.to_be_bytes().to_vec(), before.to_le_bytes().to_vec()),
        Write::Put(words, b"total".to_vec(), number.to_le_bytes().to_vec()),
    ];
    let entry = Entry::Step(contract::step(&task));
    store.accept(Commit { token: Some(token), writes, ..Commit::entry("main", entry) }).unwrap();
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn ordered_keys(bencher: Bencher<'_, '_>) {
    measure(bencher, |number| number);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn random_keys(bencher: Bencher<'_, '_>) {
    measure(bencher, |number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
}

/// All that a resumed run looks at to see that it is done.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn all_steps_again(bencher: Bencher<'_, '_>) {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    chain(&store, |number| number);
    store.close().unwrap();
    let view = store.view("main").unwrap();
    bencher.counter(ItemsCount::new(STEPS)).bench_local(|| store.steps(&view, None, usize::MAX).unwrap().len());
}

/// One key with as many versions as there are steps, read as it was after each.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn one_key_at_every_step(bencher: Bencher<'_, '_>) {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    chain(&store, |number| number);
    store.close().unwrap();
    let last = store.view("main").unwrap();
    let words = store.database("words").unwrap();
    bencher.counter(ItemsCount::new(STEPS)).bench_local(|| {
        for number in 1..=STEPS {
            let view = View { at: Seq(number), ..last.clone() };
            divan::black_box(store.get(&view, words, b"total").unwrap());
        }
    });
}

fn measure(bencher: Bencher<'_, '_>, key_of: fn(u64) -> u64) {
    bencher
        .counter(ItemsCount::new(STEPS))
        .with_inputs(|| {
            let directory = tempfile::tempdir().unwrap();
            (open(directory.path()), directory)
        })
        .bench_refs(|(store, _directory)| {
            chain(store, key_of);
            store.close().unwrap();
        });
}
