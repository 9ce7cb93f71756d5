//! Components from the outside: what is created, started and stopped, in which order, what is kept, and what runs again.

use crate::support::Sandbox;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

/// What scripts and hooks logged in an apply, line by line: `who │ what`.
fn said(sandbox: &Sandbox, arguments: &[&str], code: i32) -> Vec<String> {
    let told = sandbox.run(&[&["apply"], arguments].concat()).expect(code).err;
    let lines = told.lines().filter_map(|line| line.split_once(" │ ")).map(|(who, what)| (who.trim(), what));
    // Warnings show numbered lines of scripts.
    let logged = lines.filter(|(who, _)| who.parse::<u32>().is_err());
    logged.map(|(who, what)| format!("{who} {what}")).collect()
}

/// Three components, each needing the one before; every one says when it takes part in what.
fn three() -> Sandbox {
    let sandbox = Sandbox::with(
        r##"
        component "one" script="one.rhai"
        component "two" script="two.rhai" { needs "one" }
        component "three" script="three.rhai" { needs "two" }
        component "idle" script="one.rhai"
        param "fails" default="nothing"
        runtime {
            lifecycle {
                target "open" before="init"
                target "warm-up" after="post-startup"
                target "warmer" after="warm-up" direction="backward"
                target "cool-down" before="pre-shutdown" direction="forward"
                target "last" after="exit"
                on "open" rhai=#"log::info("open")"#
                on "startup" rhai=#"log::info("all started")"#
                on "shutdown" rhai=#"log::info(`all stop: ${outcome}`)"#
                on "last" { call "one.say" text="good night" }
            }
        }
        pipeline "main" { step "work" { rhai #"if params.fails == "step" { throw "no" } three.work()"# } }
        "##,
    );
    let script = |name: &str| {
        let hooks = ["init", "startup", "warm_up", "warmer", "cool_down"];
        let mut text: String = hooks
            .iter()
            .map(|hook| format!("fn {hook}() {{ log::info(\"{hook}\"); this.may_fail(\"{hook}\"); }}\n"))
            .collect();
        text.push_str("fn shutdown(outcome) { log::info(`shutdown ${outcome}`); this.may_fail(\"shutdown\"); }\n");
        text.push_str(&format!(
            "fn may_fail(hook) {{ if fs::exists(`fail-{name}-${{hook}}`) {{ throw `{name} broke`; }} }}\n"
        ));
        text.push_str("fn say(text) { log::info(text); }\nfn work() { 42 }\n");
        sandbox.write(&format!("{name}.rhai"), &text);
    };
    ["one", "two", "three"].into_iter().for_each(script);
    sandbox.run(&["validate"]).expect(0);
    sandbox
}

#[test]
fn targets_come_in_order_and_only_what_is_needed_is_started() {
    let sandbox = three();
    // `on "last" call=` takes `one` along, which is needed anyway; nothing needs `idle`.
    let expected = "open open
one.init init
two.init init
three.init init
one.startup startup
two.startup startup
three.startup startup
startup all started
one.warm-up warm_up
two.warm-up warm_up
three.warm-up warm_up
three.warmer warmer
two.warmer warmer
one.warmer warmer
one.cool-down cool_down
two.cool-down cool_down
three.cool-down cool_down
shutdown all stop: done
three.shutdown shutdown done
two.shutdown shutdown done
one.shutdown shutdown done
one.last good night";
    assert_eq!(said(&sandbox, &[], 0).join("\n"), expected);
    // With nothing to do nothing is started.
    assert!(said(&sandbox, &[], 0).is_empty());
    // Each hook's duration is in the log.
    let log = sandbox.run(&["logs", "--json"]).expect(0).out;
    let hooks: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|event| event["event"] == "hook-ended")
        .collect();
    assert_eq!(hooks.len(), 22);
    assert!(hooks.iter().all(|hook| hook["took_us"].is_u64() && hook["error"].is_null()));
}

#[test]
fn a_failing_start_stops_what_had_started_and_nothing_runs() {
    for (failing, stopped) in [
        ("init", ""),
        ("startup", "one.shutdown shutdown failed"),
        ("warm_up", "three.shutdown shutdown failed\ntwo.shutdown shutdown failed\none.shutdown shutdown failed"),
    ] {
        let sandbox = three();
        sandbox.write(&format!("fail-two-{failing}"), "");
        let told = said(&sandbox, &[], 1);
        let stops: Vec<&str> = told.iter().map(String::as_str).filter(|line| line.contains("shutdown f")).collect();
        assert_eq!(stops.join("\n"), stopped, "{failing}: {told:?}");
        let again = sandbox.run(&["apply"]).expect(1).err;
        assert!(
            again.contains("two broke") && again.contains("no step was done yet") || again.contains("two broke"),
            "{again}"
        );
        assert!(!again.contains("▸ work"), "{again}");
        // Mended, the same run goes on.
        std::fs::remove_file(sandbox.file(&format!("fail-two-{failing}"))).unwrap();
        let told = sandbox.run(&["apply"]).expect(0).err;
        assert!(told.contains("goes on") && told.contains("✓ work"), "{told}");
    }
}

#[test]
fn what_fails_while_stopping_hides_nothing() {
    let sandbox = three();
    sandbox.write("fail-two-shutdown", "");
    sandbox.write("fail-three-shutdown", "");
    let told = sandbox.run(&["apply"]).expect(1).err;
    for line in [
        "three.shutdown  failed: three broke",
        "two.shutdown  failed: two broke",
        "one.shutdown │ shutdown done",
        "done: 1 step ran",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    // The step is done all the same.
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"));
    let sandbox = three();
    sandbox.write("fail-two-shutdown", "");
    let told = sandbox.run(&["apply", "-p", "fails=step"]).expect(1).err;
    assert!(
        told.contains("`work` failed: no")
            && told.contains("two broke")
            && told.contains("one.shutdown │ shutdown failed"),
        "{told}"
    );
}

#[test]
fn an_interrupted_run_stops_its_components() {
    let sandbox = Sandbox::with(
        r##"
        component "server" script="server.rhai"
        pipeline "main" { each "n" in="1..1000" { step "work" { rhai #"server.work(); time::sleep(0.02)"# } } }
        "##,
    );
    sandbox.write("server.rhai", "fn work() {}\nfn shutdown(outcome) { log::info(`stops ${outcome}`) }\n");
    let mut child = sandbox.command(&["apply", "--json"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    lines.find(|line| line.contains("step-done")).expect("it works");
    // SAFETY: the child is ours and was not waited for.
    unsafe { libc::kill(i32::try_from(child.id()).unwrap(), libc::SIGINT) };
    let rest: Vec<String> = lines.collect();
    assert!(rest.iter().any(|line| line.contains("stops interrupted")), "{rest:?}");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn what_does_not_stop_in_time_is_left_behind() {
    let sandbox = Sandbox::with(
        r##"
        component "slow" script="slow.rhai"
        runtime { lifecycle grace="200ms" }
        pipeline "main" { step "work" { rhai "slow.work()" } }
        "##,
    );
    sandbox.write("slow.rhai", "fn work() { 1 }\nfn shutdown() { loop { } }\n");
    let told = sandbox.run(&["apply"]).expect(1).err;
    assert!(told.contains("slow.shutdown  failed: did not stop within 200ms"), "{told}");
}

/// A counter that remembers, in a step of its own per round; `result` is what it says at the end.
fn counter(rounds: usize) -> Sandbox {
    let sandbox = Sandbox::with(&format!(
        r##"
        component "counter" script="counter.rhai" persistent=#true {{ param "by" type="int" default=1 }}
        pipeline "main" {{
            each "round" in="1..={rounds}" {{
                step "count" {{ rhai "counter.count(round)" }}
                step "pause" {{ rhai #"time::sleep(0.03)"# }}
            }}
            step "end" {{ rhai "counter.all()" }}
        }}
        "##
    ));
    sandbox.write(
        "counter.rhai",
        "fn count(round) { this.sum = (this.sum ?? 0) * 3 + round * this.config.by; this.sum % 1000 }\nfn all() { this.sum }\n",
    );
    sandbox
}

fn result(sandbox: &Sandbox) -> String {
    sandbox.run(&["show", "end", "--json"]).expect(0).out
}

#[test]
fn a_persistent_component_survives_kills() {
    let whole = counter(12);
    whole.run(&["apply"]).expect(0);
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap()["result"].clone();
    let expected = value(&result(&whole));
    assert!(expected.is_i64(), "{expected}");
    let sandbox = counter(12);
    let mut kills = 0;
    for after in [1, 4, 2, 5, 3] {
        let mut child =
            sandbox.command(&["apply", "--json"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut done = lines.map_while(Result::ok).filter(|line| line.contains("step-done"));
        kills += usize::from(done.nth(after - 1).is_some());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills > 2);
    sandbox.run(&["apply"]).expect(0);
    assert_eq!(value(&result(&sandbox)), expected);
}

#[test]
fn what_components_are_made_of_is_a_reason_to_run_again() {
    let sandbox = Sandbox::with(
        r##"
        component "inner" script="inner.rhai" version="1"
        component "outer" script="outer.rhai" { param "by" type="int" default=1; needs "inner" }
        component "other" provides="inner" script="inner.rhai"
        bind "calc" to="outer" { by 2 }
        pipeline "main" {
            step "free" { rhai "1" }
            step "uses" { rhai "calc.value()" }
        }
        "##,
    );
    sandbox.write("inner.rhai", "fn value() { 20 }\n");
    sandbox.write("outer.rhai", "fn value() { this.inner.value() + this.config.by }\n");
    sandbox.run(&["apply"]).expect(0);
    let manifest = sandbox.read("pipeline.kdl");
    let why = |change: &dyn Fn()| {
        change();
        let out = sandbox.run(&["plan"]).expect(0).out;
        sandbox.write("pipeline.kdl", &manifest);
        sandbox.write("inner.rhai", "fn value() { 20 }\n");
        sandbox.write("outer.rhai", "fn value() { this.inner.value() + this.config.by }\n");
        out.lines().filter(|line| !line.starts_with("done")).map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    let edit = |from: &'static str, to: &'static str| {
        let (sandbox, manifest) = (&sandbox, &manifest);
        move || sandbox.write("pipeline.kdl", &manifest.replace(from, to))
    };
    let script = |name: &'static str, text: &'static str| {
        let sandbox = &sandbox;
        move || sandbox.write(name, text)
    };
    insta::assert_snapshot!(why(&edit("{ by 2 }", "{ by 3 }")), @r"
    run      uses  its configuration of `calc` changed (pipeline.kdl:5:37)
    1 recorded step would be given up
    ");
    insta::assert_snapshot!(why(&edit("version=\"1\"", "version=\"2\"")), @r"
    run      uses  its version of `inner` changed (pipeline.kdl:2:19)
    1 recorded step would be given up
    ");
    insta::assert_snapshot!(why(&script("inner.rhai", "fn value() { 21 }\n")), @r"
    run      uses  its script of `inner` changed (inner.rhai:1:14)
    1 recorded step would be given up
    ");
    insta::assert_snapshot!(why(&edit("bind \"calc\" to=\"outer\" { by 2 }", "bind \"calc\" to=\"outer\" { by 2; wire \"inner\" to=\"other\" }")), @r"
    run      uses  its `inner` of `calc` changed (pipeline.kdl:5:24)
    1 recorded step would be given up
    ");
    // Layout, comments, and what is not used are no reasons.
    insta::assert_snapshot!(why(&script("inner.rhai", "// twenty\nfn value() {\n    20\n}\n")), @"nothing to do: everything is done and unchanged");
    insta::assert_snapshot!(why(&edit("{ by 2 }", "lazy=#true { by 2 }")), @"nothing to do: everything is done and unchanged");
}

#[test]
fn lifetimes() {
    let lives = |properties: &str| {
        let sandbox = Sandbox::with(&format!(
            r##"
            component "thing" script="thing.rhai"
            bind "thing" to="thing" {properties}
            pipeline "main" {{
                stage "first" {{
                    each "n" in="1..=2" {{
                        step "a" {{ rhai "thing.serve(); thing.serve()" }}
                        step "b" {{ rhai "thing.serve()" }}
                    }}
                }}
                stage "second" {{ step "c" {{ rhai "thing.serve()" }} }}
                step "free" {{ rhai "1" }}
            }}
            "##
        ));
        sandbox.write(
            "thing.rhai",
            "fn startup() { this.used = 0; }\nfn serve() { this.used += 1; this.used }\nfn shutdown() { log::info(`used ${this.used}`) }\n",
        );
        let said = said(&sandbox, &[], 0);
        said.iter().map(|line| line.rsplit(' ').next().unwrap()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(lives(""), "7");
    assert_eq!(lives("scope=\"stage\""), "6 1");
    assert_eq!(lives("scope=\"item\""), "3 3 1");
    assert_eq!(lives("scope=\"step\""), "2 1 2 1 1");
    assert_eq!(lives("lazy=#true"), "7");
}

#[test]
fn conditions_facets_and_fallbacks_choose() {
    let sandbox = Sandbox::with(
        r##"
        param "big" type="bool" default=#false
        component "s.small" provides="size" script="small.rhai"
        component "s.large" provides="size" script="large.rhai"
        bind "small" to="s.small" fallback=#true
        bind "large" to="s.large" when="params.big || facets.has(\"large\")"
        facet "large"
        pipeline "main" { step "say" { rhai "size.say()" } }
        "##,
    );
    sandbox.write("small.rhai", "fn say() { \"small\" }");
    sandbox.write("large.rhai", "fn say() { \"large\" }");
    let say = |arguments: &[&str]| {
        sandbox.run(&[&["apply", "--fresh"], arguments].concat()).expect(0);
        let out = sandbox.run(&["show", "say", "--json"]).expect(0).out;
        serde_json::from_str::<Value>(&out).unwrap()["result"].as_str().unwrap().to_owned()
    };
    assert_eq!(say(&[]), "small");
    assert_eq!(say(&["-p", "big=true"]), "large");
    assert_eq!(say(&["--facet", "large"]), "large");
}

/// An overlay that binds another component goes on with what fits of the configuration, and leaves the rest.
#[test]
fn another_component_under_a_facet() {
    let sandbox = Sandbox::with(
        r##"
        component "s.small" provides="size" script="say.rhai" { param "by" type="int" default=1; param "only" default="here" }
        component "s.large" provides="size" script="say.rhai" { param "by" type="int" default=100 }
        bind "size" to="s.small" { by 2; only "here" }
        facet "large" { bind "size" to="s.large" }
        facet "wrong" { bind "size" { colour "red" } }
        pipeline "main" { step "say" { rhai "size.say()" } }
        "##,
    );
    sandbox.write("say.rhai", "fn say() { log::info(this.config.by); }");
    let wrong = sandbox.run(&["apply"]).expect(2).err;
    assert!(wrong.contains("`s.small` has no `colour`") && wrong.contains("this is so with --facet wrong"), "{wrong}");
    sandbox.write("pipeline.kdl", &sandbox.read("pipeline.kdl").replace("colour \"red\"", "by 3"));
    assert_eq!(said(&sandbox, &[], 0), ["say 2"]);
    assert_eq!(said(&sandbox, &["--facet", "large"], 0), ["say 2"]);
    assert_eq!(said(&sandbox, &["--facet", "wrong"], 0), ["say 3"]);
}

#[test]
fn a_secret_in_a_configuration_stays_one() {
    let sandbox = Sandbox::with(
        r##"
        param "token" type="string" env="TOKEN" secret=#true
        component "client" script="client.rhai" { param "key" }
        bind "client" to="client" { key "Bearer ${params.token}" }
        pipeline "main" { step "ask" { rhai "client.ask()" } }
        "##,
    );
    sandbox.write("client.rhai", "fn ask() { log::info(this.config.key); this.config.key.len() }");
    let apply = |token: &str| crate::support::run(sandbox.command(&["apply"]).env("TOKEN", token)).expect(0).err;
    let told = apply("hunter2-hunter2");
    assert!(told.contains("Bearer ") && !told.contains("hunter2"), "{told}");
    // Another secret is no change.
    assert!(apply("another-one-4711").contains("nothing to do"));
    for entry in walk(&sandbox.file(".thinking")) {
        let bytes = std::fs::read(&entry).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "{}", entry.display());
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(walk(&path)) } else { all.push(path) }
    }
    all
}

#[test]
fn mistakes_are_found_before_anything_starts() {
    let check = |manifest: &str| {
        let sandbox = Sandbox::with(manifest);
        sandbox.write("a.rhai", "fn startup() { log::info(\"started\") }\nfn act(n) { n }\n");
        let told = sandbox.run(&["apply"]).expect(2).err;
        assert!(!told.contains("started") && !sandbox.file(".thinking").exists(), "{told}");
        told
    };
    let base = r#"component "a.one" provides="thing" script="a.rhai" { param "size" type="int" }
component "a.two" provides="thing" script="a.rhai""#;
    let with = |rest: &str| check(&format!("{base}\n{rest}\n"));
    insta::assert_snapshot!(with(
        r#"bind "x" to="a.oen"
pipeline "main" { step "s" { rhai "x.act(1)" } }"#
    ));
    insta::assert_snapshot!(with(
        r#"bind "x" to="a.one" { size "big"; colour "red" }
pipeline "main" { step "s" { rhai "x.act(1)" } }"#
    ));
    insta::assert_snapshot!(with(
        r#"bind "x" to="a.one" { size 1 }
pipeline "main" { step "s" { rhai "thing.act(1)" } }"#
    ));
    insta::assert_snapshot!(with(
        r#"pipeline "main" { step "s" { call "a.two.act" n=1 m=2 }; step "t" { call "a.two.actt" }; step "u" { rhai "stuff.act(1)" } }"#
    ));
    insta::assert_snapshot!(with(
        r#"bind "x" to="a.two"
pipeline "main" { step "s" { rhai "x.act()" }; step "t" { rhai "x.actor(1)" }; step "u" { rhai "x.size" } }"#
    ));
}

#[test]
fn a_required_file_or_what_stands_in_for_it() {
    let sandbox = Sandbox::with(
        r##"
        runtime {
            lifecycle {
                target "settings" before="init" requires="settings.toml"
                on "settings" rhai=#"log::info(`${file}: ${toml::read(file).size}`)"#
            }
        }
        pipeline "main" { step "s" always=#true { rhai "1" } }
        "##,
    );
    sandbox.write("settings.example.toml", "size = 3\n");
    insta::assert_snapshot!(sandbox.run(&["apply"]).expect(2).err);
    sandbox.write(
        "pipeline.kdl",
        &sandbox
            .read("pipeline.kdl")
            .replace("requires=\"settings.toml\"", "requires=\"settings.toml\" default=\"settings.example.toml\""),
    );
    assert_eq!(said(&sandbox, &[], 0), ["settings settings.example.toml: 3"]);
    sandbox.write("settings.toml", "size = 4\n");
    assert_eq!(said(&sandbox, &[], 0), ["settings settings.toml: 4"]);
}

#[test]
fn what_a_component_touches_is_held_against_the_permissions_before_the_run() {
    let sandbox = Sandbox::with(
        r#"component "saver" script="saver.rhai"
pipeline "main" { step "save" { rhai "saver.save(1)" } }
"#,
    );
    sandbox.write("saver.rhai", "fn save(value) {\n    fs::write_text(\"out/value.txt\", value.to_string());\n}\n");
    insta::assert_snapshot!(sandbox.run(&["apply"]).expect(2).err, @r#"
    thinking::not-permitted

      × writing `out/value.txt` is not permitted
       ╭─[saver.rhai:2:20]
     1 │ fn save(value) {
     2 │     fs::write_text("out/value.txt", value.to_string());
       ·                    ───────┬───────
       ·                           ╰── refused
     3 │ }
       ╰────
      help: to permit it, add to the manifest: runtime { permissions { write "out/value.txt" } }
    "#);
    sandbox.write(
        "pipeline.kdl",
        &format!("runtime {{ permissions {{ write \"out/**\" }} }}\n{}", sandbox.read("pipeline.kdl")),
    );
    sandbox.run(&["apply"]).expect(0);
    let shown = sandbox.run(&["validate", "--permissions"]).expect(0).out;
    assert!(shown.contains("out/value.txt") && shown.contains("fs::write_text"), "{shown}");
}

/// Components that look at the world while they start: what they saw is seen by every step that uses them.
#[test]
fn what_components_saw_while_they_started_counts() {
    let sandbox = Sandbox::with(
        r##"
        param "x" type="int" default=1
        runtime {
            database "words" kind="kv"
            permissions { env "COLOUR" }
            lifecycle {
                target "configure" after="init" requires="conf.toml" default="conf.default.toml"
                on "configure" rhai=#"app.load(toml::read(file), params.x)"#
                on "post-startup" { call "app.more" by=1 }
            }
        }
        component "app" script="app.rhai"
        component "user" script="user.rhai" { needs "app" }
        pipeline "main" {
            step "free" { rhai "1" }
            step "uses" { rhai #"words.put("x", user.value()); user.value()"# }
        }
        "##,
    );
    sandbox.write(
        "app.rhai",
        "fn load(conf, x) { this.rate = conf.rate * 100 + x * 10; }\nfn more(by) { this.rate += by; }\nfn value() { this.rate }\nfn startup() { this.colour = fs::read_text(\"colour.txt\") }\n",
    );
    sandbox.write("user.rhai", "fn value() { this.app.value() }\n");
    sandbox.write("conf.default.toml", "rate = 3\n");
    sandbox.write("colour.txt", "red");
    let value = || {
        let out = sandbox.run(&["show", "uses", "--json"]).expect(0).out;
        serde_json::from_str::<Value>(&out).unwrap()["result"].as_i64().unwrap()
    };
    sandbox.run(&["apply"]).expect(0);
    assert_eq!(value(), 311);
    let why = |change: &dyn Fn()| {
        change();
        let out = sandbox.run(&["plan"]).expect(0).out;
        sandbox.run(&["apply"]).expect(0);
        assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"));
        out.lines().find(|line| line.starts_with("run")).unwrap_or("nothing").to_owned()
    };
    assert_eq!(
        why(&|| sandbox.write("conf.default.toml", "rate = 4\n")),
        "run      uses  file `conf.default.toml` changed"
    );
    assert_eq!(value(), 411);
    assert_eq!(why(&|| sandbox.write("colour.txt", "blue")), "run      uses  file `colour.txt` changed");
    let edit = |from: &str, to: &str| sandbox.write("pipeline.kdl", &sandbox.read("pipeline.kdl").replace(from, to));
    assert_eq!(
        why(&|| edit("default=1", "default=2")),
        "run      uses  param `x` changed from 1 to 2 (pipeline.kdl:2:15)"
    );
    assert_eq!(value(), 421);
    assert_eq!(
        why(&|| edit("by=1", "by=2")),
        "run      uses  its arguments of the hook at `post-startup` changed (pipeline.kdl:9:42)"
    );
    assert_eq!(value(), 422);
    let told = why(&|| edit("conf.rate", "conf.rate"));
    assert_eq!(told, "nothing");
    // Another file in its place.
    sandbox.write("conf.toml", "rate = 9\n");
    sandbox.run(&["apply"]).expect(0);
    assert_eq!(value(), 922);
}

/// While components start they see the data as it was before the first step, also where a run goes on.
#[test]
fn what_starts_sees_the_beginning() {
    let manifest = |b: &str| {
        format!(
            r##"
            runtime {{ database "words" kind="kv" }}
            component "c" script="c.rhai" {{ needs "words" }}
            pipeline "main" {{
                step "a" {{ rhai #"words.put("a", 1)"# }}
                step "b" {{ rhai #"words.put("b", c.known() + {b}); words.get("b")"# }}
            }}
            "##
        )
    };
    let sandbox = Sandbox::with(&manifest("10"));
    sandbox.write("c.rhai", "fn startup() { this.known = this.words.len() }\nfn known() { this.known }\n");
    let value = |sandbox: &Sandbox| {
        let out = sandbox.run(&["show", "b", "--json"]).expect(0).out;
        serde_json::from_str::<Value>(&out).unwrap()["result"].as_i64().unwrap()
    };
    sandbox.run(&["apply"]).expect(0);
    assert_eq!(value(&sandbox), 10);
    sandbox.write("pipeline.kdl", &manifest("20"));
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("= a  kept"));
    assert_eq!(value(&sandbox), 20);
}

/// What a component is besides its script and its configuration.
#[test]
fn defaults_scopes_and_persistence_are_reasons() {
    let sandbox = Sandbox::with(
        r##"
        component "c" script="c.rhai" { param "v" type="int" default=1 }
        bind "d" to="c"
        component "e" script="c.rhai" { param "v" type="int" default=1 }
        pipeline "main" {
            step "bound" { rhai "d.value()" }
            step "unbound" { rhai "e.value()" }
        }
        "##,
    );
    sandbox.write("c.rhai", "fn value() { this.config.v }\n");
    sandbox.run(&["apply"]).expect(0);
    let manifest = sandbox.read("pipeline.kdl");
    let why = |from: &str, to: &str| {
        assert!(manifest.contains(from));
        sandbox.write("pipeline.kdl", &manifest.replace(from, to));
        let out = sandbox.run(&["plan"]).expect(0).out;
        out.lines().find(|line| line.starts_with("run")).unwrap_or("nothing").to_owned()
    };
    let e = r#"component "e" script="c.rhai" { param "v" type="int" default=1 }"#;
    assert_eq!(
        why(e, &e.replace("default=1", "default=5")),
        "run      unbound  its configuration of `e` changed (pipeline.kdl:4:70)"
    );
    assert_eq!(
        why(r#"bind "d" to="c""#, r#"bind "d" to="c" scope="step""#),
        "run      bound    its scope of `d` was added (pipeline.kdl:3:21)"
    );
    assert_eq!(
        why(r#""c" script"#, r#""c" persistent=#true script"#),
        "run      bound    its persistence of `d` was added (pipeline.kdl:3:21)"
    );
    assert_eq!(why(r#"bind "d" to="c""#, r#"bind "d" to="c" { v 1 }"#), "nothing");
}

#[test]
fn hooks_and_shorter_lives() {
    let with = |properties: &str, hook: &str| {
        let sandbox = Sandbox::with(&format!(
            r##"
            component "c" script="c.rhai"
            bind "c" to="c" {properties}
            runtime {{ lifecycle {{ on "startup" {hook} }} }}
            pipeline "main" {{ stage "s" {{ step "a" {{ rhai "log::info(c.set())" }} }} }}
            "##
        ));
        sandbox.write("c.rhai", "fn take(k) { this.k = k; }\nfn set() { this.k ?? 0 }\n");
        sandbox
    };
    for properties in ["", "lazy=#true", "scope=\"stage\"", "scope=\"step\"", "scope=\"item\""] {
        let sandbox = with(properties, r#"{ call "c.take" k=7 }"#);
        assert_eq!(said(&sandbox, &[], 0), ["s/a 7"], "{properties}");
    }
    let told = with("scope=\"step\"", r#"rhai="c.take(7)""#).run(&["apply"]).expect(2).err;
    assert!(told.contains("thinking::shorter-lifetime") && told.contains("`c` lives for the step"), "{told}");
}

/// What stops in the middle is told how its scope ended, and a failure of it is not lost.
#[test]
fn scoped_components_are_told_how_it_ended() {
    let sandbox = Sandbox::with(
        r##"
        component "c" script="c.rhai"
        bind "c" to="c" scope="step"
        bind "d" to="c" scope="stage"
        pipeline "main" {
            stage "s" on-error="skip" {
                step "good" { rhai "c.go_on(); d.go_on()" }
                step "bad" { rhai "c.go_on(); throw 1" }
            }
            step "after" { rhai "1" }
        }
        "##,
    );
    sandbox.write("c.rhai", "fn go_on() {}\nfn shutdown(outcome) { log::info(outcome); if fs::exists(\"broken\") { throw \"cannot stop\" } }\n");
    assert_eq!(said(&sandbox, &[], 0), ["c.shutdown done", "c.shutdown failed", "d.shutdown failed"]);
    sandbox.write("broken", "");
    let ran = sandbox.run(&["apply", "--fresh"]).expect(1);
    assert!(ran.err.contains("3 components did not stop as they should"), "{}", ran.err);
}

/// A plan starts nothing, so what a started component would say is not known.
#[test]
fn a_plan_starts_nothing() {
    let sandbox = Sandbox::with(
        r##"
        component "c" script="c.rhai"
        component "pure" script="pure.rhai"
        pipeline "main" {
            step "first" when="pure.ok()" { rhai "1" }
            step "second" when="c.ok()" { rhai "2" }
        }
        "##,
    );
    sandbox.write("c.rhai", "fn startup() { log::info(\"starts\"); this.limit = 5; }\nfn ok() { this.limit > 3 }\n");
    sandbox.write("pure.rhai", "fn ok() { true }\n");
    sandbox.run(&["apply"]).expect(0);
    let plan = sandbox.run(&["plan"]).expect(0);
    assert!(!plan.err.contains("starts"), "{}", plan.err);
    assert!(plan.out.contains("done     first"), "{}", plan.out);
    assert!(plan.out.contains("unknown  second  what a component will say is known only in a run"), "{}", plan.out);
}

/// A component that says of what type its configuration is.
const TYPES: &str = r##"
component "typed" script="typed.rhai" {
    param "f" type="float" default=1
    param "i" type="int" default=1
    param "s" type="size" default="1KiB"
    param "d" type="duration" default="1s"
    param "l" type="list" optional=#true
    param "t" default=#"${params.text}-${facets.has("loud")}"#
}
param "f" type="float" default=3
param "i" type="int" default=2.0
param "s" type="size" default="1MiB"
param "d" type="duration" default="5m"
param "l" type="list" default="a"
param "text" default="x"
facet "loud" {}
"##;

fn typed(rest: &str) -> Sandbox {
    let sandbox = Sandbox::with(&format!("{TYPES}{rest}\n"));
    sandbox.write("typed.rhai", "fn all() { let c = this.config; [c.f / 2, c.i, c.s, c.d, c.l, c.t] }\n");
    sandbox.run(&["validate"]).expect(0);
    sandbox
}

#[test]
fn what_a_component_is_given_has_its_type() {
    let show = r##"pipeline "main" { step "show" { rhai #"log::info(to_json(#{ all: OF.all() }))"# } }"##;
    for (binding, of) in [
        (r#"bind "part" to="typed" { f 3; i 2.0; s "1MiB"; d "5m"; l "a"; t "${params.text}-false" }"#, "part"),
        // From templates it is the same.
        (
            r#"bind "part" to="typed" { f "${params.f}"; i "${params.i}"; s "${params.s}"; d "${params.d}"; l "${params.l}" }"#,
            "part",
        ),
    ] {
        let sandbox = typed(&format!("{binding}\n{}", show.replace("OF", of)));
        assert_eq!(said(&sandbox, &[], 0), [r#"show {"all":[1.5,2,1048576,"5m",["a"],"x-false"]}"#], "{binding}");
    }
    // Nobody bound it: its defaults, which are as the parameters and facets have them.
    let sandbox = typed(&show.replace("OF", "typed"));
    let told = r#"show {"all":[0.5,1,1024,"1s",null,"#;
    assert_eq!(said(&sandbox, &[], 0), [format!(r#"{told}"x-false"]}}"#)]);
    assert!(said(&sandbox, &[], 0).is_empty());
    // A default that changed is a component that changed.
    assert_eq!(said(&sandbox, &["-p", "text=y"], 0), [format!(r#"{told}"y-false"]}}"#)]);
    assert_eq!(said(&sandbox, &["-p", "text=y", "--facet", "loud"], 0), [format!(r#"{told}"y-true"]}}"#)]);
    // A size is the same however it is written.
    let sandbox = typed(&format!("bind \"part\" to=\"typed\" {{ s \"1KiB\" }}\n{}", show.replace("OF", "part")));
    assert_eq!(said(&sandbox, &[], 0).len(), 1);
    sandbox.write("pipeline.kdl", &sandbox.read("pipeline.kdl").replace("s \"1KiB\"", "s 1024"));
    assert!(sandbox.run(&["apply"]).expect(0).err.contains("nothing to do"));
}

#[test]
fn a_default_that_fails_under_the_parameters_is_told_at_its_place() {
    let manifest = r##"component "part" script="part.rhai" { param "n" type="int" default="${params.n}"; param "at" type="datetime" optional=#true }
param "n" default="3"
pipeline "main" { step "s" { rhai "part.n()" } }"##;
    let sandbox = Sandbox::with(manifest);
    sandbox.write("part.rhai", "fn n() { this.config.n }\n");
    sandbox.run(&["validate"]).expect(0);
    insta::assert_snapshot!(sandbox.run(&["apply"]).expect(2).err, @r#"
    thinking::invalid-param

      × the default of `n`: "3" is not a whole number
       ╭─[pipeline.kdl:1:68]
     1 │ component "part" script="part.rhai" { param "n" type="int" default="${params.n}"; param "at" type="datetime" optional=#true }
       ·                                                                    ──────┬──────
       ·                                                                          ╰── here
     2 │ param "n" default="3"
       ╰────
    "#);
    // Where it is bound with a value of its own the default says nothing.
    sandbox
        .write("pipeline.kdl", &format!("bind \"b\" to=\"part\" {{ n 1 }}\n{}", manifest.replace("part.n()", "b.n()")));
    sandbox.run(&["apply"]).expect(0);
    // What the schema of a date cannot say.
    sandbox.write(
        "pipeline.kdl",
        &format!(
            "bind \"b\" to=\"part\" {{ n 1; at \"2026-02-30T00:00:00Z\" }}\n{}",
            manifest.replace("part.n()", "b.n()")
        ),
    );
    insta::assert_snapshot!(sandbox.run(&["validate"]).expect(2).err, @r#"
    thinking::invalid-value

      × `at` of `b`: "2026-02-30T00:00:00Z" is not a date and time (RFC 3339)
       ╭─[pipeline.kdl:1:30]
     1 │ bind "b" to="part" { n 1; at "2026-02-30T00:00:00Z" }
       ·                              ───────────┬──────────
       ·                                         ╰── here
     2 │ component "part" script="part.rhai" { param "n" type="int" default="${params.n}"; param "at" type="datetime" optional=#true }
       ╰────
    "#);
}

#[test]
fn a_binding_is_unused_only_if_nothing_could_use_it() {
    let base = r##"
param "gpu" type="bool" default=#false
component "slow" provides="engine" script="part.rhai"
component "quick" provides="engine" script="part.rhai" { needs "card" }
component "card" script="part.rhai"
component "other" script="part.rhai"
"##;
    let unused = |rest: &str| {
        let sandbox = Sandbox::with(&format!("{base}{rest}\n"));
        sandbox.write("part.rhai", "fn work() { 1 }\n");
        let told = sandbox.run(&["validate"]).expect(0).err;
        let names = told
            .lines()
            .filter_map(|line| Some(line.split_once("nothing uses the binding `")?.1.trim_end_matches('`').to_owned()));
        names.collect::<Vec<_>>().join(" ")
    };
    let uses = r#"pipeline "main" { step "s" { rhai "engine.work()" } }"#;
    for (rest, expected) in [
        // Under a `when`: it, what stands in for it, and what it takes.
        (r#"bind "q" to="quick" when="params.gpu" primary=#true; bind "s" to="slow"; bind "card" to="card""#, ""),
        (r##"bind "s" to="slow"; bind "q" to="quick" when=#"mode == "test""#; bind "card" to="card""##, ""),
        (r#"bind "x" to="other" when="params.gpu"; bind "engine" to="slow"; bind "z" to="card""#, "z"),
        // Under another facet.
        (
            r#"bind "engine" to="slow"; bind "c" to="card"
            facet "f" { bind "engine" to="quick" { wire "card" to="c" } }"#,
            "",
        ),
        (
            r#"bind "engine" to="slow"
            facet "f" { bind "x" to="other" }
            facet "g" { bind "y" to="card"; pipeline "more" { step "t" { rhai "y.work()" } } }"#,
            "x",
        ),
        (r#"bind "engine" to="slow"; bind "x" to="other"; facet "f" { bind "engine" to="quick" }"#, "x"),
    ] {
        assert_eq!(unused(&format!("{rest}\n{uses}")), expected, "{rest}");
    }
}

#[test]
fn lists_of_what_there_is_name_each_thing_once() {
    let sandbox = Sandbox::with(
        "component \"c-d-e\" provides=\"maker\" script=\"part.rhai\"\npipeline \"main\" { step \"s\" { call \"zzzzzzzzz\" } }\n",
    );
    sandbox.write("part.rhai", "fn work() { 1 }\n");
    let told = sandbox.run(&["validate"]).expect(2).err;
    let list = told.lines().find_map(|line| line.split_once("there are: ")).map(|(_, list)| list.to_owned());
    assert_eq!(list.as_deref(), Some("c-d-e.work, file.copy, file.fetch, file.hash"), "{told}");
}

#[test]
fn what_a_script_asks_of_its_dependencies_is_checked_before_the_run() {
    let sandbox = Sandbox::with(
        r#"runtime { database "docs" kind="documents" }
component "counter" script="counter.rhai"
component "asker" script="asker.rhai" { needs "counter"; needs "docs" }
component "other" provides="half" script="half.rhai"
component "maybe" script="maybe.rhai" { needs "half" optional=#true; needs "nobody" optional=#true }
pipeline "main" { step "ask" { rhai "asker.ask() + maybe.ask()" } }
pipeline "again" { step "ask" { rhai "asker.ask()" } }
"#,
    );
    sandbox.write("counter.rhai", "fn count(by) { by }\n");
    sandbox.write("half.rhai", "fn half(x) { x / 2 }\n");
    sandbox.write("maybe.rhai", "fn ask() { if this.nobody != () { this.nobody.anything() } this.half.haff(2) }\n");
    sandbox.write(
        "asker.rhai",
        "fn ask() {\n    this.counter.count(1, 2);\n    this.docs.put(\"x\", 1);\n    this.counter.step(1)\n}\n",
    );
    insta::assert_snapshot!(sandbox.run(&["validate"]).expect(2).err, @r#"
    thinking::undefined-function

      × `this.counter.count` takes 1 argument, not 2
       ╭─[asker.rhai:2:18]
     1 │ fn ask() {
     2 │     this.counter.count(1, 2);
       ·                  ─────
     3 │     this.docs.put("x", 1);
       ╰────
      help: it is called as `this.counter.count(by)`

    thinking::undefined-function

      × `this.docs` has no function `put`
       ╭─[asker.rhai:3:15]
     2 │     this.counter.count(1, 2);
     3 │     this.docs.put("x", 1);
       ·               ───
     4 │     this.counter.step(1)
       ╰────
      help: it has: all, clear, count, find, get, insert, remove, update

    thinking::undefined-function

      × `this.counter` has no operation `step`
       ╭─[asker.rhai:4:18]
     3 │     this.docs.put("x", 1);
     4 │     this.counter.step(1)
       ·                  ────
     5 │ }
       ╰────
      help: it has: count(by)

    thinking::undefined-function

      × `this.half` has no operation `haff`
       ╭─[maybe.rhai:1:70]
     1 │ fn ask() { if this.nobody != () { this.nobody.anything() } this.half.haff(2) }
       ·                                                                      ────
       ╰────
      help: did you mean `this.half.half`?

    4 mistakes; nothing was run
    "#);
    sandbox.write("maybe.rhai", "fn ask() { this.half.half(2) }\n");
    sandbox.write("asker.rhai", "fn ask() { this.docs.insert(#{ a: 1 }); this.counter.count(1) }\n");
    sandbox.run(&["apply", "--pipeline", "main"]).expect(0);
}

#[test]
fn a_component_with_mistakes_is_one_mistake() {
    let sandbox = Sandbox::with(
        r#"component "counter" script="counter.rhai"
component "user" script="user.rhai" { needs "counter" }
bind "lost" to="nowhere"
pipeline "main" { step "count" { rhai "counter.inc(1).further() + lost.whatever() + user.run()" } }
"#,
    );
    sandbox.write("counter.rhai", "fn inc(by) { bi }\n");
    sandbox.write("user.rhai", "fn run() { this.counter.whatever() }\n");
    let told = sandbox.run(&["validate"]).expect(2).err;
    let codes: Vec<&str> = told.lines().filter(|line| line.starts_with("thinking::")).collect();
    assert_eq!(codes, ["thinking::unknown-component", "thinking::undefined-variable"], "{told}");
}

#[test]
fn what_a_component_forgets_is_a_warning() {
    let warnings = |bind: &str, component: &str, script: &str| {
        let sandbox = Sandbox::with(&format!(
            r#"component "counter" script="counter.rhai" {component}
            bind "c" to="counter" {bind}
            component "idle" script="idle.rhai"
            runtime {{ lifecycle {{ target "warm-up" after="startup"; on "startup" {{ call "c.begin" }} }} }}
            pipeline "main" {{ step "count" {{ rhai "c.count()" }} }}
            "#
        ));
        sandbox.write("idle.rhai", "fn count() { this.n = (this.n ?? 0) + 1; }\n");
        sandbox.write("counter.rhai", &format!("{script}\nfn begin() {{ this.at = 1; this.n = 0; }}\n"));
        let told = sandbox.run(&["validate"]).expect(0).err;
        let places = told.lines().filter_map(|line| line.split_once("counter.rhai:"));
        places.map(|(_, place)| place.trim_end_matches(']').to_owned()).collect::<Vec<_>>().join(" ")
    };
    let counts = "fn count() { this.n = (this.n ?? 0) + 1; this.n }";
    assert_eq!(warnings("", "", counts), "1:19");
    assert_eq!(warnings("scope=\"item\"", "", counts), "1:19");
    assert_eq!(warnings("scope=\"step\"", "", counts), "");
    assert_eq!(warnings("", "persistent=#true", counts), "");
    assert_eq!(warnings("", "", "fn warm_up() { this.n = 7; this.n += 1; }\nfn count() { this.n + this.at }"), "");
    assert_eq!(warnings("", "", "fn count() { this.n = 1; this.up(); this.n }\nprivate fn up() { this.n += 1 }"), "");
}
