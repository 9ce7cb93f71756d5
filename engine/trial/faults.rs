//! What is to go wrong in pipelines under test.

use crate::bench::Bench;
use crate::collect::has_templates;
use crate::setting::Setting;
use crate::shape::Shape;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, Spanned};
use thinking_run::faults::{Action, Fault, Faults};
use thinking_schema::{FailAt, RunAct, Tree};
use thinking_step::ErrorKind;

impl Bench<'_, '_> {
    /// What is to go wrong in the pipelines under test, checked against them; with the paths that they have in the test.
    pub(crate) fn faults(&mut self, setting: &Setting, shape: &Shape, found: &mut Diagnostics) -> Vec<Fault> {
        let mut all = Vec::new();
        for run in &shape.runs {
            let own: Vec<Fault> = run.act.value.fail.iter().map(fault).collect();
            self.check_faults(setting, &run.name, own.clone(), found);
            let within = |fault: Fault| Fault { at: format!("{}/{}", run.path, fault.at), ..fault };
            all.extend(own.into_iter().map(within));
        }
        for run in &shape.crashes {
            let crash = |crash: &Spanned<thinking_schema::CrashAt>| Fault {
                span: crash.value.at.span,
                ..Fault::crash(crash.value.at.value.clone())
            };
            let own = run.value.crash.iter().map(crash).collect();
            self.check_faults(setting, &run.value.pipeline.value, own, found);
            if let Some(beside) = run.value.fail.first().and_then(|fail| fail.span).or(run
                .value
                .fails
                .as_ref()
                .and_then(|fails| fails.span))
            {
                found.push(
                    Diagnostic::error(Code::InvalidValue, "a run with `crash` cannot `fail` on purpose too")
                        .at(beside, "not together")
                        .help("make two tests of it".to_owned()),
                );
            }
        }
        all
    }

    fn check_faults(&mut self, setting: &Setting, pipeline: &str, faults: Vec<Fault>, found: &mut Diagnostics) {
        if faults.is_empty() {
            return;
        }
        // What is wrong with the pipeline itself is told with the test.
        let plan = self.shop(setting, |shop| shop.plan(pipeline, &mut Diagnostics::new()));
        if let Some(plan) = plan
            && let Err(wrong) = Faults::new(faults, &plan)
        {
            found.extend(wrong);
        }
    }
}

/// A run without the values that only the test can know, as scripts before it declare what is in them. The test's own plan has them too.
pub(crate) fn without_templates(run: &Spanned<RunAct>, setting: &Setting) -> Spanned<RunAct> {
    let mut run = run.clone();
    if let Some(Spanned { value: Tree::Map(fields), .. }) = &mut run.value.params {
        let is_known = |name: &str| setting.model.manifest.param.get(name).is_some();
        fields.retain(|(name, value)| !is_known(&name.value) || !has_templates(&value.value));
    }
    run
}

fn fault(fail: &Spanned<FailAt>) -> Fault {
    let FailAt { at, times, message, kind, .. } = &fail.value;
    Fault {
        at: at.value.clone(),
        span: at.span,
        action: Action::Fail {
            times: times.as_ref().map_or(1, |times| times.value),
            kind: kind.as_ref().and_then(|kind| ErrorKind::from_name(&kind.value)),
            message: message.as_ref().map(|message| message.value.clone()),
        },
    }
}
