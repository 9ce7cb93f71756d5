//! What every store must do, as a suite that each implementation runs in its tests.
//!
//! [`check`] tries the single promises and then compares random histories with a model, [`crate::history`].
#![expect(clippy::unwrap_used, reason = "a broken promise stops the test that runs the suite")]

use crate::history;
use crate::{
    Commit, DatabaseId, Entry, InternId, LineChange, Outcome, Piece, RunFigures, RunRecord, RunStatus, Scan, Seq,
    StepEntry, Store, StoreError, TaskKey, View, Write,
};
use std::collections::BTreeMap;

/// Makes an empty store.
pub type Make<'a> = &'a dyn Fn() -> Box<dyn Store>;

/// Runs the whole suite.
///
/// # Panics
/// A promise is broken.
pub fn check(make: Make<'_>) {
    starts_empty(&*make());
    tokens_fence(&*make());
    names_and_contents_have_numbers(&*make());
    records_and_notes(&*make());
    past_views_stay(&*make());
    going_back_is_undone_by_previous(&*make());
    a_clear_hides_what_came_before(&*make());
    scans_are_in_order(&*make());
    entries_come_back(&*make());
    many_threads(&*make());
    closed_stores_refuse(&*make());
    history::random(make, 24);
}

/// An entry of a step with small numbers and this task.
#[must_use]
pub fn step(task: &TaskKey) -> StepEntry {
    StepEntry {
        run: 1,
        pipeline: InternId(1),
        task: task.clone(),
        path: "train/epoch[3]".into(),
        outcome: Outcome::Done,
        attempt: 1,
        generation: 0,
        definition: InternId(1),
        reads: InternId(2),
        result: b"null".to_vec(),
        outputs: Vec::new(),
        started: 1_700_000_000_000,
        took: 12,
    }
}

/// A commit of a step without a token.
#[must_use]
pub fn commit(line: &str, task: &TaskKey, writes: Vec<Write>) -> Commit {
    Commit { writes, ..Commit::entry(line, Entry::Step(step(task))) }
}

fn task(number: u32) -> TaskKey {
    TaskKey::new(InternId(number), &[])
}

fn put(database: DatabaseId, key: &str, value: &str) -> Write {
    Write::Put(database, key.into(), value.into())
}

fn text(store: &dyn Store, view: &View, database: DatabaseId, key: &str) -> Option<String> {
    store.get(view, database, key.as_bytes()).unwrap().map(|value| String::from_utf8(value.to_vec()).unwrap())
}

fn starts_empty(store: &dyn Store) {
    let view = store.view("main").unwrap();
    assert_eq!(view.at, Seq(0));
    assert!(view.pieces.is_empty());
    assert_eq!(store.line("main").unwrap(), crate::Line::default());
    let database = store.database("words").unwrap();
    assert_eq!(text(store, &view, database, "a"), None);
    assert!(store.steps(&view, None, 10).unwrap().is_empty());
    assert!(store.journal(Seq(0), 10).unwrap().is_empty());
    assert!(store.runs().unwrap().is_empty());
    assert_eq!(store.note("a").unwrap(), None);
    assert_eq!((store.progress().accepted, store.progress().durable), (Seq(0), Seq(0)));
    store.wait_durable(Seq(0)).unwrap();
}

fn tokens_fence(store: &dyn Store) {
    let old = store.begin("main", &task(1)).unwrap();
    let new = store.begin("main", &task(1)).unwrap();
    let other = store.begin("other", &task(1)).unwrap();
    let with = |token| Commit { token: Some(token), ..commit("main", &task(1), Vec::new()) };
    assert_eq!(store.accept(with(old)), Err(StoreError::Fenced));
    assert_eq!(store.accept(with(other)), Err(StoreError::Fenced));
    assert_eq!(store.progress().accepted, Seq(0));
    let attempt = Entry::Attempt { run: 1, task: task(1), token: new, key: "k".into() };
    assert_eq!(store.accept(Commit { token: Some(new), ..Commit::entry("main", attempt) }), Ok(Seq(1)));
    assert_eq!(store.accept(with(new)), Ok(Seq(2)));
    // A task commits once per attempt.
    assert_eq!(store.accept(with(new)), Err(StoreError::Fenced));
    let stranger = crate::Token { epoch: new.epoch + 1, counter: store.begin("main", &task(2)).unwrap().counter };
    let strange = Commit { token: Some(stranger), ..commit("main", &task(2), Vec::new()) };
    assert_eq!(store.accept(strange), Err(StoreError::Fenced));
}

fn names_and_contents_have_numbers(store: &dyn Store) {
    let words = store.database("words").unwrap();
    let other = store.database("other").unwrap();
    assert_ne!(words, other);
    assert_eq!(store.database("words").unwrap(), words);
    assert_eq!(store.databases().unwrap(), vec![(words, "words".to_owned()), (other, "other".to_owned())]);
    let empty = store.intern(b"").unwrap();
    let large = store.intern(&vec![7; 300_000]).unwrap();
    assert_ne!(empty, large);
    store.accept(commit("main", &task(1), Vec::new())).unwrap();
    store.wait_durable(Seq(1)).unwrap();
    assert_eq!(store.intern(b"").unwrap(), empty);
    assert_eq!(store.intern(&vec![7; 300_000]).unwrap(), large);
    assert_eq!(&*store.interned(empty).unwrap(), b"");
    assert_eq!(store.interned(large).unwrap().len(), 300_000);
    assert!(store.interned(InternId(4_000_000)).is_err());
}

fn records_and_notes(store: &dyn Store) {
    let record = |number, status| RunRecord {
        number,
        id: format!("run-{number}"),
        line: "main".into(),
        pipeline: "train".into(),
        status,
        started: 1,
        ended: None,
        params: BTreeMap::from([("rate".to_owned(), serde_json::json!(0.5))]),
        facets: vec!["gpu".into()],
        figures: RunFigures { after: Seq(1), done: 7, ..RunFigures::default() },
    };
    let started = |run| Commit::entry("main", Entry::RunStarted { run, at: 5 });
    let note = |name: &str, value: Option<&[u8]>| (name.to_owned(), value.map(<[u8]>::to_vec));
    let long = "n".repeat(2000);
    let first = Commit {
        run: Some(record(1, RunStatus::Running)),
        notes: vec![note("a", Some(b"1")), note(&long, Some(b""))],
        ..started(1)
    };
    store.accept(first).unwrap();
    store
        .accept(Commit { run: Some(record(2, RunStatus::Running)), notes: vec![note("b", Some(b"2"))], ..started(2) })
        .unwrap();
    store.wait_durable(Seq(2)).unwrap();
    let last = Commit {
        run: Some(record(1, RunStatus::Done)),
        notes: vec![note("a", None), note("b", Some(b"3"))],
        ..started(1)
    };
    let seq = store.accept(last).unwrap();
    for _ in 0..2 {
        assert_eq!(store.runs().unwrap(), vec![record(1, RunStatus::Done), record(2, RunStatus::Running)]);
        let second = record(2, RunStatus::Running);
        assert_eq!(store.runs_before(None, 1).unwrap(), vec![second.clone()]);
        assert_eq!(store.runs_before(None, 9).unwrap(), vec![second, record(1, RunStatus::Done)]);
        assert_eq!(store.runs_before(Some(2), 9).unwrap(), vec![record(1, RunStatus::Done)]);
        assert_eq!(store.runs_before(Some(1), 9).unwrap(), vec![]);
        assert_eq!(store.note("a").unwrap(), None);
        assert_eq!(store.note("b").unwrap().as_deref(), Some(&b"3"[..]));
        assert_eq!(store.note(&long).unwrap().as_deref(), Some(&b""[..]));
        store.wait_durable(seq).unwrap();
    }
}

fn past_views_stay(store: &dyn Store) {
    let words = store.database("words").unwrap();
    let mut views = Vec::new();
    for number in 0..20 {
        store.accept(commit("main", &task(number % 3), vec![put(words, "k", &number.to_string())])).unwrap();
        views.push(store.view("main").unwrap());
    }
    for _ in 0..2 {
        for (number, view) in (0u32..).zip(&views) {
            assert_eq!(text(store, view, words, "k"), Some(number.to_string()));
            assert_eq!(store.done(view, &task(0)).unwrap().unwrap().0, Seq(u64::from(number / 3 * 3 + 1)));
        }
        store.wait_durable(Seq(20)).unwrap();
    }
    // Lines see nothing of each other.
    let other = store.view("other").unwrap();
    assert_eq!(text(store, &other, words, "k"), None);
}

fn going_back_is_undone_by_previous(store: &dyn Store) {
    let words = store.database("words").unwrap();
    for number in 0..10 {
        store.accept(commit("main", &task(number), vec![put(words, "k", &number.to_string())])).unwrap();
    }
    let before = store.view("main").unwrap();
    let piece = store.line("main").unwrap().pieces[0];
    let changed = |keep| Commit {
        change: Some(LineChange { keep }),
        ..Commit::entry("main", Entry::LineChanged { reason: "rollback".into(), at: 0 })
    };
    store.accept(changed(vec![Piece { hi: Seq(4), ..piece }])).unwrap();
    let back = store.view("main").unwrap();
    assert_eq!(text(store, &back, words, "k"), Some("3".into()));
    assert_eq!(store.done(&back, &task(7)).unwrap(), None);
    assert_eq!(store.steps(&back, None, 100).unwrap().len(), 4);
    assert_eq!(text(store, &before, words, "k"), Some("9".into()));
    let line = store.line("main").unwrap();
    assert_eq!(line.previous, vec![Piece { hi: Seq(10), ..piece }]);
    assert_eq!(line.pieces.len(), 2);
    assert_eq!((line.pieces[1].lo, line.pieces[1].hi), (Seq(11), Seq(u64::MAX)));
    assert_ne!(line.pieces[1].segment, piece.segment);
    store.accept(changed(line.previous)).unwrap();
    let again = store.view("main").unwrap();
    assert_eq!(text(store, &again, words, "k"), Some("9".into()));
    assert_eq!(store.steps(&again, Some(Seq(8)), 100).unwrap().len(), 2);
}

fn a_clear_hides_what_came_before(store: &dyn Store) {
    let words = store.database("words").unwrap();
    let other = store.database("other").unwrap();
    store
        .accept(commit("main", &task(1), vec![put(words, "a", "1"), put(words, "b", "1"), put(other, "a", "1")]))
        .unwrap();
    let before = store.view("main").unwrap();
    store
        .accept(commit("main", &task(2), vec![put(words, "a", "2"), Write::Clear(words), put(words, "c", "2")]))
        .unwrap();
    let after = store.view("main").unwrap();
    store.wait_durable(Seq(1)).unwrap();
    assert_eq!(text(store, &before, words, "a"), Some("1".into()));
    assert_eq!(text(store, &after, words, "a"), None);
    assert_eq!(text(store, &after, words, "b"), None);
    assert_eq!(text(store, &after, words, "c"), Some("2".into()));
    assert_eq!(text(store, &after, other, "a"), Some("1".into()));
    let data = crate::dump::data(store, &after).unwrap();
    assert_eq!(data.keys().collect::<Vec<_>>(), ["other", "words"]);
    assert_eq!(data["words"], BTreeMap::from([(b"c".to_vec(), b"2".to_vec())]));
}

fn scans_are_in_order(store: &dyn Store) {
    let words = store.database("words").unwrap();
    // Far more than any store looks at in one go, with many versions, gaps, and long keys that share their first part.
    let key = |number: u32| match number % 4 {
        0 => format!("{}{number:05}", "long".repeat(200)).into_bytes(),
        1 => vec![0; (number % 11) as usize].into_iter().chain(number.to_be_bytes()).collect(),
        _ => format!("k{number}").into_bytes(),
    };
    let mut expected = BTreeMap::new();
    for start in (0..3000).step_by(500) {
        let mut writes = Vec::new();
        for number in start..start + 500 {
            writes.push(Write::Put(words, key(number), number.to_le_bytes().to_vec()));
            expected.insert(key(number), number.to_le_bytes().to_vec());
        }
        for number in (start.saturating_sub(500)..start).filter(|number| number % 3 != 0) {
            writes.push(Write::Delete(words, key(number)));
            expected.remove(&key(number));
        }
        store.accept(commit("main", &task(start), writes)).unwrap();
    }
    let view = store.view("main").unwrap();
    for limit in [7, 1000, usize::MAX] {
        let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        loop {
            let after = found.last().map(|(key, _)| key.clone());
            let rows =
                store.scan(&view, Scan { database: words, prefix: b"", after: after.as_deref(), limit }).unwrap();
            assert!(rows.len() <= limit);
            if rows.is_empty() || limit == 7 && found.len() > 600 {
                break;
            }
            found.extend(rows.into_iter().map(|(key, value)| (key, value.to_vec())));
        }
        let all: Vec<_> = expected.clone().into_iter().take(found.len()).collect();
        assert!(found == all && (limit == 7 || found.len() == expected.len()), "scan with limit {limit}");
        store.wait_durable(view.at).unwrap();
    }
    for prefix in [&b"long"[..], "long".repeat(200).as_bytes(), b"k29", &[0, 0], b"nothing"] {
        let rows = store.scan(&view, Scan { database: words, prefix, after: None, limit: 10_000 }).unwrap();
        let found: Vec<_> = rows.into_iter().map(|(key, _)| key).collect();
        let all: Vec<_> = expected.keys().filter(|key| key.starts_with(prefix)).cloned().collect();
        assert!(found == all, "scan under a prefix of {} bytes", prefix.len());
    }
}

fn entries_come_back(store: &dyn Store) {
    let token = store.begin("main", &task(9)).unwrap();
    let mut skipped =
        StepEntry { outcome: Outcome::Skipped("no such file".into()), started: -5, took: u64::MAX, ..step(&task(9)) };
    skipped.result = vec![b'1'; 200_000];
    skipped.outputs = b"{}".to_vec();
    let mut entries = vec![
        Entry::RunStarted { run: 3, at: i64::MIN },
        Entry::Attempt { run: 3, task: task(9), token, key: "key".into() },
        Entry::Step(skipped),
        Entry::Failed { run: 3, path: "a/b".into(), attempts: 4, message: "why\nthen".into(), at: 7 },
        Entry::LineChanged { reason: "rollback".into(), at: 8 },
    ];
    for status in [
        RunStatus::Running,
        RunStatus::Done,
        RunStatus::Failed,
        RunStatus::Interrupted,
        RunStatus::Stopped,
        RunStatus::Abandoned,
    ] {
        entries.push(Entry::RunStopped { run: 3, at: 9, status });
    }
    for entry in &entries {
        store.accept(Commit::entry("main", entry.clone())).unwrap();
    }
    let expected: Vec<_> = (1..).map(Seq).zip(entries).collect();
    for _ in 0..2 {
        assert_eq!(store.journal(Seq(0), 100).unwrap(), expected);
        assert_eq!(store.journal(Seq(3), 2).unwrap(), expected[2..4]);
        store.wait_durable(Seq(100)).unwrap();
    }
}

fn many_threads(store: &dyn Store) {
    let words = store.database("words").unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4u32 {
            scope.spawn(move || {
                for number in 0..100u32 {
                    let key = format!("{thread}/{number}");
                    let task = task(thread * 1000 + number);
                    let token = store.begin("main", &task).unwrap();
                    let write = put(words, &key, &key);
                    let seq =
                        store.accept(Commit { token: Some(token), ..commit("main", &task, vec![write]) }).unwrap();
                    let view = store.view("main").unwrap();
                    assert!(view.at >= seq);
                    assert_eq!(text(store, &view, words, &key), Some(key));
                    if number % 25 == 0 {
                        store.wait_durable(seq).unwrap();
                        assert!(store.progress().durable >= seq);
                    }
                }
            });
        }
    });
    let view = store.view("main").unwrap();
    assert_eq!(view.at, Seq(400));
    assert_eq!(store.instances(&view, &[]).unwrap().len(), 400);
}

fn closed_stores_refuse(store: &dyn Store) {
    store.accept(commit("main", &task(1), Vec::new())).unwrap();
    store.close().unwrap();
    assert_eq!(store.progress().durable, Seq(1));
    assert_eq!(store.accept(commit("main", &task(2), Vec::new())), Err(StoreError::Closed));
    assert_eq!(store.begin("main", &task(2)), Err(StoreError::Closed));
    store.wait_durable(Seq(1)).unwrap();
    assert_eq!(store.journal(Seq(1), 10).unwrap().len(), 1);
    store.close().unwrap();
}
