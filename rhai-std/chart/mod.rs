//! `chart`: pictures of data as SVG or PNG. The same data makes the same bytes, on every machine: the font is part of the program, and
//! nothing depends on the time or on chance.
//!
//! 1. [`options`] and [`data`] read what a script gives and say what is wrong with it.
//! 2. [`axis`] finds round numbers, dates or names to stand at the edges.
//! 3. [`frame`] leaves room for titles, legend and labels, and draws all that is not data.
//! 4. A chart's own file draws the data into the frame.
//! 5. [`canvas`] keeps what is to be drawn, in pixels; [`svg`] and [`png`] make a file of it with `plotters`.

mod axis;
mod bar;
mod calendar;
mod canvas;
mod data;
mod font;
mod frame;
mod histogram;
mod line;
mod options;
mod palette;
mod png;
mod scatter;
mod svg;
mod thin;
mod ticks;

use crate::evaluation::check_cancelled;
use crate::failure::{Answer, fail};
use crate::file;
use crate::namespace::Namespace;
use crate::number::kind;
use canvas::Canvas;
use options::Options;
use rhai::{Dynamic, ImmutableString, Map};
use thinking_step::Class;

/// A chart of one kind: what the options say, drawn.
type Draw = fn(&mut Options) -> Answer<Canvas>;

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("chart");
    let charts: [(&'static str, &'static str, &'static str, &'static str, Draw); 4] = [
        (
            "line",
            "chart::line",
            "line(path, #{ title, x, y, series, x_label, y_label, … })",
            "Draws lines through points into an `.svg` or `.png` file.",
            line::draw,
        ),
        (
            "bar",
            "chart::bar",
            "bar(path, #{ title, x, y, series, x_label, y_label, … })",
            "Draws a bar for each name into an `.svg` or `.png` file.",
            bar::draw,
        ),
        (
            "scatter",
            "chart::scatter",
            "scatter(path, #{ title, x, y, series, x_label, y_label, … })",
            "Draws a mark at each point into an `.svg` or `.png` file.",
            scatter::draw,
        ),
        (
            "histogram",
            "chart::histogram",
            "histogram(path, #{ title, values, bins, x_label, … })",
            "Draws how often values of each size occur into an `.svg` or `.png` file.",
            histogram::draw,
        ),
    ];
    for (name, full, signature, doc, draw) in charts {
        ns.function(name, Class::Effect, signature, doc, move |path: ImmutableString, options: Map| -> Answer<()> {
            write(&path, options, full, draw)
        })
        .writes(0);
        ns.form(name, move |_: ImmutableString, other: Dynamic| -> Answer<()> {
            let what = kind(&other);
            Err(fail(format!("`{full}` takes a file and a map such as `#{{ title: \"…\", y: […] }}`, not {what}")))
        });
    }
    ns
}

/// What a file's ending says.
enum Format {
    Svg,
    Png,
}

fn write(path: &str, options: Map, function: &'static str, draw: Draw) -> Answer<()> {
    let ending = path.rsplit_once('.').map_or(String::new(), |(_, ending)| ending.to_lowercase());
    let format = match ending.as_str() {
        "svg" => Format::Svg,
        "png" => Format::Png,
        _ => return Err(fail(format!("`{function}` writes `.svg` and `.png` files, which `{path}` is not"))),
    };
    check_cancelled()?;
    let mut options = Options::new(function, options);
    let canvas = draw(&mut options)?;
    check_cancelled()?;
    let bytes = match format {
        Format::Svg => svg::render(&canvas).map(String::into_bytes),
        Format::Png => png::render(&canvas),
    };
    file::write(path, &bytes.map_err(|why| fail(format!("`{function}` cannot draw the chart: {why}")))?, function)
}
