//! `chart`.

use super::{World, failure};

/// Pictures of all kinds, by name. With `THINKING_GALLERY=directory` they are left there to be looked at.
const GALLERY: &[(&str, &str)] = &[
    (
        "loss",
        r#"let loss = list::range(0, 60).map(|i| 7.0 * math::exp(-i / 12.0) + 2.2);
        let test = list::range(0, 60).map(|i| 6.5 * math::exp(-i / 10.0) + 2.6);
        chart::line(path, #{ title: "Loss by epoch", x: 1..=60, series: #{ train: loss, test: test }, x_label: "epoch", y_label: "loss", y_unit: "°C" })"#,
    ),
    (
        "few",
        r#"chart::line(path, #{ title: "Few points and a gap", x: [1, 2, 3, 4, 5, 7], y: [-2, 3.5, (), 4, (), 1], x_label: "trial" })"#,
    ),
    (
        "dates",
        r#"let x = []; let y = [];
        for day in 0..365 { x.push(time::format(time::parse("2015-01-01") + day * 86400000, "%Y-%m-%d")); y.push(15 - 10 * math::cos(day / 58.1) + day % 7); }
        chart::line(path, #{ title: "Highest temperature of the day", x: x, y: y, y_label: "temperature", y_unit: "°C" })"#,
    ),
    (
        "hours",
        r#"chart::line(path, #{ title: "Load", x: list::range(0, 200).map(|i| time::parse("2026-01-05T20:00:00") + i * 300000), y: list::range(0, 200).map(|i| i * i % 97), x_time: true, y_label: "requests/s" })"#,
    ),
    (
        "rain",
        r#"chart::bar(path, #{ title: "Rain by year", x: [2012, 2013, 2014, 2015], y: [1226.0, 828.0, 1232.8, 1139.2], y_label: "rain", y_unit: "mm" })"#,
    ),
    (
        "groups",
        r#"chart::bar(path, #{ title: "Rain by month", x: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        series: #{ "2012": [173.3,92.3,183.0,68.1,52.2,75.1,26.3,0.0,0.9,170.3,210.5,174.0], "2013": [105.7,40.3,69.7,149.6,60.5,33.1,0.0,34.4,156.8,39.9,96.4,42.3], "2014": [94.0,155.2,240.0,106.1,80.0,18.8,19.6,46.0,56.7,171.5,123.1,121.8] }, y_label: "rain", y_unit: "mm" })"#,
    ),
    (
        "long-names",
        r#"chart::bar(path, #{ title: "Names that do not fit side by side", x: list::range(0, 24).map(|i| `a rather long name number ${i}`), y: list::range(0, 24).map(|i| i - 8) })"#,
    ),
    (
        "years",
        r#"chart::bar(path, #{ title: "A century", x: list::range(1900, 2021), y: list::range(0, 121).map(|i| 300 + i * 7 % 50) })"#,
    ),
    (
        "cloud",
        r#"let a = []; let b = []; for i in 0..150 { let x = rand::float() * 30; a.push(x); b.push(x * 0.9 + rand::float() * 6 - 3); }
        chart::scatter(path, #{ title: "Predicted and measured", x: a, y: b, x_label: "measured (°C)", y_label: "predicted (°C)" })"#,
    ),
    (
        "marks",
        r#"let all = #{}; for s in 0..6 { all[`series ${s}`] = #{ x: list::range(0, 20), y: list::range(0, 20).map(|i| i * (s + 1) % 17 + s * 10) }; }
        chart::scatter(path, #{ title: "Six series", series: all })"#,
    ),
    (
        "residuals",
        r#"let v = []; for i in 0..365 { v.push(rand::float() + rand::float() + rand::float() + rand::float() - 2); }
        chart::histogram(path, #{ title: "Residuals", values: v, x_label: "predicted − measured", x_unit: "°C" })"#,
    ),
    (
        "dice",
        r#"chart::histogram(path, #{ title: "Dice", values: list::range(0, 300).map(|i| i * i % 6 + 1), x_label: "eyes" })"#,
    ),
    (
        "counts",
        r#"chart::histogram(path, #{ title: "Skewed, on a logarithmic axis", values: list::range(1, 3000).map(|i| 1000.0 / i), bins: 40, y_log: true })"#,
    ),
    (
        "logs",
        r#"chart::line(path, #{ title: "Both axes logarithmic", x: list::range(0, 25).map(|i| 10.0 ** (i - 12)), y: list::range(0, 25).map(|i| 10.0 ** (12 - i)), x_log: true, y_log: true, x_label: "from 1e-12 to 1e12" })"#,
    ),
    (
        "half-log",
        r#"chart::line(path, #{ title: "Loss", y: list::range(1, 100).map(|i| 40.0 / i), y_log: true, x_label: "epoch" })"#,
    ),
    (
        "huge",
        r#"chart::line(path, #{ title: "A huge range on a plain axis", y: list::range(0, 25).map(|i| 10.0 ** (i - 12)) })"#,
    ),
    (
        "thirty",
        r#"let all = #{}; for s in 10..40 { all[`run ${s}`] = list::range(0, 50).map(|i| s + 3 * math::sin(i / 8.0 + s)); }
        chart::line(path, #{ title: "Thirty series", series: all, x_label: "step" })"#,
    ),
    (
        "long-title",
        r#"chart::line(path, #{ title: text::repeat("A title that goes on and on, as if nobody had to read it. ", 8), y: [1, 3, 2], x_label: text::repeat("long ", 60), y_label: text::repeat("long ", 60) })"#,
    ),
    (
        "one-word",
        r#"chart::bar(path, #{ title: text::repeat("word", 80), x: [text::repeat("x", 200), "b"], y: [1, 2], series: () })"#,
    ),
    ("no-data", r#"chart::line(path, #{ title: "Nothing", x: [], y: [] })"#),
    ("gaps-only", r#"chart::scatter(path, #{ x: [1, ()], y: [(), 3] })"#),
    ("no-values", r#"chart::histogram(path, #{ values: [] })"#),
    ("no-bars", r#"chart::bar(path, #{ x: [], y: [] })"#),
    ("one-point", r#"chart::line(path, #{ title: "One point", x: [3], y: [5] })"#),
    ("one-value", r#"chart::histogram(path, #{ values: [7.5] })"#),
    ("one-time", r#"chart::scatter(path, #{ x: ["2026-01-31"], y: [0] })"#),
    ("equal", r#"chart::line(path, #{ title: "All equal", y: [1e-7, 1e-7, 1e-7] })"#),
    ("equal-x", r#"chart::scatter(path, #{ x: [4, 4, 4], y: [1, 2, 3] })"#),
    ("zeros", r#"chart::bar(path, #{ x: ["a", "b"], y: [0, 0] })"#),
    ("negative", r#"chart::bar(path, #{ x: ["a", "b", "c"], y: [-1, -2.5, ()] })"#),
    ("enormous", r#"chart::line(path, #{ y: [-1e300, 1e300, 1e-320, 0.0/0.0, 1.0/0.0] })"#),
    ("near", r#"chart::line(path, #{ y: [1000000.001, 1000000.002, 1000000.0015] })"#),
    ("nearer", r#"chart::line(path, #{ y: [1.0, 1.0000000000000002] })"#),
    (
        "narrow",
        r#"chart::line(path, #{ title: "Narrow and low", series: #{ a: [1, 2], b: [2, 1] }, width: 200, height: 200, x_label: "x", y_label: "y" })"#,
    ),
    ("large", r#"chart::line(path, #{ title: "Large", y: [1, 2], width: 2400, height: 1200 })"#),
    ("odd-text", r#"chart::line(path, #{ title: "<a & \"b\">\u0007\n'c' äöü 漢字 ☃", series: #{ "<&>": [1, 2] } })"#),
    (
        "thirty-bars",
        r#"let all = #{}; for s in 10..40 { all[`s${s}`] = [s, -s, s / 2]; } chart::bar(path, #{ title: "Thirty series of bars", x: ["a", "b", "c"], series: all })"#,
    ),
    ("names-on-line", r#"chart::line(path, #{ x: ["small", "medium", "large"], y: [1, 4, 9], y_label: "seconds" })"#),
    (
        "zigzag",
        r#"let x = []; let y = []; for i in 0..6000 { x.push(math::sin(i * 1.0)); y.push(math::cos(i * 1.3)); } chart::line(path, #{ x: x, y: y })"#,
    ),
];

/// Draws a picture and gives the file's bytes.
fn draw(name: &str, ending: &str, code: &str) -> Vec<u8> {
    let world = World::new();
    let code = format!("let path = \"out/{name}.{ending}\"; {code}");
    world.eval(&code).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    std::fs::read(world.path(&format!("out/{name}.{ending}"))).unwrap()
}

#[test]
fn every_picture_is_drawn_and_the_same_each_time() {
    let kept = std::env::var_os("THINKING_GALLERY");
    for (name, code) in GALLERY {
        let svg = draw(name, "svg", code);
        assert!(svg == draw(name, "svg", code), "{name} differs the second time");
        // Small ones are drawn sooner, and have less room for everything.
        let small = code.replace("(path, #{", "(path, #{ width: 240, height: 200,");
        let code = if kept.is_some() || code.contains("width") { code } else { small.as_str() };
        let png = draw(name, "png", code);
        if let Some(directory) = &kept {
            let file = |ending| std::path::Path::new(directory).join(format!("{name}.{ending}"));
            std::fs::write(file("svg"), &svg).unwrap();
            std::fs::write(file("png"), &png).unwrap();
        }
    }
}
