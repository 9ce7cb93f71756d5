//! Cases, and what holds for every text: it means what it meant, every comment is there, and laid out twice is laid out once.

use super::token::{Kind, tokens};
use super::{format, lay_out};
use crate::check::{Schemas, Strictness};
use crate::{map, parse};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use thinking_diagnostic::{Diagnostics, SourceMap};

/// The text laid out anew, and what it says as JSON before and after; `None` if it is not KDL.
fn both(text: &str) -> Option<(String, [String; 2])> {
    let mut sources = SourceMap::new();
    let id = sources.add("test.kdl", text);
    let new = format(id, sources.get(id)?);
    let mut found = Diagnostics::new();
    parse::parse(id, sources.get(id)?, &mut found)?;
    let new = new.unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}\n--- became\n{}", lay_out(text)));
    let json = [json(text), json(&new)];
    Some((new, json))
}

fn json(text: &str) -> String {
    let mut sources = SourceMap::new();
    let id = sources.add("test.kdl", text);
    let file = sources.get(id).unwrap().clone();
    let schemas = Schemas::default();
    let document = parse::parse(id, &file, &mut Diagnostics::new()).unwrap();
    map::map(&document, id, schemas.manifest(Strictness::Whole), &mut Diagnostics::new()).to_json().to_string()
}

fn comments(text: &str) -> Vec<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let kinds = [Kind::LineComment, Kind::BlockComment, Kind::Slashdash];
    tokens(&text).iter().filter(|token| kinds.contains(&token.kind)).map(|token| token.text.to_owned()).collect()
}

#[track_caller]
fn holds(text: &str) -> Option<String> {
    let (new, [before, after]) = both(text)?;
    assert_eq!(before, after, "the meaning changed:\n{text}\n--- became\n{new}");
    assert_eq!(comments(text), comments(&new), "a comment is lost:\n{text}\n--- became\n{new}");
    assert_eq!(lay_out(&new), new, "not stable:\n{text}\n--- became\n{new}");
    Some(new)
}

#[track_caller]
fn becomes(text: &str, expected: &str) {
    let new = holds(text).unwrap_or_else(|| panic!("this is not KDL: {text}"));
    assert_eq!(new, expected, "\n--- got\n{new}\n--- expected\n{expected}");
}

#[test]
fn blanks_and_blocks() {
    becomes("", "");
    becomes(" \n\n\t\n", "");
    becomes("a", "a\n");
    becomes("a {\nb 1   2\n\n\n\nc   x = 1\n\n}\n\n\n", "a {\n    b 1 2\n\n    c x=1\n}\n");
    becomes("a{b}\n", "a { b }\n");
    becomes("a {}\nb { }\nc {\n}\n", "a {}\nb {}\nc {}\n");
    becomes("a {b;c 1 ;d;}\n", "a { b; c 1; d }\n");
    becomes("a;b ; c;\n", "a; b; c\n");
    becomes("a {\n  b; c {\n d\n }\n}\n", "a {\n    b\n    c {\n        d\n    }\n}\n");
    becomes("\ta {\n\t\tb\n\t}\n", "a {\n    b\n}\n");
    becomes("a   (  t  )1 n = ( u ) 2\n", "a (t)1 n=(u)2\n");
    becomes(
        "a #true -1 0xff 1_000.50e-3 #nan #-inf .. - \u{a0}+x\n",
        "a #true -1 0xff 1_000.50e-3 #nan #-inf .. - +x\n",
    );
}

#[test]
fn a_comment_after_a_line_that_goes_on_with_nothing() {
    becomes("\\ // x\n//\n x\n", "\\ // x\n    //\nx\n");
}

/// A line that is too long is broken at its outermost blocks, and only those that need it.
#[test]
fn long_lines() {
    let word = "x".repeat(100);
    becomes(
        &format!("pipeline m {{ step a {{ rhai {word} }}; step b {{ rhai x }} }}\n"),
        &format!("pipeline m {{\n    step a {{ rhai {word} }}\n    step b {{ rhai x }}\n}}\n"),
    );
    becomes(&format!("a {word} {word}\n"), &format!("a {word} {word}\n"));
}

#[test]
fn comments_stay() {
    becomes("  // one\n\n\n//two  \na // three\n", "// one\n\n//two\na // three\n");
    becomes(
        "a { // beside\n// own\nb\n// last\n} // after\n",
        "a { // beside\n    // own\n    b\n    // last\n} // after\n",
    );
    becomes("a {\n// only\n}\n", "a {\n    // only\n}\n");
    becomes(
        "/* one\n   two */ a /* b */ 1/* c */ { /* d */ x; }\n/*e*/\n",
        "/* one\n   two */ a /* b */ 1 /* c */ { /* d */ x }\n/*e*/\n",
    );
    becomes("/-a 1 {\nb\n}\nc /- 1 /-p = 2 2 /- { x; } {y}\n", "/-a 1 {\n    b\n}\nc /-1 /-p=2 2 /-{ x } { y }\n");
    becomes("/-\n// why\n a\nb\n", "/- // why\n    a\nb\n");
    becomes("/- kdl-version 2\na\n", "/- kdl-version 2\na\n");
}

/// Comments below each other stay below each other.
#[test]
fn comments_in_columns() {
    becomes(
        "a {\n  long-name 1   // x\n  b             // y\n  c // z\n}\n",
        "a {\n    long-name 1   // x\n    b             // y\n    c // z\n}\n",
    );
    becomes("a    1    // x\nbb   2    // y\n", "a 1     // x\nbb 2    // y\n");
    becomes("a 1// x\n", "a 1 // x\n");
}

#[test]
fn line_continuations() {
    becomes("a \\\n  1 \\ // why\n2 \\\n{ b; }\n", "a \\\n    1 \\ // why\n    2 { b }\n");
    becomes("a \\\n\\\n 1 \\\n\nb\n", "a \\\n    1\nb\n");
}

#[test]
fn strings_of_several_lines_move_as_a_whole() {
    becomes(
        "a {\n  rhai #\"\"\"\n  one\n\n     two  \n    \n  \"\"\"#\n}\n",
        "a {\n    rhai #\"\"\"\n        one\n\n           two  \n\n        \"\"\"#\n}\n",
    );
    becomes("a \"\"\"\n\t\tx\n\t\t\ty\n\t\t\"\"\" 2\n", "a \"\"\"\n    x\n    \ty\n    \"\"\" 2\n");
    // Blanks that a backslash takes away stay where they are.
    becomes("a \"\"\"\n  x \\\n  y\n  \"\"\"\n", "a \"\"\"\n  x \\\n  y\n  \"\"\"\n");
    becomes("a \"\"\"\n  x\\n\\\\\n  \"\"\"\n", "a \"\"\"\n  x\\n\\\\\n  \"\"\"\n");
    becomes("a \"\"\"\n  x\\n y\n  \"\"\"\n", "a \"\"\"\n    x\\n y\n    \"\"\"\n");
    becomes("a  #\"a\"b\"#  ##\"a\"#b\"##\n", "a #\"a\"b\"# ##\"a\"#b\"##\n");
    becomes("\"a b\" \"{;//\" \"\\\"/*\"\n", "\"a b\" \"{;//\" \"\\\"/*\"\n");
}

#[test]
fn line_ends_and_marks_stay() {
    becomes(
        "a {\r\nb #\"\"\"\r\n  x\r\n  \"\"\"#\r\n}\r\n",
        "a {\r\n    b #\"\"\"\r\n        x\r\n        \"\"\"#\r\n}\r\n",
    );
    becomes("a\r\r\nb\n", "a\r\n\r\nb\r\n");
    becomes("\u{feff}a  1\n", "\u{feff}a 1\n");
    becomes("a\u{2028}b\u{85}c\n", "a\nb\nc\n");
}

#[test]
fn deep_and_big_texts() {
    let deep = format!("{}{}", "a {\n".repeat(95), "}\n".repeat(95));
    holds(&deep).unwrap();
    holds(&format!("{}b{}", "a {".repeat(95), "}".repeat(95))).unwrap();
    holds(&"step \"x\" { rhai \"1\" } // why\n".repeat(2_000)).unwrap();
}

/// Every manifest of the repository, and the blocks of its texts.
fn seeds() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut seeds: Vec<String> = ["examples", "manifests", "tests/manifests"]
        .iter()
        .flat_map(|folder| walkdir::WalkDir::new(root.join(folder)).sort_by_file_name())
        .map(|entry| entry.unwrap().into_path())
        .filter(|path: &PathBuf| path.extension().is_some_and(|extension| extension == "kdl"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    seeds.extend(readme.split("```kdl\n").skip(1).filter_map(|block| Some(block.split_once("```")?.0.to_owned())));
    assert!(seeds.len() > 60, "the manifests are gone");
    seeds
}

#[test]
fn every_manifest_means_what_it_meant() {
    let good = seeds().iter().filter_map(|seed| holds(seed)).count();
    assert!(good > 50, "only {good} manifests are KDL");
}

fn cases() -> u32 {
    std::env::var("THINKING_FUZZ").ok().and_then(|cases| cases.parse().ok()).unwrap_or(200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// Manifests that are cut, doubled, and strewn with what makes blocks, strings and comments.
    #[test]
    fn changed_manifests_mean_what_they_meant(
        seed in prop::sample::select(seeds()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(vec![
            "\n", "\r\n", "\r", "\u{2028}", " ", "\t", ";", " ; ", "{ }", " { a; b }", "/-", "/- ", "// x\n", "/* x */", "/* x\n y */", " \\\n", "\\ // x\n",
            " = ", "(t)", " a ", " 1 ", " \"q\\\" {\" ", " #\"r\"# ", " #\"\"\"\n  r\n  \"\"\"# ", "\"\"\"\n\t\\\n\tx\n\t\"\"\"", "}", "{", "\u{feff}", "é",
        ])), 0..5),
    ) {
        let mut text = seed;
        for (at, piece) in changes {
            let at = text.floor_char_boundary(at.index(text.len() + 1));
            text.insert_str(at, piece);
        }
        holds(&text);
    }
}
