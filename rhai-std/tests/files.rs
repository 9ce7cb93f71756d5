//! `fs`.

use super::{World, failure};
use serde_json::json;

#[test]
fn files_are_read_and_every_look_is_told() {
    let world = World::new();
    world.write("a.txt", "one\r\ntwo\n");
    assert_eq!(world.value("fs::read_text(\"a.txt\")"), json!("one\r\ntwo\n"));
    assert_eq!(world.value("fs::lines(\"./a.txt\")"), json!(["one", "two"]));
    assert_eq!(world.value("fs::size(\"a.txt\")"), json!(9));
    assert_eq!(world.value("[fs::exists(\"a.txt\"), fs::exists(\"b.txt\")]"), json!([true, false]));
    assert_eq!(world.value("fs::read_blob(\"a.txt\").len()"), json!(9));
    let expected = [
        "Observe fs::read_text",
        "file a.txt",
        "Observe fs::lines",
        "file a.txt",
        "Observe fs::size",
        "file a.txt",
        "Observe fs::exists",
        "file a.txt",
        "Observe fs::exists",
        "file b.txt",
        "Observe fs::read_blob",
        "file a.txt",
    ];
    assert_eq!(world.seen(), expected);
}

#[test]
fn files_are_replaced_as_a_whole() {
    let world = World::new();
    world.value("fs::write_text(\"out/deep/a.txt\", \"1\"); fs::write_text(\"out/deep/a.txt\", \"2\")");
    assert_eq!(world.read("out/deep/a.txt"), "2");
    world.value("fs::append_text(\"out/log\", \"a\"); fs::append_text(\"out/log\", \"b\")");
    assert_eq!(world.read("out/log"), "ab");
    world.value("fs::copy(\"out/log\", \"out/copy\"); fs::write_blob(\"out/blob\", blob(3, 65))");
    assert_eq!((world.read("out/copy"), world.read("out/blob")), ("ab".to_owned(), "AAA".to_owned()));
    assert_eq!(world.value("[fs::remove(\"out/copy\"), fs::remove(\"out/copy\")]"), json!([true, false]));
    let left: Vec<_> = std::fs::read_dir(world.path("out")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 3, "nothing temporary stays: {left:?}");
    assert!(world.seen().contains(&"Effect fs::write_text".to_owned()));
    assert!(world.seen().contains(&"file out/log".to_owned()), "a copy reads");
}

#[test]
fn globs_find_files_in_order() {
    let world = World::new();
    for name in
        ["data/b.csv", "data/a.csv", "data/x/c.csv", "data/.hidden.csv", "data/d.txt", ".thinking/e.csv", "f.csv"]
    {
        world.write(name, "");
    }
    assert_eq!(world.value("fs::glob(\"data/*.csv\")"), json!(["data/a.csv", "data/b.csv"]));
    assert_eq!(world.value("fs::glob(\"./**/*.csv\")"), json!(["data/a.csv", "data/b.csv", "data/x/c.csv", "f.csv"]));
    assert_eq!(world.value("fs::glob(\"data/.h*\")"), json!(["data/.hidden.csv"]));
    assert_eq!(world.value("fs::glob(\"data/d.txt\")"), json!(["data/d.txt"]));
    assert_eq!(world.value("fs::glob(\"nowhere/*\")"), json!([]));
    assert!(world.seen().contains(&"file data/x".to_owned()), "directories count as read");
}

#[test]
fn what_fails_is_one_line_with_the_path() {
    assert_eq!(failure("fs::read_text(\"no.txt\")"), "cannot read `no.txt`: no such file");
    assert_eq!(failure("fs::size(\"no.txt\")"), "cannot look at `no.txt`: no such file");
    assert_eq!(failure("fs::read_text(\".\")"), "cannot read `.`: it is a directory");
    assert_eq!(failure("fs::copy(\"no.txt\", \"a\")"), "cannot read `no.txt`: no such file");
    assert_eq!(failure("fs::read_text(\"../x\")"), "reading `../x` is not permitted");
    assert_eq!(
        failure("fs::write_text(\".thinking/x\", \"\")"),
        "writing `.thinking/x` is never permitted: the state lies there"
    );
    assert!(failure("fs::glob(\"a[\")").starts_with("`a[` is not a pattern: "));
    let world = World::new();
    std::fs::write(world.path("bad"), [b'a', 0xff]).unwrap();
    assert_eq!(
        world.eval("fs::read_text(\"bad\")").unwrap_err().message,
        "cannot read `bad`: it is not UTF-8 text (byte 1)"
    );
}

#[test]
fn pipes_are_never_opened() {
    let world = World::new();
    let made = std::process::Command::new("mkfifo").arg(world.path("pipe")).status();
    assert!(made.unwrap().success());
    for code in ["fs::read_text(\"pipe\")", "fs::copy(\"pipe\", \"out/x\")", "fs::lines(\"pipe\")"] {
        let message = world.eval(code).unwrap_err().message;
        assert_eq!(message, "cannot read `pipe`: it is not a regular file", "{code}");
    }
}
