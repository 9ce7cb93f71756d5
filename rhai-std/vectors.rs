//! Databases of vectors, as variables of their names.
//!
//! Rows: `v` and the id's key (see [`Id`]) → a blob of the numbers, four bytes each, little-endian floats; `a` and the id's key → what was added
//! with the vector, if anything was. `nearest` reads all `v` rows, page by page, and keeps the best; there is no index, so it is exact.

use crate::convert::{datum_from, from_datum};
use crate::failure::{Answer, fail, raise};
use crate::id::Id;
use crate::namespace::Namespace;
use crate::number::{kind, number};
use crate::walk::walk;
use rhai::{Array, Dynamic, INT, ImmutableString, Map};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;
use thinking_step::{Class, Datum, Host, Metric, StepError};

/// The methods that write.
pub const WRITES: &[&str] = &["add", "remove", "clear"];

const VECTOR: &str = "v";
const ADDED: &str = "a";

/// A database of vectors as a script holds it.
#[derive(Debug, Clone)]
pub struct Vectors {
    name: ImmutableString,
    dimensions: usize,
    metric: Metric,
}

impl Vectors {
    /// The database of that name, with how many numbers each vector has and how they compare.
    #[must_use]
    pub fn new(name: &str, dimensions: usize, metric: Metric) -> Self {
        Self { name: name.into(), dimensions, metric }
    }
}

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::global("vectors");
    ns.function(
        "add",
        Class::State,
        "add(id, vector)",
        "Adds a vector, a list of as many numbers as the manifest's `dimensions` say. They are kept as 32-bit floats: about seven digits. The id is a \
         string or an int; one that is there already is an error. Refused are NaN, infinity and, with `metric=\"cosine\"`, a vector of zeros.",
        |db: &mut Vectors, id: Dynamic, vector: Dynamic| add(db, &id, &vector, &Dynamic::UNIT),
    );
    ns.function(
        "add",
        Class::State,
        "add(id, vector, data)",
        "The same with something that belongs to the vector: what JSON can say, or a blob.",
        |db: &mut Vectors, id: Dynamic, vector: Dynamic, data: Dynamic| add(db, &id, &vector, &data),
    );
    ns.function(
        "get",
        Class::State,
        "get(id) -> #{ vector, data }",
        "The vector of that id, as it is kept, and its data (`()` if it has none); `()` if there is no such id.",
        |db: &mut Vectors, id: Dynamic| get(db, &id),
    );
    ns.function(
        "remove",
        Class::State,
        "remove(id) -> bool",
        "Takes a vector and its data away; says whether it was there.",
        |db: &mut Vectors, id: Dynamic| -> Answer<bool> {
            let (host, id) = (crate::host()?, Id::new(&id)?.key());
            host.delete(&db.name, &format!("{ADDED}{id}")).map_err(raise)?;
            host.delete(&db.name, &format!("{VECTOR}{id}")).map_err(raise)
        },
    );
    ns.function(
        "nearest",
        Class::State,
        "nearest(vector, k) -> list of #{ id, score, data }",
        "The `k` nearest vectors (all, if there are fewer), best first, equally near ones by id: ints first, then strings. The score is, with \
         `metric=\"cosine\"`, the cosine of the angle (1 the same direction, -1 the opposite), with `\"dot\"` the scalar product, both the more the \
         nearer, and with `\"euclidean\"` the distance, the less the nearer. Exact: every vector is read, page by page, which takes time in proportion to \
         their number and dimensions, and no memory.",
        |db: &mut Vectors, vector: Dynamic, k: Dynamic| nearest(db, &vector, &k),
    );
    ns.function(
        "len",
        Class::State,
        "len() -> int",
        "How many vectors there are. Reads all of them.",
        |db: &mut Vectors| -> Answer<INT> {
            let mut count = 0;
            walk(&*crate::host()?, &db.name, VECTOR, None, |_, _| {
                count += 1;
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(count)
        },
    );
    ns.function("clear", Class::State, "clear()", "Takes all vectors away.", |db: &mut Vectors| -> Answer<()> {
        crate::host()?.clear(&db.name).map_err(raise)
    });
    ns
}

fn add(db: &Vectors, id: &Dynamic, vector: &Dynamic, data: &Dynamic) -> Answer<()> {
    let (host, id) = (crate::host()?, Id::new(id)?);
    let vector = parse(db, vector)?;
    let key = format!("{VECTOR}{}", id.key());
    if host.get(&db.name, &key).map_err(raise)?.is_some() {
        let error = StepError::script(format!("`{}` has a vector with the id {id} already", db.name));
        return Err(raise(error.help(format!("take it away with `remove({id})` first"))));
    }
    let data = if data.is_unit() { None } else { Some(datum_from(data).map_err(raise)?) };
    let bytes = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
    host.put(&db.name, &key, Datum::Blob(bytes)).map_err(raise)?;
    match data {
        Some(data) => host.put(&db.name, &format!("{ADDED}{}", id.key()), data).map_err(raise),
        None => Ok(()),
    }
}

fn get(db: &Vectors, id: &Dynamic) -> Answer<Dynamic> {
    let (host, id) = (crate::host()?, Id::new(id)?);
    let Some(datum) = host.get(&db.name, &format!("{VECTOR}{}", id.key())).map_err(raise)? else {
        return Ok(Dynamic::UNIT);
    };
    let vector: Array = floats(blob(db, &id.key(), &datum)?).map(|number| f64::from(number).into()).collect();
    let data = data(db, &*host, &id.key())?;
    Ok(Dynamic::from_map(Map::from([("vector".into(), vector.into()), ("data".into(), data)])))
}

fn data(db: &Vectors, host: &dyn Host, id: &str) -> Answer<Dynamic> {
    Ok(host.get(&db.name, &format!("{ADDED}{id}")).map_err(raise)?.map_or(Dynamic::UNIT, from_datum))
}

/// A script's vector.
fn parse(db: &Vectors, given: &Dynamic) -> Answer<Vec<f32>> {
    let Ok(list) = given.as_array_ref() else {
        return Err(fail(format!("a vector must be a list of numbers, not {}", kind(given))));
    };
    if list.len() != db.dimensions {
        let many = match list.len() {
            0 => "is empty".to_owned(),
            1 => "has 1 number".to_owned(),
            many => format!("has {many} numbers"),
        };
        let error = StepError::script(format!("the vector {many}, and those of `{}` have {}", db.name, db.dimensions));
        return Err(raise(error.help("the manifest says how many: `dimensions` of the database")));
    }
    let mut vector = Vec::with_capacity(list.len());
    for (at, value) in list.iter().enumerate() {
        let exact = number(value, &format!("element {at} of the vector"))?;
        let kept = exact as f32;
        if !exact.is_finite() {
            return Err(fail(format!("element {at} of the vector is {exact}, which is no number to compare with")));
        }
        if !kept.is_finite() {
            return Err(fail(format!("element {at} of the vector is {exact}, which is too large for a 32-bit float")));
        }
        vector.push(kept);
    }
    if db.metric == Metric::Cosine && vector.iter().all(|number| *number == 0.0) {
        let error = StepError::script("a vector of zeros has no direction, so it has no cosine to any other");
        return Err(raise(
            error.help("leave it out, or declare the database with `metric=\"dot\"` or `\"euclidean\"`"),
        ));
    }
    Ok(vector)
}

/// The bytes of a stored vector. Data of an earlier declaration is not read as if it were of this one.
fn blob<'d>(db: &Vectors, id: &str, datum: &'d Datum) -> Answer<&'d [u8]> {
    match datum {
        Datum::Blob(bytes) if bytes.len() == db.dimensions * 4 => Ok(bytes),
        Datum::Blob(bytes) => {
            let id = Id::parse(id).map_or_else(|| id.to_owned(), |id| id.to_string());
            let error = StepError::script(format!(
                "the vector {id} of `{}` has {} numbers: it was added when `dimensions` was another",
                db.name,
                bytes.len() / 4
            ));
            Err(raise(error.help("`clear()` and add the vectors anew, or `thinking apply --fresh`")))
        }
        Datum::Json(_) => Err(raise(StepError::new(thinking_step::ErrorKind::Store, "a stored vector is damaged"))),
    }
}

fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes))
}

/// A vector on its way to being one of the nearest; a greater one is worse.
#[derive(Debug, PartialEq)]
struct Candidate {
    /// Less is nearer.
    distance: f64,
    id: String,
}

impl Eq for Candidate {}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.distance.total_cmp(&other.distance).then_with(|| self.id.cmp(&other.id))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn nearest(db: &Vectors, vector: &Dynamic, k: &Dynamic) -> Answer<Array> {
    let host = crate::host()?;
    let wanted: Vec<f64> = parse(db, vector)?.into_iter().map(f64::from).collect();
    let Ok(k) = k.as_int() else {
        return Err(fail(format!("how many are wanted must be an int, not {}", kind(k))));
    };
    let Some(k) = usize::try_from(k).ok().filter(|k| *k > 0) else {
        return Err(fail(format!("how many are wanted must be at least 1, but is {k}")));
    };
    let length = wanted.iter().map(|number| number * number).sum::<f64>().sqrt();
    let mut best: BinaryHeap<Candidate> = BinaryHeap::new();
    walk(&*host, &db.name, VECTOR, None, |id, datum| {
        let distance = distance(db.metric, &wanted, length, blob(db, id, &datum)?);
        // Those that come later have greater ids, so they lose where they are equally near.
        if best.len() < k {
            best.push(Candidate { distance, id: id.to_owned() });
        } else if let Some(mut worst) = best.peek_mut()
            && distance.total_cmp(&worst.distance).is_lt()
        {
            *worst = Candidate { distance, id: id.to_owned() };
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let mut list = Array::new();
    for Candidate { distance, id } in best.into_sorted_vec() {
        // Not the negative zero.
        let score = if db.metric == Metric::Euclidean { distance } else { 0.0 - distance };
        let data = data(db, &*host, &id)?;
        let id = Id::parse(&id).map_or(Dynamic::UNIT, Id::into_dynamic);
        list.push(Dynamic::from_map(Map::from([
            ("id".into(), id),
            ("score".into(), score.into()),
            ("data".into(), data),
        ])));
    }
    Ok(list)
}

/// How far a stored vector is from the wanted one: less is nearer. In doubles, in the order of the elements: the same on every machine.
fn distance(metric: Metric, wanted: &[f64], length: f64, bytes: &[u8]) -> f64 {
    let pairs = wanted.iter().zip(floats(bytes).map(f64::from));
    match metric {
        Metric::Dot => 0.0 - pairs.map(|(one, other)| one * other).sum::<f64>(),
        Metric::Euclidean => pairs.map(|(one, other)| (one - other) * (one - other)).sum::<f64>().sqrt(),
        Metric::Cosine => {
            let (product, square) = pairs
                .fold((0.0, 0.0), |(product, square), (one, other)| (product + one * other, square + other * other));
            // Zeros cannot be added under this metric; those of another time are as near as what stands at a right angle.
            if square == 0.0 { 0.0 } else { 0.0 - (product / (length * square.sqrt())).clamp(-1.0, 1.0) }
        }
    }
}
