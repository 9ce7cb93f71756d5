//! The step that finds the words to learn.

use crate::model::Model;
use crate::tokenizer::Tokenizer;
use crate::vocabulary::{Corpus, Vocabulary};
use thinking::prelude::*;

/// What there is to learn from.
#[data]
#[derive(Debug)]
pub struct Summary {
    /// Different words.
    pub words: usize,
    /// All words of the text that are among them.
    pub tokens: usize,
    /// Paragraphs with at least two of them.
    pub paragraphs: usize,
}

/// Makes the vocabulary from counted words, and the model's beginning.
#[step("vocab.build", class = "state", reads = ["corpus"])]
fn build(
    tokenizer: Inject<dyn Tokenizer>,
    words: Kv,
    model: Inject<Model>,
    /// The text to learn from.
    #[arg]
    corpus: &str,
    /// Rarer words are left out.
    #[arg(default = 5)]
    min_count: u64,
) -> Result<Summary> {
    let mut counted = Vec::new();
    for (word, count) in words.scan("")? {
        let count = count.as_u64().with_context(|| format!("`{word}` was counted as {count}, which is no number"))?;
        counted.push((word, count));
    }
    let vocabulary = Vocabulary::new(counted, min_count);
    ensure!(vocabulary.len() > 1, "no two words occur {min_count} times: there is nothing to learn");
    let text = std::fs::read_to_string(here::reading(corpus)?).with_context(|| format!("cannot read `{corpus}`"))?;
    let corpus = Corpus::new(&vocabulary, tokenizer.paragraphs(&text));
    let summary =
        Summary { words: vocabulary.len(), tokens: corpus.tokens.len(), paragraphs: corpus.paragraphs().count() };
    model.begin(vocabulary, corpus)?;
    Ok(summary)
}
