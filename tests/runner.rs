//! Crates with components: `components crate="…"`, and a user's own program.
//!
//! All that is built here is built in the workspace's own target directory, with its profile, so that dependencies are built once and the
//! second run of the tests builds next to nothing. The crates lie there, too, always in the same place.

use crate::support::{Ran, Sandbox, command, root, run};
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that stays: what is built in it is not built again.
struct Project {
    folder: PathBuf,
}

/// Cargo's own directory for what tests leave.
fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// The settings of the workspace, so that its dependencies as they were built for it serve here, too.
fn profile() -> String {
    let workspace: toml::Table = std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let mut profile = workspace["profile"]["dev"].clone();
    profile["debug"] = false.into();
    // To these crates the workspace's own ones are dependencies, and as such they would be optimised.
    let own = workspace["workspace"]["dependencies"].as_table().unwrap();
    let own = own.iter().filter(|(_, one)| one.get("path").is_some()).map(|(name, _)| name.as_str());
    let plain: toml::Table = "opt-level = 0\ndebug = false".parse().unwrap();
    let packages = profile["package"].as_table_mut().unwrap();
    for name in own.chain(["thinking"]) {
        packages.insert(name.to_owned(), toml::Value::Table(plain.clone()));
    }
    let dev = toml::Table::from_iter([("dev".to_owned(), profile)]);
    toml::Table::from_iter([("profile".to_owned(), toml::Value::Table(dev))]).to_string()
}

impl Project {
    fn new(name: &str) -> Self {
        let folder = scratch().join("runner").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder }
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.join(name)).ok()
    }

    /// Writes a file, unless it says that already: cargo goes by times.
    fn write(&self, name: &str, text: &str) {
        if self.read(name).as_deref() != Some(text) {
            let path = self.folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }

    /// A crate that depends on this workspace, with its lock file: nothing is looked up in a registry.
    fn write_crate(&self, name: &str, dependencies: &str) {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n\n{}\n[workspace]\n",
            profile()
        );
        self.write(&format!("{name}/Cargo.toml"), &manifest);
        let lock = self.folder.join(name).join("Cargo.lock");
        if !lock.exists() {
            std::fs::copy(root().join("Cargo.lock"), lock).unwrap();
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(&self.folder, arguments);
        command.env("CARGO_TARGET_DIR", target()).env("CARGO_NET_OFFLINE", "true");
        for kept in ["CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(arguments))
    }
}

fn target() -> &'static Path {
    scratch().parent().unwrap()
}

fn engine() -> String {
    format!("thinking = {{ path = {:?} }}", root())
}

/// `PATH` with another cargo in front.
fn first_on_path(folder: &Path, cargo: &str) -> OsString {
    let fake = folder.join("cargo");
    std::fs::write(&fake, cargo).unwrap();
    std::fs::set_permissions(&fake, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    std::env::join_paths(std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path))).unwrap()
}

/// Code that is linked and says so before `main`, in the way in which components register themselves.
fn marked(version: &str) -> String {
    format!(
        "//! Says that it is there.\n\nextern \"C\" fn say() {{\n    eprintln!(\"{version} is linked\");\n}}\n\n\
         #[used]\n#[cfg_attr(target_os = \"macos\", unsafe(link_section = \"__DATA,__mod_init_func\"))]\n\
         #[cfg_attr(not(target_os = \"macos\"), unsafe(link_section = \".init_array\"))]\n\
         static SAY: extern \"C\" fn() = say;\n"
    )
}

const PIPELINE: &str = "pipeline \"main\" { step \"digest\" { call \"file.hash\" path=\"data.txt\" } }\n";

fn manifest(components: &str) -> String {
    format!("{components}\n{PIPELINE}")
}

/// Built once, started without cargo after that, and built again when something changed.
#[test]
fn the_program_goes_on_with_the_crate_in_it() {
    let project = Project::new("native");
    project.write("pipeline.kdl", &manifest("components crate=\"native\" profile=\"dev\""));
    project.write("data.txt", "text");
    project.write_crate("native", &engine());
    let now = project.read("native/src/lib.rs").filter(|text| text.contains("second"));
    let (now, next) = if now.is_some() { ("second", "first") } else { ("first", "second") };
    project.write("native/src/lib.rs", &marked(now));

    let ran = project.run(&["apply", "--fresh"]).expect(0);
    let said = format!("{now} is linked");
    assert!(ran.err.contains(&said) && ran.err.contains("done: 1 step ran"), "{}", ran.err);

    // No cargo is needed any more, for no verb; what it says is what it would say by itself.
    let sandbox = Sandbox::new();
    let path = first_on_path(sandbox.path(), "#!/bin/sh\necho 'this cargo fails' >&2\nexit 1\n");
    let bare = |arguments: &[&str]| run(project.command(arguments).env("PATH", &path)).expect(0);
    let plain = bare(&["apply"]);
    assert_eq!(plain.err, format!("{said}\nnothing to do: the only step is done and unchanged\n"));
    assert_eq!(bare(&["validate"]).err, format!("{said}\npipeline.kdl is valid\n"));
    assert_eq!(bare(&["validate", "--json"]).out, "{\"valid\":true,\"diagnostics\":[]}\n");
    assert_eq!(bare(&["plan"]).out.lines().next(), Some("done     digest"));
    let other = sandbox.path().join("other");
    assert!(bare(&["apply", "--state", other.to_str().unwrap()]).err.contains("done: 1 step ran"));
    // What the crate cannot change needs no crate.
    assert!(!bare(&["history"]).err.contains("linked"));

    // A changed source is built again, and quietly if asked to be quiet.
    project.write("native/src/lib.rs", &marked(next));
    let failed = run(project.command(&["validate", "--quiet"]).env("PATH", &path)).expect(2);
    assert!(failed.err.contains("this cargo fails\n"), "{}", failed.err);
    let ran = project.run(&["validate", "--quiet"]).expect(0);
    assert_eq!(ran.err, format!("{next} is linked\n"));
    assert_eq!(bare(&["validate"]).err, format!("{next} is linked\npipeline.kdl is valid\n"));
}

#[test]
fn a_crate_that_does_not_compile() {
    let project = Project::new("wrong");
    project.write("pipeline.kdl", &manifest("// The crate has a mistake.\ncomponents profile=\"dev\" crate=\"wrong\""));
    project.write("data.txt", "text");
    project.write_crate("wrong", &engine());
    project.write("wrong/src/lib.rs", "//! Wrong.\npub fn one() -> u32 {\n    \"one\"\n}\n");
    let ran = project.run(&["apply", "--quiet"]).expect(2);
    let (cargo, own) = ran.err.split_once("thinking::crate-does-not-build").unwrap();
    assert!(cargo.contains("error[E0308]: mismatched types") && cargo.contains("wrong/src/lib.rs:3:5"), "{cargo}");
    insta::assert_snapshot!(format!("thinking::crate-does-not-build{own}"), @r#"
    thinking::crate-does-not-build

      × the crate `wrong` does not build
       ╭─[pipeline.kdl:2:32]
     1 │ // The crate has a mistake.
     2 │ components profile="dev" crate="wrong"
       ·                                ───┬───
       ·                                   ╰── this crate
     3 │ pipeline "main" { step "digest" { call "file.hash" path="data.txt" } }
       ╰────
      help: mend what cargo says above; nothing was started
    "#);
    let ran = project.run(&["validate", "--json"]).expect(2);
    assert!(
        ran.out.contains("\"code\":\"thinking::crate-does-not-build\"") && ran.out.lines().count() == 1,
        "{}",
        ran.out
    );
    assert!(ran.err.contains("error[E0308]"), "{}", ran.err);
    assert!(!project.folder.join(".thinking/data.mdb").exists(), "nothing was begun");
}

/// What is wrong before anything is compiled: the crate's files, and the message without the place of the temporary folder.
#[test]
fn crates_that_cannot_be_built() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("missing", &[]),
        ("file", &[("native", "")]),
        ("empty", &[("native/readme", "")]),
        ("broken", &[("native/Cargo.toml", "[package\n")]),
        (
            "program",
            &[
                ("native/Cargo.toml", "[package]\nname = \"a\"\n[workspace]\n"),
                ("native/src/main.rs", "fn main() {}\n"),
            ],
        ),
        ("other", &[("native/Cargo.toml", "[package]\nname = \"a\"\n[workspace]\n"), ("native/src/lib.rs", "")]),
        (
            "workspace",
            &[
                ("native/Cargo.toml", "[workspace]\nmembers = [\"a\"]\nresolver = \"3\"\n"),
                ("native/a/Cargo.toml", "[package]\nname = \"a\"\n"),
                ("native/a/src/lib.rs", ""),
            ],
        ),
        (
            "unknown",
            &[
                (
                    "native/Cargo.toml",
                    "[package]\nname = \"a\"\n[workspace]\n[dependencies]\nno-such-crate-of-anyone = \"7\"\n",
                ),
                ("native/src/lib.rs", ""),
            ],
        ),
    ];
    let mut shown = String::new();
    for (name, files) in cases {
        let sandbox = Sandbox::with(&manifest("components crate=\"native\""));
        for (file, text) in *files {
            sandbox.write(file, text);
        }
        let ran = run(sandbox.command(&["apply"]).env("CARGO_NET_OFFLINE", "true")).expect(2);
        let (_, own) = ran.err.split_once("thinking::").unwrap();
        let own = own.replace(root().to_str().unwrap(), "/src/thinking");
        shown.push_str(&format!("== {name}\n{}\n", own.trim_end()));
        assert!(!sandbox.file(".thinking/data.mdb").exists(), "{name}: nothing was begun");
    }
    insta::assert_snapshot!(shown, @r#"
    == missing
    crate-does-not-build

      × `native` is no crate: there is no such folder
       ╭─[pipeline.kdl:1:18]
     1 │ components crate="native"
       ·                  ────┬───
       ·                      ╰── no crate
     2 │ pipeline "main" { step "digest" { call "file.hash" path="data.txt" } }
       ╰────
      help: mend the path: it starts at the manifest's folder
            or begin with a project that has a crate: thinking init rust FOLDER
    == file
    crate-does-not-build

      × `native` is no crate: it is a file
       ╭─[pipeline.kdl:1:18]
     1 │ components crate="native"
       ·                  ────┬───
       ·                      ╰── no crate
     2 │ pipeline "main" { step "digest" { call "file.hash" path="data.txt" } }
       ╰────
      help: name the folder that holds the crate's Cargo.toml
    == empty
    crate-does-not-build

      × `native` is no crate: there is no Cargo.toml in it
       ╭─[pipeline.kdl:1:18]
     1 │ components crate="native"
       ·                  ────┬───
       ·                      ╰── no crate
     2 │ pipeline "main" { step "digest" { call "file.hash" path="data.txt" } }
       ╰────
      help: name the folder that holds the crate's Cargo.toml
    == broken
    crate-does-not-build

      × cargo cannot make out what the crate `native` needs
       ╭─[pipeline.kdl:1:18]
     1 │ components crate="native"
       ·                  ────┬───
       ·                      ╰── this crate
     2 │ pipeline "main" { step "digest" { call "file.hash" path="data.txt" } }
       ╰────
      help: what cargo says stands above; `cargo check` in the crate's folder says it again
    == program
    crate-does-not-build

      × the crate `native` is no library, so its components cannot be linked
       ╭─[pipeline.kdl:1:18]
     1 │ components crate="native"
       ·                  ────┬───
       ·                      ╰── not a library
     2 │ pipeline "main" { step "digest" { call "file.hash" path="data.txt" } }
       ╰────
      help: move the components of `a` to its src/lib.rs; a program of your own needs no `components`
            line: `fn main() -> ExitCode { thinking::main() }` is the whole of it
    == other
    crate-does-not-build

      × the crate `native` does not depend on `thinking`, so it has no components
       ╭─[pipeline.kdl:1:18]
     1 │ components crate="native"
       ·                  ────┬───
       ·                      ╰── this crate
     2 │ pipeline "main" { step "digest" { call "file.hash" path="data.txt" } }
       ╰────
      help: add this to [dependencies] in its Cargo.toml:
            thinking = { path = "/src/thinking" }
    == workspace
    crate-does-not-build

      × `native` holds a workspace, and no crate of its own
       ╭─[pipeline.kdl:1:18]
     1 │ components crate="native"
       ·                  ────┬───
       ·                      ╰── no crate
     2 │ pipeline "main" { step "digest" { call "file.hash" path="data.txt" } }
       ╰────
      help: name the folder of one of its crates
    == unknown
    crate-does-not-build

      × cargo cannot make out what the crate `native` needs
       ╭─[pipeline.kdl:1:18]
     1 │ components crate="native"
       ·                  ────┬───
       ·                      ╰── this crate
     2 │ pipeline "main" { step "digest" { call "file.hash" path="data.txt" } }
       ╰────
      help: dependencies are missing and cannot be fetched: type `cargo fetch` in the crate's folder
            while there is a network
    "#);
}

#[test]
fn no_cargo() {
    let sandbox = Sandbox::with(&manifest("components crate=\"native\""));
    sandbox.write("native/Cargo.toml", "[package]\nname = \"a\"\n");
    let ran = run(sandbox.command(&["apply"]).env("PATH", sandbox.path())).expect(2);
    insta::assert_snapshot!(ran.err, @r#"
    thinking::crate-does-not-build

      × the crate `native` cannot be built: cargo cannot be started (there is no such program)
       ╭─[pipeline.kdl:1:18]
     1 │ components crate="native"
       ·                  ────┬───
       ·                      ╰── this crate
     2 │ pipeline "main" { step "digest" { call "file.hash" path="data.txt" } }
       ╰────
      help: install Rust (https://rustup.rs), or see to it that `cargo` is on PATH
    "#);
}

/// Ctrl-C while cargo builds ends cargo, too, and nothing is taken for built.
#[test]
fn interrupted_while_it_builds() {
    let project = Project::new("stopped");
    project.write("pipeline.kdl", &manifest("components crate=\"stopped\" profile=\"dev\""));
    project.write_crate("stopped", &engine());
    project.write("stopped/src/lib.rs", "//! Never built.\n");
    let sandbox = Sandbox::new();
    let real = std::env::var("CARGO").unwrap();
    let started = sandbox.file("started");
    let slow = format!(
        "#!/bin/sh\n[ \"$1\" = build ] || exec {real:?} \"$@\"\necho $$ > {started:?}.new\nmv {started:?}.new {started:?}\nexec sleep 600\n"
    );
    let path = first_on_path(sandbox.path(), &slow);
    let mut child = project.command(&["apply"]).env("PATH", path).stderr(std::process::Stdio::piped()).spawn().unwrap();
    while !started.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it built");
        std::thread::yield_now();
    }
    let process = |number: &str| rustix::process::Pid::from_raw(number.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(process(&child.id().to_string()), rustix::process::Signal::INT).unwrap();
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(
        (ended.status.code(), &*said),
        (Some(130), "building components: `stopped`\ninterrupted; nothing was started, and what was built is kept\n")
    );
    let cargo = process(&sandbox.read("started"));
    assert!(rustix::process::test_kill_process(cargo).is_err(), "cargo goes on");
    assert!(!project.folder.join(".thinking/data.mdb").exists(), "nothing was begun");
}

/// A mistake that is known now is not told after minutes of building.
#[test]
fn mistakes_come_before_the_build() {
    let sandbox = Sandbox::with("components crate=\"native\"\npipeline \"main\" { stp \"one\" { rhai \"1\" } }\n");
    sandbox.write("native/Cargo.toml", "[package]\nname = \"a\"\n");
    let ran = run(sandbox.command(&["apply"]).env("PATH", sandbox.path())).expect(2);
    assert!(ran.err.starts_with("thinking::unknown-node") && !ran.err.contains("cargo"), "{}", ran.err);
}

/// Components that do what they should not.
const FRAGILE: &str = r#"//! Breaks.

use thinking::prelude::*;

/// Breaks in each way that a native component can.
#[component("fragile")]
pub struct Fragile {}

#[operations]
impl Fragile {
    /// Panics.
    pub fn panics(&self, why: &str) -> i64 {
        panic!("{why}")
    }
    /// Ends the process.
    pub fn aborts(&self) -> i64 {
        eprintln!("the last words");
        std::process::abort()
    }
}
"#;

/// A program of its own, and where it lies.
fn own_program() -> String {
    let project = Project::new("own");
    project.write_crate("own", &engine());
    project
        .write("own/src/main.rs", "mod fragile;\n\nfn main() -> std::process::ExitCode {\n    thinking::main()\n}\n");
    project.write("own/src/fragile.rs", FRAGILE);
    let build = ["build", "--quiet", "--offline", "--message-format=json"];
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(build).current_dir(project.folder.join("own")).env("CARGO_TARGET_DIR", target());
    // As it is for the other tests: build scripts look at these, and would run again and again.
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
    {
        cargo.env_remove(name);
    }
    let built = run(&mut cargo).expect(0);
    let program = built.out.lines().find_map(|line| line.split_once("\"executable\":\"")?.1.split('"').next());
    program.unwrap().to_owned()
}

/// A panic fails its test, an abort is the crash of its test; in setup, the test, teardown and an aspect. Others go on.
#[test]
fn tests_whose_components_break() {
    let program = own_program();
    let sandbox = Sandbox::with(
        r##"
bind "fragile" to="fragile"
suite "breaks" {
    teardown { rhai "log::info(`after ${outcome}`)" }
    test "panics" { rhai #"fragile.panics("no memory")"# }
    test "panics as it should" fails="no memory" { call "fragile.panics" why="no memory" }
    test "in setup" { setup { call "fragile.panics" why="no key" }; rhai "1" }
    test "in teardown" { rhai "1"; teardown { call "fragile.panics" why="no key" } }
    test "aborts" { call "fragile.aborts" }
    test "aborts in setup" { setup { call "fragile.aborts" }; rhai "1" }
    test "aborts in teardown" { rhai "1"; teardown { call "fragile.aborts" } }
    suite "with an aspect" {
        aspect "careless" { around "run" { before { call "fragile.panics" why="no aspect" } } }
        test "panics" { rhai "1" }
    }
    test "after all" { rhai "1" }
}
"##,
    );
    let test = ["test", "--jobs", "1"];
    let ran = run(Command::new(program).args(test).current_dir(sandbox.path()).env_remove("RUST_BACKTRACE")).expect(1);
    // Without what frames the places, and times.
    let place = |line: &str| line.contains(['│', '╭', '╰', '·']) && !line.starts_with("    │ ");
    let told: Vec<&str> = ran.err.lines().filter(|line| !place(line)).collect();
    let told = told.join("\n");
    let (tests, _) = told.split_once("\nreports:").unwrap();
    insta::assert_snapshot!(crate::suites::masked(tests, sandbox.path()), @r#"
    run <run>  9 tests
      ✗ breaks/panics <time>  failed
        at pipeline.kdl:5
      × `fragile.panics` panicked: no memory
        output of teardown
        │ after failed

      ✗ breaks/in setup <time>  failed
        at pipeline.kdl:7
        ✗ setup
      × `fragile.panics` panicked: no key
        output of teardown
        │ after failed

      ✗ breaks/in teardown <time>  failed
        at pipeline.kdl:8
        ✗ teardown
      × `fragile.panics` panicked: no key
        output of teardown
        │ after failed

      ✗ breaks/aborts <time>  crashed
        at pipeline.kdl:9
        the test's process crashed: it was ended by signal 6 (SIGABRT)
        its last lines on standard error:
          the last words

      ✗ breaks/aborts in setup <time>  crashed
        at pipeline.kdl:10
        the test's process crashed: it was ended by signal 6 (SIGABRT)
        its last lines on standard error:
          the last words

      ✗ breaks/aborts in teardown <time>  crashed
        at pipeline.kdl:11
        the test's process crashed: it was ended by signal 6 (SIGABRT)
        its last lines on standard error:
          the last words

      ✗ breaks/with an aspect/panics <time>  failed
        at pipeline.kdl:14
        ✗ aspect "careless"
      × `fragile.panics` panicked: no aspect
        output of teardown
        │ after failed

    failed: 7 of 9 tests (3 crashed), 2 passed, in <time>
      ✗ breaks/panics  `fragile.panics` panicked: no memory
      ✗ breaks/in setup  setup: `fragile.panics` panicked: no key
      ✗ breaks/in teardown  teardown: `fragile.panics` panicked: no key
      ✗ breaks/aborts  the test's process crashed: it was ended by signal 6 (SIGABRT)
      ✗ breaks/aborts in setup  the test's process crashed: it was ended by signal 6 (SIGABRT)
      ✗ breaks/aborts in teardown  the test's process crashed: it was ended by signal 6 (SIGABRT)
      ✗ breaks/with an aspect/panics  aspect "careless": `fragile.panics` panicked: no aspect
    "#);
}

/// `fn main() -> ExitCode { thinking::main() }` is the whole program.
#[test]
fn a_program_of_ones_own() {
    let program = own_program();
    let sandbox = Sandbox::with(PIPELINE);
    sandbox.write("data.txt", "text");
    let own = |arguments: &[&str]| run(Command::new(&program).args(arguments).current_dir(sandbox.path()));
    assert!(own(&["apply"]).expect(0).err.contains("done: 1 step ran"));
    assert!(own(&["apply"]).expect(0).err.contains("nothing to do"));
    assert_eq!(own(&["help"]).out.lines().next(), sandbox.run(&["help"]).out.lines().next());
    own(&["apply", "--nonsense"]).expect(2);
}

/// What `thinking init rust` begins runs, goes on with nothing to do, and takes up a facet.
#[test]
fn the_template_with_a_crate_runs() {
    let project = Project::new("template");
    let fresh = Sandbox::new();
    fresh.run(&["init", "rust", "study", "--quiet"]).expect(0);
    for name in ["pipeline.kdl", "components/src/lib.rs", "data/text.txt"] {
        project.write(
            name,
            &fresh
                .read(&format!("study/{name}"))
                .replace("components crate=\"components\"", "components crate=\"components\" profile=\"dev\""),
        );
    }
    // The template's own Cargo.toml is looked at by the tests of `init`; here its build shares what is built already.
    project.write_crate("components", &engine());
    let ran = project.run(&["apply", "--fresh"]).expect(0);
    assert!(ran.err.contains("words read") && ran.err.contains("done: 2 steps ran"), "{}", ran.err);
    let report = project.read("out/report.md").unwrap();
    assert!(report.starts_with("# ") && report.contains("A line of this text has 5 words."), "{report}");
    assert!(project.run(&["apply"]).expect(0).err.contains("nothing to do"));
    // What was changed, and which step saw it.
    let plan = project.run(&["plan", "--facet", "long"]).expect(0).out;
    assert!(plan.contains("run      words   its configuration of `tokenizer` changed (pipeline.kdl:"), "{plan}");
    let ran = project.run(&["apply", "--facet", "long"]).expect(0);
    assert!(ran.err.contains("again from `words`"), "{}", ran.err);
    // The crate's own part of `components`.
    let shown = project.run(&["components", "text.words"]).expect(0).out;
    assert!(shown.contains("Words in lower case") && shown.contains("components/src/lib.rs"), "{shown}");
    // Wrong configuration is found before anything starts, at its place.
    project.write("pipeline.kdl", &project.read("pipeline.kdl").unwrap().replace("least 1", "least -1"));
    let ran = project.run(&["apply"]).expect(2);
    assert!(ran.err.contains("`least` must be 0 or more") || ran.err.contains("`least`"), "{}", ran.err);
}
