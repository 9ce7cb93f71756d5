//! `chart`.

use super::World;
use proptest::prelude::*;

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

/// How often a text occurs.
fn count(svg: &str, part: &str) -> usize {
    svg.matches(part).count()
}

/// The texts of a picture, in order.
fn texts(svg: &str) -> Vec<&str> {
    let parts = svg.split("<text ").skip(1);
    parts.filter_map(|part| part.split_once('>')?.1.split_once("</text>").map(|(text, _)| text.trim())).collect()
}

fn svg(code: &str) -> String {
    String::from_utf8(draw("test", "svg", code)).unwrap()
}

#[test]
fn a_line_chart_says_what_it_shows() {
    let svg = svg(r#"chart::line(path, #{ title: "Loss", x: 1..=4, x_label: "epoch", y_label: "loss", y_unit: "°C",
            series: [#{ name: "train <1>", y: [8, 4, (), 1] }, #{ name: "test", y: [9, 5, 3, 2] }] })"#);
    assert!(svg.starts_with("<svg width=\"900\" height=\"520\" viewBox=\"0 0 9000 5200\""), "{svg}");
    assert!(svg.ends_with("</svg>\n"));
    let words = texts(&svg);
    let ticks = ["0", "2", "4", "6", "8", "10", "1", "2", "3", "4"];
    let expected = [["Loss", "train &lt;1&gt;", "test"].as_slice(), &ticks, &["epoch", "loss (°C)"]].concat();
    assert_eq!(words, expected);
    // A sample and a line for each series; the first one's ends at the gap, its last point is a dot alone.
    assert_eq!(count(&svg, "<polyline"), 2 + 1 + 1);
    assert_eq!(count(&svg, "<circle"), 3 + 4);
}

#[test]
fn bars_points_and_bins_are_all_there() {
    let bars = svg(r#"chart::bar(path, #{ x: ["a", "b", "c"], series: #{ u: [1, 2, ()], v: [-1, 4, 3] } })"#);
    // Paper, two samples, five bars.
    assert_eq!(count(&bars, "#0072B2") + count(&bars, "#D55E00"), 2 + 5);
    assert!(["a", "b", "c", "u", "v"].iter().all(|name| texts(&bars).contains(name)));
    let points = svg(r#"chart::scatter(path, #{ x: list::range(0, 100), y: list::range(0, 100) })"#);
    assert_eq!(count(&points, "<circle"), 100);
    let bins = svg(r#"chart::histogram(path, #{ values: [1.0, 1.1, 2.5, 4.0, ()], bins: 3 })"#);
    assert_eq!(count(&bins, "#0072B2"), 3);
    // Two, one and one: the largest value belongs to the last bin.
    assert_eq!(texts(&bins).last(), Some(&"count"));
    let heights: Vec<i64> = bins
        .split("<rect ")
        .filter(|part| part.contains("#0072B2"))
        .map(|part| part.split("height=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap())
        .collect();
    assert!((heights[0] - 2 * heights[1]).abs() <= 2 && heights[1] == heights[2], "{heights:?}");
}

#[test]
fn dates_and_times_stand_along_the_axis() {
    let dates = svg(r#"chart::line(path, #{ x: ["2015-01-01", "2015-07-01", "2015-12-31"], y: [1, 2, 3] })"#);
    assert!(["Jan", "2015", "Mar", "Nov"].iter().all(|word| texts(&dates).contains(word)), "{:?}", texts(&dates));
    let times = svg(
        r#"chart::scatter(path, #{ x: [time::parse("2015-01-01"), time::parse("2015-01-02")], y: [1, 2], x_time: true })"#,
    );
    assert!(texts(&times).contains(&"Jan 1, 2015"), "{:?}", texts(&times));
    let numbers = svg(r#"chart::bar(path, #{ x: [2012, 2013.5], y: [1, 2] })"#);
    assert!(texts(&numbers).contains(&"2012") && texts(&numbers).contains(&"2013.5"));
}

#[test]
fn a_png_has_its_size_and_is_not_blank() {
    let bytes = draw("test", "png", r#"chart::line(path, #{ title: "T", y: [1, 3, 2], width: 300, height: 200 })"#);
    let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height, info.color_type), (300, 200, png::ColorType::Rgb));
    let share = |wanted: &dyn Fn(&[u8]) -> bool| pixels.chunks(3).filter(|pixel| wanted(pixel)).count();
    let blue = share(&|pixel| pixel == [0x00, 0x72, 0xB2]);
    let dark = share(&|pixel| pixel.iter().all(|part| *part < 0x70));
    assert!((200..3000).contains(&blue), "the line has {blue} pixels");
    assert!((20..500).contains(&dark), "the letters have {dark} pixels");
    assert_eq!(&pixels[..3], [255; 3]);
}

/// A million points are drawn as fewer, and the outline stays.
#[test]
fn many_points_make_a_small_file() {
    let world = World::new();
    let code = r#"
        let y = []; y.pad(1000000, 0.0);
        for at in 0..1000 { y[at * 997] = rand::float(); }
        y[654321] = 7.5;
        chart::line("line.svg", #{ y: y });
        chart::scatter("points.svg", #{ y: y });
        chart::histogram("bins.svg", #{ values: y });
    "#;
    world.value(code);
    let size = |name: &str| std::fs::metadata(world.path(name)).unwrap().len();
    assert!(size("line.svg") < 60_000 && size("points.svg") < 900_000 && size("bins.svg") < 20_000);
    let line = world.read("line.svg");
    // The one high value is in the picture: no other point reaches the uppermost eighth.
    assert!(texts(&line).contains(&"8"));
    let path = line.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
    let highest = path.split_whitespace().map(|point| point.split_once(',').unwrap().1.parse::<i32>().unwrap()).min();
    assert!(highest < Some(700), "{highest:?}");
}

/// What is wrong with a chart, and what the script is told: message, then help.
const REFUSALS: &[(&str, &str)] = &[
    (r#"chart::line("a.jpg", #{ y: [1] })"#, "`chart::line` writes `.svg` and `.png` files, which `a.jpg` is not"),
    (r#"chart::line("svg", #{ y: [1] })"#, "`chart::line` writes `.svg` and `.png` files, which `svg` is not"),
    (
        r#"chart::line("a.svg", [1, 2])"#,
        "`chart::line` takes a file and a map such as `#{ title: \"…\", y: […] }`, not a list",
    ),
    (
        r#"chart::line("a.svg", #{})"#,
        "`chart::line` needs `y`, or `series`; write `chart::line(\"chart.svg\", #{ title: \"…\", x: […], y: […] })`",
    ),
    (
        r#"chart::histogram("a.svg", #{})"#,
        "`chart::histogram` needs `values`; write `chart::histogram(\"chart.svg\", #{ title: \"…\", values: […] })`",
    ),
    (r#"chart::line("a.svg", #{ y: [1], titel: "a" })"#, "`chart::line` has no option `titel`; did you mean `title`?"),
    (
        r#"chart::bar("a.svg", #{ y: [1], colour: "red" })"#,
        "`chart::bar` has no option `colour`; the options are: x, y, series, y_log, title, x_label, y_label, x_unit, y_unit, width, height",
    ),
    (r#"chart::bar("a.svg", #{ y: [1], title: 1 })"#, "`title` of `chart::bar` must be a string, not an int"),
    (
        r#"chart::line("a.svg", #{ y: [1], y_log: 1 })"#,
        "`y_log` of `chart::line` must be `true` or `false`, not an int",
    ),
    (r#"chart::line("a.svg", #{ y: [1], width: 50 })"#, "`width` of `chart::line` must be from 200 to 4000, but is 50"),
    (r#"chart::line("a.svg", #{ y: [1], height: 1.5 })"#, "`height` of `chart::line` must be an int, not a float"),
    (r#"chart::line("a.svg", #{ y: 1 })"#, "`y` of `chart::line` must be a list, not an int"),
    (
        r#"chart::line("a.svg", #{ y: [1, "2"] })"#,
        "element 1 of `y` of `chart::line` must be a number, not a string; a gap is `()`",
    ),
    (
        r#"chart::line("a.svg", #{ y: [1, 1e301] })"#,
        "element 1 of `y` of `chart::line` is 1e301: too large to be drawn",
    ),
    (r#"chart::line("a.svg", #{ x: [1], y: [1, 2] })"#, "`x` of `chart::line` has 1 elements, but `y` has 2"),
    (r#"chart::line("a.svg", #{ x: [1, "b"], y: [1, 2] })"#, "`x` of `chart::line` mixes numbers and strings"),
    (
        r#"chart::line("a.svg", #{ x: [1, true], y: [1, 2] })"#,
        "element 1 of `x` of `chart::line` must be a number or a string, not a bool",
    ),
    (r#"chart::line("a.svg", #{ x: 0..99999999, y: [1] })"#, "`x` of `chart::line` has more than 10000000 elements"),
    (r#"chart::line("a.svg", #{ y: [1], series: #{} })"#, "`chart::line` takes `y` or `series`, not both"),
    (r#"chart::line("a.svg", #{ series: #{} })"#, "`series` of `chart::line` holds no series"),
    (
        r#"chart::line("a.svg", #{ series: 1 })"#,
        "`series` of `chart::line` must be a map such as `#{ train: […], test: […] }`, not an int",
    ),
    (
        r#"chart::line("a.svg", #{ series: [1] })"#,
        "element 0 of `series` of `chart::line` must be `#{ name: \"…\", y: […] }`",
    ),
    (
        r#"chart::line("a.svg", #{ series: #{ a: #{ y: [1], z: [1] } } })"#,
        "`series.a` of `chart::line` takes `x` and `y`, not `z`",
    ),
    (r#"chart::line("a.svg", #{ series: #{ a: #{ x: [1] } } })"#, "`series.a` of `chart::line` needs `y`"),
    (
        r#"let all = #{}; for i in 0..36 { all[`${i}`] = [i]; } chart::line("a.svg", #{ series: all })"#,
        "`chart::line` draws up to 35 series that can be told apart, not 36",
    ),
    (
        r#"chart::line("a.svg", #{ y: [1, 0], y_log: true })"#,
        "`y_log` of `chart::line` needs values above 0, but the smallest `y` is 0",
    ),
    (r#"chart::line("a.svg", #{ x: ["a"], y: [1], x_log: true })"#, "`x_log` of `chart::line` needs numbers for `x`"),
    (
        r#"chart::line("a.svg", #{ x: [1e18], y: [1], x_time: true })"#,
        "`x` of `chart::line` is not all times between the years 1 and 9999",
    ),
    (r#"chart::bar("a.svg", #{ x: ["a", "a"], y: [1, 2] })"#, "`x` of `chart::bar` names `a` twice"),
    (
        r#"chart::bar("a.svg", #{ y: list::range(0, 1000) })"#,
        "`chart::bar` cannot draw 1000 bars on 900 pixels; draw fewer, make it wider, or use `chart::line` or `chart::histogram`",
    ),
    (
        r#"chart::histogram("a.svg", #{ values: [1], bins: 0 })"#,
        "`bins` of `chart::histogram` must be from 1 to 1000, but is 0",
    ),
];

#[test]
fn what_is_wrong_is_said_in_one_line() {
    for (code, expected) in REFUSALS {
        let error = World::new().eval(code).unwrap_err();
        let told = [Some(error.message), error.help].into_iter().flatten().collect::<Vec<_>>().join("; ");
        assert_eq!(told, *expected, "{code}");
    }
}

#[test]
fn a_chart_is_written_as_any_file() {
    let world = World::new();
    world.value(r#"chart::line("out/a.svg", #{ y: [1, 2] })"#);
    assert_eq!(world.seen(), ["Effect chart::line"]);
    let left: Vec<_> = std::fs::read_dir(world.path("out")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["a.svg"]);
    let refused = world.eval(r#"chart::line("../a.svg", #{ y: [1, 2] })"#).unwrap_err();
    assert_eq!(refused.message, "writing `../a.svg` is not permitted");
}

/// Numbers of all sizes, and what is none.
fn any_number() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (-100..100_i64).prop_map(|int| int.to_string()),
        4 => (-1e3..1e3_f64).prop_map(|float| format!("{float:?}")),
        2 => any::<f64>().prop_filter("a literal", |float| float.is_finite()).prop_map(|float| format!("({float:e} + 0.0)")),
        2 => (-300..300_i32).prop_map(|exponent| format!("1.5e{exponent}")),
        1 => any::<i64>().prop_filter("a literal", |int| *int > i64::MIN).prop_map(|int| int.to_string()),
        1 => Just("()".to_owned()),
        1 => Just("(0.0 / 0.0)".to_owned()),
    ]
}

fn any_place() -> impl Strategy<Value = Vec<String>> {
    let text = prop_oneof!["[a-z ]{0,30}", "\\PC{0,12}", "20[0-9]{2}-0[1-9]-[0-2][1-9]"];
    prop_oneof![
        prop::collection::vec(any_number(), 0..12),
        prop::collection::vec(text.prop_map(|text| format!("{text:?}")), 0..12),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    /// Whatever the data, there is a picture or a message, in no time and without a panic.
    #[test]
    fn no_data_brings_a_chart_down(
        y in prop::collection::vec(any_number(), 0..12),
        x in any_place(),
        kind in prop::sample::select(vec!["line", "bar", "scatter"]),
        flags in prop::array::uniform3(any::<bool>()),
        title in "\\PC{0,80}",
        side in 200..400,
        png in prop::bool::weighted(0.05),
    ) {
        let length = x.len().min(y.len());
        let (x, y) = (x[..length].join(", "), y[..length].join(", "));
        let ending = if png { "png" } else { "svg" };
        let bins = if flags[0] { "" } else { ", bins: 7" };
        let options = format!("title: {title:?}, width: {side}, height: 200, y_log: {}", flags[1]);
        let code = if kind == "line" && flags[2] {
            format!("chart::histogram(\"a.{ending}\", #{{ {options}, values: [{y}]{bins} }})")
        } else if kind == "bar" {
            format!("chart::bar(\"a.{ending}\", #{{ {options}, x: [{x}], y: [{y}] }})")
        } else {
            format!(
                "chart::{kind}(\"a.{ending}\", #{{ {options}, x_log: {}, x_time: {}, x: [{x}], y: [{y}] }})",
                flags[0], flags[2]
            )
        };
        let world = World::new();
        match world.eval(&code) {
            Ok(_) if ending == "svg" => {
                let svg = world.read("a.svg");
                prop_assert!(!svg.contains("NaN") || title.contains("NaN"), "{code}");
                prop_assert!(svg.len() < 200_000 && !svg.contains("2147483647"), "{code}");
            }
            Ok(_) => {}
            Err(error) => prop_assert!(!error.message.contains("cannot draw the chart"), "{code}: {error:?}"),
        }
    }
}

#[test]
fn lists_may_come_one_element_after_the_other() {
    let world = World::new();
    world.write("days.txt", "2015-01-01\n2015-01-02\n2015-01-03\n");
    std::fs::write(world.path("bad.txt"), b"2015-01-01\n\xff\n").unwrap();
    let code = r#"
        let days = fs::lines("days.txt");
        chart::line("streams.svg", #{ x: days, y: fs::lines("days.txt").map(|day| day.len()) });
        chart::line("lists.svg", #{ x: days.to_list(), y: [10, 10, 10] });
        chart::bar("bars.svg", #{ x: days, series: #{ rain: #{ x: days, y: [1, 2, 3] } } });
    "#;
    world.value(code);
    assert_eq!(world.read("streams.svg"), world.read("lists.svg"));
    assert!(world.read("bars.svg").contains("2015-01-03"));
    assert_eq!(
        world.eval(r#"chart::line("a.svg", #{ x: fs::lines("bad.txt"), y: [1, 2] })"#).unwrap_err().message,
        "cannot read `bad.txt`: line 2 is not UTF-8 text (byte 0 of the line)"
    );
    assert_eq!(
        world.eval(r#"chart::histogram("a.svg", #{ values: fs::lines("days.txt") })"#).unwrap_err().message,
        "element 0 of `values` of `chart::histogram` must be a number, not a string"
    );
}
