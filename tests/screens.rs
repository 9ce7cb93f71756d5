//! What a person sees of a run: screens of a real terminal, as files in `screens/`, and plain lines where there is none.

use crate::support::{Sandbox, root, update};
use crate::terminal::{Terminal, apply, masked};
use rustix::process::{Pid, Signal, kill_process};
use std::process::Stdio;

/// Compares with the file of that name, or writes it.
#[track_caller]
fn screen(name: &str, text: &str) {
    let path = root().join("tests/screens").join(name).with_extension("txt");
    if update() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "\n{name} differs (THINKING_UPDATE=1 writes it anew); now it is\n{text}");
}

/// Without the times that only stand there if the machine is slow.
fn calm(text: &str) -> String {
    let masked = masked(text);
    let line = |line: &str| {
        // Nor what is left, which a run that was taken up again knows.
        let line = line.rfind("  ~").filter(|_| line.ends_with(" left")).map_or(line, |at| &line[..at]);
        line.trim_end_matches("  TIME").to_owned() + "\n"
    };
    masked.lines().map(line).collect()
}

const LOOPS: &str = r##"
param "epochs" type="int" default=3
param "wrong" type="int" default=0
pipeline "train" {
    stage "prepare" {
        step "count" { rhai "1" }
        step "index" { rhai #"log::info("12 words")"# }
    }
    stage "fit" {
        each "epoch" in="1..=params.epochs" {
            step "train" { rhai #"if epoch == params.wrong { throw "the loss is not a number" } epoch"# }
            step "score" when="epoch > 1" { rhai "epoch * 2" }
        }
    }
    step "publish" when="false" { rhai "1" }
    step "report" { rhai "3" }
}
"##;

/// Says some lines, then waits for somebody to write into `gate`.
const BLOCKS: &str = r##"
runtime { permissions { run "sh" } }
pipeline "train" {
    step "prepare" { rhai "1" }
    stage "fit" {
        each "epoch" in="1..=3" {
            step "train" { exec "sh" "train.sh" "${epoch}" }
        }
    }
}
"##;

fn blocking() -> Sandbox {
    let sandbox = Sandbox::with(BLOCKS);
    sandbox.write("train.sh", "printf 'one\\ntwo\\n\\033[31mthree\\033[0m\\n10%%\\r20%%\\n'; read line < gate\n");
    let gate = std::ffi::CString::new(sandbox.file("gate").to_str().unwrap()).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &*gate, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    sandbox
}

/// Lets the program go on.
fn open_gate(sandbox: &Sandbox) {
    sandbox.write("train.sh", "exit 0\n");
    std::fs::write(sandbox.file("gate"), "go\n").unwrap();
}

#[test]
fn plain_lines_where_there_is_no_terminal() {
    let sandbox = Sandbox::with(LOOPS);
    let ran = sandbox.run(&["apply"]).expect(0);
    assert!(!ran.err.contains('\u{1b}'));
    screen("plain", &masked(&ran.err));
}

#[test]
fn a_run_that_is_done_kept_and_longer() {
    let sandbox = Sandbox::with(LOOPS);
    let ended = |arguments: &[&str], name: &str| {
        let (code, text) = apply(&sandbox, arguments, 80, 30).end();
        assert_eq!(code, Some(0), "{text}");
        screen(name, &masked(&text));
    };
    ended(&[], "done");
    ended(&[], "unchanged");
    ended(&["-p", "epochs=4"], "longer");
}

#[test]
fn a_failure_and_how_it_goes_on() {
    let sandbox = Sandbox::with(LOOPS);
    let (code, text) = apply(&sandbox, &["-p", "wrong=2"], 80, 40).end();
    assert_eq!(code, Some(1));
    screen("failed", &masked(&text));
    let (code, text) = apply(&sandbox, &["-p", "wrong=0"], 80, 40).end();
    assert_eq!(code, Some(0));
    screen("went-on", &masked(&text));
}

#[test]
fn tries_again_and_passes_over() {
    let sandbox = Sandbox::with(
        r##"
runtime { permissions { run "sh" } }
pipeline "main" {
    step "fetch" retry=3 { exec "sh" "-c" "echo x >> tries; test $(wc -l < tries) -ge 3" }
    each "page" in="1..=3" {
        step "read" on-error="skip" { rhai #"if page == 2 { throw "it is empty" } page"# }
    }
    step "thumbnail" on-error="skip" { rhai #"throw "no picture""# }
    stage "publish" on-error="skip" {
        step "draft" { rhai "1" }
        step "send" { rhai #"throw "nobody is there""# }
    }
    step "report" { rhai "1" }
}
"##,
    );
    let (code, text) = apply(&sandbox, &[], 90, 40).end();
    assert_eq!(code, Some(0), "{text}");
    screen("tries", &masked(&text));
}

#[test]
fn in_the_middle_of_a_run() {
    let sandbox = blocking();
    let mut terminal = apply(&sandbox, &[], 80, 24);
    let text = terminal.wait("the program's last line", |text| text.contains("20%"));
    screen("running", &calm(&text));
    // In another window it is another picture.
    terminal.resize(40, 24);
    let text = terminal.wait("the narrow picture", |text| text.contains('…'));
    screen("running-40", &calm(&text));
    terminal.resize(20, 4);
    let tiny = ["run ", "   ▸ train", "  1 done"];
    terminal.wait_lines("the tiny picture", |lines| {
        lines.len() == 3 && lines.iter().zip(tiny).all(|(line, start)| line.starts_with(start) && line.len() < 24)
    });
    terminal.resize(80, 24);
    terminal.wait("the picture", |text| text.contains("20%") && text.contains("pipeline train"));
    open_gate(&sandbox);
    let (code, text) = terminal.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.ends_with("s\n") && text.contains("\ndone: 4 steps ran, in "), "{text}");
}

/// Ctrl-C, and once more so that the program is not waited for.
fn interrupt(terminal: &mut Terminal) {
    terminal.press("\u{3}");
    terminal.wait("the answer", |text| text.contains("stopping: 1 step"));
    terminal.press("\u{3}");
}

#[test]
fn interrupted() {
    let sandbox = blocking();
    let mut terminal = apply(&sandbox, &[], 80, 24);
    terminal.wait("the program's last line", |text| text.contains("20%"));
    interrupt(&mut terminal);
    let (code, text) = terminal.end();
    assert_eq!(code, Some(130), "{text}");
    // Whether the key is echoed before or behind a picture is chance.
    screen("interrupted", &masked(&text.replace("^C", "")));
}

/// What lies behind counts in the bar, whoever did it.
#[test]
fn taken_up_again_in_a_loop() {
    let sandbox = blocking();
    let blocks = sandbox.read("train.sh");
    sandbox.write("train.sh", &format!("test $1 = 1 && exit\n{blocks}"));
    let mut terminal = apply(&sandbox, &[], 80, 24);
    terminal.wait("the program's last line", |text| text.contains("20%"));
    interrupt(&mut terminal);
    assert_eq!(terminal.end().0, Some(130));
    let terminal = apply(&sandbox, &[], 80, 24);
    let text = terminal.wait("the program's last line", |text| text.contains("20%"));
    screen("resumed", &calm(&text));
}

#[test]
fn stopped_with_a_key_and_taken_up_again() {
    let sandbox = blocking();
    let terminal = apply(&sandbox, &[], 60, 24);
    terminal.wait("the program's last line", |text| text.contains("20%"));
    let pid = Pid::from_child(terminal.child());
    kill_process(pid, Signal::STOP).unwrap();
    kill_process(pid, Signal::CONT).unwrap();
    // The picture is painted anew below the old one, which a shell may have written under.
    terminal.wait("a second picture", |text| text.matches("pipeline train").count() == 2);
    open_gate(&sandbox);
    let mut terminal = terminal;
    assert_eq!(terminal.end().0, Some(0));
}

#[test]
fn narrow_wide_and_without_colours() {
    let sandbox = Sandbox::with(LOOPS);
    let (code, text) = apply(&sandbox, &["--fresh"], 20, 60).end();
    assert_eq!(code, Some(0), "{text}");
    screen("columns-20", &narrow(&text));
    let (code, text) = apply(&sandbox, &["--fresh"], 200, 60).end();
    assert_eq!(code, Some(0), "{text}");
    screen("columns-200", &masked(&text));
    let mut command = crate::support::command(sandbox.path(), &["apply", "--fresh"]);
    let mut terminal = Terminal::start(command.env("TERM", "xterm-256color").env("NO_COLOR", "1"), 80, 30);
    let (_, text) = terminal.end();
    screen("done", &masked(&text));
    let raw = String::from_utf8(terminal.raw()).unwrap();
    let colours: Vec<&str> = raw
        .split("\u{1b}[")
        .skip(1)
        .filter(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
        .collect();
    assert!(colours.is_empty(), "{colours:?}");
}

/// Where words are broken at the edge, the run's id and the time at the end are cut in pieces.
fn narrow(text: &str) -> String {
    let masked = masked(text);
    let (before, run) = masked.split_once("run 2").unwrap_or_else(|| panic!("no run:\n{masked}"));
    let (_, after) = run.split_once("  pipeline").unwrap();
    let after = after.rsplit_once(", in").map_or(after, |(after, _)| after);
    format!("{before}run RUN  pipeline{}\n", after.trim_end())
}

#[test]
fn a_failure_in_twenty_columns() {
    let sandbox = Sandbox::with(LOOPS);
    let (code, text) = apply(&sandbox, &["-p", "wrong=1"], 20, 80).end();
    assert_eq!(code, Some(1), "{text}");
    screen("failed-20", &narrow(&text));
}

#[test]
fn plain_lines_for_those_who_want_them() {
    let sandbox = Sandbox::with(LOOPS);
    let mut command = crate::support::command(sandbox.path(), &["apply"]);
    let (_, text) = Terminal::start(command.env("TERM", "dumb"), 80, 60).end();
    assert!(text.contains("> fit/epoch[3]/train") && text.contains("+ report"), "{text}");
    let (_, text) = apply(&sandbox, &["--fresh", "--quiet"], 80, 60).end();
    assert_eq!(text, "\n");
    let (_, text) = apply(&sandbox, &["--fresh", "--json"], 200, 60).end();
    assert!(text.starts_with('{') && !text.contains("pipeline train\n"), "{text}");
}

#[test]
fn long_names() {
    let name = "a-name-that-nobody-would-choose-but-a-generator-of-manifests-that-knows-no-mercy-at-all";
    let key = "https://example.com/a/rather/long/address/with/天気予報/in/it?and=more&of=it";
    let manifest = format!(
        "runtime {{ permissions {{ run \"sh\" }} }}\npipeline \"{name}\" {{ stage \"{name}\" {{ each \"{name}\" in=#\"[\"{key}\"]\"# {{ step \"{name}\" {{ exec \"sh\" \"train.sh\" }} }} }} }}\n"
    );
    let sandbox = blocking();
    sandbox.write("pipeline.kdl", &manifest);
    let mut terminal = apply(&sandbox, &[], 60, 24);
    let text = terminal.wait("the program's last line", |text| text.contains("20%"));
    screen("long-names-running", &calm(&text));
    open_gate(&sandbox);
    let (code, text) = terminal.end();
    assert_eq!(code, Some(0), "{text}");
    screen("long-names", &masked(&text));
}

#[test]
fn ten_thousand_iterations() {
    let sandbox = Sandbox::with(
        "pipeline \"main\" { each \"number\" in=\"1..=10000\" { step \"square\" { rhai \"number * number\" } } }\n",
    );
    let terminal = apply(&sandbox, &[], 80, 24);
    terminal.record();
    let mut terminal = terminal;
    let (code, text) = terminal.end();
    assert_eq!(code, Some(0), "{text}");
    screen("iterations", &masked(&text));
}

#[test]
fn many_outermost_tasks_are_folded() {
    let steps: String = (0..1000)
        .map(|number| {
            format!("    step \"s{number}\" on-error=\"skip\" {{ rhai \"if {number} == 500 {{ throw 1 }} 1\" }}\n")
        })
        .collect();
    let sandbox = Sandbox::with(&format!("pipeline \"main\" {{\n{steps}}}\n"));
    let (code, text) = apply(&sandbox, &[], 80, 24).end();
    assert_eq!(code, Some(0), "{text}");
    screen("many", &masked(&text));
}

/// The terminal goes away in the middle of a run: the run is asked to end, as it should be, and nothing panics.
#[test]
fn a_terminal_that_is_closed() {
    let sandbox = blocking();
    let mut command = crate::support::command(sandbox.path(), &["apply"]);
    // `nohup`: the run wants to stay.
    let nohup = command.get_program().to_owned();
    let mut command = {
        let mut outer = std::process::Command::new("sh");
        outer.args(["-c", "trap '' HUP; \"$0\" apply; echo $? > code"]).arg(nohup).current_dir(sandbox.path());
        outer.env("TERM", "xterm-256color");
        command.stdin(Stdio::null());
        outer
    };
    let mut terminal = Terminal::start(&mut command, 80, 24);
    terminal.wait("the program's last line", |text| text.contains("20%"));
    terminal.hang_up();
    open_gate(&sandbox);
    assert_eq!(terminal.exit().code(), Some(0));
    assert_eq!(sandbox.read("code"), "0\n");
    let again = sandbox.run(&["apply"]).expect(0);
    assert!(again.err.contains("nothing to do"), "{}", again.err);
}

/// `thinking apply 2>&1 | head -1`
#[test]
fn a_closed_pipe_ends_nothing() {
    let sandbox = Sandbox::with(LOOPS);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "(\"$0\" apply; echo $? > code) 2>&1 | head -1"]).arg(crate::support::THINKING);
    let ran = crate::support::run(shell.current_dir(sandbox.path()));
    assert_eq!(ran.out.lines().count(), 1);
    let began = std::time::Instant::now();
    while !sandbox.file("code").exists() && began.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    sandbox.run(&["apply"]).expect(0);
}
