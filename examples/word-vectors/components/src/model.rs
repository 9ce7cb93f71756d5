//! The component that keeps what was learned. The trainers change it, so that what one has learned the other one goes on with.

use crate::plain;
use crate::plane::plane;
use crate::sampling::{Drawing, Sampler};
use crate::similar::{Neighbour, Similar};
use crate::vocabulary::{Corpus, Vocabulary};
use crate::weights::{Loss, Weights};
use std::fmt::Write as _;
use thinking::prelude::*;

/// The vocabulary, the text as numbers, and the vectors: saved with each step that changes them.
#[component("word-model")]
#[derive(Deserialize, JsonSchema)]
#[serde(default)]
pub struct Model {
    /// Numbers in a vector.
    #[schemars(range(min = 1, max = 4096))]
    dimensions: usize,
    /// How far apart two words may stand to count as neighbours in the text.
    #[schemars(range(min = 1, max = 100))]
    window: usize,
    /// Wrong answers for each right one.
    #[schemars(range(min = 1, max = 100))]
    negatives: usize,
    /// Words that make up more than this share of the text are thinned out.
    #[schemars(range(min = 0.0, max = 1.0))]
    subsample: f64,
    /// Everything that is drawn by chance follows from it.
    seed: u64,
    #[state]
    #[serde(skip)]
    vocabulary: State<Vocabulary>,
    #[state]
    #[serde(skip)]
    corpus: State<Corpus>,
    #[state]
    #[serde(skip)]
    weights: State<Weights>,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            dimensions: 32,
            window: 3,
            negatives: 10,
            subsample: 0.003,
            seed: 42,
            vocabulary: State::default(),
            corpus: State::default(),
            weights: State::default(),
        }
    }
}

#[operations]
impl Model {
    /// The words that are used most like this one.
    #[operation(state)]
    pub fn neighbours(&self, word: &str, count: usize) -> Result<Vec<Neighbour>> {
        self.with_similar(|similar| similar.neighbours(word, count))?.ok_or_else(|| self.unknown(&[word]))
    }

    /// What is to `c` as `a` is to `b`.
    #[operation(state)]
    pub fn analogy(&self, a: &str, b: &str, c: &str, count: usize) -> Result<Vec<Neighbour>> {
        self.with_similar(|similar| similar.analogy(a, b, c, count))?.ok_or_else(|| self.unknown(&[a, b, c]))
    }

    /// How alike the words of a list are to each other: the mean over all pairs.
    #[operation(state)]
    pub fn alike(&self, words: Vec<String>) -> Result<f64> {
        ensure!(words.len() > 1, "it takes two words to be alike");
        let pairs =
            || words.iter().enumerate().flat_map(|(at, word)| words[..at].iter().map(move |other| (word, other)));
        let sum =
            self.with_similar(|similar| pairs().map(|(word, other)| similar.alike(word, other)).sum::<Option<f64>>())?;
        let unknown = || self.unknown(&words.iter().map(String::as_str).collect::<Vec<_>>());
        Ok(sum.ok_or_else(unknown)? / pairs().count() as f64)
    }

    /// A place on a plane for each of these words, so that words far from each other there are used differently.
    #[operation(state)]
    pub fn plane(&self, words: Vec<String>) -> Result<Vec<[f64; 2]>> {
        let vocabulary = self.vocabulary.read()?;
        let similar = Similar::new(&vocabulary, &*self.weights.read()?);
        let vectors: Option<Vec<&[f64]>> =
            words.iter().map(|word| vocabulary.number(word).map(|number| similar.direction(number))).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        vectors.map(|vectors| plane(&vectors)).ok_or_else(|| self.unknown(&words))
    }

    /// Writes all vectors into a file that other programs read: a line with the number of words and of dimensions, then a line for
    /// each word. Gives the number of words.
    #[operation(effect)]
    pub fn export(&self, path: &str) -> Result<usize> {
        let (vocabulary, weights) = (self.vocabulary.read()?, self.weights.read()?);
        let mut text = format!("{} {}\n", vocabulary.len(), weights.dimensions);
        for (number, word) in vocabulary.words.iter().enumerate() {
            text.push_str(word);
            for value in weights.vector(number) {
                write!(text, " {value}")?;
            }
            text.push('\n');
        }
        let real = here::writing(path)?;
        if let Some(folder) = real.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&real, text).with_context(|| format!("cannot write `{path}`"))?;
        Ok(vocabulary.len())
    }
}

impl Model {
    /// Begins anew with a vocabulary and a text.
    pub fn begin(&self, vocabulary: Vocabulary, corpus: Corpus) -> Result<()> {
        *self.weights.write()? = Weights::new(vocabulary.len(), self.dimensions, self.seed);
        *self.vocabulary.write()? = vocabulary;
        *self.corpus.write()? = corpus;
        Ok(())
    }

    /// Lets a trainer change the vectors. It gets the text, what draws pairs from it, and the seed.
    pub fn learn(
        &self,
        epoch: impl FnOnce(&mut Weights, &Corpus, &Sampler, u64) -> Result<Loss, StepError>,
    ) -> Result<f64> {
        let sampler = self.sampler()?;
        let mut weights = self.weights.write()?;
        let loss = epoch(&mut weights, &*self.corpus.read()?, &sampler, self.seed)?;
        let finite = weights.input.iter().chain(&weights.output).all(|value| value.is_finite());
        ensure!(finite, "the vectors grew beyond all bounds: a smaller `lr` keeps them together");
        Ok(loss.mean())
    }

    /// How far off the model is on the paragraphs that it does not learn from.
    pub fn score(&self) -> Result<f64> {
        let sampler = self.sampler()?;
        Ok(plain::score(&*self.weights.read()?, &*self.corpus.read()?, &sampler, self.seed).mean())
    }

    fn sampler(&self) -> Result<Sampler> {
        let vocabulary = self.vocabulary.read()?;
        ensure!(
            !vocabulary.is_empty(),
            "there are no words to learn yet: a step with `call \"vocab.build\"` finds them"
        );
        let Self { window, negatives, subsample, .. } = *self;
        Ok(Sampler::new(&vocabulary.counts, Drawing { window, negatives, subsample }))
    }

    fn with_similar<T>(&self, ask: impl FnOnce(&Similar<'_>) -> T) -> Result<T> {
        let vocabulary = self.vocabulary.read()?;
        Ok(ask(&Similar::new(&vocabulary, &*self.weights.read()?)))
    }

    /// Which of these words was not learned.
    fn unknown(&self, words: &[&str]) -> Error {
        match self.vocabulary.read() {
            Err(error) => error.into(),
            Ok(vocabulary) => {
                let word = words.iter().find(|word| vocabulary.number(word).is_none()).copied().unwrap_or_default();
                anyhow!("`{word}` is not one of the {} words that were learned", vocabulary.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Model;
    use crate::vocabulary::{Corpus, Vocabulary};
    use crate::weights::Loss;
    use thinking::prelude::*;

    /// A model of three words at the corners of a triangle.
    fn model() -> Model {
        let model = Model { dimensions: 2, ..Model::default() };
        let counted = [("one", 3), ("two", 2), ("many", 1)].map(|(word, count)| (word.to_owned(), count));
        let vocabulary = Vocabulary::new(counted, 1);
        let corpus = Corpus::new(&vocabulary, [vec!["one".to_owned(), "two".to_owned()]]);
        model.begin(vocabulary, corpus).unwrap();
        let learned = model.learn(|weights, _, _, _| {
            weights.input = vec![5.0, 1.0, 5.0, 2.0, 5.0, 9.0];
            Ok(Loss::default())
        });
        assert_eq!(learned.unwrap(), 0.0);
        model
    }

    fn said<T: std::fmt::Debug>(result: Result<T>) -> String {
        format!("{:#}", result.unwrap_err())
    }

    #[test]
    fn answers() {
        let model = model();
        let near = model.neighbours("one", 2).unwrap();
        assert_eq!(near.iter().map(|near| near.word.as_str()).collect::<Vec<_>>(), ["two", "many"]);
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert!(model.alike(words(&["one", "two"])).unwrap() > 0.99);
        assert!((model.alike(words(&["one", "two", "many"])).unwrap() + 1.0 / 3.0).abs() < 1e-9);
        let places = model.plane(words(&["many", "one", "two"])).unwrap();
        assert!(places.iter().all(|place| place[1].abs() < 1e-9) && places[0][0] * places[1][0] < 0.0, "{places:?}");
        assert_eq!(model.analogy("one", "two", "many", 3).unwrap(), []);
    }

    #[test]
    fn refusals() {
        let model = model();
        let red = || "red".to_owned();
        let unknown = "`red` is not one of the 3 words that were learned";
        assert_eq!(said(model.neighbours("red", 1)), unknown);
        assert_eq!(said(model.analogy("one", "red", "two", 1)), unknown);
        assert_eq!(said(model.alike(vec!["one".to_owned(), red()])), unknown);
        assert_eq!(said(model.plane(vec![red()])), unknown);
        assert_eq!(said(model.alike(vec![red()])), "it takes two words to be alike");
        let grown = model.learn(|weights, _, _, _| {
            weights.output[0] = f32::NAN;
            Ok(Loss::default())
        });
        assert_eq!(said(grown), "the vectors grew beyond all bounds: a smaller `lr` keeps them together");
        let empty = Model::default();
        let none = "there are no words to learn yet: a step with `call \"vocab.build\"` finds them";
        assert_eq!(said(empty.score()), none);
        assert_eq!(said(empty.learn(|_, _, _, _| Ok(Loss::default()))), none);
    }
}
