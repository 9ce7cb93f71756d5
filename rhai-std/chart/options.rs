//! The map that a script gives a chart.

use crate::failure::{Answer, fail, raise};
use crate::number::kind;
use rhai::{Dynamic, Map};
use thinking_diagnostic::did_you_mean;
use thinking_step::StepError;

/// What every chart takes.
const COMMON: &[&str] = &["title", "x_label", "y_label", "x_unit", "y_unit", "width", "height"];
/// Least and most pixels of a side.
const SIDES: std::ops::RangeInclusive<i64> = 200..=4000;

/// Options under their names; each is taken out as it is read.
pub struct Options {
    /// The function as scripts write it, for messages.
    pub function: &'static str,
    map: Map,
}

/// What stands around the data.
pub struct Labels {
    /// Above everything; empty for none.
    pub title: String,
    /// Below the horizontal axis, with its unit.
    pub x: String,
    /// Beside the vertical axis, with its unit.
    pub y: String,
    /// Pixels from left to right.
    pub width: f64,
    /// Pixels from top to bottom.
    pub height: f64,
}

impl Options {
    pub fn new(function: &'static str, map: Map) -> Self {
        Self { function, map }
    }

    /// Refuses what no chart of this kind takes.
    ///
    /// # Errors
    /// There is an option that is neither among the common ones nor among `own`.
    pub fn expect(&self, own: &[&'static str]) -> Answer<()> {
        let known = || own.iter().chain(COMMON).copied();
        let Some(wrong) = self.map.keys().find(|name| known().all(|known| known != name.as_str())) else {
            return Ok(());
        };
        let help = match did_you_mean(wrong, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the options are: {}", known().collect::<Vec<_>>().join(", ")),
        };
        Err(raise(StepError::script(format!("`{}` has no option `{wrong}`", self.function)).help(help)))
    }

    /// Takes an option out; `None` if it is missing or `()`.
    pub fn take(&mut self, name: &str) -> Option<Dynamic> {
        self.map.remove(name).filter(|value| !value.is_unit())
    }

    /// An option that is a text.
    pub fn text(&mut self, name: &str) -> Answer<String> {
        let Some(value) = self.take(name) else { return Ok(String::new()) };
        if value.is_string() || value.is_char() {
            return Ok(clean(&value.to_string()));
        }
        Err(self.wrong(name, "a string", &value))
    }

    /// An option that is `true` or `false`; `false` if it is missing.
    pub fn flag(&mut self, name: &str) -> Answer<bool> {
        let Some(value) = self.take(name) else { return Ok(false) };
        value.as_bool().map_err(|_| self.wrong(name, "`true` or `false`", &value))
    }

    /// An option that is an int within bounds.
    pub fn int(&mut self, name: &str, bounds: std::ops::RangeInclusive<i64>) -> Answer<Option<i64>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let int = value.as_int().map_err(|_| self.wrong(name, "an int", &value))?;
        if bounds.contains(&int) {
            return Ok(Some(int));
        }
        let (low, high) = bounds.into_inner();
        Err(fail(format!("`{name}` of `{}` must be from {low} to {high}, but is {int}", self.function)))
    }

    /// What stands around the data.
    pub fn labels(&mut self) -> Answer<Labels> {
        let (x, y) = (self.label("x_label", "x_unit")?, self.label("y_label", "y_unit")?);
        Ok(Labels {
            title: self.text("title")?,
            x,
            y,
            width: self.int("width", SIDES)?.unwrap_or(900) as f64,
            height: self.int("height", SIDES)?.unwrap_or(520) as f64,
        })
    }

    fn label(&mut self, label: &str, unit: &str) -> Answer<String> {
        let (label, unit) = (self.text(label)?, self.text(unit)?);
        Ok(match (label.is_empty(), unit.is_empty()) {
            (_, true) => label,
            (true, false) => unit,
            (false, false) => format!("{label} ({unit})"),
        })
    }

    /// An option of the wrong kind.
    pub fn wrong(&self, name: &str, wanted: &str, value: &Dynamic) -> Box<rhai::EvalAltResult> {
        fail(format!("`{name}` of `{}` must be {wanted}, not {}", self.function, kind(value)))
    }
}

/// A text without what a line of text cannot show, and XML cannot say.
pub fn clean(text: &str) -> String {
    let shown = |character: char| match character {
        '\u{fffe}' | '\u{ffff}' => ' ',
        character if character.is_control() => ' ',
        character => character,
    };
    text.chars().map(shown).collect::<String>().trim().to_owned()
}
