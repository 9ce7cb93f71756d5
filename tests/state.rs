//! A state that is damaged, foreign or cannot be written gets its own message.

use crate::support::{Sandbox, run};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;

const MANIFEST: &str = "project \"mine\"\npipeline \"main\" { step \"one\" { rhai \"1\" } }\n";

#[test]
fn another_projects_state_is_refused() {
    let mine = Sandbox::with(MANIFEST);
    mine.run(&["apply", "--quiet"]).expect(0);
    let other = Sandbox::with(&MANIFEST.replace("mine", "other"));
    let state = mine.file(".thinking").display().to_string();
    let ran = other.run(&["apply", "--state", &state]).expect(2);
    assert!(ran.err.contains("`mine`") && ran.err.contains("--state"), "{}", ran.err);
}

#[test]
fn damage_is_said_and_never_a_signal() {
    type Damage = fn(&std::path::Path);
    let damages: [(&str, Damage); 5] = [
        ("empty", |data| std::fs::write(data, "").unwrap()),
        ("cut", |data| {
            let file = std::fs::OpenOptions::new().write(true).open(data).unwrap();
            file.set_len(5_000).unwrap();
        }),
        ("garbage", |data| std::fs::write(data, "no database at all, just text".repeat(1_000)).unwrap()),
        ("format gone", |data| std::fs::remove_file(data.with_file_name("format")).unwrap()),
        ("newer", |data| {
            let format = data.with_file_name("format");
            let text = std::fs::read_to_string(&format).unwrap();
            let newer = text.replacen('1', "999", 1);
            std::fs::write(format, newer).unwrap();
        }),
    ];
    for (name, damage) in damages {
        let sandbox = Sandbox::with(MANIFEST);
        sandbox.run(&["apply", "--quiet"]).expect(0);
        damage(&sandbox.file(".thinking/data.mdb"));
        for verb in ["apply", "plan"] {
            let ran = sandbox.run(&[verb]);
            assert_eq!(ran.code, Some(2), "{name}, {verb}: {}", ran.err);
            assert!(ran.err.contains("thinking::state"), "{name}: {}", ran.err);
        }
    }
}

/// Somebody who may not write everywhere: the tests may run as root, who may.
const NOBODY: u32 = 65_534;

/// Runs the binary as somebody without rights. It is copied beside the project, where everybody may start it.
pub fn as_nobody(sandbox: &Sandbox, arguments: &[&str]) -> crate::support::Ran {
    let binary = sandbox.file("thinking");
    if !binary.exists() {
        std::fs::copy(crate::support::THINKING, &binary).unwrap();
    }
    let mut command = std::process::Command::new(&binary);
    command.args(arguments).current_dir(sandbox.path());
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY);
    }
    run(&mut command)
}

pub fn allow(path: &std::path::Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_read_only_directory_is_said_and_mended() {
    let sandbox = Sandbox::with(
        "runtime { permissions { write \"out/**\" } }\npipeline \"main\" {\n    step \"one\" { rhai #\"log::info(\"did one\"); 1\"# }\n    step \"two\" { rhai #\"fs::write_text(\"out/a.txt\", \"a\")\"# }\n}\n",
    );
    std::fs::create_dir(sandbox.file("out")).unwrap();
    // The binary is copied first, then nobody may write here.
    std::fs::copy(crate::support::THINKING, sandbox.file("thinking")).unwrap();
    allow(sandbox.path(), 0o555);
    let state = as_nobody(&sandbox, &["apply"]).expect(2);
    assert!(state.err.contains("thinking::state") && state.err.contains("--state"), "{}", state.err);
    // The state may be written, the output's directory may not: the run fails in the middle and goes on later.
    allow(sandbox.path(), 0o777);
    allow(&sandbox.file("out"), 0o555);
    let failed = as_nobody(&sandbox, &["apply"]).expect(1);
    assert!(failed.err.contains("did one") && failed.err.contains("out/a.txt"), "{}", failed.err);
    assert!(failed.err.contains("safe"), "{}", failed.err);
    allow(&sandbox.file("out"), 0o777);
    let mended = as_nobody(&sandbox, &["apply"]).expect(0);
    assert!(!mended.err.contains("did one"), "{}", mended.err);
}

#[test]
fn a_sound_state_is_verified() {
    let sandbox = Sandbox::with(MANIFEST);
    sandbox.run(&["apply", "--quiet"]).expect(0);
    let ran = sandbox.run(&["state", "verify"]).expect(0);
    assert!(ran.err.contains("sound"), "{}", ran.err);
    Sandbox::with(MANIFEST).run(&["state", "verify"]).expect(2);
}

#[test]
fn little_address_space_is_enough() {
    let sandbox = Sandbox::with(MANIFEST);
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", &format!("ulimit -v 2000000; exec {} apply", crate::support::THINKING)])
        .current_dir(sandbox.path());
    let ran = run(&mut shell);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}

#[test]
fn damage_that_is_met_under_way_is_no_failure_to_go_on_after() {
    let manifest = |last: u32| {
        format!(
            r##"pipeline "main" {{ each "n" in="1..=200" {{ step "one" {{ rhai "n" }} }}; step "last" {{ rhai "{last}" }} }}"##
        )
    };
    let sandbox = Sandbox::with(&manifest(1));
    sandbox.run(&["apply"]).expect(0);
    let data = sandbox.file(".thinking/data.mdb");
    let mut bytes = std::fs::read(&data).unwrap();
    let path = b"n[150]/one";
    let places: Vec<usize> = (0..bytes.len() - path.len()).filter(|at| bytes[*at..].starts_with(path)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at] ^= 0x20;
    }
    std::fs::write(&data, bytes).unwrap();
    sandbox.write("pipeline.kdl", &manifest(2));
    for arguments in [&["apply"][..], &["plan"], &["apply", "--json"]] {
        let ran = sandbox.run(arguments).expect(2);
        let said = format!("{}{}", ran.out, ran.err);
        assert!(
            said.contains("damaged") && said.contains("`thinking state verify`") && said.contains("copy"),
            "{said}"
        );
        assert!(!said.contains("goes on") && !said.contains("are safe"), "{said}");
    }
}
