//! `math`, `stats`, `rand`.

use super::{failure, value};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn math_takes_ints_and_floats() {
    assert_eq!(
        value("[math::sqrt(9), math::sqrt(2.25), math::pow(2, 10), math::hypot(3, 4)]"),
        json!([3.0, 1.5, 1024.0, 5.0])
    );
    assert_eq!(
        value("[math::abs(-3), math::abs(-1.5), math::min(1, 2.5), math::max(1, 2.5), math::max([1, 3, 2])]"),
        json!([3, 1.5, 1, 2.5, 3])
    );
    assert_eq!(
        value(
            "[math::floor(-1.5), math::ceil(1.2), math::round(2.5), math::round(-2.5), math::round(7), math::round(1.257, 2)]"
        ),
        json!([-2, 2, 3, -3, 7, 1.26])
    );
    assert_eq!(value("[math::clamp(5, 0, 3), math::clamp(-0.5, 0, 3)]"), json!([3, 0]));
    assert_eq!(
        value("[math::ln(math::e()), math::exp(0), math::sin(0), math::cos(0), math::PI == math::pi()]"),
        json!([1.0, 1.0, 0.0, 1.0, true])
    );
    assert_eq!(failure("math::abs(-9223372036854775807 - 1)"), "-9223372036854775808 has no positive counterpart");
    assert_eq!(failure("math::floor(1e300)").split(' ').next_back(), Some("int"));
    assert_eq!(failure("math::clamp(1, 3, 2)"), "the lower bound 3 is above the upper bound 2");
    assert_eq!(failure("math::max([])"), "an empty list has no smallest or largest element");
    assert_eq!(failure("math::sqrt([])"), "the argument must be a number, not a list");
}

#[test]
fn stats_agree_with_their_formulas() {
    let list = "[2, 4, 4, 4, 5, 5, 7, 9]";
    assert_eq!(
        value(&format!("[stats::mean({list}), stats::median({list}), stats::sum({list})]")),
        json!([5.0, 4.5, 40])
    );
    assert_eq!(value(&format!("math::round(stats::variance({list}), 9)")), json!(4.571428571));
    assert_eq!(value(&format!("math::round(stats::stdev({list}), 9)")), json!(2.138089935));
    // The reference values are those of type 7 for 1…10.
    assert_eq!(
        value("[0, 0.1, 0.25, 0.5, 0.9, 1].map(|p| math::round(stats::quantile(list::range(1, 11), p), 9))"),
        json!([1.0, 1.9, 3.25, 5.5, 9.1, 10.0])
    );
    assert_eq!(value("stats::linear_fit([0, 1, 2], [1, 3, 5])"), json!({ "slope": 2.0, "intercept": 1.0, "r2": 1.0 }));
    assert_eq!(value("stats::linear_fit([0, 1], [1, 1]).r2"), json!(1.0));
    assert_eq!(value("stats::mean([1e16, 1.0, -1e16])").as_f64().map(|mean| (mean * 3.0).round()), Some(1.0));
    assert_eq!(value("[stats::min([3, 1]), stats::max([3, 1])]"), json!([1.0, 3.0]));
    assert_eq!(failure("stats::mean([])"), "`stats::mean` needs at least one element, but the list has 0");
    assert_eq!(failure("stats::stdev([1])"), "`stats::stdev` needs at least 2 elements, but the list has 1");
    assert_eq!(failure("stats::mean([1, \"a\"])"), "element 1 must be a number, not a string");
    assert_eq!(failure("stats::quantile([1], 1.5)"), "p must be from 0 to 1, but is 1.5");
    assert_eq!(failure("stats::linear_fit([1, 1], [1, 2])"), "`stats::linear_fit` cannot fit a line: all xs are equal");
    assert_eq!(
        failure("stats::linear_fit([1, 2], [1, 2, 3])"),
        "`stats::linear_fit` needs lists of one length, but they have 2 and 3"
    );
}

#[test]
fn no_figure_is_made_of_nan() {
    for call in [
        "mean(l)",
        "median(l)",
        "variance(l)",
        "stdev(l)",
        "quantile(l, 0.5)",
        "min(l)",
        "max(l)",
        "sum(l)",
        "linear_fit(l, [1, 2, 3])",
        "linear_fit([1, 2, 3], l)",
    ] {
        let error = crate::tests::World::new().eval(&format!("let l = [1, 0.0 / 0.0, 3]; stats::{call}")).unwrap_err();
        assert_eq!(error.message, "element 1 must be a number, not NaN", "{call}");
        assert_eq!(
            error.help.as_deref(),
            Some("NaN does not even equal itself: `list.filter(|x| x == x)` leaves it out"),
            "{call}"
        );
    }
    assert_eq!(failure("list::sum([0.0 / 0.0])"), "element 0 must be a number, not NaN");
    assert_eq!(failure("stats::quantile([1], 0.0 / 0.0)"), "p must be from 0 to 1, but is NaN");
    assert_eq!(value("stats::mean([1, 0.0 / 0.0, 3].filter(|x| x == x))"), json!(2.0));
    assert_eq!(value("[stats::median([1, 2, 1.0 / 0.0]), stats::min([1, 2, 1.0 / 0.0])]"), json!([2.0, 1.0]));
}

#[test]
fn random_numbers_depend_on_the_seed_alone() {
    let code = "[rand::int(1, 6), rand::int(-9223372036854775807, 9223372036854775807), rand::float(), rand::choice([\"a\", \"b\"])]";
    assert_eq!(value(code), value(code));
    let counts = value("let c = [0, 0, 0]; for i in 0..3000 { let at = rand::int(0, 2); c[at] = c[at] + 1; } c");
    assert!(counts.as_array().unwrap().iter().all(|count| (850..1150).contains(&count.as_i64().unwrap())), "{counts}");
    assert_eq!(value("list::sorted(list::shuffle([1, 2, 3, 4]))"), json!([1, 2, 3, 4]));
    assert_eq!(value("rand::int(5, 5)"), json!(5));
    assert_eq!(failure("rand::int(2, 1)"), "there is no int from 2 to 1");
    assert_eq!(failure("rand::choice([])"), "an empty list has nothing to choose from");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn quantiles_rise_and_stay_inside(mut xs in prop::collection::vec(-1000_i64..1000, 1..20), p in 0.0..1.0_f64, q in 0.0..1.0_f64) {
        let of = |p: f64| value(&format!("stats::quantile({xs:?}, {p:?})")).as_f64().unwrap();
        let (low, high) = (of(p.min(q)), of(p.max(q)));
        prop_assert!(low <= high);
        xs.sort_unstable();
        prop_assert!(low >= xs[0] as f64 && high <= xs[xs.len() - 1] as f64);
    }

    #[test]
    fn a_line_is_found_again(slope in -100_i64..100, intercept in -100_i64..100, many in 2_usize..20) {
        let fit = value(&format!("let xs = list::range(0, {many}); stats::linear_fit(xs, xs.map(|x| {slope} * x + {intercept}))"));
        let near = |name: &str, wanted: i64| (fit[name].as_f64().unwrap() - wanted as f64).abs() < 1e-9;
        prop_assert!(near("slope", slope) && near("intercept", intercept), "{}", Value::to_string(&fit));
    }
}
