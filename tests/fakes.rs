//! `fake-http` in real manifests.

use crate::support::Sandbox;

const MANIFEST: &str = r##"
component "shop" script="shop.rhai" { needs "api" }
bind "api" to="fake-http" {
    route "GET /items" {
        body { name "tea"; price 2.5 }
        headers { x-page "1" }
    }
    route "GET /flaky" fails=2 body="at last"
    route "POST /orders" status=201 body="thanks"
}
pipeline "main" {
    step "read" {
        rhai #"""
            let answer = http::get(api.url("/items"));
            log::info(`${answer.status} ${answer.json().price} page ${answer.headers["x-page"]}`);
            """#
    }
    step "flaky" retry=3 { rhai #"log::info(http::get(api.url("flaky")).body)"# }
    step "order" { rhai #"log::info(`order ${shop.order("tea")}`)"# }
    step "unknown" { rhai #"log::info(http::get(api.url("/nothing")).body)"# }
    step "told" {
        rhai #"""
            api.respond("GET", "/items", #{ status: 404, body: [1] });
            let answer = http::get(api.url("/items"));
            log::info(`${answer.status} ${answer.body}`);
            let last = api.requests()[-1];
            log::info(`${api.requests().len()} requests, the last ${last.method} ${last.path}`);
            let order = api.requests().find(|one| one.method == "POST");
            log::info(`ordered ${order.json.item}, ${order.headers["content-type"]}, ${order.query.by}`);
            api.reset();
            log::info(`${api.requests().len()} requests, ${http::get(api.url("/items")).status}`);
            """#
    }
}
"##;

fn project(manifest: &str) -> Sandbox {
    let sandbox = Sandbox::with(manifest);
    sandbox
        .write("shop.rhai", "fn order(item) { http::post(this.api.url(\"/orders?by=me\"), #{ item: item }).status }\n");
    sandbox
}

#[test]
fn scripts_talk_to_it_without_a_permission() {
    let ran = project(MANIFEST).run(&["apply", "--json"]).expect(0);
    let logged: Vec<String> = ran
        .out
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|event| event.get("message").and_then(|message| message.as_str()).map(str::to_owned))
        .collect();
    insta::assert_snapshot!(logged.join("\n"), @r"
    200 2.5 page 1
    at last
    order 201
    fake-http has no route for GET /nothing; it has: GET /items, GET /flaky, POST /orders

    404 [1]
    7 requests, the last GET /items
    ordered tea, application/json, me
    0 requests, 200
    ");
}

#[test]
fn other_servers_stay_forbidden() {
    let manifest = MANIFEST.replace("http::get(api.url(\"flaky\"))", "http::get(\"http://127.0.0.1:1/x\")");
    let ran = project(&manifest).run(&["apply"]).expect(2);
    assert!(ran.err.contains("connecting to `127.0.0.1:1` is not permitted"), "{}", ran.err);
}

#[test]
fn a_port_of_this_machine_is_permitted_only_while_it_is_served() {
    // What was a server's port a moment ago may be anybody's now.
    let manifest = r##"
        runtime { database "kept" kind="kv" }
        bind "api" to="fake-http" scope="step"
        pipeline "main" {
            step "first" { rhai #"kept.put("url", api.url()); http::get(api.url()).status"# }
            step "second" { rhai #"http::get(kept.get("url"))"# }
        }
    "##;
    let ran = project(manifest).run(&["apply"]).expect(1);
    assert!(ran.err.contains("connecting to `127.0.0.1:"), "{}", ran.err);
    assert!(ran.err.contains("is not permitted"), "{}", ran.err);
}

#[test]
fn mistakes_are_found_where_they_are() {
    let cases = [
        ("body=\"at last\"", "boddy=\"at last\"", 2, "boddy"),
        ("fails=2", "fails=\"often\"", 2, "often"),
        ("GET /flaky", "/flaky", 2, "a method and a path, such as \"GET /items\""),
        ("api.requests()[-1]", "api.request()[-1]", 2, "did you mean `api.requests`?"),
    ];
    for (from, to, code, part) in cases {
        let ran = project(&MANIFEST.replace(from, to)).run(&["apply"]).expect(code);
        assert!(ran.err.contains(part), "{to}: {}", ran.err);
    }
}

#[test]
fn who_does_not_name_it_does_not_find_it() {
    let without = Sandbox::with("pipeline \"main\" { step \"a\" { rhai \"1\" } }").run(&["components"]);
    assert!(!without.out.contains("fake-http"), "{}", without.out);
    let with = project(MANIFEST).run(&["components", "api"]).expect(0);
    assert!(with.out.contains("fake-http") && with.out.contains("requests"), "{}", with.out);
}
