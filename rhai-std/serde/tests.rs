//! Values both ways, and what does not fit.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{Given, Positional, Taken, to_dynamic};
use crate::convert::{from_value, value_from};
use ::serde::{Deserialize, Serialize};
use proptest::prelude::*;
use rhai::Dynamic;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use thinking_step::argument;

/// Everything that serde tells apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct All {
    flag: bool,
    small: i8,
    count: u32,
    large: i64,
    single: f32,
    double: f64,
    letter: char,
    text: String,
    nothing: Option<u8>,
    something: Option<String>,
    pair: (i32, String),
    list: Vec<f32>,
    by_name: BTreeMap<String, u16>,
    by_number: BTreeMap<i32, bool>,
    wrapped: Wrapped,
    empty: Empty,
    kinds: Vec<Kind>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Wrapped(u64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Empty;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    Unit,
    One(i32),
    Two(i32, String),
    Named { a: bool },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Tagged {
    A { n: u32 },
    B,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Number(i64),
    Text(String),
    List(Vec<f64>),
}

/// Bytes as `serde_bytes` has them.
#[derive(Debug, PartialEq)]
struct Raw(Vec<u8>);

impl Serialize for Raw {
    fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl ::serde::de::Visitor<'_> for Visit {
            type Value = Raw;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Raw, E> {
                Ok(Raw(bytes.to_vec()))
            }
        }
        deserializer.deserialize_byte_buf(Visit)
    }
}

fn read<T: ::serde::de::DeserializeOwned>(mut value: Dynamic) -> Result<T, String> {
    let values = &mut [&mut value];
    argument(&mut Positional::new(values), 0, "x", "f").map(Option::unwrap).map_err(|error| error.message)
}

#[track_caller]
fn there_and_back<T: Serialize + ::serde::de::DeserializeOwned + PartialEq + Debug>(value: &T) {
    let dynamic = to_dynamic(value).unwrap();
    assert_eq!(&read::<T>(dynamic).unwrap(), value);
}

fn all() -> All {
    All {
        flag: true,
        small: -7,
        count: u32::MAX,
        large: i64::MIN,
        single: 0.1,
        double: f64::MIN_POSITIVE,
        letter: 'ß',
        text: "a\nb".to_owned(),
        nothing: None,
        something: Some(String::new()),
        pair: (-1, "x".to_owned()),
        list: vec![1.5, f32::MAX],
        by_name: BTreeMap::from([("a b".to_owned(), 1)]),
        by_number: BTreeMap::from([(-3, true), (4, false)]),
        wrapped: Wrapped(9),
        empty: Empty,
        kinds: vec![Kind::Unit, Kind::One(1), Kind::Two(2, "two".to_owned()), Kind::Named { a: true }],
        rest: BTreeMap::from([("more".to_owned(), json!({ "deep": [1, null] }))]),
    }
}

#[test]
fn everything_comes_back() {
    there_and_back(&all());
    there_and_back(&vec![Tagged::A { n: 3 }, Tagged::B]);
    there_and_back(&[Either::Number(1), Either::Text("a".to_owned()), Either::List(vec![1.5])].to_vec());
    there_and_back(&Raw(vec![0, 255]));
    there_and_back(&vec![0_u8, 255]);
    there_and_back(&Some(Some(1)));
    there_and_back(&HashMap::from([(1_u64, vec![Kind::Unit])]));
}

#[test]
fn what_a_script_sees_is_what_json_says() {
    let one = All { single: 0.5, ..all() };
    assert_eq!(value_from(&to_dynamic(&one).unwrap()).unwrap(), serde_json::to_value(&one).unwrap());
    assert!(to_dynamic(&Raw(vec![1])).unwrap().is_blob());
    assert_eq!(to_dynamic(&0.1_f32).unwrap().as_float().unwrap(), f64::from(0.1_f32));
}

#[test]
fn scripts_forms_fit() {
    assert_eq!(read::<f64>(3_i64.into()).unwrap(), 3.0);
    assert_eq!(read::<Vec<f32>>(Dynamic::from_array(vec![1_i64.into(), 2.5.into()])).unwrap(), [1.0, 2.5]);
    assert_eq!(read::<Vec<u8>>(Dynamic::from(1_i64..4)).unwrap(), [1, 2, 3]);
    assert_eq!(read::<[i64; 2]>(Dynamic::from(1_i64..=2)).unwrap(), [1, 2]);
    assert_eq!(read::<Vec<u8>>(Dynamic::from_blob(vec![4, 5])).unwrap(), [4, 5]);
    assert_eq!(read::<Option<u8>>(Dynamic::UNIT).unwrap(), None);
    assert_eq!(read::<String>('x'.into()).unwrap(), "x");
    assert_eq!(read::<char>("y".into()).unwrap(), 'y');
    let shared = Dynamic::from_array(vec![1_i64.into(), Dynamic::from(2_i64).into_shared()]).into_shared();
    assert_eq!(read::<Vec<i64>>(shared).unwrap(), [1, 2]);
}

#[test]
fn what_does_not_fit_says_where() {
    let cases: Vec<(Result<(), String>, &str)> = vec![
        (read::<u8>((-1_i64).into()).map(drop), "invalid value: integer `-1`, expected u8"),
        (read::<u8>(1.5.into()).map(drop), "invalid type: floating point `1.5`, expected u8"),
        (read::<String>(Dynamic::UNIT).map(drop), "invalid type: unit value, expected a string"),
        (
            read::<Vec<BTreeMap<String, u8>>>(from_value(&json!([{}, { "a": 1, "b": "x" }]))).map(drop),
            "invalid type: string \"x\", expected u8 (at [1].b)",
        ),
        (
            read::<Kind>(from_value(&json!({ "One": "a" }))).map(drop),
            "invalid type: string \"a\", expected i32 (at .One)",
        ),
        (read::<Kind>("Tow".into()).map(drop), "unknown variant `Tow`, expected one of `Unit`, `One`, `Two`, `Named`"),
        (read::<Kind>(from_value(&json!({ "One": 1, "Unit": 2 }))).map(drop), "expected a map with one name, not 2"),
        (
            read::<Value>(Dynamic::from_blob(vec![1])).map(drop),
            "invalid type: byte array, expected any valid JSON value",
        ),
        (
            read::<Value>(Dynamic::from_timestamp(std::time::Instant::now())).map(drop),
            "a timestamp cannot be handed on: only values can",
        ),
        (
            read::<Vec<u8>>(Dynamic::from(0..i64::MAX)).map(drop),
            "a range of 9223372036854775807 numbers is too long for a list",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found.unwrap_err(), format!("argument `x` of `f` does not fit: {expected}"));
    }
    let mut deep = Dynamic::UNIT;
    for _ in 0..500 {
        deep = Dynamic::from_array(vec![deep]);
    }
    assert!(read::<Value>(deep).unwrap_err().contains("it is nested deeper than 120 levels"));
    assert_eq!(to_dynamic(&u64::MAX).unwrap_err().to_string(), "18446744073709551615 does not fit into an int");
    let keys = BTreeMap::from([(vec![1], 2)]);
    assert_eq!(to_dynamic(&keys).unwrap_err().to_string(), "the keys of a map must be texts or numbers");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        "[a-zß\"\\\\]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{0,3}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_is_the_same_by_every_way(value in any_json()) {
        prop_assert_eq!(&read::<Value>(from_value(&value)).unwrap(), &value);
        prop_assert_eq!(&value_from(&to_dynamic(&value).unwrap()).unwrap(), &value);
        prop_assert_eq!(&serde_json::to_value(Given(from_value(&value))).unwrap(), &value);
        let Taken(taken) = serde_json::from_value(value.clone()).unwrap();
        prop_assert_eq!(&value_from(&taken).unwrap(), &value);
    }

    #[test]
    fn floats_keep_every_bit(numbers in prop::collection::vec(any::<f64>(), 0..20), small in prop::collection::vec(any::<f32>(), 0..20)) {
        let back: Vec<f64> = read(to_dynamic(&numbers).unwrap()).unwrap();
        prop_assert!(back.iter().map(|n| n.to_bits()).eq(numbers.iter().map(|n| n.to_bits())));
        let back: Vec<f32> = read(to_dynamic(&small).unwrap()).unwrap();
        prop_assert!(back.iter().zip(&small).all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())));
    }
}
