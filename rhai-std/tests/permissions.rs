//! What is not permitted is refused, with the line to add, before anything is touched.

use super::World;
use crate::library;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;
use thinking_step::testing::MemoryHost;
use thinking_step::{Class, ErrorKind, Permissions};

/// Calls of every function that names a file, a server or an environment variable.
const CALLS: &[(&str, &str)] = &[
    ("csv::read", "csv::read(\"/etc/x.csv\")"),
    ("csv::write", "csv::write(\"out/x.csv\", [])"),
    ("fs::append_text", "fs::append_text(\"out/x\", \"a\")"),
    ("fs::copy", "fs::copy(\"/etc/passwd\", \"out/x\")"),
    ("fs::copy", "fs::copy(\"in.txt\", \"out/x\")"),
    ("fs::exists", "fs::exists(\"/etc/passwd\")"),
    ("fs::glob", "fs::glob(\"/etc/*.conf\")"),
    ("fs::lines", "fs::lines(\"../x\")"),
    ("fs::read_blob", "fs::read_blob(\"/etc/passwd\")"),
    ("fs::read_text", "fs::read_text(\"/etc/passwd\")"),
    ("fs::remove", "fs::remove(\"in.txt\")"),
    ("fs::size", "fs::size(\"/etc/passwd\")"),
    ("fs::write_blob", "fs::write_blob(\"out/x\", blob(1))"),
    ("fs::write_text", "fs::write_text(\"../x\", \"a\")"),
    ("chart::line", "chart::line(\"../x.svg\", #{ y: [1, 2] })"),
    ("chart::bar", "chart::bar(\"x.png\", #{ y: [1, 2] })"),
    ("chart::scatter", "chart::scatter(\"x.svg\", #{ x: [1, 2], y: [1, 2] })"),
    ("chart::histogram", "chart::histogram(\"/tmp/x.svg\", #{ values: [1, 2] })"),
    ("http::get", "http::get(\"https://API.example.com/v1\")"),
    ("http::post", "http::post(\"http://127.0.0.1:8080/\", \"a\")"),
    ("http::request", "http::request(\"PUT\", \"http://[::1]/\", #{ body: \"a\" })"),
    ("json::read", "json::read(\"/etc/x.json\")"),
    ("json::write", "json::write(\"in.txt\", 1)"),
    ("sys::env", "sys::env(\"HOME\")"),
    ("toml::read", "toml::read(\"/etc/x.toml\")"),
    ("toml::write", "toml::write(\"out/x.toml\", #{})"),
];

/// Functions that look at the world, but at nothing that somebody could want to keep from them. Standard input holds what whoever started the
/// run gave it.
const OPEN_TO_ALL: &[&str] = &["sleep", "sys::stdin", "time::now", "time::sleep"];

/// A world in which nothing is permitted beyond the project.
fn bare(write: &[&str]) -> World {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().canonicalize().unwrap();
    let mut host = MemoryHost::new(&root);
    let write: Vec<String> = write.iter().map(|glob| (*glob).to_owned()).collect();
    host.permissions = Permissions::new(&root, &root.join(".thinking"), &[], &write, &[], &[], &[]).unwrap();
    World { directory, host: Arc::new(host) }
}

#[test]
fn every_function_that_touches_the_world_asks_first() {
    let mut calls: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, code) in CALLS {
        calls.entry(name).or_default().push(code);
    }
    let mut page = String::new();
    for function in library().functions {
        let name = function.full_name();
        if function.class < Class::Observe || OPEN_TO_ALL.contains(&&*name) {
            continue;
        }
        let named = [function.reads, function.writes, function.reads_below, function.env, function.net];
        assert!(named.iter().any(Option::is_some), "{name} does not say what it touches");
        for code in calls.remove(&*name).unwrap_or_else(|| panic!("{name} has no call in the table")) {
            let world = bare(&[]);
            world.write("in.txt", "kept");
            let error = world.eval(code).expect_err(code);
            assert_eq!(error.kind, ErrorKind::Permission, "{code}: {error:?}");
            assert_eq!(world.seen(), Vec::<String>::new(), "{code}: refused before it touches anything");
            assert_eq!(world.read("in.txt"), "kept", "{code}");
            let parent = world.path("").parent().unwrap().display().to_string();
            writeln!(page, "{code}\n  {}\n  {}\n", error.message, error.help.unwrap_or_default()).unwrap();
            page = page.replace(&parent, "/parent");
        }
    }
    assert!(calls.is_empty(), "these are no functions: {calls:?}");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/refusals.txt");
    if std::env::var_os("THINKING_UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert_eq!(page, std::fs::read_to_string(&path).unwrap_or_default(), "run it with THINKING_UPDATE=1 and look");
}

#[test]
fn links_do_not_lead_out_of_what_is_permitted() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.txt"), "secret").unwrap();
    let world = bare(&["out/**"]);
    for directory in ["out", "data", ".thinking"] {
        std::fs::create_dir_all(world.path(directory)).unwrap();
    }
    world.write(".thinking/state", "state");
    world.write("data/fine.txt", "fine");
    let link = |target: &str, name: &str| {
        symlink(target.replace("OUTSIDE", &outside.path().display().to_string()), world.path(name)).unwrap()
    };
    link("OUTSIDE/secret.txt", "data/file");
    link("OUTSIDE", "data/directory");
    link("OUTSIDE", "out/directory");
    link("OUTSIDE/new.txt", "out/dangling");
    link("OUTSIDE/nowhere/new.txt", "out/dangling-deep");
    link("../data/file", "out/twice");
    link("../.thinking", "data/state");
    link("../.thinking/new", "out/state");
    link("/", "data/root");
    link("loop-b", "data/loop-a");
    link("loop-a", "data/loop-b");
    link("fine.txt", "data/inside");
    link("../data", "out/data");
    link("real", "out/made-later");
    for path in [
        "data/file",
        "data/directory/secret.txt",
        "data/directory/../secret.txt",
        "data/./file",
        "data//file",
        "data/root/etc/passwd",
        "data/directory/nowhere/../secret.txt",
        "out/twice",
        "../x",
        "data/../../x",
        "nowhere/../../x",
        "/etc/passwd",
        "data/root/../etc",
    ] {
        for function in ["fs::read_text", "fs::lines", "fs::exists", "fs::size", "csv::read"] {
            let error = world.eval(&format!("{function}(\"{path}\")")).expect_err(path);
            assert_eq!(error.kind, ErrorKind::Permission, "{function} {path}: {error:?}");
        }
    }
    for path in [
        "out/directory/new.txt",
        "out/dangling",
        "out/dangling-deep",
        "out/data/new.txt",
        "out/twice",
        "out/../data/new.txt",
        "out",
        "out/../../x",
    ] {
        for call in [
            "write_text(\"PATH\", \"x\")",
            "append_text(\"PATH\", \"x\")",
            "remove(\"PATH\")",
            "copy(\"data/fine.txt\", \"PATH\")",
        ] {
            // What permits all in a directory does not make the directory a file.
            let error = world.eval(&format!("fs::{}", call.replace("PATH", path))).expect_err(path);
            assert!(error.kind == ErrorKind::Permission || path == "out", "{call} {path}: {error:?}");
        }
    }
    for path in [
        ".thinking/state",
        "./.thinking/state",
        ".thinking//state",
        "data/../.thinking/state",
        "data/state/state",
        ".thinking/",
        ".thinking",
        ".thinking/../.thinking/state",
        ".thinking/new/deep",
        "data/state",
        "out/../.thinking/state",
    ] {
        for call in [
            "read_text(\"PATH\")",
            "write_text(\"PATH\", \"x\")",
            "append_text(\"PATH\", \"x\")",
            "remove(\"PATH\")",
            "glob(\"PATH/*\")",
            "copy(\"PATH\", \"out/x\")",
        ] {
            let error = world.eval(&format!("fs::{}", call.replace("PATH", path))).expect_err(path);
            assert!(error.message.ends_with("is never permitted: the state lies there"), "{call} {path}: {error:?}");
        }
    }
    let error = world.eval("fs::append_text(\"out/state\", \"x\")").unwrap_err();
    assert_eq!(error.message, "writing `out/state` is never permitted: the state lies there");
    assert!(world.eval("fs::read_text(\"data/loop-a\")").is_err());
    assert_eq!(
        world.value("fs::read_text(\"data/inside\")"),
        serde_json::json!("fine"),
        "a link within the project is a path"
    );
    world.value("fs::append_text(\"out/made-later\", \"x\")");
    assert_eq!(world.read("out/real"), "x", "also one that leads to what is made now");
    assert_eq!(
        world.value("fs::glob(\"**/*\").filter(|f| f.contains(\"secret\") || f.contains(\"state\"))"),
        serde_json::json!([])
    );
    let left: Vec<_> = std::fs::read_dir(outside.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["secret.txt"], "nothing was made outside");
    assert_eq!(std::fs::read_to_string(outside.path().join("secret.txt")).unwrap(), "secret");
    assert_eq!(world.read(".thinking/state"), "state");
}

#[test]
fn a_link_that_takes_a_place_after_the_check_is_not_followed() {
    for (code, place, message) in [
        (
            "fs::read_text(\"out/d/a.txt\")",
            "out/d/a.txt",
            "cannot read `out/d/a.txt`: a link has taken the place of what was permitted",
        ),
        (
            "fs::read_text(\"out/d/a.txt\")",
            "out/d",
            "cannot read `out/d/a.txt`: a link has taken the place of what was permitted",
        ),
        (
            "fs::lines(\"out/d/a.txt\")",
            "out/d",
            "cannot read `out/d/a.txt`: a link has taken the place of what was permitted",
        ),
        (
            "fs::append_text(\"out/d/a.txt\", \"x\")",
            "out/d/a.txt",
            "cannot append to `out/d/a.txt`: a link has taken the place of what was permitted",
        ),
        (
            "fs::append_text(\"out/d/a.txt\", \"x\")",
            "out/d",
            "cannot append to `out/d/a.txt`: a link has taken the place of what was permitted",
        ),
        (
            "fs::write_text(\"out/d/a.txt\", \"x\")",
            "out/d",
            "cannot write `out/d/a.txt`: a link has taken the place of what was permitted",
        ),
        (
            "fs::remove(\"out/d/a.txt\")",
            "out/d",
            "cannot remove `out/d/a.txt`: a link has taken the place of what was permitted",
        ),
    ] {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("a.txt"), "secret").unwrap();
        let world = bare(&["out/**"]);
        world.write("out/d/a.txt", "mine");
        let (place, target) = (world.path(place), outside.path().to_owned());
        *world.host.before_touch.lock().unwrap() = Some(Box::new(move || {
            std::fs::rename(&place, place.with_extension("moved")).unwrap();
            let target = if place.ends_with("a.txt") { target.join("a.txt") } else { target };
            symlink(target, &place).unwrap();
        }));
        assert_eq!(world.eval(code).expect_err(code).message, message, "{code}");
        assert_eq!(std::fs::read_to_string(outside.path().join("a.txt")).unwrap(), "secret", "{code}");
        let left = std::fs::read_dir(outside.path()).unwrap().count();
        assert_eq!(left, 1, "{code}: nothing is left there");
    }
}

#[test]
fn servers_are_permitted_by_name_and_port() {
    let refused = |rules: &[&str], url: &str| {
        let world = World::connected(rules);
        world.host.stopping.store(true, std::sync::atomic::Ordering::SeqCst);
        // What is permitted ends because the step is to stop, so that nothing is sent.
        world.eval(&format!("http::get(\"{url}\")")).unwrap_err().kind == ErrorKind::Permission
    };
    for (rules, url, expected) in [
        (&["a.example:443"][..], "https://a.example/", false),
        (&["a.example:443"], "https://A.EXAMPLE:443/x", false),
        (&["A.Example:443"], "https://a.example/", false),
        (&["a.example:443"], "http://a.example/", true),
        (&["a.example:443"], "https://b.a.example/", true),
        (&["a.example:443"], "https://a.example.evil.example/", true),
        (&["a.example:443"], "https://a.example@evil.example/", true),
        (&["a.example:*"], "http://a.example:8080/", false),
        (&["a.example"], "http://a.example:8080/", false),
        (&["*.example:*"], "http://a.example/", false),
        (&["*.example:*"], "http://b.a.example/", false),
        (&["*.example:*"], "http://example/", true),
        (&["*.example:*"], "http://badexample/", true),
        (&["*:443"], "https://anything/", false),
        (&["[::1]:80"], "http://[::1]/", false),
        (&["[::1]"], "http://[::1]:81/", false),
        (&["[::1]:80"], "http://[::2]/", true),
        (&[], "http://127.0.0.1/", true),
    ] {
        assert_eq!(refused(rules, url), expected, "{rules:?} {url}");
    }
}
