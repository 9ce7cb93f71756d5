//! `list`.

use super::{failure, value};
use serde_json::json;

#[test]
fn lists_are_cut_joined_and_ordered() {
    assert_eq!(value("list::chunks([1, 2, 3], 2)"), json!([[1, 2], [3]]));
    assert_eq!(failure("list::chunks([1], 0)"), "the size must be at least 1");
    assert_eq!(value("list::zip([1, 2, 3], [\"a\", \"b\"])"), json!([[1, "a"], [2, "b"]]));
    assert_eq!(
        value("[list::range(0, 3), list::range(5, 0, -2), list::range(3, 0)]"),
        json!([[0, 1, 2], [5, 3, 1], []])
    );
    assert_eq!(failure("list::range(0, 1, 0)"), "the step must not be 0");
    assert_eq!(value("list::unique([1, \"1\", 1, [2], [2], 1.5, 1.5])"), json!([1, "1", [2], 1.5]));
    assert_eq!(value("list::flatten([[1], 2, [[3]]])"), json!([1, 2, [3]]));
    assert_eq!(value("list::flatten([list::permutations([1, 2]), [3]])"), json!([[1, 2], [2, 1], 3]));
    let large = "[9223372036854775807, 1, -5]";
    assert_eq!(value(&format!("list::sum({large})")), json!(9_223_372_036_854_775_803_i64), "whatever the order");
    assert_eq!(value("stats::sum([1.0 / 0.0, 1.0]).to_string()"), json!("inf"), "infinite, and not no number");
    assert_eq!(value("list::sorted([3, 1.5, 2])"), json!([1.5, 2, 3]));
    assert_eq!(value("list::sorted([\"b\", \"B\", \"a\"])"), json!(["B", "a", "b"]));
    assert_eq!(
        failure("list::sorted([1, \"a\"])"),
        "a list is sorted by numbers alone or strings alone, but there is a string"
    );
    assert_eq!(
        value("list::sort_by([#{ n: 2, k: 1 }, #{ n: 1, k: 2 }, #{ n: 2, k: 0 }], |x| x.n).map(|x| x.k)"),
        json!([2, 1, 0])
    );
    assert_eq!(value("list::group_by([1, 2, 3], |x| x % 2)"), json!({ "0": [2], "1": [1, 3] }));
    assert_eq!(failure("list::sort_by([1], |x| throw \"no\")"), "no");
    assert_eq!(value("[list::sum([1, 2]), list::sum([1, 0.5]), list::sum([])]"), json!([3, 1.5, 0]));
}

#[test]
fn columns_of_one_name_are_refused() {
    let error = super::failure("csv::parse(\"a,b,a\\n1,2,3\")");
    assert!(error.contains("two columns are called `a`"), "{error}");
    assert_eq!(value("csv::parse(\"a,a\\n1,2\", #{ header: false })"), json!([["a", "a"], [1, 2]]));
}
