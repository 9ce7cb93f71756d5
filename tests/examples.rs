//! Every example runs, and says what it should.

use crate::support::{Sandbox, copy_example, root};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn no_example_is_forgotten() {
    for entry in std::fs::read_dir(root().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(
                ["calculator", "hello", "seating", "throttled", "weather", "word-vectors"].contains(&name),
                "examples/{name} has no test"
            );
        }
    }
}

#[test]
fn hello() {
    let sandbox = copy_example("hello");
    sandbox.run(&["validate"]).expect(0);
    sandbox.run(&["apply"]).expect(0);
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"));
    assert!(sandbox.run(&["apply", "-p", "name=Ada"]).expect(0).err.contains("Ada"));
}

#[test]
fn calculator() {
    let sandbox = copy_example("calculator");
    let values = [
        ("1 + 2 * 3", "7.0"),
        ("(1 + 2) * 3", "9.0"),
        ("2 - 3 - 4", "-5.0"),
        ("2 ^ 3 ^ 2", "512.0"),
        ("-2^2 / 8", "-0.5"),
        ("1 / 0", "cannot divide by zero"),
        ("2 * (3", "a bracket is not closed"),
        ("2 *", "a number is missing before \"the end\""),
        ("2 2", "\"2\" is too much"),
    ];
    for (expression, value) in values {
        let told = sandbox.run(&["apply", "--pipeline", "one", "-p", &format!("expression={expression}")]);
        let good = value.parse::<f64>().is_ok();
        assert_eq!(told.code, Some(i32::from(!good)), "{expression}");
        let wanted = if good { format!("{expression} = {value}\n") } else { value.to_owned() };
        assert!(told.err.contains(&wanted), "{expression}: {}", told.err);
    }
    // The other way in: a wrong line stops no other one, and new lines are calculated anew.
    let lines = |text: &str| {
        let mut command = sandbox.command(&["apply", "--pipeline", "lines"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = lines("2 * 21\n\n1 / 0\n2 * 21\n");
    assert_eq!((code, told.matches("2 * 21 = 42.0").count()), (Some(0), 2), "{told}");
    assert!(told.contains("the run goes on: cannot divide by zero"), "{told}");
    let (_, told) = lines("3 ^ 2\n");
    assert!(told.contains("3 ^ 2 = 9.0") && !told.contains("= 42"), "{told}");
    // A further operator is a further component, and nothing else changes.
    sandbox.write(
        "operators/rest.rhai",
        r#"fn symbol() { "%" } fn level() { 2 } fn leans() { "left" } fn apply(left, right) { left % right }"#,
    );
    let component = r#"component "op.rest" provides="operator" script="operators/rest.rhai""#;
    sandbox.write("pipeline.kdl", &format!("{}{component}\n", sandbox.read("pipeline.kdl")));
    let told = sandbox.run(&["apply", "--pipeline", "one", "-p", "expression=1 + 17 % 5 ^ 1 * 2"]).expect(0).err;
    assert!(told.contains("1 + 17 % 5 ^ 1 * 2 = 5.0\n"), "{told}");
    assert!(lines_of("calculator") < 70);
}

/// Lines of an example's manifest and scripts.
fn lines_of(example: &str) -> usize {
    let folder = root().join("examples").join(example);
    let scripts = std::fs::read_dir(folder.join("scripts")).into_iter().flatten().map(|entry| entry.unwrap().path());
    let files = scripts.chain([folder.join("pipeline.kdl")]);
    files.map(|file| std::fs::read_to_string(file).unwrap().lines().count()).sum()
}

#[test]
fn seating() {
    let sandbox = copy_example("seating");
    let mut people = 5;
    for (arguments, evenings) in [(&["apply"][..], 2), (&["apply", "--fresh", "--facet", "ten"], 4)] {
        let told = sandbox.run(arguments).expect(0).err;
        let mut pairs = BTreeSet::new();
        let tables = told.lines().filter_map(|line| line.split_once("evening ")?.1.split_once(": "));
        for (_, table) in tables {
            let seats: Vec<&str> = table.split(" - ").collect();
            assert_eq!(seats.iter().collect::<BTreeSet<_>>().len(), people, "{table}");
            for seat in 0..people {
                let mut pair = [seats[seat], seats[(seat + 1) % people]];
                pair.sort_unstable();
                assert!(pairs.insert(pair), "{pair:?} sat together before: {told}");
            }
        }
        assert_eq!(pairs.len(), people * evenings, "{told}");
        people = 10;
    }
    // Five people can sit in two orders only. What was found stays.
    let told = sandbox.run(&["apply", "--fresh", "-p", "evenings=2"]).expect(0).err;
    assert!(told.contains("done: 4 steps"), "{told}");
    let told = sandbox.run(&["apply", "-p", "evenings=3"]).expect(1).err;
    assert!(told.contains("no order is left for evening 3") && told.contains("= evening[2]/tell  kept"), "{told}");
}

/// Killed in the middle, it fetches only what is missing; the server fails now and then.
#[test]
fn throttled() {
    let sandbox = copy_example("throttled");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let arguments = ["apply", "--json", "-p", &format!("port={port}"), "-p", "limit=50", "-p", "items=14"];
    let mut command = sandbox.command(&arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("step-done") && line.contains("item[5]/get")));
    child.kill().unwrap();
    child.wait().unwrap();
    let told = sandbox.run(&["apply"]).expect(0).err;
    assert!(told.contains("kept, and ") && told.contains("item[13]/get  attempt 1 failed"), "{told}");
    assert!(told.contains("503 Service Unavailable") && !told.contains("item[3]/get"), "{told}");
    // What the server gives was computed a second time here.
    let total: u32 = (1..=14).map(|item| item * 7 % 50 + 1).sum();
    assert_eq!(sandbox.read("out/report.txt"), format!("14 prices, {total} in total"));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "the server still runs");
    assert!(lines_of("throttled") < 40);
}

/// What the report shows.
const CHARTS: [&str; 4] = ["loss.svg", "holdout.svg", "residuals.svg", "rain.svg"];

/// The report and its charts.
fn outcome(sandbox: &Sandbox) -> Vec<String> {
    let files = ["report.md"].into_iter().chain(CHARTS);
    files.map(|file| sandbox.read(&format!("out/{file}"))).collect()
}

/// The figures were computed a second time by another program from the same table.
#[test]
fn weather_figures() {
    let sandbox = copy_example("weather");
    sandbox.run(&["apply", "--quiet"]).expect(0);
    let report = sandbox.read("out/report.md");
    for figure in
        ["15.28", "16.06", "17.00", "17.43", "1226.0", "828.0", "1232.8", "1139.2", "2.129", "2.687", "2.240", "2.907"]
    {
        assert!(report.contains(figure), "{figure} is missing in\n{report}");
    }
    for chart in CHARTS {
        assert!(report.contains(&format!("]({chart})")), "{chart} is missing in\n{report}");
    }
    let [loss, holdout, residuals, rain] = CHARTS.map(|chart| sandbox.read(&format!("out/{chart}")));
    for (svg, words) in [
        (&loss, ["Loss by epoch", "epoch", "root mean square error (°C)"]),
        (&holdout, ["measured", "predicted", "highest temperature (°C)"]),
        (&residuals, ["predicted − measured (°C)", "days", "−10"]),
        (&rain, ["2012", "Dec", "rain (mm)"]),
    ] {
        for word in words {
            assert!(svg.contains(&format!(">\n{word}\n</text>")), "`{word}` is missing in\n{svg}");
        }
    }
    // A dot for each epoch; a bar for each month of each year, beside the sample in the legend.
    assert_eq!(loss.matches("<circle").count(), 60);
    let bars = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"].map(|colour| rain.matches(colour).count() - 1);
    assert_eq!(bars, [12; 4]);
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"));
    // A chart that is gone is drawn again, without another epoch.
    let all = outcome(&sandbox);
    std::fs::remove_file(sandbox.file("out/rain.svg")).unwrap();
    let again = sandbox.run(&["apply"]).expect(0);
    assert!(again.err.contains("✓ report/charts") && !again.err.contains("✓ fit"), "{}", again.err);
    // Another year to judge by, and back: the first report again, byte by byte.
    sandbox.run(&["apply", "--quiet", "-p", "holdout=2014"]).expect(0);
    assert!(outcome(&sandbox).iter().zip(&all).filter(|(now, before)| now != before).count() >= 4);
    sandbox.run(&["apply", "--quiet"]).expect(0);
    assert!(outcome(&sandbox) == all);
}

#[test]
fn weather_smoke_is_quick_and_the_same_each_time() {
    let reports: Vec<Vec<String>> = (0..2)
        .map(|_| {
            let sandbox = copy_example("weather");
            sandbox.run(&["apply", "--quiet", "--facet", "smoke"]).expect(0);
            outcome(&sandbox)
        })
        .collect();
    assert!(reports[0] == reports[1]);
    assert!(reports[0][0].contains("7.19"), "{}", reports[0][0]);
}

/// Killed at any moment and applied again, the report and its charts are the same byte by byte.
#[test]
fn weather_killed_and_resumed() {
    let undisturbed = copy_example("weather");
    undisturbed.run(&["apply", "--quiet"]).expect(0);
    let sandbox = copy_example("weather");
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
    assert!(outcome(&sandbox) == outcome(&undisturbed), "the report or a chart differs");
    assert!(kills > 2, "only {kills} kills: the moments are badly chosen");
}
