//! `plan` says what `apply` would do.

use super::support::*;
use crate::{Options, Verdict};
use serde_json::json;
use thinking_plan::Plan;
use thinking_step::StepError;

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
    // What comes after a failure that is passed over is not reached either.
    let odd = step("a", "a", |host| match host.variable("v").unwrap().as_i64() {
        Some(1) => Err(StepError::script("no")),
        _ => Ok(json!(1)),
    });
    let project = Project::new();
    let plan = [each("v", value(json!([1])), vec![odd, put("x", "x", 1)]).skip(), put("y", "y", 1)];
    project.apply(&plan);
    assert_eq!(
        lines(&project, project.plan(&plan), Options::default()),
        ["v done", "v/a done 1x", "v/x skipped (a failure before it is passed over)", "y done 1x"]
    );
}
