//! No text makes `validate` panic: arbitrary bytes, and manifests that are cut and mutated.

use crate::support::{THINKING, root};
use proptest::prelude::*;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// All manifests of the tests, as seeds.
fn seeds() -> Vec<Vec<u8>> {
    ["tests/manifests/valid", "tests/manifests/invalid"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path: &PathBuf| path.extension().is_some_and(|extension| extension == "kdl"))
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

/// A change of a text: cut, doubled, replaced, inserted.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let seeds = seeds();
    let pieces: Vec<&[u8]> = vec![
        b"{",
        b"}",
        b"\"",
        b"#\"",
        b"\"\"\"",
        b"${",
        b"=",
        b" ",
        b"\n",
        b"\\",
        b"/-",
        b"/*",
        b"(",
        b"#true",
        b"\xff",
        b"\xc3",
        b"step",
        b"stage",
        b"facet=\"!x\"",
        b"rhai",
        b"let x = ",
        b"999999999999999999999",
        b"-1",
        b"1e999",
        b"[",
        b"|",
        b"`",
        "é".as_bytes(),
        "→\u{feff}".as_bytes(),
    ];
    let change = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4u8, prop::sample::select(pieces));
    (prop::sample::select(seeds), prop::collection::vec(change, 1..6)).prop_map(|(mut text, changes)| {
        for (at, to, kind, piece) in changes {
            if text.is_empty() {
                break;
            }
            let (at, to) = (at.index(text.len()), to.index(text.len()));
            let (from, to) = (at.min(to), at.max(to));
            match kind {
                0 => drop(text.drain(from..to)),
                1 => text.truncate(at),
                2 => {
                    let copy = text[from..to.min(from + 200)].to_vec();
                    drop(text.splice(at..at, copy));
                }
                _ => drop(text.splice(at..at, piece.iter().copied())),
            }
        }
        text
    })
}

/// Gives `validate` many texts in one process each batch; a panic or a signal is the only failure.
fn survives(texts: &[Vec<u8>]) {
    let folder = tempfile::tempdir().unwrap();
    for (number, text) in texts.iter().enumerate() {
        let file = folder.path().join(format!("{number}.kdl"));
        std::fs::File::create(&file).unwrap().write_all(text).unwrap();
        let output = Command::new(THINKING)
            .args(["validate", "--json"])
            .arg(&file)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let code = output.status.code();
        assert!(
            matches!(code, Some(0 | 2)),
            "{code:?} {:?}\n{}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr),
            String::from_utf8_lossy(text)
        );
    }
}

fn cases(default: u32) -> u32 {
    std::env::var("THINKING_FUZZ").ok().and_then(|cases| cases.parse().ok()).unwrap_or(default)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(40), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_manifests(texts in prop::collection::vec(mutated(), 4)) {
        survives(&texts);
    }

    #[test]
    fn arbitrary_bytes(text in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&[text]);
    }
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("a {", "}"), ("/*", "*/"), ("a { rhai \"", "\" }")] {
        survives(&[open.repeat(5_000).into_bytes(), format!("{}{}", open.repeat(90), close.repeat(90)).into_bytes()]);
    }
    let deep = |open: &str, close: &str| {
        format!("pipeline \"m\" {{ step \"s\" {{ rhai ##\"{}1{}\"## }} }}", open.repeat(3_000), close.repeat(3_000))
    };
    survives(&[
        deep("(", ")").into_bytes(),
        deep("[", "]").into_bytes(),
        deep("if true {", "}").into_bytes(),
        deep("-", "").into_bytes(),
    ]);
}
