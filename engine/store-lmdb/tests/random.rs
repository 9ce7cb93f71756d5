//! Bytes are changed anywhere: the process that uses the state then ends with an error or goes on, never by a signal.

use crate::{count, open};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use thinking_store::{Scan, Store, StoreError};
use thinking_store_lmdb::{LmdbStore, OpenOptions, verify};

const DIRECTORY: &str = "THINKING_TEST_RANDOM_DAMAGE";
/// So many damages of each state; more for a soak.
const ROUNDS: &str = "THINKING_TEST_ROUNDS";

/// Not random enough for anything else.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

fn filled(directory: &Path, commits: u64) -> Vec<u8> {
    // Opened again and again, so that pages become free and are used again.
    for part in 0..4 {
        let store = open(directory);
        for number in part * commits / 4 + 1..=(part + 1) * commits / 4 {
            let seq = count(&store, number).unwrap();
            if number % (commits / 40) == 0 {
                store.wait_durable(seq).unwrap();
            }
        }
        store.close().unwrap();
    }
    fs::read(directory.join("data.mdb")).unwrap()
}

/// Changes some bytes in one of many ways.
fn damage(bytes: &mut [u8], numbers: &mut Numbers) {
    let size = bytes.len();
    let page = numbers.below(size / 4096) * 4096;
    match numbers.below(6) {
        0 => (0..[1, 5, 50][numbers.below(3)]).for_each(|_| bytes[numbers.below(size)] ^= 1 << numbers.below(8)),
        1 => (0..2).for_each(|_| bytes[numbers.below(size)] = numbers.below(256) as u8),
        2 => bytes[page..page + 4096].fill(0),
        3 => (0..2).for_each(|_| bytes[page + numbers.below(64)] = numbers.below(256) as u8),
        4 => {
            let other = numbers.below(size / 4096) * 4096;
            bytes.copy_within(other..other + 4096, page);
        }
        _ => {
            let start = numbers.below(size - 200);
            (start..start + numbers.below(200)).for_each(|at| bytes[at] = numbers.below(256) as u8);
        }
    }
}

fn survives(commits: u64, rounds: usize, seed: u64) {
    let directory = tempfile::tempdir().unwrap();
    let whole = filled(directory.path(), commits);
    let rounds = std::env::var(ROUNDS).ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(rounds);
    let mut numbers = Numbers(seed);
    let mut ends = std::collections::BTreeMap::<String, usize>::new();
    for round in 0..rounds {
        let mut bytes = whole.clone();
        damage(&mut bytes, &mut numbers);
        fs::write(directory.path().join("data.mdb"), &bytes).unwrap();
        let _ = fs::remove_file(directory.path().join("lock.mdb"));
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "random::child_uses_it", "--ignored", "--nocapture"])
            .env(DIRECTORY, directory.path())
            .stdout(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.signal(), None, "round {round}: {said}");
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 2)), "round {round}: {code:?} {said}");
        let end = match (code, said.is_empty()) {
            (Some(0), _) => "used",
            (_, false) => "guarded",
            _ => "refused",
        };
        *ends.entry(end.to_owned()).or_default() += 1;
    }
    assert!(ends.contains_key("refused"), "{ends:?}");
    if std::env::var_os(ROUNDS).is_some() {
        fs::write(std::env::temp_dir().join(format!("ends-{commits}")), format!("{} {ends:?}", whole.len())).unwrap();
    }
}

#[test]
fn damage_in_a_small_state_is_never_a_signal() {
    survives(300, 150, 0x9e37_79b9_7f4a_7c15);
}

#[test]
fn damage_in_a_larger_state_is_never_a_signal() {
    survives(20_000, 50, 0x2545_f491_4f6c_dd1d);
}

#[test]
fn a_file_that_is_cut_under_way_ends_with_a_message() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path(), 3000);
    fs::write(directory.path().join("cut"), "").unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "random::child_uses_it", "--ignored", "--nocapture"])
        .env(DIRECTORY, directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("is damaged") && said.contains("thinking state verify"), "{said}");
}

#[test]
#[ignore = "runs in a process of its own, started by another test"]
fn child_uses_it() {
    let directory = std::path::PathBuf::from(std::env::var_os(DIRECTORY).unwrap());
    match uses(&directory) {
        Ok(()) => std::process::exit(0),
        Err(_) => std::process::exit(2),
    }
}

fn uses(directory: &Path) -> Result<(), StoreError> {
    {
        let store = LmdbStore::open_read_only(directory)?;
        if directory.join("cut").exists() {
            fs::File::options().write(true).open(directory.join("data.mdb")).unwrap().set_len(8192).unwrap();
        }
        let view = store.view("main")?;
        store.steps(&view, None, usize::MAX)?;
        let database = store.database("counts")?;
        store.scan(&view, Scan { database, prefix: b"", after: None, limit: usize::MAX })?;
    }
    let store = LmdbStore::open(OpenOptions { create: false, ..OpenOptions::new(directory, "project") })?;
    for number in 1..100 {
        let seq = count(&store, number * 7)?;
        if number % 10 == 0 {
            store.wait_durable(seq)?;
        }
    }
    store.close()?;
    // What was written on a state that was not refused is as sound as before.
    let _ = verify(directory);
    Ok(())
}
