//! The components that train a model: two ways behind one interface.

use crate::fast::{self, Cut};
use crate::model::Model;
use crate::plain;
use std::thread;
use thinking::prelude::*;

/// Teaches the model.
pub trait Trainer: Send + Sync {
    /// Goes once over the text; `lr` says how far each pair of words moves their vectors. Gives the mean loss of the pairs.
    fn fit(&self, epoch: u64, lr: f32) -> Result<f64>;

    /// How far off the model is on text that it does not learn from: less is better.
    fn score(&self) -> Result<f64>;
}

/// One pair after the other, on one thread.
#[component("skipgram.plain", provides = Trainer)]
#[derive(Default, Deserialize, JsonSchema)]
pub struct Plain {
    #[inject]
    model: Inject<Model>,
}

#[operations]
impl Trainer for Plain {
    /// Goes once over the text; `lr` says how far each pair of words moves their vectors. Gives the mean loss of the pairs.
    #[operation(state)]
    fn fit(&self, epoch: u64, lr: f32) -> Result<f64> {
        self.model.learn(|weights, corpus, sampler, seed| {
            plain::epoch(weights, corpus, sampler, (lr, seed, epoch), here::check_cancelled)
        })
    }

    /// How far off the model is on text that it does not learn from: less is better.
    #[operation(state)]
    fn score(&self) -> Result<f64> {
        self.model.score()
    }
}

/// Several parts of the text at once, on all processors, with vector instructions. The vectors do not depend on the machine.
#[component("skipgram.fast", provides = Trainer)]
#[derive(Deserialize, JsonSchema)]
#[serde(default)]
pub struct Fast {
    /// Parts of the text that are learned from at once. The vectors depend on it.
    #[schemars(range(min = 1, max = 256))]
    blocks: usize,
    /// Words in each part, at least. The vectors depend on it.
    #[schemars(range(min = 1))]
    block_words: usize,
    /// Threads to use; as many as there are processors where nothing is said. The vectors do not depend on it.
    #[schemars(range(min = 1, max = 256))]
    threads: Option<usize>,
    #[inject]
    model: Inject<Model>,
}

impl Default for Fast {
    fn default() -> Self {
        Self { blocks: 4, block_words: 1000, threads: None, model: Inject::default() }
    }
}

#[operations]
impl Trainer for Fast {
    /// Goes once over the text; `lr` says how far each pair of words moves their vectors. Gives the mean loss of the pairs.
    #[operation(state)]
    fn fit(&self, epoch: u64, lr: f32) -> Result<f64> {
        let cut = Cut { blocks: self.blocks, words: self.block_words };
        let threads = self.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
        self.model.learn(|weights, corpus, sampler, seed| {
            fast::epoch(weights, corpus, sampler, (lr, seed, epoch), (cut, threads), here::check_cancelled)
        })
    }

    /// How far off the model is on text that it does not learn from: less is better.
    #[operation(state)]
    fn score(&self) -> Result<f64> {
        self.model.score()
    }
}
