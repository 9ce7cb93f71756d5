//! `thinking fmt`: which files it touches, and how it ends. What a layout keeps is tested in the manifest room.

use crate::support::{Sandbox, command, root, run};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Stdio;

const SLOPPY: &str = "pipeline main{\n  step one { rhai #\"\"\"\n  1\n  \"\"\"# } // why\n\n\n}\n";
const NEAT: &str =
    "pipeline main {\n    step one {\n        rhai #\"\"\"\n            1\n            \"\"\"#\n    } // why\n}\n";

/// What we show to others is laid out as we lay out theirs.
#[test]
fn our_own_manifests_are_laid_out() {
    let ran = run(&mut command(root(), &["fmt", "--check", "examples", "manifests"]));
    assert_eq!((ran.code, &*ran.out), (Some(0), ""), "{}", ran.err);
    let shown: usize = ran.err.split(' ').next().unwrap().parse().unwrap();
    assert!(shown >= 8, "only {shown} files were looked at");
}

#[test]
fn a_folder_is_laid_out() {
    let sandbox = Sandbox::with(SLOPPY);
    for file in ["runtime/more.kdl", ".thinking/kept.kdl", ".hidden/kept.kdl", "notes.txt"] {
        sandbox.write(file, SLOPPY);
    }
    let check = sandbox.run(&["fmt", "--check"]).expect(1);
    assert_eq!(check.out, "pipeline.kdl:1: would be laid out anew\nruntime/more.kdl:1: would be laid out anew\n");
    assert_eq!(check.err, "2 of 2 files would change; `thinking fmt` does it\n");
    assert_eq!(sandbox.read("pipeline.kdl"), SLOPPY, "--check writes nothing");
    let ran = sandbox.run(&["fmt"]).expect(0);
    assert_eq!((&*ran.out, &*ran.err), ("", "laid out pipeline.kdl\nlaid out runtime/more.kdl\n"));
    for file in ["pipeline.kdl", "runtime/more.kdl"] {
        assert_eq!(sandbox.read(file), NEAT);
    }
    for file in [".thinking/kept.kdl", ".hidden/kept.kdl", "notes.txt"] {
        assert_eq!(sandbox.read(file), SLOPPY, "{file}");
    }
    assert_eq!(sandbox.run(&["fmt"]).expect(0).err, "2 files: nothing to change\n");
    assert_eq!(sandbox.run(&["fmt", "--check", "--quiet", "."]).expect(0).err, "");
    sandbox.run(&["fmt", ".hidden", "notes.txt"]).expect(0);
    assert_eq!((sandbox.read(".hidden/kept.kdl"), sandbox.read("notes.txt")), (NEAT.to_owned(), NEAT.to_owned()));
}

/// The meaning of a manifest never changes, so nothing runs again.
#[test]
fn what_is_done_stays_done() {
    let sandbox = Sandbox::with(&SLOPPY.replace("  1\n", "  let x = `a\n    b`;\n  x\n"));
    let before = sandbox.run(&["validate", "--emit", "json"]).expect(0).out;
    sandbox.run(&["apply"]).expect(0);
    sandbox.run(&["fmt"]).expect(0);
    assert_eq!(sandbox.run(&["validate", "--emit", "json"]).expect(0).out, before);
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"));
}

#[test]
fn a_mistake_leaves_the_file_alone() {
    let sandbox = Sandbox::with("pipeline main{ step one timeout=5m }\n");
    sandbox.write("good.kdl", SLOPPY);
    let ran = sandbox.run(&["fmt"]).expect(2);
    assert!(ran.err.contains("thinking::syntax") && ran.err.contains("[pipeline.kdl:1:33]"), "{}", ran.err);
    assert!(ran.err.contains("laid out good.kdl"), "{}", ran.err);
    assert_eq!(sandbox.read("pipeline.kdl"), "pipeline main{ step one timeout=5m }\n");
    assert_eq!(sandbox.read("good.kdl"), NEAT);
    let json = sandbox.run(&["fmt", "--json", "--check"]).expect(2);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(report["files"], 2);
    assert_eq!(report["diagnostics"][0]["code"], "thinking::syntax");
    let missing = sandbox.run(&["fmt", "none.kdl"]).expect(2);
    assert!(missing.err.contains("there is no such file"), "{}", missing.err);
    std::fs::write(sandbox.file("bytes.kdl"), b"a \xff").unwrap();
    assert!(sandbox.run(&["fmt", "bytes.kdl"]).expect(2).err.contains("UTF-8"));
    let nothing = Sandbox::new().run(&["fmt"]).expect(2);
    assert!(nothing.err.contains("there is no *.kdl here or below"), "{}", nothing.err);
}

#[test]
fn links_and_permissions_stay() {
    let sandbox = Sandbox::new();
    sandbox.write("real/a.kdl", SLOPPY);
    symlink("real/a.kdl", sandbox.file("link.kdl")).unwrap();
    let mode = |mode: u32| {
        std::fs::set_permissions(sandbox.file("real/a.kdl"), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o640);
    assert_eq!(sandbox.run(&["fmt"]).expect(0).err, "laid out link.kdl\n");
    assert!(sandbox.file("link.kdl").symlink_metadata().unwrap().is_symlink());
    assert_eq!(sandbox.read("real/a.kdl"), NEAT);
    assert_eq!(sandbox.file("real/a.kdl").metadata().unwrap().permissions().mode() & 0o777, 0o640);
    sandbox.write("real/a.kdl", SLOPPY);
    mode(0o440);
    let ran = sandbox.run(&["fmt"]).expect(2);
    assert!(ran.err.contains("cannot write `link.kdl`: it is read-only"), "{}", ran.err);
    assert_eq!(sandbox.read("real/a.kdl"), SLOPPY);
    assert_eq!(std::fs::read_dir(sandbox.file("real")).unwrap().count(), 1, "nothing is left behind");
}

#[test]
fn standard_input_goes_to_standard_output() {
    let through = |arguments: &[&str], text: &[u8]| {
        let sandbox = Sandbox::new();
        let mut command = sandbox.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    assert_eq!(through(&["fmt", "-"], SLOPPY.as_bytes()), (0, NEAT.to_owned(), String::new()));
    assert_eq!(
        through(&["fmt", "-", "--check"], SLOPPY.as_bytes()),
        (1, String::new(), "<stdin>:1: would be laid out anew\n".to_owned())
    );
    assert_eq!(through(&["fmt", "-", "--check"], NEAT.as_bytes()).0, 0);
    let (code, out, err) = through(&["fmt", "-"], b"a {\n");
    assert_eq!((code, &*out), (2, ""));
    assert!(err.contains("[<stdin>:1:3]"), "{err}");
    assert_eq!(through(&["fmt", "-", "x.kdl"], b"").0, 2);
    assert_eq!(through(&["fmt", "-"], b"a \xff").0, 2);
    assert_eq!(through(&["fmt", "-"], b""), (0, String::new(), String::new()));
}

/// A long text, as one would generate it.
#[test]
fn a_big_file() {
    let step = "  step one { rhai \"1\" }   // why\n";
    let sandbox = Sandbox::with(&format!("pipeline main {{\n{}}}\n", step.repeat(3_000)));
    sandbox.run(&["fmt"]).expect(0);
    sandbox.run(&["fmt", "--check"]).expect(0);
}
