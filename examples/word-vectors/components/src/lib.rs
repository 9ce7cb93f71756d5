//! Learns word vectors from a text: skip-gram with negative sampling.
//!
//! What the manifest sees are the components [`tokenizer::Split`], [`model::Model`], [`trainer::Plain`] and [`trainer::Fast`] and the step
//! in [`vocab`]. Below them stands plain Rust that knows nothing of them: text to numbers ([`words`], [`vocabulary`]), what is learned
//! from ([`sampling`]), the vectors ([`weights`]), two ways to learn ([`plain`], [`fast`]), and questions to the result ([`similar`],
//! [`plane`]).

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

pub mod fast;
pub mod logistic;
pub mod model;
pub mod plain;
pub mod plane;
pub mod random;
pub mod sampling;
pub mod similar;
pub mod tokenizer;
pub mod trainer;
pub mod vocab;
pub mod vocabulary;
pub mod weights;
pub mod words;
