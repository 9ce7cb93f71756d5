//! The component that splits texts.

use crate::words::{paragraphs, words};
use thinking::prelude::*;

/// Splits texts into words.
pub trait Tokenizer: Send + Sync {
    /// The words of a text, in order.
    fn split(&self, text: &str) -> Vec<String>;

    /// The words of each of its paragraphs.
    fn paragraphs(&self, text: &str) -> Vec<Vec<String>> {
        paragraphs(text).into_iter().map(|paragraph| self.split(paragraph)).collect()
    }
}

/// Takes runs of letters for words, with apostrophes inside them: `colour'd`.
#[component("text.split", provides = Tokenizer)]
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Split {
    /// Whether `Light` and `light` are one word.
    pub lowercase: bool,
    /// Leaves out words with fewer letters.
    pub min_length: usize,
}

#[operations]
impl Tokenizer for Split {
    /// The words of a text, in order.
    fn split(&self, text: &str) -> Vec<String> {
        words(text, self.lowercase, self.min_length)
    }
}
