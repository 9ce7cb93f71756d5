//! What a script cannot do to the engine.

use super::{World, compile, eval, failure, problems, program, scope, value};
use crate::Rhai;
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use thinking_diagnostic::{MappedText, SourceId};
use thinking_step::{ErrorKind, Language, Purpose};

/// Runs in a thread with the smallest stack that is promised, so that an overflow would be seen.
fn on_a_small_stack<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(2 << 20).spawn(body).unwrap().join().unwrap()
}

#[test]
fn deep_recursion_is_an_error() {
    on_a_small_stack(|| {
        assert_eq!(
            failure("fn f(n) { f(n + 1) } f(0)"),
            "script: functions call each other more than 64 levels deep @ f(0)"
        );
        assert_eq!(value("fn f(n) { if n == 0 { 0 } else { 1 + f(n - 1) } } f(30)"), json!(30));
        // Each level takes as much stack as an expression can; the stack is measured, not the levels alone.
        let deep = format!("fn f(n) {{ {}f(n + 1){} }} f(0)", "[".repeat(25), "]".repeat(25));
        let error = eval(&deep).unwrap_err();
        assert!(error.message.contains("deep"), "{error}");
        let error = eval("let f = |g, n| { g.call(g, n + 1) }; f.call(f, 0)").unwrap_err();
        assert!(error.message.contains("deep"), "{error}");
        let error = eval("fn f() { [1].map(|x| f()) } f()").unwrap_err();
        assert!(error.message.contains("deep"), "{error}");
        let error = eval("fn f() { list::sort_by([2, 1], |x| f()) } try { f() } catch { 1 }").unwrap_err();
        assert!(error.message.contains("deep"), "{error}");
    });
}

#[test]
fn deep_nesting_is_an_error() {
    on_a_small_stack(|| {
        for (open, inner, close) in
            [("(", "1", ")"), ("[", "1", "]"), ("{", "1", "}"), ("!", "true", ""), ("-", "1", ""), ("#{a:", "1", "}")]
        {
            for levels in [20, 60, 90, 100, 1000, 20_000] {
                let code = format!("{}{inner}{}", open.repeat(levels), close.repeat(levels));
                match compile(&code, Purpose::Step) {
                    Ok(program) => drop(program.eval(&(World::new().host as Arc<dyn thinking_step::Host>))),
                    Err(problems) => assert_eq!(problems.len(), 1, "{open}"),
                }
            }
        }
        let long = vec!["1"; 5000].join(" + ");
        assert!(problems(&long, Purpose::Step).contains("nested too deeply"));
        let chain = format!("let m = #{{}}; m{}", ".a".repeat(5000));
        assert!(problems(&chain, Purpose::Step).contains("nested too deeply"));
        let chain = format!("let m = []; m{}", "[0]".repeat(5000));
        assert!(problems(&chain, Purpose::Step).contains("nested too deeply"));
        let conditions = vec!["true"; 50].join(" && ");
        assert_eq!(value(&conditions), json!(true));
        let sum = vec!["1"; 60].join(" + ");
        assert_eq!(value(&sum), json!(60));
    });
}

#[test]
fn a_slip_does_not_eat_all_memory() {
    assert!(failure("text::repeat(\"abc\", 9000000000000)").contains("bytes long"));
    assert!(failure("text::pad_left(\"abc\", 9000000000000)").contains("bytes long"));
    assert!(failure("list::range(0, 9000000000000)").contains("too long"));
    assert!(failure("let s = \"a\"; s.pad(9000000000000, 'b'); s").contains("too large"));
    assert!(failure("let a = []; a.pad(9000000000000, 1); a").contains("too large"));
    assert!(failure("blob(9000000000000).len()").contains("too large"));
    assert_eq!(value("let s = \"a\"; s.pad(3, 'b'); s"), json!("abb"));
    assert_eq!(value("let s = \"a\"; s.pad(4, \"cd\"); s"), json!("acdc"));
    assert_eq!(value("let a = [1]; a.pad(3, 2); a"), json!([1, 2, 2]));
    assert_eq!(value("blob(3, 1).len() + blob(4).len()"), json!(7));
}

/// A host that says stop after it was asked a few times.
struct Stopping {
    inner: Arc<thinking_step::testing::MemoryHost>,
    asked: AtomicU32,
}

/// Everything but what the tests are about is the inner host's.
macro_rules! forward {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(fn $name(&self, $($argument: $type),*) -> $result { self.inner.$name($($argument),*) })*
    };
}

impl thinking_step::Host for Stopping {
    forward! {
        task() -> thinking_step::TaskInfo;
        param(name: &str) -> Option<thinking_step::Value>;
        param_names() -> Vec<String>;
        facet(name: &str) -> bool;
        mode() -> thinking_step::Mode;
        run() -> Option<thinking_step::RunInfo>;
        variable(name: &str) -> Option<thinking_step::Value>;
        sibling_result(name: &str) -> Result<Option<thinking_step::Value>, thinking_step::StepError>;
        result(path: &str) -> Result<Option<thinking_step::Value>, thinking_step::StepError>;
        put(database: &str, key: &str, value: thinking_step::Datum) -> Result<(), thinking_step::StepError>;
        delete(database: &str, key: &str) -> Result<bool, thinking_step::StepError>;
        clear(database: &str) -> Result<(), thinking_step::StepError>;
        scan(database: &str, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<(String, thinking_step::Datum)>, thinking_step::StepError>;
        permit(access: thinking_step::Access<'_>) -> Result<std::path::PathBuf, thinking_step::StepError>;
        touch(class: thinking_step::Class, function: &str) -> Result<(), thinking_step::StepError>;
        saw_file(path: &std::path::Path) -> ();
        saw_env(name: &str, value: Option<&str>) -> ();
        now() -> i64;
        idempotency_key() -> Result<String, thinking_step::StepError>;
        log(level: thinking_step::LogLevel, message: &str) -> ();
    }
    fn get(&self, _: &str, _: &str) -> Result<Option<thinking_step::Datum>, thinking_step::StepError> {
        Err(thinking_step::StepError::new(ErrorKind::Store, "the disk is full"))
    }
    fn check_cancelled(&self) -> Result<(), thinking_step::StepError> {
        if self.asked.fetch_add(1, Ordering::Relaxed) < 3 {
            return Ok(());
        }
        Err(thinking_step::StepError::new(ErrorKind::Cancelled, "the run is stopping"))
    }
}

fn stopped(code: &str) -> ErrorKind {
    let host: Arc<dyn thinking_step::Host> = Arc::new(Stopping { inner: World::new().host, asked: AtomicU32::new(0) });
    let error = program(code).eval(&host).unwrap_err();
    assert!(error.span.is_some(), "{code}");
    error.kind
}

#[test]
fn a_script_cannot_go_on_when_it_is_to_stop() {
    assert_eq!(stopped("loop {}"), ErrorKind::Cancelled);
    assert_eq!(stopped("try { loop {} } catch { 1 }"), ErrorKind::Cancelled);
    assert_eq!(stopped("loop { try { loop { } } catch { } }"), ErrorKind::Cancelled);
    assert_eq!(stopped("time::sleep(3600)"), ErrorKind::Cancelled);
    assert_eq!(stopped("sleep(3600)"), ErrorKind::Cancelled);
    assert_eq!(stopped("assert_throws(|| sleep(3600)); 1"), ErrorKind::Cancelled);
    // Closures that are called again and again by what goes through a list.
    assert_eq!(stopped("list::permutations(list::range(0, 30)).find(|p| false)"), ErrorKind::Cancelled);
    assert_eq!(stopped("list::range(0, 5000000).filter(|x| x < 0)"), ErrorKind::Cancelled);
}

#[test]
fn a_failing_store_cannot_be_caught() {
    assert_eq!(stopped("try { words.get(\"a\") } catch { 1 }"), ErrorKind::Store);
    assert_eq!(stopped("try { [1].map(|x| words.get(\"a\")) } catch { 1 } 5"), ErrorKind::Store);
    assert_eq!(stopped("fn f(db) { db.get(\"a\") } try { f(words) } catch { } 5"), ErrorKind::Store);
}

/// What this thread alone has computed so far: whatever else the machine does, it does not count.
fn computed() -> Duration {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(spent.tv_sec.unsigned_abs(), u32::try_from(spent.tv_nsec).unwrap())
}

#[test]
fn growing_a_list_takes_linear_time() {
    let cost = |length: usize| {
        let program = program(&format!("let list = []; for i in 0..{length} {{ list.push(i); }} list.len()"));
        let host: Arc<dyn thinking_step::Host> = World::new().host;
        let once = || {
            let start = computed();
            assert_eq!(program.eval(&host).unwrap(), json!(length));
            computed() - start
        };
        // The best of three is the one that others on the machine disturbed least.
        (0..3).map(|_| once()).min().unwrap()
    };
    let (short, long) = (cost(2_000), cost(40_000));
    assert!(long < short * 20 * 5, "{short:?} for 2,000 elements, {long:?} for 40,000");
}

/// What a script says that may take little memory only.
fn in_little_memory(code: &str) -> String {
    static SMALL: LazyLock<Rhai> = LazyLock::new(|| Rhai::new().memory_limit(100 << 20));
    let program = SMALL.compile(&MappedText::whole_file(SourceId(0), code), &scope(), Purpose::Step).unwrap();
    let host: Arc<dyn thinking_step::Host> = World::new().host;
    let error = program.eval(&host).expect_err(code);
    assert_eq!(error.kind, ErrorKind::Script, "{code}");
    assert!(error.help.is_some() && error.span.is_some(), "{code}");
    error.message
}

#[test]
fn data_that_grows_and_grows_is_an_error() {
    for code in [
        "let a = \"a\"; loop { a += a; }",
        "let a = [1]; for i in 0..40 { a += a; }",
        "let a = [1]; for i in 0..40 { a = a + a; }",
        "let a = 1; for i in 0..40 { a = #{ a: a, b: a }; }",
        "let a = blob(9); loop { a += a; }",
        "let a = [1]; try { loop { a += a; } } catch { 1 }",
        "let s = text::repeat(\"a\", 1 << 27); let l = []; l.pad(1000, s); l",
        "text::repeat(\"a b \", 1 << 25).split()",
    ] {
        assert_eq!(in_little_memory(code), "the script's data has grown too large for the memory", "{code}");
    }
}

#[test]
fn one_call_cannot_make_too_much() {
    for code in [
        "let s = text::repeat(\"a\", 1 << 20); s.replace(\"a\", s); s",
        "let s = text::repeat(\"a\", 1 << 20); text::replace(s, \"a\", s)",
        "let s = text::repeat(\"a\", 1 << 26); text::join([s, s, s, s, s], \"\")",
    ] {
        assert!(failure(code).contains("bytes long"), "{code}");
    }
    assert!(failure("let l = []; l.pad(1000000, list::range(0, 1000)); l").contains("too large"));
    assert_eq!(value("let s = \"a-b\"; s.replace(\"-\", \"++\"); s"), json!("a++b"));
    assert_eq!(value("let s = \"a-b\"; s.replace('-', \"++\"); s.split('+')"), json!(["a", "", "b"]));
    assert_eq!(value("[\"a b\".split(), \"a-b\".split(\"-\")]"), json!([["a", "b"], ["a", "b"]]));
}

#[test]
fn values_nested_ever_deeper_are_an_error() {
    on_a_small_stack(|| {
        for code in [
            "let a = []; loop { a = [a]; }",
            "let a = #{}; loop { a = #{ x: 1, next: a, y: 2 }; }",
            "let c = [[]]; loop { c.push([c.pop()]); }",
            "let a = []; loop { let b = []; b.push(a); a = b; }",
            "let f = |x| x; loop { let g = f; f = || g.call(1); }",
            "fn nest() { this = [this]; } let a = 1; loop { a.nest(); }",
            "let a = []; try { loop { a = [a]; } } catch { 1 }",
        ] {
            let error = eval(code).unwrap_err();
            assert!(error.message.ends_with("is nested more than 500 levels deep"), "{code}: {error}");
            assert!(error.help.is_some() && error.span.is_some());
        }
    });
}

#[test]
fn what_is_asked_before_a_run_is_short() {
    let host: Arc<dyn thinking_step::Host> = World::new().host;
    for code in ["loop {}", "try { loop {} } catch { 1 }"] {
        let error = compile(code, Purpose::Pure).unwrap().eval(&host).unwrap_err();
        assert_eq!(
            (error.kind, &*error.message),
            (ErrorKind::Script, "the script takes more than 10000000 operations")
        );
        assert!(error.help.is_some());
    }
    let sum = compile("let s = 0; for i in 0..10000 { s += i; } s", Purpose::Pure).unwrap().eval(&host).unwrap();
    assert_eq!(sum, json!(49_995_000));
}

/// What a script says that may take no more than this: `message @ underlined`, and the limit that the help names.
fn limited(limits: thinking_step::Limits, code: &str, purpose: Purpose) -> (String, String) {
    let world = World::new();
    let mut host = thinking_step::testing::MemoryHost::new(world.directory.path());
    host.limits = limits;
    let host: Arc<dyn thinking_step::Host> = Arc::new(host);
    let error = compile(code, purpose).unwrap_or_else(|wrong| panic!("{wrong:?}")).eval(&host).expect_err(code);
    assert_eq!(error.kind, ErrorKind::Script);
    let span = error.span.unwrap();
    let help = error.help.unwrap_or_default();
    let limit = help.split("limits ").nth(1).and_then(|rest| rest.split('=').next()).unwrap_or_default().to_owned();
    (format!("{} @ {}", error.message, &code[span.start as usize..span.end as usize]), limit)
}

#[test]
fn the_manifests_limits_hold() {
    let none = thinking_step::Limits::default();
    let operations = thinking_step::Limits { operations: Some(50_000), ..none };
    let depth = thinking_step::Limits { depth: Some(10), ..none };
    let memory = thinking_step::Limits { memory: Some(100 << 20), ..none };
    let time = thinking_step::Limits { time: Some(Duration::from_millis(50)), ..none };
    let large = "the script's data has grown too large for the memory";
    for (limits, code, message, limit) in [
        (operations, "let n = 0; loop { n += 1; }", "the script takes more than 50000 operations", "operations"),
        (operations, "try { loop {} } catch { 1 }", "the script takes more than 50000 operations", "operations"),
        (
            operations,
            "for order in list::permutations(list::range(0, 30)) { order; }",
            "the script takes more than 50000 operations",
            "operations",
        ),
        (depth, "fn f(n) { f(n + 1) } f(0)", "functions call each other more than 10 levels deep", "depth"),
        (
            depth,
            "fn f(n) { try { f(n + 1) } catch { 1 } } f(0)",
            "functions call each other more than 10 levels deep",
            "depth",
        ),
        (none, "fn f(n) { f(n + 1) } f(0)", "functions call each other more than 64 levels deep", "depth"),
        (time, "let n = 0; loop { n += 1; }", "the script takes longer than 50 ms", "time"),
        (time, "time::sleep(600)", "the script takes longer than 50 ms", "time"),
        (memory, "let s = \"ab\"; loop { s += s; }", large, "memory"),
        (memory, "let l = [1]; loop { l += l; }", large, "memory"),
        (memory, "let m = #{}; let n = 0; loop { m[`key ${n}`] = blob(1000000, 1); n += 1; }", large, "memory"),
        (memory, "let l = []; loop { l.push(blob(1000000)); }", large, "memory"),
    ] {
        let purposes: &[Purpose] =
            if limit == "memory" { &[Purpose::Step] } else { &[Purpose::Step, Purpose::Expression] };
        for purpose in purposes.iter().copied() {
            let (found, names) = limited(limits, code, purpose);
            assert_eq!((found.split(" @ ").next().unwrap(), &*names), (message, limit), "{code}");
        }
    }
    on_a_small_stack(move || {
        let deep = thinking_step::Limits { depth: Some(1000), ..none };
        for code in ["fn f() { f() } f()", "fn f(n) { f(n + 1) } f(0)", "fn f(n) { [1].map(|x| f(n + x)) } f(0)"] {
            assert!(limited(deep, code, Purpose::Step).0.contains("deep"), "{code}");
        }
        let world = World::new();
        let mut host = thinking_step::testing::MemoryHost::new(world.directory.path());
        host.limits = thinking_step::Limits { depth: Some(65), operations: Some(1_000_000), ..none };
        let host: Arc<dyn thinking_step::Host> = Arc::new(host);
        let sum = "fn f(n) { if n == 0 { 0 } else { n + f(n - 1) } } f(30)";
        assert_eq!(program(sum).eval(&host).unwrap(), json!(465), "limits that are not reached change nothing");
    });
}
