//! How a table is written.

use crate::failure::{Answer, fail};
use crate::number::kind;
use rhai::{Dynamic, Map};

/// The options of `csv::parse` and `csv::read`.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// Between two fields.
    pub separator: u8,
    /// Around a field that holds separators or line ends.
    pub quote: u8,
    /// At the beginning of lines that are left out.
    pub comment: Option<u8>,
    /// Whether the first line names the columns.
    pub header: bool,
    /// Whether fields that are plain numbers become numbers.
    pub numbers: bool,
}

impl Default for Format {
    fn default() -> Self {
        Self { separator: b',', quote: b'"', comment: None, header: true, numbers: true }
    }
}

impl Format {
    /// A reader's builder for such a table; its other options are csv's own.
    pub fn builder(self) -> csv::ReaderBuilder {
        let mut builder = csv::ReaderBuilder::new();
        builder.delimiter(self.separator).quote(self.quote).comment(self.comment);
        builder
    }

    /// Reads a script's map.
    ///
    /// # Errors
    /// An option that there is not, or a value that does not fit.
    pub fn read(map: &Map) -> Answer<Self> {
        let mut format = Self::default();
        for (name, value) in map {
            match name.as_str() {
                "separator" => format.separator = character(name, value)?,
                "quote" => format.quote = character(name, value)?,
                "comment" => format.comment = Some(character(name, value)?),
                "header" => format.header = flag(name, value)?,
                "numbers" => format.numbers = flag(name, value)?,
                other => {
                    let message =
                        format!("CSV has no option `{other}`: there are comment, header, numbers, quote, separator");
                    return Err(fail(message));
                }
            }
        }
        Ok(format)
    }
}

fn character(name: &str, value: &Dynamic) -> Answer<u8> {
    let text = value.to_string();
    match *text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(byte),
        _ => Err(fail(format!("`{name}` must be one ASCII character such as \";\" or \"\\t\", not {text:?}"))),
    }
}

fn flag(name: &str, value: &Dynamic) -> Answer<bool> {
    value.as_bool().map_err(|_| fail(format!("`{name}` must be true or false, not {}", kind(value))))
}
