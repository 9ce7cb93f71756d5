//! Every example runs, and says what it should.

use crate::support::{Sandbox, root};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A copy of an example in a folder of its own.
fn copy(name: &str) -> Sandbox {
    fn all(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name();
            if entry.path().is_dir() {
                // What a person's own run left behind is no part of the example.
                if name != ".thinking" && name != "out" {
                    all(&entry.path(), &to.join(name));
                }
            } else {
                std::fs::copy(entry.path(), to.join(name)).unwrap();
            }
        }
    }
    let sandbox = Sandbox::new();
    all(&root().join("examples").join(name), sandbox.path());
    sandbox
}

#[test]
fn no_example_is_forgotten() {
    for entry in std::fs::read_dir(root().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(["hello", "weather"].contains(&name), "examples/{name} has no test");
        }
    }
}

#[test]
fn hello() {
    let sandbox = copy("hello");
    sandbox.run(&["validate"]).expect(0);
    sandbox.run(&["apply"]).expect(0);
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"));
    assert!(sandbox.run(&["apply", "-p", "name=Ada"]).expect(0).err.contains("Ada"));
}

/// The figures were computed a second time by another program from the same table.
#[test]
fn weather_figures() {
    let sandbox = copy("weather");
    sandbox.run(&["apply", "--quiet"]).expect(0);
    let report = sandbox.read("out/report.md");
    for figure in
        ["15.28", "16.06", "17.00", "17.43", "1226.0", "828.0", "1232.8", "1139.2", "2.129", "2.687", "2.240", "2.907"]
    {
        assert!(report.contains(figure), "{figure} is missing in\n{report}");
    }
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"));
    // Another year to judge by, and back: the first report again, byte by byte.
    sandbox.run(&["apply", "--quiet", "-p", "holdout=2014"]).expect(0);
    assert_ne!(sandbox.read("out/report.md"), report);
    sandbox.run(&["apply", "--quiet"]).expect(0);
    assert_eq!(sandbox.read("out/report.md"), report);
}

#[test]
fn weather_smoke_is_quick_and_the_same_each_time() {
    let reports: Vec<String> = (0..2)
        .map(|_| {
            let sandbox = copy("weather");
            sandbox.run(&["apply", "--quiet", "--facet", "smoke"]).expect(0);
            sandbox.read("out/report.md")
        })
        .collect();
    assert_eq!(reports[0], reports[1]);
    assert!(reports[0].contains("7.19"), "{}", reports[0]);
}

/// Killed at any moment and applied again, the report is the same byte by byte.
#[test]
fn weather_killed_and_resumed() {
    let undisturbed = copy("weather");
    undisturbed.run(&["apply", "--quiet"]).expect(0);
    let sandbox = copy("weather");
    let mut kills = 0;
    for attempt in 1..=30u64 {
        let mut child =
            sandbox.command(&["apply", "--quiet"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let start = Instant::now();
        let patience = Duration::from_millis(40 + attempt * 23 % 90 + attempt * 12);
        while start.elapsed() < patience && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    sandbox.run(&["apply", "--quiet"]).expect(0);
    assert_eq!(sandbox.read("out/report.md"), undisturbed.read("out/report.md"));
    assert!(kills > 2, "only {kills} kills: the moments are badly chosen");
}
