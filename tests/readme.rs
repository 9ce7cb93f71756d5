//! Every block of the README is run or checked. `THINKING_UPDATE=1` writes what the console blocks really show.
//!
//! A comment before a block says what it is: `<!-- file: train/pipeline.kdl -->` writes the block to that file, `<!-- in: train -->` runs the
//! lines after `$ ` in that folder and compares what they print. Times and run ids differ each time and are left out of the comparison.

use crate::support::{Sandbox, THINKING, root, update};
use std::process::Command;

struct Block {
    note: String,
    language: String,
    text: String,
    /// Lines of the README, from the first of the content up to the closing fence.
    lines: std::ops::Range<usize>,
}

fn blocks(readme: &str) -> Vec<Block> {
    let lines: Vec<&str> = readme.lines().collect();
    let mut blocks = Vec::new();
    let (mut at, mut note) = (0, String::new());
    while at < lines.len() {
        if let Some(comment) = lines[at].strip_prefix("<!-- ") {
            note = comment.trim_end_matches(" -->").to_owned();
        } else if let Some(language) = lines[at].strip_prefix("```") {
            let end = (at + 1..lines.len()).find(|line| lines[*line] == "```").expect("a closed block");
            let text = lines[at + 1..end].iter().map(|line| format!("{line}\n")).collect();
            blocks.push(Block {
                note: std::mem::take(&mut note),
                language: language.to_owned(),
                text,
                lines: at + 1..end,
            });
            at = end;
        }
        at += 1;
    }
    blocks
}

/// Times, run ids and ports as words, and any run of blanks as one.
pub fn normal(text: &str) -> String {
    let word = |word: &str| word.split('/').map(part).collect::<Vec<_>>().join("/");
    text.lines().map(|line| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ") + "\n").collect()
}

fn part(word: &str) -> String {
    let bare = word.trim_end_matches([',', '.']);
    let number = bare.trim_end_matches("ms").trim_end_matches('s');
    if number.len() < bare.len() && number.parse::<f64>().is_ok() {
        return "TIME".to_owned();
    }
    let parts: Vec<&str> = bare.split('-').collect();
    if let [day, time, salt] = &*parts
        && day.len() == 8
        && time.len() == 6
        && salt.len() == 4
    {
        return "RUN".to_owned();
    }
    let digits = |text: &str| text.bytes().map(|byte| if byte.is_ascii_digit() { '9' } else { byte.into() }).collect();
    let shape: String = digits(bare);
    if ["9999-99-99", "99:99", "99:99:99"].contains(&shape.as_str()) {
        return "MOMENT".to_owned();
    }
    match word.strip_prefix("127.0.0.1:") {
        Some(port) => format!("127.0.0.1:{}", port.trim_start_matches(|c: char| c.is_ascii_digit())),
        None => word.to_owned(),
    }
}

#[test]
fn every_block_holds() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.file("bin")).unwrap();
    std::os::unix::fs::symlink(THINKING, sandbox.file("bin/thinking")).unwrap();
    let path = format!("{}:{}", sandbox.file("bin").display(), std::env::var("PATH").unwrap());
    sandbox.write("page/corpus.txt", "to be or not to be\n");
    let mut lines: Vec<String> = readme.lines().map(str::to_owned).collect();
    let (mut files, mut sessions, mut commands) = (0, 0, 0);
    let mut shift = 0isize;
    for block in blocks(&readme) {
        if let Some(file) = block.note.strip_prefix("file: ") {
            sandbox.write(file, &block.text);
            files += 1;
        } else if let Some(folder) = block.note.strip_prefix("in: ") {
            let mut shown = String::new();
            std::fs::create_dir_all(sandbox.file(folder)).unwrap();
            for line in block.text.lines().filter(|line| line.starts_with("$ ")) {
                let output = Command::new("sh")
                    .args(["-c", &format!("exec 2>&1; {}", &line[2..])])
                    .current_dir(sandbox.file(folder))
                    .env("PATH", &path)
                    .env("NO_COLOR", "1")
                    .output()
                    .unwrap();
                shown.push_str(&format!("{line}\n{}", String::from_utf8_lossy(&output.stdout)));
            }
            sessions += 1;
            if update() {
                let new: Vec<String> = shown.lines().map(|line| line.trim_end().to_owned()).collect();
                let range = block.lines.start.strict_add_signed(shift)..block.lines.end.strict_add_signed(shift);
                shift += new.len() as isize - range.len() as isize;
                lines.splice(range, new);
            } else {
                assert_eq!(
                    normal(&shown),
                    normal(&block.text),
                    "a block of the README (THINKING_UPDATE=1 writes it anew)"
                );
            }
        } else if block.language != "rust" {
            // Rust is compiled with the library's documentation.
            assert_eq!(block.language, "sh", "a block that nothing checks: {}", block.text);
            // The two commands: `.ci/run` takes them from here and runs them.
            for line in block.text.lines() {
                let known = line == "cargo test --workspace && cargo run -p word-vectors -- test examples"
                    || line
                        .strip_prefix("cargo run --release -- apply ")
                        .is_some_and(|file| root().join(file).is_file());
                assert!(known, "a command that nothing checks: {line}");
                commands += 1;
            }
        }
    }
    assert!(files >= 4 && sessions >= 4 && commands == 2, "{files} files, {sessions} sessions, {commands} commands");
    if update() {
        std::fs::write(root().join("README.md"), lines.join("\n") + "\n").unwrap();
    }
    // The page is a manifest that runs, in both of its ways.
    let page = |arguments: &[&str]| crate::support::run(&mut crate::support::command(&sandbox.file("page"), arguments));
    page(&["validate"]).expect(0);
    page(&["apply", "--pipeline", "main"]).expect(0);
    page(&["apply", "--pipeline", "main", "-p", "mode=thorough", "--facet", "short,loud"]).expect(0);
    assert_eq!(sandbox.read("page/out/report.txt"), "4 words\n");
}
