//! Streams: lines, rows and orders, one after the other.

use super::{World, failure, value};
use serde_json::json;

/// A file larger than what is read at once.
fn long(world: &World, name: &str, line: &dyn Fn(usize) -> String) {
    let text: String = (0..20_000).map(line).collect();
    assert!(text.len() > 1 << 17);
    world.write(name, &text);
}

#[test]
fn a_stream_is_a_list_for_a_script() {
    let world = World::new();
    world.write("a.txt", "one\r\ntwo\n\nfour");
    for (code, expected) in [
        ("fs::lines(\"a.txt\")", json!(["one", "two", "", "four"])),
        (
            "let l = fs::lines(\"a.txt\"); [l.len(), l[0], l[-1], l.len(), l.is_empty()]",
            json!([4, "one", "four", 4, false]),
        ),
        (
            "let n = []; for (line, i) in fs::lines(\"a.txt\") { n.push(`${i}${line}`); } n",
            json!(["0one", "1two", "2", "3four"]),
        ),
        ("let l = fs::lines(\"a.txt\"); let n = 0; for a in l { for b in l { n += 1; } } n", json!(16)),
        (
            "let l = fs::lines(\"a.txt\"); l.push(5); l.sort(|a, b| a.to_string().len() - b.to_string().len()); l",
            json!(["", 5, "one", "two", "four"]),
        ),
        (
            "let l = fs::lines(\"a.txt\"); let k = l; l[0] = 1; l[1] += \"!\"; k.push(2); [l, k.len()]",
            json!([[1, "two!", "", "four"], 5]),
        ),
        ("fs::lines(\"a.txt\").map(|l| l.len())", json!([3, 3, 0, 4])),
        ("fs::lines(\"a.txt\").map(|l, i| i)", json!([0, 1, 2, 3])),
        ("fs::lines(\"a.txt\").filter(|| this != \"\").len()", json!(3)),
        ("fs::lines(\"a.txt\").reduce(|sum, l| sum + l.len(), 0)", json!(10)),
        ("fs::lines(\"a.txt\").reduce(|sum, l, i| (sum ?? 0) + i)", json!(6)),
        ("let n = 0; fs::lines(\"a.txt\").for_each(|| n += this.len()); n", json!(10)),
        (
            "let l = fs::lines(\"a.txt\"); [l.some(|x| x == \"two\"), l.all(|x| x == \"two\"), l.find(|x| x.len() == 4), l.find(|x| x == 1)]",
            json!([true, false, "four", null]),
        ),
        (
            "let l = fs::lines(\"a.txt\"); [\"two\" in l, l.contains(\"x\"), l.index_of(\"two\"), l == [\"one\", \"two\", \"\", \"four\"], l != l]",
            json!([true, false, 1, true, false]),
        ),
        ("let l = fs::lines(\"a.txt\"); (l + [1]).len() + ([1] + l).len() + (l + l).len()", json!(18)),
        ("let l = [0]; l.append(fs::lines(\"a.txt\")); l.len()", json!(5)),
        ("let l = fs::lines(\"a.txt\"); l.extract(1..3)", json!(["two", ""])),
        ("const L = fs::lines(\"a.txt\"); [L.len(), L.index_of(\"two\"), L[1]]", json!([4, 1, "two"])),
        ("text::join(fs::lines(\"a.txt\"), \"-\")", json!("one-two--four")),
        (
            "list::zip(fs::lines(\"a.txt\"), fs::lines(\"a.txt\")).len() + list::zip([1], fs::lines(\"a.txt\")).len()",
            json!(5),
        ),
        ("list::chunks(fs::lines(\"a.txt\"), 3).len()", json!(2)),
        (
            "[type_of(fs::lines(\"a.txt\")), `${fs::lines(\"a.txt\")}`]",
            json!(["array", "[\"one\", \"two\", \"\", \"four\"]"]),
        ),
        ("#{ a: fs::lines(\"a.txt\") }", json!({ "a": ["one", "two", "", "four"] })),
        ("json::to_string([fs::lines(\"a.txt\")])", json!("[[\"one\",\"two\",\"\",\"four\"]]")),
        ("dig(#{ a: fs::lines(\"a.txt\") }, \"a\", 1)", json!("two")),
        (
            "assert_eq(fs::lines(\"a.txt\"), [\"one\", \"two\", \"\", \"four\"]); fs::lines(\"a.txt\").to_list().len() + [1].to_list().len()",
            json!(5),
        ),
        ("let f = |l| l.len(); let l = fs::lines(\"a.txt\"); f.call(l) + len(l)", json!(8)),
        ("let l = fs::lines(\"a.txt\"); let f = || l.len(); f.call() + l.len()", json!(8)),
        ("fs::lines(\"a.txt\")[9] ?? 1", json!("?")),
    ] {
        if expected == json!("?") {
            let error = world.eval(code).unwrap_err();
            assert!(error.message.starts_with("Array index 9 out of bounds: only 4 elements"), "{error}");
            continue;
        }
        assert_eq!(world.value(code), expected, "{code}");
    }
    world.value("log::info(fs::lines(\"a.txt\")); print(1)");
    assert!(world.seen().contains(&"Info [\"one\", \"two\", \"\", \"four\"]".to_owned()), "{:?}", world.seen());
}

/// What `print` and `debug` show.
fn printed(world: &World, code: &str) -> Vec<String> {
    use rhai::packages::Package;
    let shown: std::sync::Arc<std::sync::Mutex<Vec<String>>> = std::sync::Arc::default();
    let (prints, debugs) = (std::sync::Arc::clone(&shown), std::sync::Arc::clone(&shown));
    let mut engine = rhai::Engine::new_raw();
    engine.register_global_module(rhai::packages::StandardPackage::new().as_shared_module());
    crate::library().register(&mut engine);
    engine.on_print(move |text| prints.lock().unwrap().push(text.to_owned()));
    engine.on_debug(move |text, _, _| debugs.lock().unwrap().push(text.to_owned()));
    let host: std::sync::Arc<dyn thinking_step::Host> = std::sync::Arc::clone(&world.host) as _;
    crate::evaluate(&host, || engine.run(code)).0.unwrap_or_else(|error| panic!("{code}: {error}"));
    let shown = shown.lock().unwrap();
    shown.clone()
}

#[test]
fn a_stream_is_printed_as_a_list() {
    let world = World::new();
    world.write("a.txt", "one\ntwo\n");
    for list in ["fs::lines(\"a.txt\")", "fs::lines(\"none.txt\")", "list::permutations([1, 2])"] {
        world.write("none.txt", "");
        let as_list = printed(&world, &format!("let l = {list}.to_list(); print(l); debug(l);"));
        assert_eq!(printed(&world, &format!("let l = {list}; print(l); debug(l);")), as_list, "{list}");
        assert_eq!(printed(&world, &format!("print({list}); debug({list});")), as_list, "{list}");
    }
    assert_eq!(printed(&world, "print(fs::lines(\"a.txt\"))"), ["[\"one\", \"two\"]"]);
    // 20! orders: the first ones are enough to see what it is.
    let shown = printed(
        &world,
        "print(list::combinations(list::range(0, 60), 1)); print(list::permutations(list::range(0, 20)))",
    );
    assert!(shown[0].ends_with("[58], [59]]"), "{}", shown[0]);
    assert!(shown[1].starts_with("[[0, 1, 2, ") && shown[1].ends_with("], … and more]"), "{}", shown[1]);
    assert_eq!(shown[1].matches("], ").count(), 1000);
}

#[test]
fn what_is_wrong_in_the_middle_is_thrown_there() {
    let world = World::new();
    std::fs::write(world.path("bad.txt"), b"one\ntw\xffo\nthree\n").unwrap();
    let code = "let n = 0; let seen = (); try { for l in fs::lines(\"bad.txt\") { n += 1; } } catch (e) { seen = e.message; } [n, seen]";
    assert_eq!(world.value(code), json!([1, "cannot read `bad.txt`: line 2 is not UTF-8 text (byte 2 of the line)"]));
    world.write("bad.csv", "a,b\n1,2\n3\n4,5\n");
    let code = "let n = 0; for row in csv::read(\"bad.csv\") { n += row.a; } n";
    assert_eq!(world.eval(code).unwrap_err().message, "`bad.csv` is not CSV: line 3 has 1 fields instead of 2");
    for code in [
        "csv::read(\"bad.csv\").len()",
        "csv::read(\"bad.csv\")[0]",
        "csv::read(\"bad.csv\").map(|r| r)",
        "csv::read(\"bad.csv\")",
        "list::zip(csv::read(\"bad.csv\"), [1])",
    ] {
        assert_eq!(
            world.eval(code).unwrap_err().message,
            "`bad.csv` is not CSV: line 3 has 1 fields instead of 2",
            "{code}"
        );
    }
    assert_eq!(world.value("csv::read(\"bad.csv\").find(|r| r.a == 1).b"), json!(2), "what is not reached is not read");
    for (text, message) in [
        ("a,b\n1,\"two\n3,4\n", "line 2 has a quote that nothing closes"),
        ("a,b\n1,2\n3,\"", "line 3 has a quote that nothing closes"),
        ("\u{feff}a\n\"b", "line 2 has a quote that nothing closes"),
    ] {
        world.write("cut.csv", text);
        assert_eq!(
            world.eval("csv::read(\"cut.csv\").len()").unwrap_err().message,
            format!("`cut.csv` is not CSV: {message}")
        );
    }
    for (text, rows) in [
        ("a,b\n1,\"two\"", json!([{ "a": 1, "b": "two" }])),
        ("a,b\n1,\"\"\"\"\n", json!([{ "a": 1, "b": "\"" }])),
        ("a,b\n1,5\" x", json!([{ "a": 1, "b": "5\" x" }])),
        ("a,b\n\"x\ny\",2\r\n", json!([{ "a": "x\ny", "b": 2 }])),
        ("a,b\n", json!([])),
        ("", json!([])),
    ] {
        world.write("fine.csv", text);
        assert_eq!(world.value("csv::read(\"fine.csv\")"), rows, "{text:?}");
    }
    std::fs::write(world.path("bad.csv"), b"a\n1\n\xff\n").unwrap();
    assert_eq!(world.eval("csv::read(\"bad.csv\")").unwrap_err().message, "`bad.csv` is not CSV: line 3 is not UTF-8");
}

#[test]
fn tables_are_written_in_many_ways() {
    let world = World::new();
    world.write("a.csv", "# made by hand\na;b\n'x;y';1,5\n007;2\n");
    let options = "#{ separator: \";\", quote: \"'\", comment: \"#\" }";
    assert_eq!(
        world.value(&format!("csv::read(\"a.csv\", {options})")),
        json!([{ "a": "x;y", "b": "1,5" }, { "a": "007", "b": 2 }])
    );
    assert_eq!(value("csv::parse(\"1\\t2\\n\", #{ separator: '\\t', header: false })"), json!([[1, 2]]));
    assert_eq!(value("csv::parse(\"a\\n1\\n\", #{ numbers: false })"), json!([{ "a": "1" }]));
    assert_eq!(
        failure("csv::parse(\"\", #{ seperator: 1 })"),
        "CSV has no option `seperator`: there are comment, header, numbers, quote, separator"
    );
    assert_eq!(
        failure("csv::parse(\"\", #{ separator: \"::\" })"),
        "`separator` must be one ASCII character such as \";\" or \"\\t\", not \"::\""
    );
    assert_eq!(failure("csv::parse(\"\", #{ header: 1 })"), "`header` must be true or false, not an int");
    assert_eq!(failure("csv::parse(\"a,b\\n1,\\\"x\")"), "the text is not CSV: line 2 has a quote that nothing closes");
}

#[test]
fn a_long_file_is_read_as_it_was_when_it_was_opened() {
    let world = World::new();
    let line = |at: usize| format!("line {at}\n");
    let total: usize = (0..20_000).map(|at| line(at).len() - 1).sum();
    long(&world, "long.txt", &line);
    let sum = "let n = 0; for l in lines { n += l.len(); }";
    assert_eq!(world.value(&format!("let lines = fs::lines(\"long.txt\"); {sum} n")), json!(total));
    assert_eq!(world.value("fs::lines(\"long.txt\").len()"), json!(20_000));
    // A file that takes its place, or one that grows, is another matter.
    let replaced = format!(
        "let lines = fs::lines(\"long.txt\"); fs::write_text(\"long.txt\", \"new\"); {sum} [n, fs::lines(\"long.txt\").len()]"
    );
    assert_eq!(world.value(&replaced), json!([total, 1]));
    long(&world, "long.txt", &line);
    let grown = format!("let lines = fs::lines(\"long.txt\"); fs::append_text(\"long.txt\", \"new\"); {sum} n");
    assert_eq!(world.value(&grown), json!(total));
    // One that is cut is not what was opened.
    long(&world, "long.txt", &line);
    let cut = format!(
        "let lines = fs::lines(\"long.txt\"); let n = 0; for l in lines {{ n += 1; if n == 10 {{ {} }} }}",
        "shorten()"
    );
    let mut engine = rhai::Engine::new();
    crate::library().register(&mut engine);
    let path = world.path("long.txt");
    engine.register_fn("shorten", move || {
        std::fs::File::options().write(true).open(&path).unwrap().set_len(100).unwrap()
    });
    let host: std::sync::Arc<dyn thinking_step::Host> = std::sync::Arc::clone(&world.host) as _;
    let (outcome, _) = crate::evaluate(&host, || engine.eval::<rhai::Dynamic>(&cut));
    let error = outcome.unwrap_err().to_string();
    assert!(error.contains("cannot read `long.txt`: it became shorter while it was read"), "{error}");
}

#[test]
fn many_streams_can_be_held_at_once() {
    let world = World::new();
    world.write("a.csv", "n\n1\n2\n");
    assert_eq!(
        world.value("let all = []; for i in 0..5000 { all.push(csv::read(\"a.csv\")); } let n = 0; for t in all { for r in t { n += r.n; } } n"),
        json!(15_000)
    );
}

#[test]
fn orders_and_choices_are_made_one_after_the_other() {
    assert_eq!(value("list::permutations([1, 2, 3]).len()"), json!(6));
    assert_eq!(value("list::permutations([1, 2, 3])[3]"), json!([2, 3, 1]));
    assert_eq!(value("list::permutations([1, 2])"), json!([[1, 2], [2, 1]]));
    assert_eq!(value("list::permutations([1, 2, 3], 2)"), json!([[1, 2], [1, 3], [2, 1], [2, 3], [3, 1], [3, 2]]));
    assert_eq!(
        value(
            "[list::permutations([]), list::combinations([1], 0), list::combinations([1], 2), list::permutations([1], 2), list::permutations([1, 2], 0)]"
        ),
        json!([[[]], [[]], [], [], [[]]])
    );
    assert_eq!(value("list::combinations([1, 2, 3], 2)"), json!([[1, 2], [1, 3], [2, 3]]));
    // 20! orders: only those that are looked at are made.
    let search = "let tried = 0; for order in list::permutations(list::range(0, 20)) { tried += 1; if order[19] == 17 { break; } } tried";
    assert_eq!(value(search), json!(4));
    assert_eq!(value("list::permutations(list::range(0, 30)).find(|o| o[29] == 28)[28]"), json!(29));
    assert_eq!(value("list::permutations(list::range(0, 20)).len()"), json!(2_432_902_008_176_640_000_i64));
    assert_eq!(
        value("[list::permutations(list::range(0, 30), 3).len(), list::combinations(list::range(0, 60), 30).len()]"),
        json!([24_360, 118_264_581_564_861_424_i64])
    );
    for n in 0..7 {
        for k in 0..7 {
            let code = format!(
                "let n = 0; for x in list::KIND(list::range(0, {n}), {k}) {{ n += 1; }} [n, list::KIND(list::range(0, {n}), {k}).len()]"
            );
            for kind in ["permutations", "combinations"] {
                let counted = value(&code.replace("KIND", kind));
                assert_eq!(counted[0], counted[1], "{kind} of {k} of {n}");
            }
        }
    }
    let for_advice = ": go through them with `for`, which makes one after the other";
    assert_eq!(
        failure("list::permutations(list::range(0, 30))"),
        format!("30 elements have more than 1000000 orders{for_advice}")
    );
    assert_eq!(
        failure("list::combinations(list::range(0, 60), 30).reverse()"),
        format!("there are more than 1000000 ways to choose 30 of 60 elements{for_advice}")
    );
    assert_eq!(
        failure("list::permutations(list::range(0, 30)).len()"),
        "30 elements have more orders than an int can count: go through them with `for`"
    );
    assert_eq!(failure("list::permutations([1], -1)"), "k must not be negative, but is -1");
}
