//! Random histories of a store, compared with a model that replays them.
#![expect(clippy::unwrap_used, reason = "a broken promise stops the test that runs a history")]

use crate::contract::{self, Make};
use crate::{Commit, DatabaseId, InternId, LineChange, Piece, Scan, Seq, Store, TaskKey, View, Write};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;

/// Compares `cases` random histories with the model.
///
/// # Panics
/// A promise is broken; the shortest history that shows it is printed.
pub fn random(make: Make<'_>, cases: u32) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&operations(), |operations| {
        let store = make();
        let mut history = History::new(&*store);
        for operation in &operations {
            history.apply(&*store, operation);
        }
        history.check(&*store);
        store.wait_durable(Seq(u64::MAX)).unwrap();
        history.check(&*store);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// One thing that happens in a random history. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
pub enum Operation {
    /// A commit of a task on a line.
    Commit(usize, u32, Vec<(u8, usize, usize, usize)>),
    /// A line takes over what another has (or has itself) up to a seq and after another; the later part first if so said.
    Change(usize, usize, u64, u64, bool),
    /// Waits for durability.
    Wait,
}

const LINES: [&str; 2] = ["main", "fork"];
const DATABASES: [&str; 3] = ["words", "counts", "zzz"];

/// Random histories.
pub fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let write = (0u8..10, 0usize..3, 0usize..16, 0usize..24);
    let commit = (0usize..2, 0u32..6, prop::collection::vec(write, 0..6));
    let operation = prop_oneof![
        8 => commit.prop_map(|(line, task, writes)| Operation::Commit(line, task, writes)),
        2 => (0usize..2, 0usize..2, 0u64..40, 0u64..40, prop::bool::ANY)
            .prop_map(|(line, from, to, after, swap)| Operation::Change(line, from, to, after, swap)),
        1 => Just(Operation::Wait),
    ];
    prop::collection::vec(operation, 1..40)
}

/// A model of a store: all commits in order; a view is replayed.
#[derive(Debug, Clone)]
pub struct History {
    keys: Vec<Vec<u8>>,
    values: Vec<Vec<u8>>,
    databases: Vec<DatabaseId>,
    commits: Vec<(Piece, TaskKey, Vec<Write>)>,
    views: Vec<View>,
}

impl History {
    /// An empty history for an empty store.
    ///
    /// # Panics
    /// The store fails.
    #[must_use]
    pub fn new(store: &dyn Store) -> Self {
        let long = vec![b'l'; 438];
        let longer = |tail: &[u8]| [&long, tail].concat();
        let mut keys: Vec<Vec<u8>> = vec![
            Vec::new(),
            vec![0],
            vec![0, 0],
            vec![0, 0xff],
            vec![0xff],
            b"a".to_vec(),
            b"a\0".to_vec(),
            b"a\0b".to_vec(),
            b"ab".to_vec(),
        ];
        keys.extend([&b""[..], b"x", b"xx", b"x\0", b"x\0y", b"xxx"].map(longer));
        keys.push(longer(&[b'x'; 4000]));
        let mut values: Vec<Vec<u8>> = (0..23).map(|number| vec![number; usize::from(number)]).collect();
        values.push(vec![9; 100 * 1024]);
        let databases = DATABASES.map(|name| store.database(name).unwrap()).to_vec();
        Self { keys, values, databases, commits: Vec::new(), views: vec![store.view("main").unwrap()] }
    }

    /// Does an operation and remembers it.
    ///
    /// # Panics
    /// The store fails.
    pub fn apply(&mut self, store: &dyn Store, operation: &Operation) {
        let line = match operation {
            Operation::Commit(line, number, writes) => {
                let line = LINES[line % LINES.len()];
                let task = history_task(*number);
                let writes: Vec<Write> = writes.iter().map(|write| self.write(*write)).collect();
                self.accept(store, contract::commit(line, &task, writes), task);
                line
            }
            Operation::Change(line, from, to, after, swap) => {
                let line = LINES[line % LINES.len()];
                let last = self.commits.len() as u64;
                let (to, after) = (to % (last + 1), after % (last + 2));
                let pieces = store.line(LINES[from % LINES.len()]).unwrap().pieces;
                let clip = |lo: u64, hi: u64| {
                    let clipped = pieces.iter().map(move |piece| Piece {
                        lo: piece.lo.max(Seq(lo)),
                        hi: piece.hi.min(Seq(hi)),
                        ..*piece
                    });
                    clipped.filter(|piece| piece.lo <= piece.hi)
                };
                let (early, late) = (clip(0, to), clip(after.max(to + 1), last));
                let keep = if *swap { late.chain(early).collect() } else { early.chain(late).collect() };
                let task = history_task(99);
                let commit = Commit { change: Some(LineChange { keep }), ..contract::commit(line, &task, Vec::new()) };
                self.accept(store, commit, task);
                line
            }
            Operation::Wait => return store.wait_durable(Seq(self.commits.len() as u64)).unwrap(),
        };
        self.views.push(store.view(line).unwrap());
    }

    fn write(&self, (kind, database, key, value): (u8, usize, usize, usize)) -> Write {
        let database = self.databases[database % self.databases.len()];
        let key = self.keys[key % self.keys.len()].clone();
        match kind {
            0 => Write::Clear(database),
            1 | 2 => Write::Delete(database, key),
            _ => Write::Put(database, key, self.values[value % self.values.len()].clone()),
        }
    }

    fn accept(&mut self, store: &dyn Store, commit: Commit, task: TaskKey) {
        let (line, writes) = (commit.line.clone(), commit.writes.clone());
        let seq = store.accept(commit).unwrap();
        assert_eq!(seq.0, self.commits.len() as u64 + 1);
        let open = *store.line(&line).unwrap().pieces.last().unwrap();
        self.commits.push((Piece { lo: seq, hi: seq, ..open }, task, writes));
    }

    /// Commits that a view sees, in tree order.
    fn replay<'a>(&'a self, view: &'a View) -> impl Iterator<Item = &'a (Piece, TaskKey, Vec<Write>)> {
        view.pieces.iter().flat_map(move |piece| {
            let seen = move |commit: &&(Piece, TaskKey, Vec<Write>)| {
                commit.0.segment == piece.segment && piece.lo <= commit.0.lo && commit.0.lo <= piece.hi.min(view.at)
            };
            self.commits.iter().filter(seen)
        })
    }

    /// Number of commits so far.
    #[must_use]
    pub fn last(&self) -> Seq {
        Seq(self.commits.len() as u64)
    }

    /// Compares every view that was taken with the model, except views of commits after the store's last.
    ///
    /// # Panics
    /// They differ.
    pub fn check(&self, store: &dyn Store) {
        let last = store.progress().accepted;
        for view in self.views.iter().filter(|view| view.at <= last) {
            self.check_view(store, view);
        }
        self.check_written(store);
    }

    /// Compares what each commit wrote with the model, except commits after the store's last.
    ///
    /// # Panics
    /// They differ.
    pub fn check_written(&self, store: &dyn Store) {
        let last = store.progress().accepted;
        for (piece, _, writes) in self.commits.iter().filter(|(piece, _, _)| piece.lo <= last) {
            let mut keys = std::collections::BTreeSet::new();
            for write in writes {
                match write {
                    Write::Put(database, key, _) | Write::Delete(database, key) => {
                        keys.insert((*database, Some(key.clone())));
                    }
                    Write::Clear(database) => {
                        keys.retain(|(its, _)| its != database);
                        keys.insert((*database, None));
                    }
                }
            }
            let expected = crate::Written { segment: piece.segment, keys: keys.into_iter().collect() };
            assert_eq!(store.written(piece.lo).unwrap(), Some(expected), "written by {:?}", piece.lo);
        }
        assert_eq!(store.written(Seq(0)).unwrap(), None);
        assert_eq!(store.written(Seq(last.0 + 1)).unwrap(), None);
    }

    fn check_view(&self, store: &dyn Store, view: &View) {
        let mut data: BTreeMap<(DatabaseId, &[u8]), &[u8]> = BTreeMap::new();
        let mut done: BTreeMap<&TaskKey, Seq> = BTreeMap::new();
        let mut steps = Vec::new();
        for (piece, task, writes) in self.replay(view) {
            done.insert(task, piece.lo);
            steps.push(piece.lo);
            for write in writes {
                match write {
                    Write::Put(database, key, value) => {
                        data.insert((*database, key), value);
                    }
                    Write::Delete(database, key) => {
                        data.remove(&(*database, key.as_slice()));
                    }
                    Write::Clear(cleared) => data.retain(|(database, _), _| database != cleared),
                }
            }
        }
        for database in &self.databases {
            for key in &self.keys {
                let expected = data.get(&(*database, key.as_slice())).copied();
                let found = store.get(view, *database, key).unwrap();
                assert!(found.as_deref() == expected, "get {} at {view:?}", key.escape_ascii());
            }
            for (prefix, after, limit) in [
                (&b""[..], None, 100),
                (&b""[..], Some(&b"a"[..]), 3),
                (&b"a"[..], None, 2),
                (&[b'l'; 439][..], None, 100),
                (&[b'l'; 10][..], Some(self.keys[11].as_slice()), 100),
                (&[0][..], Some(&[0, 0][..]), 100),
            ] {
                let rows = store.scan(view, Scan { database: *database, prefix, after, limit }).unwrap();
                let in_database =
                    data.iter().filter(|((its, _), _)| its == database).map(|((_, key), value)| (*key, *value));
                let wanted =
                    in_database.filter(|(key, _)| key.starts_with(prefix) && after.is_none_or(|after| *key > after));
                let expected: Vec<(&[u8], &[u8])> = wanted.take(limit).collect();
                let found: Vec<(&[u8], &[u8])> = rows.iter().map(|(key, value)| (key.as_slice(), &**value)).collect();
                assert!(found == expected, "scan {} after {after:?} at {view:?}", prefix.escape_ascii());
            }
        }
        for number in (0..6).chain([99]) {
            let task = history_task(number);
            let found = store.done(view, &task).unwrap().map(|(seq, _)| seq);
            assert_eq!(found, done.get(&task).copied(), "done of task {number} at {view:?}");
        }
        for prefix in [&[][..], &1u32.to_be_bytes()] {
            let found: Vec<Seq> = store.instances(view, prefix).unwrap().into_iter().map(|(seq, _)| seq).collect();
            let mut expected: Vec<Seq> =
                done.iter().filter(|(task, _)| task.0.starts_with(prefix)).map(|(_, seq)| *seq).collect();
            expected.sort();
            assert_eq!(found, expected, "instances at {view:?}");
        }
        let found: Vec<Seq> = store.steps(view, None, 1000).unwrap().into_iter().map(|(seq, _)| seq).collect();
        assert_eq!(found, steps, "steps at {view:?}");
        if let Some(middle) = steps.get(steps.len() / 2) {
            let rest = store.steps(view, Some(*middle), 3).unwrap().into_iter().map(|(seq, _)| seq);
            assert!(
                rest.eq(steps.iter().skip(steps.len() / 2 + 1).take(3).copied()),
                "steps after {middle:?} at {view:?}"
            );
        }
    }
}

/// Tasks of a random history: some of one path at several iterations.
fn history_task(number: u32) -> TaskKey {
    let iteration = crate::IterationKey::Integer(i64::from(number) - 3);
    if number < 4 { TaskKey::new(InternId(1), &[iteration]) } else { TaskKey::new(InternId(number), &[]) }
}
