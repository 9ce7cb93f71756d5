//! What kinds of values there are.

use super::character::{character, characters};
use super::float::Floats;
use super::number::{Effort, Numbers};
use proptest::strategy::{BoxedStrategy, Just, SBoxedStrategy, Strategy, Union};
use rhai::{Array, Dynamic, Map};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Makes values of one kind.
#[derive(Debug, Clone)]
pub enum Generator {
    /// Whole numbers of a range that is not empty.
    Int(RangeInclusive<i64>),
    /// Finite floats of a range that is not empty.
    Float(RangeInclusive<f64>),
    /// Any character.
    Char,
    /// Characters in any order, so many.
    Text(RangeInclusive<usize>),
    /// What an expression matches.
    Pattern(SBoxedStrategy<String>),
    /// Bytes, so many.
    Blob(RangeInclusive<usize>),
    /// Always this value.
    Just(Dynamic),
    /// One of these, which are at least one; earlier ones are simpler.
    OneOf(Vec<Arc<Self>>),
    /// So many of a kind.
    List(Arc<Self>, RangeInclusive<usize>),
    /// One of each kind, in order.
    Tuple(Vec<Arc<Self>>),
    /// One of each kind, by name.
    Map(Vec<(String, Arc<Self>)>),
}

impl Generator {
    /// How values of this kind are drawn and made simpler.
    pub fn strategy(&self, effort: Effort) -> BoxedStrategy<Dynamic> {
        let sizes = |sizes: &RangeInclusive<usize>| *sizes.start()..=effort.of_length(*sizes.start(), *sizes.end());
        match self {
            Self::Int(range) => Numbers::new(*range.start(), *range.end(), effort).prop_map(Dynamic::from).boxed(),
            Self::Float(range) => {
                Floats { low: *range.start(), high: *range.end(), effort }.prop_map(Dynamic::from).boxed()
            }
            Self::Char => characters(effort).prop_map(|number| Dynamic::from(character(number))).boxed(),
            Self::Text(range) => {
                let text = |numbers: Vec<i64>| Dynamic::from(numbers.into_iter().map(character).collect::<String>());
                proptest::collection::vec(characters(effort), sizes(range)).prop_map(text).boxed()
            }
            Self::Pattern(pattern) => pattern.clone().prop_map(Dynamic::from).boxed(),
            Self::Blob(range) => {
                let blob = |bytes: Vec<i64>| {
                    Dynamic::from_blob(bytes.into_iter().map(|byte| u8::try_from(byte).unwrap_or(0)).collect())
                };
                proptest::collection::vec(Numbers::new(0, 255, effort), sizes(range)).prop_map(blob).boxed()
            }
            Self::Just(value) => Just(value.clone()).boxed(),
            Self::OneOf(kinds) if effort.size == 0 => match kinds.first() {
                Some(first) => first.strategy(effort),
                None => Just(Dynamic::UNIT).boxed(),
            },
            Self::OneOf(kinds) => Union::new(kinds.iter().map(|kind| kind.strategy(effort))).boxed(),
            Self::List(kind, range) => proptest::collection::vec(kind.strategy(effort), sizes(range))
                .prop_map(|items: Array| Dynamic::from_array(items))
                .boxed(),
            Self::Tuple(kinds) => {
                let kinds: Vec<_> = kinds.iter().map(|kind| kind.strategy(effort)).collect();
                kinds.prop_map(|items: Array| Dynamic::from_array(items)).boxed()
            }
            Self::Map(fields) => {
                let names: Vec<String> = fields.iter().map(|(name, _)| name.clone()).collect();
                let kinds: Vec<_> = fields.iter().map(|(_, kind)| kind.strategy(effort)).collect();
                let map = move |values: Vec<Dynamic>| {
                    let fields = names.iter().map(|name| name.as_str().into()).zip(values);
                    Dynamic::from_map(fields.collect::<Map>())
                };
                kinds.prop_map(map).boxed()
            }
        }
    }
}
