//! `plan` says what `apply` would do.

use super::support::*;
use crate::{Options, Verdict};
use serde_json::json;
use thinking_plan::{Plan, TemplateValue};
use thinking_step::{ReferenceKind, StepError};

fn lines(project: &Project, plan: Plan, options: Options) -> Vec<String> {
    let preview = project.preview_plan(plan, options);
    let mut lines: Vec<String> = preview
        .tasks
        .iter()
        .map(|task| {
            let verdict = match &task.verdict {
                Verdict::Done => "done".to_owned(),
                Verdict::Run => "run".to_owned(),
                Verdict::Skipped => "skipped".to_owned(),
                Verdict::Unknown(until) => format!("unknown until {until}"),
                Verdict::Fails(why) => format!("fails: {why}"),
            };
            let done = if task.done > 0 { format!(" {}x", task.done) } else { String::new() };
            let why = task.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
            format!("{} {verdict}{done}{why}", task.path)
        })
        .collect();
    lines.extend(preview.gone.map(|gone| format!("gone {gone}")));
    lines
}

#[test]
fn says_what_is_done_what_runs_and_why() {
    let mut project = Project::new();
    project.params.insert("p", (json!(1), false));
    let odd = || program("p is odd", |host| Ok(json!(host.param("p").unwrap().as_i64().unwrap() % 2 == 1)));
    let plan = |b: i64, last: i64| {
        vec![
            put("a", "a", 1),
            each("n", value(json!({"$range": [0, last]})), vec![put("b", "b", b), put("c", "c", 1)]),
            stage("s", vec![put("d", "d", 1), put("e", "e", 1).when(odd())]),
        ]
    };
    let now = |project: &Project, b, last| lines(project, project.plan(&plan(b, last)), Options::default());
    let all = "`a` runs before it";
    assert_eq!(
        now(&project, 1, 2),
        [
            "a run (it is not done yet)".to_owned(),
            "n run".to_owned(),
            format!("n/b run ({all})"),
            format!("n/c run ({all})"),
            "s run".to_owned(),
            format!("s/d run ({all})"),
            format!("s/e run ({all})"),
        ]
    );
    let before = project.store.progress();
    assert_eq!(before, project.store.progress());
    project.apply(&plan(1, 2));
    assert_eq!(
        now(&project, 1, 2),
        ["a done 1x", "n done", "n/b done 2x", "n/c done 2x", "s done", "s/d done 1x", "s/e done 1x"]
    );
    let later = "`n[2]/b` runs before it";
    assert_eq!(
        now(&project, 1, 3),
        [
            "a done 1x".to_owned(),
            "n run".to_owned(),
            "n/b run 2x (it is new)".to_owned(),
            format!("n/c run 2x ({later})"),
            "s run".to_owned(),
            format!("s/d run ({later})"),
            format!("s/e run ({later})"),
        ]
    );
    assert_eq!(now(&project, 2, 2)[2..4], ["n/b run (its `rhai` changed)", "n/c run (`n[0]/b` runs before it)"]);
    project.params.insert("p", (json!(2), false));
    assert_eq!(now(&project, 1, 2).last().unwrap(), "gone s/e");
    let only = Options { only: Some("a".into()), ..Options::default() };
    let only = lines(&project, project.plan(&plan(1, 2)), only);
    assert_eq!(only[..2], ["a run (it was asked for)", "n skipped (it stands after what was asked for)"]);
    let fresh = Options { fresh: true, ..Options::default() };
    assert_eq!(lines(&project, project.plan(&plan(1, 2)), fresh)[0], "a run (it is not done yet)");
}

#[test]
fn changes_nothing() {
    let project = Project::new();
    project.apply(&[put("a", "a", 1), put("b", "b", 1)]);
    let before = (project.store.progress(), project.store.runs().unwrap());
    lines(&project, project.plan(&[put("a", "a", 2), put("b", "b", 1)]), Options::default());
    assert_eq!(before, (project.store.progress(), project.store.runs().unwrap()));
}

#[test]
fn says_why_a_task_is_not_there() {
    let project = Project::new();
    let plan = vec![
        each("v", value(json!([])), vec![put("x", "x", 1)]),
        choose(
            false,
            vec![
                (Some(value(false)), vec![put("no", "x", 1)]),
                (Some(value(true)), vec![put("yes", "x", 1)]),
                (None, vec![put("else", "x", 1)]),
            ],
        ),
        stage("s", vec![put("w", "x", 1).when(value(false))]),
        stage("t", vec![put("u", "x", 1)]).when(value(false)),
        inner("r", vec![], vec![end(), put("after", "x", 1)]),
        end(),
        put("last", "x", 1),
    ];
    let why = |project: &Project| {
        let lines = lines(project, project.plan(&plan), Options::default());
        lines.into_iter().filter(|line| !line.starts_with("yes")).collect::<Vec<_>>()
    };
    let expected = [
        "v skipped (there are no iterations)",
        "v/x skipped (there are no iterations)",
        "no skipped (its branch is not taken)",
        "else skipped (its branch is not taken)",
        "s skipped (nothing in it is to be done)",
        "s/w skipped (its `when` is false)",
        "t skipped (its `when` is false)",
        "t/u skipped (the `when` of `t` is false)",
        "r skipped (the pipeline ends before it)",
        "r/after skipped (the pipeline ends before it)",
        "last skipped (the pipeline ends before it)",
    ];
    assert_eq!(why(&project), expected, "before");
    project.apply(&plan);
    assert_eq!(why(&project), expected, "after");
    let broken = [each("v", value(json!(1)), vec![put("x", "x", 1)]), put("y", "y", 1)];
    assert_eq!(
        lines(&project, project.plan(&broken), Options::default())[1..],
        ["v/x skipped (`v` fails before it)", "y skipped (`v` fails before it)"]
    );
    // What failed is not done, and what comes after it is not reached.
    let odd = step("a", "a", |host| match host.variable("v").unwrap().as_i64() {
        Some(1) => Err(StepError::script("no")),
        _ => Ok(json!(1)),
    });
    let project = Project::new();
    let plan = [each("v", value(json!([1])), vec![odd, put("x", "x", 1)]).skip(), put("y", "y", 1)];
    project.apply(&plan);
    assert_eq!(
        lines(&project, project.plan(&plan), Options::default()),
        [
            "v skipped (passed over: no)",
            "v/a skipped (a failure in `v` is passed over)",
            "v/x skipped (a failure in `v` is passed over)",
            "y done 1x"
        ]
    );
}

#[test]
fn a_finished_pipeline_is_told_as_a_walk_over_it_tells_it() {
    let project = Project::new();
    let broken = |name| step(name, "broken", |_| Err(StepError::script("no luck")));
    let plan = [
        put("a", "a", 1),
        broken("b").skip(),
        stage("s", vec![put("c", "c", 1)]).when(value(false)),
        choose(false, vec![(Some(value(true)), vec![put("d", "d", 1)]), (None, vec![put("e", "e", 1)])]),
        each(
            "n",
            value(json!([1, 2])),
            vec![
                put("f", "f", 1),
                broken("g").when(program("n is 2", |host| Ok(json!(host.variable("n") == Some(json!(2)))))),
            ],
        )
        .skip(),
        each("m", value(json!([])), vec![put("h", "h", 1)]),
        put("z", "z", 1),
    ];
    let told = project.apply(&plan);
    assert_eq!(told.end, thinking_event::RunEnd::Done);
    let finished = lines(&project, project.plan(&plan), Options::default());
    let walked = lines(&project, project.plan(&plan), Options { until: Some("z".into()), ..Options::default() });
    assert_eq!(finished, walked);
    assert_eq!(
        finished,
        [
            "a done 1x",
            "b skipped (passed over: no luck)",
            "s skipped (its `when` is false)",
            "s/c skipped (the `when` of `s` is false)",
            "d done 1x",
            "e skipped (its branch is not taken)",
            "n done (1 passed over: no luck)",
            "n/f done 2x",
            "n/g skipped (its `when` is false)",
            "m skipped (there are no iterations)",
            "m/h skipped (there are no iterations)",
            "z done 1x",
        ]
    );
    let again = project.apply(&plan);
    let counts = again.events.iter().find_map(|event| match event {
        thinking_event::Event::RunEnded { counts, .. } => Some((counts.kept, counts.failed)),
        _ => None,
    });
    assert_eq!((again.end, counts), (thinking_event::RunEnd::Unchanged, Some((7, 2))));
}

#[test]
fn steps_of_other_pipelines_that_would_be_given_up_are_told() {
    let mut project = Project::new();
    project.apply(&[put("a", "a", 1)]);
    project.pipeline = "other";
    project.apply(&[put("b", "b", 1), put("c", "c", 1)]);
    project.pipeline = "main";
    let preview = project.preview(&[put("a", "a", 2)]);
    assert_eq!((preview.dropped, preview.others.clone()), (3, vec![("other".into(), 2)]));
    let told = project.apply(&[put("a", "a", 2)]);
    assert_eq!(told.lines()[0], "rerun a (3): its `rhai` changed");
}

#[test]
fn a_failure_with_no_step_before_it_is_no_nothing_to_do() {
    let project = Project::new();
    let plan = [put("a", "a", 1), fail("no")];
    project.apply(&plan);
    let preview = project.preview(&plan);
    assert_eq!((preview.fails.clone(), preview.is_unchanged()), (Some(("main".to_owned(), "no".to_owned())), false));
}

#[test]
fn a_fail_that_is_reached_for_certain_is_told() {
    let fails = |nodes: &[Node]| {
        let project = Project::new();
        let preview = project.preview(nodes);
        (preview.fails.clone(), lines(&project, project.plan(nodes), Options::default()))
    };
    let told = |(fails, lines): (Option<(String, String)>, Vec<String>)| {
        let fails = fails.map_or("goes well".to_owned(), |(path, why)| format!("{path} fails: {why}"));
        [vec![fails], lines].concat()
    };
    let a = || put("a", "a", 1);
    let inside = vec![put("b", "b", 1), fail("no luck"), put("c", "c", 1)];
    let runs = "run (`a` runs before it)";
    assert_eq!(
        told(fails(&[a(), stage("o", vec![stage("s", inside.clone()), put("d", "d", 1)]), put("z", "z", 1)])),
        [
            "o/s fails: no luck",
            "a run (it is not done yet)",
            "o run",
            "o/s fails: no luck (no luck)",
            &format!("o/s/b {runs}"),
            "o/s/c skipped (`o/s` fails before it)",
            "o/d skipped (`o/s` fails before it)",
            "z skipped (`o/s` fails before it)",
        ]
        .map(|line| line.replace(" (no luck)", ""))
    );
    assert_eq!(
        told(fails(&[a(), fail("no"), put("z", "z", 1)])),
        ["main fails: no", "a run (it is not done yet)", "z skipped (the run fails before it)"]
    );
    // What ends a pipeline of its own does not end the run, but a failure does.
    let of_its_own = |last: Node| [a(), inner("r", vec![], vec![last, put("b", "b", 1)]), put("z", "z", 1)];
    assert_eq!(
        told(fails(&of_its_own(end())))[2..],
        ["r skipped (nothing in it is to be done)", "r/b skipped (the pipeline ends before it)", &format!("z {runs}")]
            .map(|line| line.replace("nothing in it is to be done", "the pipeline ends before it"))
    );
    assert_eq!(
        told(fails(&of_its_own(fail("no")))),
        [
            "r fails: no",
            "a run (it is not done yet)",
            "r fails: no",
            "r/b skipped (`r` fails before it)",
            "z skipped (`r` fails before it)"
        ]
    );
    // What passes it over goes on after it.
    assert_eq!(
        told(fails(&[a(), stage("s", inside.clone()).skip(), put("z", "z", 1)])),
        [
            "goes well".to_owned(),
            "a run (it is not done yet)".to_owned(),
            "s run".to_owned(),
            format!("s/b {runs}"),
            "s/c skipped (a failure in `s` is passed over)".to_owned(),
            format!("z {runs}")
        ]
    );
    // Also where the first step that runs is beside it, and not where it may not be reached.
    assert_eq!(
        told(fails(&[stage("s", inside), put("z", "z", 1)])),
        [
            "s fails: no luck",
            "s fails: no luck",
            "s/b run (it is not done yet)",
            "s/c skipped (`s` fails before it)",
            "z skipped (`s` fails before it)"
        ]
    );
    let never = [a(), each("n", value(json!([])), vec![fail("no")]), fail("no").when(value(false)), put("z", "z", 1)];
    assert_eq!(
        told(fails(&never)),
        ["goes well", "a run (it is not done yet)", "n skipped (there are no iterations)", &format!("z {runs}")]
    );
    // What stands after what was asked for is not reached.
    let project = Project::new();
    let until = Options { until: Some("a".into()), ..Options::default() };
    assert_eq!(project.preview_plan(project.plan(&[a(), fail("no")]), until).fails, None);
    // As it is where no step is left to run.
    let done = [a(), stage("s", vec![put("b", "b", 1), fail("no"), put("c", "c", 1)])];
    project.apply(&done);
    let told = lines(&project, project.plan(&done), Options::default());
    assert_eq!(
        told,
        ["a done 1x", "s fails: no", "s/b done 1x", "s/c skipped (`s` fails before it)"].map(str::to_owned)
    );
}

#[test]
fn what_fell_away_is_the_reason_for_what_follows() {
    let project = Project::new();
    let plan = |items: serde_json::Value, last: &'static str| {
        vec![
            each("x", value(items), vec![put("s", "s", 1)]),
            put("b", "b", 1).when(value(last == "b")),
            put("c", "c", 1),
        ]
    };
    let why = |items: serde_json::Value, last| {
        let lines = lines(&project, project.plan(&plan(items, last)), Options::default());
        lines.into_iter().find(|line| line.contains(" run") && !line.starts_with("x run")).unwrap_or_default()
    };
    project.apply(&plan(json!(["k", "l", "m n"]), "b"));
    assert_eq!(why(json!(["k", "l", "m n"]), "b"), "");
    assert_eq!(why(json!(["k", "l"]), "b"), "b run (`x[\"m n\"]` before it fell away)");
    assert_eq!(why(json!(["k", "m n"]), "b"), "x/s run 1x (`x[l]` before it fell away)");
    assert_eq!(why(json!(["k", "o", "m n"]), "b"), "x/s run 1x (`x[l]` before it fell away)");
    assert_eq!(why(json!([]), "b"), "b run (`x[k]` before it fell away)");
    assert_eq!(why(json!(["k", "o", "l", "m n"]), "b"), "x/s run 1x (it is new)");
    assert_eq!(why(json!(["l", "k", "m n"]), "b"), "x/s run (its place in the order changed: `x[k]/s` was before it)");
    assert_eq!(why(json!(["k", "l", "m n"]), "c"), "c run (`b` before it is not to be done any more)");
    let told = project.apply(&plan(json!(["k", "l"]), "b"));
    assert_eq!(told.lines()[1], "rerun b (3): `x[\"m n\"]` before it fell away");
}

#[test]
fn parameters_of_a_run_are_known_where_no_step_makes_them() {
    let mut project = Project::new();
    for name in ["at-most", "made", "p"] {
        project.params.insert(name, (json!(0), false));
    }
    let param = |name: &'static str, wanted: i64| {
        let asked = ReferenceKind::Param(name.replace('-', "_"));
        referring(&format!("{name} is {wanted}"), vec![asked], move |host| {
            Ok(json!(host.param(name) == Some(json!(wanted))))
        })
    };
    let made = || template(referring("made", vec![ReferenceKind::Result("a".into())], |_| Ok(json!(2))));
    let fixed = |value: i64| TemplateValue::Fixed(json!(value));
    let loops = |name| each(name, value(json!([1])), vec![put("s", "s", 1)]);
    let plan = [
        put("a", "a", 1),
        inner(
            "r",
            vec![("at-most", fixed(2)), ("made", made())],
            vec![
                loops("yes").when(param("at-most", 2)),
                loops("no").when(param("at-most", 3)),
                loops("later").when(param("made", 2)),
                inner("q", vec![("made", fixed(1))], vec![loops("now").when(param("made", 2))]),
            ],
        ),
    ];
    assert_eq!(
        lines(&project, project.plan(&plan), Options::default())[2..],
        [
            "r/yes run",
            "r/yes/s run (`a` runs before it)",
            "r/no skipped (its `when` is false)",
            "r/no/s skipped (the `when` of `r/no` is false)",
            "r/later unknown until a",
            "r/later/s unknown until a (unknown until `a` is done)",
            "r/q skipped (nothing in it is to be done)",
            "r/q/now skipped (its `when` is false)",
            "r/q/now/s skipped (the `when` of `r/q/now` is false)",
        ]
    );
    // Inside of the `run`, too, where the walk has gone into it.
    let plan = [inner("r", vec![("p", fixed(2))], vec![put("b", "b", 1), loops("no").when(param("p", 3))])];
    assert_eq!(lines(&project, project.plan(&plan), Options::default())[2], "r/no skipped (its `when` is false)");
}

#[test]
fn outputs_that_would_be_removed_are_told() {
    let leaves =
        |name: &'static str, path: &'static str| shell(name, &format!("echo {name} > {path}"), None).output(path);
    let project = Project::new();
    let plan = [leaves("a", "a.txt"), leaves("b", "b.txt"), leaves("c", "c.txt"), leaves("d", "d.txt")];
    let removes = |nodes: &[Node], options: Options| {
        let removes = project.preview_plan(project.plan(nodes), options).removes;
        removes.into_iter().map(|(path, task)| format!("{path} of {task}")).collect::<Vec<_>>()
    };
    project.apply(&plan);
    let [a, b, c, d] = plan.clone();
    let none: [&str; 0] = [];
    assert_eq!(removes(&plan, Options::default()), none);
    assert_eq!(removes(&[a.clone(), c.clone(), d.clone()], Options::default()), ["b.txt of b"]);
    assert_eq!(removes(&[a.clone(), b.clone(), c.clone()], Options::default()), ["d.txt of d"]);
    assert_eq!(
        removes(&[a.clone(), b.clone().when(value(false)), c.clone()], Options::default()),
        ["b.txt of b", "d.txt of d"]
    );
    // What another step makes again is not gone, and neither is what is somebody's own by now.
    assert_eq!(removes(&[a.clone(), leaves("e", "b.txt"), c.clone(), d.clone()], Options::default()), none);
    std::fs::write(project.path().join("d.txt"), "mine").unwrap();
    let fresh = || Options { fresh: true, ..Options::default() };
    assert_eq!(removes(&[a.clone(), c.clone()], Options::default()), ["b.txt of b"]);
    assert_eq!(removes(std::slice::from_ref(&c), fresh()), ["a.txt of a", "b.txt of b"]);
    assert_eq!(removes(&plan, fresh()), none);
    // And so it comes.
    project.apply(&[a, c]);
    let there = ["a.txt", "b.txt", "c.txt", "d.txt"].map(|name| project.read(name).is_some());
    assert_eq!(there, [true, false, true, true]);
}
