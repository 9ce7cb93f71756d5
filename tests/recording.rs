//! Draws `examples/weather/live.svg`, the picture in the README: a live run of the example, as it was on a terminal.
//!
//!     cargo test --test integration -- --ignored recording
//!
//! The example runs in a terminal of its own; each state of the screen becomes a frame of a film strip that CSS pulls past a window.
//! Lines that frames share are drawn once.

use crate::support::{copy_example, root};
use crate::terminal::apply;
use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

const COLUMNS: u16 = 78;
const LINES: u16 = 11;
/// Time between two frames, at least.
const PAUSE: Duration = Duration::from_millis(150);
/// The last frame stays for so long.
const REST: Duration = Duration::from_secs(5);
/// Size of a character cell and of the border, in pixels.
const CELL: (f64, f64) = (8.4, 18.0);
const BORDER: f64 = 14.0;
/// Enough passes over the data for some seconds.
const ARGUMENTS: [&str; 2] = ["-p", "epochs=80"];

#[test]
#[ignore = "it writes the picture in the README"]
fn recording() {
    let sandbox = copy_example("weather");
    let mut terminal = apply(&sandbox, &ARGUMENTS, COLUMNS, LINES);
    terminal.record();
    let (code, text) = terminal.end();
    assert_eq!(code, Some(0), "{text}");
    let mut frames: Vec<(Duration, vt100::Screen)> = Vec::new();
    for (time, screen) in terminal.frames() {
        // What came within a moment is one picture, the last state of it.
        match frames.last_mut() {
            Some((last, shown)) if time < *last + PAUSE => *shown = screen,
            _ => frames.push((time, screen)),
        }
    }
    let svg = strip(&frames);
    assert!(svg.len() < 150_000, "{} bytes", svg.len());
    std::fs::write(root().join("examples/weather/live.svg"), svg).unwrap();
}

/// The film.
fn strip(frames: &[(Duration, vt100::Screen)]) -> String {
    let (width, height) = (f64::from(COLUMNS) * CELL.0 + 2.0 * BORDER, f64::from(LINES + 1) * CELL.1 + 2.0 * BORDER);
    let total = (frames.last().unwrap().0 + REST).as_secs_f64();
    let mut known: HashMap<String, usize> = HashMap::new();
    let (mut lines, mut strip, mut moves) = (String::new(), String::new(), String::new());
    for (number, (time, screen)) in frames.iter().enumerate() {
        let _ = writeln!(strip, "<g transform=\"translate(0 {})\">", number as f64 * height);
        for row in 0..LINES {
            let drawn = line(screen, row);
            if drawn.is_empty() {
                continue;
            }
            let next = known.len();
            let id = *known.entry(drawn.clone()).or_insert(next);
            if id == next {
                let _ = writeln!(lines, "<g id=\"l{id}\">{drawn}</g>");
            }
            let _ = write!(strip, "<use href=\"#l{id}\" y=\"{}\"/>", f64::from(row + 1) * CELL.1);
        }
        strip.push_str("</g>\n");
        let start = if number == 0 { 0.0 } else { time.as_secs_f64() / total * 100.0 };
        let _ = write!(moves, "{start:.2}%{{transform:translateY({}px)}}", -(number as f64) * height);
    }
    let end = -((frames.len() - 1) as f64) * height;
    let command = format!("thinking apply {}", ARGUMENTS.join(" "));
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="A live run of the weather example in a terminal">
<style>
svg{{--paper:#fbfbfa;--edge:#d8d8d4;--ink:#24292f;--green:#1a7f37;--red:#cf222e;--yellow:#9a6700}}
@media (prefers-color-scheme:dark){{svg{{--paper:#16191d;--edge:#30363d;--ink:#dfe3e8;--green:#56d364;--red:#ff7b72;--yellow:#e3b341}}}}
text{{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre;fill:var(--ink)}}
.g{{fill:var(--green)}}.r{{fill:var(--red)}}.y{{fill:var(--yellow)}}.d{{opacity:.6}}.b{{font-weight:700}}
#film{{animation:film {total:.2}s step-end infinite}}
@keyframes film{{{moves}}}
@media (prefers-reduced-motion:reduce){{#film{{animation:none;transform:translateY({end}px)}}}}
</style>
<rect x=".5" y=".5" width="{}" height="{}" rx="8" fill="var(--paper)" stroke="var(--edge)"/>
<defs>
<clipPath id="window"><rect x="{BORDER}" y="{BORDER}" width="{}" height="{}"/></clipPath>
{lines}</defs>
<g clip-path="url(#window)"><g transform="translate({BORDER} {BORDER})"><text y="13"><tspan class="d">$</tspan> {command}</text>
<g id="film">
{strip}</g></g></g>
</svg>
"#,
        width - 1.0,
        height - 1.0,
        width - 2.0 * BORDER,
        height - 2.0 * BORDER,
    )
}

/// The class of a cell's look.
fn look(cell: &vt100::Cell) -> String {
    let color = match cell.fgcolor() {
        vt100::Color::Idx(1) => "r ",
        vt100::Color::Idx(2) => "g ",
        vt100::Color::Idx(3) => "y ",
        _ => "",
    };
    let dim = if cell.dim() { "d " } else { "" };
    let bold = if cell.bold() { "b" } else { "" };
    format!("{color}{dim}{bold}").trim_end().to_owned()
}

/// A line of the screen: a piece of text for each stretch of the same look, at its own place, as fonts differ.
fn line(screen: &vt100::Screen, row: u16) -> String {
    let mut pieces: Vec<(u16, String, String)> = Vec::new();
    for column in 0..COLUMNS {
        let Some(cell) = screen.cell(row, column) else { continue };
        let text = if cell.has_contents() { cell.contents() } else { " " };
        // More than one blank is left to the places: not everything that draws pictures keeps them.
        match pieces.last_mut() {
            Some((_, _, piece)) if text == " " => piece.push(' '),
            Some((_, last, piece)) if *last == look(cell) && !piece.ends_with("  ") => piece.push_str(text),
            _ if text == " " => {}
            _ => pieces.push((column, look(cell), text.to_owned())),
        }
    }
    let mut out = String::new();
    for (column, class, text) in pieces {
        let bare = text.trim_end();
        let class = if class.is_empty() { class } else { format!(" class=\"{class}\"") };
        let length = match bare.is_ascii() {
            true => String::new(),
            false => format!(" textLength=\"{:.1}\"", bare.chars().count() as f64 * CELL.0),
        };
        let bare = bare.replace('&', "&amp;").replace('<', "&lt;");
        let _ = write!(out, "<text x=\"{:.1}\" y=\"13\"{class}{length}>{bare}</text>", f64::from(column) * CELL.0);
    }
    out
}
