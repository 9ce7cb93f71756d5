//! Components and steps of this project. There is no list of them: what is marked is found.

use thinking::prelude::*;

/// Takes a text apart. What provides this is chosen in the manifest: bind "tokenizer" to="…".
pub trait Tokenizer: Send + Sync {
    /// The words of a text, in order.
    fn split(&self, text: &str) -> Vec<String>;
}

/// Words in lower case, without punctuation.
#[component("text.words", provides = Tokenizer)]
pub struct Words {
    /// Letters that a word has at least. Fields are the configuration; `least 5` in the manifest sets this one.
    #[serde(default)]
    least: usize,
}

// What stands here can be called from scripts (`tokenizer.split("a b")`) and from steps.
#[operations]
impl Tokenizer for Words {
    /// The words of a text, in order.
    fn split(&self, text: &str) -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphanumeric());
        words.filter(|word| !word.is_empty() && word.chars().count() >= self.least).map(str::to_lowercase).collect()
    }
}

/// What `words.count` found: the step's result, `results.words` in the manifest.
#[data]
pub struct Found {
    /// How many words there are.
    words: usize,
    /// How many different ones.
    different: usize,
}

/// Counts the words of a text into the database `counts`.
///
/// Arguments marked `#[arg]` come from the manifest; everything else is what the step depends on, by name and type.
#[step("words.count", class = "state")]
fn count(tokenizer: Inject<dyn Tokenizer>, counts: Kv, #[arg] text: String) -> Result<Found> {
    let words = tokenizer.split(&text);
    ensure!(!words.is_empty(), "there is no word in the text");
    for word in &words {
        let before: u64 = counts.get(word)?.unwrap_or(0);
        counts.put(word, &(before + 1))?;
    }
    log::info(format!("{} words read", words.len()));
    Ok(Found { words: words.len(), different: counts.len()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lower_case_and_long_enough() {
        let all = Words { least: 1 };
        assert_eq!(all.split("To be, or not to be"), ["to", "be", "or", "not", "to", "be"]);
        let long = Words { least: 3 };
        assert_eq!(long.split("To be, or not to be"), ["not"]);
        assert!(all.split("").is_empty());
    }
}
