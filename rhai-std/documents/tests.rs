//! Random inserts, updates, removes and questions, against a plain list of documents: with and without an index, and with a declaration that changes
//! on the way.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::evaluate;
use proptest::prelude::*;
use rhai::Map;
use serde_json::json;
use std::collections::BTreeMap;
use thinking_step::testing::MemoryHost;
use thinking_step::{Datum, Host};

const FIELDS: [&str; 3] = ["year", "title", "author.name"];

#[derive(Debug, Clone)]
enum Action {
    Insert(Value),
    Update(Id, Value),
    Remove(Id),
    Clear,
    Find(Value, Value),
    /// Another declaration, by which fields are in it.
    Declare(u8),
}

fn scalar() -> impl Strategy<Value = Value> {
    let close = [9_007_199_254_740_992_i64, 9_007_199_254_740_993, -1];
    prop_oneof![
        (0..4_i64).prop_map(Value::from),
        prop::sample::select(close.to_vec()).prop_map(Value::from),
        prop::sample::select(vec![0.5, -0.0, 2.0, -1.5, 9_007_199_254_740_992.0]).prop_map(Value::from),
        "[ab\u{0}]{0,2}".prop_map(Value::from),
        // Longer than what an index row keeps.
        "[ab]".prop_map(|end| Value::from(format!("{}{end}", "é".repeat(64)))),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => scalar(),
        1 => prop::collection::vec(scalar(), 0..3).prop_map(Value::from),
        1 => scalar().prop_map(|name| json!({ "name": name })),
    ]
}

fn any_id() -> impl Strategy<Value = Id> {
    prop_oneof![(-1..6_i64).prop_map(Id::Int), "[1a]".prop_map(Id::Text)]
}

fn fields() -> impl Strategy<Value = Value> {
    let field = prop::sample::select(vec!["year", "title", "author"]);
    let author = scalar().prop_map(|name| json!({ "name": name }));
    let value = prop_oneof![2 => any_value(), 1 => author];
    prop::collection::btree_map(field, value, 0..3)
        .prop_map(|fields| Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
}

fn condition() -> impl Strategy<Value = Value> {
    let order = prop::sample::select(vec!["gt", "gte", "lt", "lte"]);
    let bound = scalar().prop_filter("comparable", |value| value.is_number() || value.is_string());
    let orders = prop::collection::btree_map(order, bound, 1..3).prop_map(|orders| json!(orders));
    let equality = prop::sample::select(vec!["eq", "ne", "contains"]);
    prop_oneof![
        3 => scalar(),
        4 => orders,
        2 => (equality, any_value()).prop_map(|(word, value)| json!({ word: value })),
        1 => prop::collection::vec(scalar(), 0..3).prop_map(|list| json!({ "in": list })),
        1 => any::<bool>().prop_map(|there| json!({ "exists": there })),
    ]
}

fn filter() -> impl Strategy<Value = Value> {
    let field = prop::sample::select(vec!["year", "title", "author.name", "id"]);
    prop::collection::btree_map(field, condition(), 0..3).prop_map(|filter| json!(filter))
}

fn options() -> impl Strategy<Value = Value> {
    let sort = prop::option::of(prop::sample::select(FIELDS.to_vec()));
    (sort, any::<bool>(), prop::option::of(0..4_i64)).prop_map(|(sort, descending, limit)| {
        let mut options = json!({ "descending": descending });
        if let Some(sort) = sort {
            options["sort"] = sort.into();
        }
        if let Some(limit) = limit {
            options["limit"] = limit.into();
        }
        options
    })
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (fields(), prop::option::of(any_id())).prop_map(|(mut fields, id)| {
            if let Some(id) = id {
                fields["id"] = id.to_value();
            }
            Action::Insert(fields)
        }),
        3 => (any_id(), fields()).prop_map(|(id, fields)| Action::Update(id, fields)),
        2 => any_id().prop_map(Action::Remove),
        6 => (filter(), options()).prop_map(|(filter, options)| Action::Find(filter, options)),
        1 => Just(Action::Clear),
        1 => (0..8_u8).prop_map(Action::Declare),
    ]
}

/// The plainest database there could be.
#[derive(Default)]
struct Model {
    documents: BTreeMap<Id, Value>,
    next: INT,
}

impl Model {
    fn insert(&mut self, fields: &Value) -> Option<Id> {
        let id = fields.get("id").map_or(Some(Id::Int(self.next + 1)), Id::of)?;
        if self.documents.contains_key(&id) {
            return None;
        }
        if let Id::Int(number) = id {
            self.next = self.next.max(number);
        }
        let mut document = fields.clone();
        document["id"] = id.to_value();
        self.documents.insert(id.clone(), document);
        Some(id)
    }

    fn find(&self, filter: &Value, options: &Value) -> Vec<Value> {
        let filter = Filter::new(&from_value(filter)).unwrap();
        let mut found: Vec<Value> = self.documents.values().filter(|one| filter.matches(one)).cloned().collect();
        let descending = options["descending"] == true;
        match options["sort"].as_str() {
            Some(field) => {
                let field = filter::Field { name: field.to_owned() };
                found.sort_by(|one, other| {
                    let order = order::sorted(field.of(one), field.of(other));
                    if descending { order.reverse() } else { order }
                });
            }
            None if descending => found.reverse(),
            None => {}
        }
        found.truncate(options["limit"].as_u64().map_or(usize::MAX, |limit| limit as usize));
        found
    }
}

fn json_of(list: Array) -> Vec<Value> {
    list.iter().map(|one| value_from(one).unwrap()).collect()
}

fn declaration(bits: u8) -> Vec<String> {
    let chosen = FIELDS.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
    let mut fields: Vec<String> = chosen.map(|(_, field)| (*field).to_owned()).collect();
    fields.sort();
    fields
}

fn check(bits: u8, actions: &[Action]) -> Result<(), TestCaseError> {
    let memory = Arc::new(MemoryHost::new(&std::env::temp_dir()));
    let host: Arc<dyn Host> = Arc::clone(&memory) as Arc<dyn Host>;
    let (mut db, mut model) = (Documents::new("papers", &declaration(bits)), Model::default());
    evaluate(&host, || {
        for action in actions {
            match action {
                Action::Insert(fields) => {
                    let given = insert(&db, &from_value(fields)).ok().map(|id| Id::new(&id).unwrap());
                    prop_assert_eq!(given, model.insert(fields));
                }
                Action::Update(id, fields) => {
                    let done = update(&db, &id.clone().into_dynamic(), &from_value(fields)).is_ok();
                    let known = model.documents.get_mut(id);
                    prop_assert_eq!(done, known.is_some());
                    if let (Some(Value::Object(known)), Value::Object(fields)) = (known, fields) {
                        known.extend(fields.clone());
                    }
                }
                Action::Remove(id) => {
                    let was = remove(&db, &id.clone().into_dynamic()).unwrap();
                    prop_assert_eq!(was, model.documents.remove(id).is_some());
                }
                Action::Clear => {
                    host.clear("papers").unwrap();
                    model = Model::default();
                }
                Action::Find(filter, options) => {
                    let given = Options::new(&from_value(options)).unwrap();
                    let found = json_of(find(&db, &from_value(filter), given).unwrap());
                    prop_assert_eq!(&found, &model.find(filter, options), "{} {}", filter, options);
                    let many = count(&db, &Filter::new(&from_value(filter)).unwrap()).unwrap();
                    prop_assert_eq!(many as usize, model.find(filter, &Value::Null).len());
                }
                Action::Declare(bits) => db = Documents::new("papers", &declaration(*bits)),
            }
        }
        Ok(())
    })
    .0?;
    // No index row is left behind, and none is missing.
    let data = memory.data.lock().unwrap();
    let Some(rows) = data.get("papers") else { return Ok(()) };
    let Some(Datum::Json(meta)) = rows.get("m") else { return Ok(()) };
    let mut expected: Vec<String> = Vec::new();
    for field in meta["index"].as_array().unwrap().iter().filter_map(Value::as_str) {
        let place = filter::Field { name: field.to_owned() };
        let keys = model.documents.iter().filter_map(|(id, one)| index::key(field, place.of(one), &id.key()));
        expected.extend(keys);
    }
    expected.sort();
    let kept: Vec<String> = rows.keys().filter(|key| key.starts_with('x')).cloned().collect();
    prop_assert_eq!(kept, expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn answers_are_those_of_a_plain_list(bits in 0..8_u8, actions in prop::collection::vec(action(), 1..40)) {
        check(bits, &actions)?;
    }
}

#[test]
fn an_index_is_used_where_it_says_so() {
    let filter = |value: Value| Filter::new(&from_value(&value)).unwrap();
    let fields = ["author.name", "year"];
    let chosen = |value: Value| index::choose(&filter(value), fields.into_iter()).map(|(field, _)| field.to_owned());
    assert_eq!(chosen(json!({ "year": 2020 })).as_deref(), Some("year"));
    assert_eq!(chosen(json!({ "year": { "gte": 2020 }, "title": "a" })).as_deref(), Some("year"));
    assert_eq!(chosen(json!({ "year": { "gt": 1 }, "author.name": "a" })).as_deref(), Some("author.name"));
    assert_eq!(chosen(json!({ "author.name": { "in": ["a", "b"] } })).as_deref(), Some("author.name"));
    for unfit in [json!({}), json!({ "title": 1 }), json!({ "year": null }), json!({ "year": { "ne": 1 } })] {
        assert_eq!(chosen(unfit.clone()), None, "{unfit}");
    }
}

/// A look by index reads few rows, however many there are.
#[test]
fn an_index_spares_reading() {
    let host: Arc<dyn Host> = Arc::new(MemoryHost::new(&std::env::temp_dir()));
    let db = Documents::new("papers", &["year".to_owned()]);
    evaluate(&host, || {
        for year in 0..50 {
            let document = Map::from([("year".into(), Dynamic::from(year as INT))]);
            assert!(insert(&db, &document.into()).is_ok());
        }
        let filter = Filter::new(&from_value(&json!({ "year": { "gte": 10, "lt": 12 } }))).unwrap();
        let (_, look) = index::choose(&filter, ["year"].into_iter()).unwrap();
        // The bounds themselves are looked at again.
        assert_eq!(index::find(&*host, "papers", "year", &look).unwrap().len(), 3);
        assert_eq!(count(&db, &filter).unwrap(), 2);
    });
}
