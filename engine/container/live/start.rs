//! How a run starts.

use crate::lifecycle::{Direction, Hook, Outcome, Side, TargetPlan};
use crate::live::call::{HookArguments, within};
use crate::live::container::{Instance, Phase, Slot, UnitHook};
use crate::live::{Container, Environment, HookFailure, HookReport, ScopeKey, StartFailure, Work};
use crate::wiring::Lifetime;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use thinking_step::{ErrorKind, StepError, with_current};

/// One thing to do in a target.
pub(crate) enum Job {
    Unit(Arc<Instance>, UnitHook),
    Project(usize),
}

impl Container {
    /// Creates what lives for the whole run and is not lazy, and goes through the targets of the start. If something fails, what was through
    /// with `startup` is stopped again, and the container is at its end.
    ///
    /// # Errors
    /// A creation or hook failed, or the run was started before.
    pub fn start(&self, env: &Arc<dyn Environment>) -> Result<(), Box<StartFailure>> {
        {
            let mut inner = self.lock();
            if inner.phase != Phase::New {
                let error = StepError::new(ErrorKind::Native, "the run was started before");
                let failure = HookFailure { target: None, who: String::new(), error: Box::new(error) };
                return Err(Box::new(StartFailure { failure, also: Vec::new(), stopping: Vec::new() }));
            }
            inner.phase = Phase::Starting;
        }
        let mut begun = false;
        let started = self.start_all(env, &mut begun);
        let Err(mut failures) = started else {
            self.lock().phase = Phase::Running;
            self.changed.notify_all();
            return Ok(());
        };
        let failure = failures.remove(0);
        let outcome = if failure.error.kind == ErrorKind::Cancelled { Outcome::Interrupted } else { Outcome::Failed };
        let stopping = self.stop_all(env, outcome, begun);
        Err(Box::new(StartFailure { failure, also: failures, stopping }))
    }

    /// Gives at least one failure, if any. `begun`: whether `init` was reached.
    fn start_all(&self, env: &Arc<dyn Environment>, begun: &mut bool) -> Result<(), Vec<HookFailure>> {
        for (position, unit) in self.wiring.units.iter().enumerate() {
            if unit.lifetime == Lifetime::Run && !unit.lazy {
                self.instance(env, position, &ScopeKey::default(), false).map_err(|failure| vec![failure])?;
            }
        }
        for (at, target) in self.plan.targets.iter().enumerate().filter(|(_, target)| target.side == Side::Start) {
            *begun |= target.own.is_none();
            if let Err(error) = env.reached(target) {
                let who = format!("target \"{}\"", target.name);
                return Err(vec![HookFailure { target: Some(target.name.clone()), who, error: Box::new(error) }]);
            }
            let instances: Vec<Arc<Instance>> = self.living().into_iter().filter(|one| !one.late).collect();
            if is_startup(target) {
                self.startup(env, at, target, &instances)?;
                continue;
            }
            let failures = self.run_jobs(env, target, self.jobs(at, target, &instances, true), None);
            if !failures.is_empty() {
                return Err(failures);
            }
        }
        Ok(())
    }

    /// `startup` goes unit by unit: those that are through with it, also those that do nothing in it, will be stopped.
    fn startup(
        &self,
        env: &Arc<dyn Environment>,
        at: usize,
        target: &TargetPlan,
        instances: &[Arc<Instance>],
    ) -> Result<(), Vec<HookFailure>> {
        for instance in instances {
            for hook in self.hooks_of(instance, at) {
                self.run_job(env, target, &Job::Unit(Arc::clone(instance), hook), None)
                    .map_err(|failure| vec![failure])?;
            }
            instance.started.store(true, Ordering::Release);
        }
        for on in project_hooks(target) {
            self.run_job(env, target, &Job::Project(on), None).map_err(|failure| vec![failure])?;
        }
        Ok(())
    }

    /// Takes one that was created late through all targets of the start. If that fails after `startup`, it is stopped again.
    pub(crate) fn start_late(
        &self,
        env: &Arc<dyn Environment>,
        instance: Arc<Instance>,
    ) -> Result<Arc<Instance>, HookFailure> {
        for (at, target) in self.plan.targets.iter().enumerate().filter(|(_, target)| target.side == Side::Start) {
            let hooks: Vec<UnitHook> = self.hooks_of(&instance, at).collect();
            for hook in hooks {
                if let Err(mut failure) = self.run_job(env, target, &Job::Unit(Arc::clone(&instance), hook), None) {
                    let after = self.stop_one(env, instance);
                    failure.error.details.extend(after.iter().map(HookFailure::to_string));
                    return Err(failure);
                }
            }
            if is_startup(target) {
                instance.started.store(true, Ordering::Release);
            }
        }
        Ok(instance)
    }

    /// All that live, in start order.
    pub(crate) fn living(&self) -> Vec<Arc<Instance>> {
        let inner = self.lock();
        let live = inner.slots.values().filter_map(|slot| match slot {
            Slot::Live(instance) => Some(Arc::clone(instance)),
            Slot::Busy(_) => None,
        });
        let mut all: Vec<Arc<Instance>> = live.collect();
        drop(inner);
        all.sort_by_key(|instance| (instance.key.0, instance.number));
        all
    }

    pub(crate) fn hooks_of(&self, instance: &Instance, target: usize) -> impl Iterator<Item = UnitHook> {
        let hooks = self.hooks.get(instance.key.0).map_or(&[][..], Vec::as_slice);
        hooks.iter().copied().filter(move |hook| hook.target == target)
    }

    /// What is to be done in a target, in order. `instances` are in start order.
    pub(crate) fn jobs(&self, at: usize, target: &TargetPlan, instances: &[Arc<Instance>], project: bool) -> Vec<Job> {
        let of = |instance: &Arc<Instance>| -> Vec<Job> {
            self.hooks_of(instance, at).map(|hook| Job::Unit(Arc::clone(instance), hook)).collect()
        };
        let own = project_hooks(target).filter(|_| project).map(Job::Project);
        if target.direction == Direction::Backward {
            own.chain(instances.iter().rev().flat_map(of)).collect()
        } else {
            instances.iter().flat_map(of).chain(own).collect()
        }
    }

    /// Runs what is to be done in a target of the start: one after the other up to the first failure, or all at once.
    fn run_jobs(
        &self,
        env: &Arc<dyn Environment>,
        target: &TargetPlan,
        jobs: Vec<Job>,
        outcome: Option<Outcome>,
    ) -> Vec<HookFailure> {
        if target.direction == Direction::Gather {
            return self.gather(env, target, &jobs, outcome);
        }
        jobs.iter().find_map(|job| self.run_job(env, target, job, outcome).err()).into_iter().collect()
    }

    /// Runs all at once; failures come in the order of the jobs.
    pub(crate) fn gather(
        &self,
        env: &Arc<dyn Environment>,
        target: &TargetPlan,
        jobs: &[Job],
        outcome: Option<Outcome>,
    ) -> Vec<HookFailure> {
        std::thread::scope(|threads| {
            let spawn = |job| {
                let run = move || self.run_job(env, target, job, outcome);
                std::thread::Builder::new().name("hook".to_owned()).spawn_scoped(threads, run)
            };
            let running: Vec<_> = jobs.iter().map(|job| (job, spawn(job))).collect();
            let lost =
                |job: &Job, text: String| Err(self.job_failure(target, job, StepError::new(ErrorKind::Native, text)));
            let ended = running.into_iter().map(|(job, thread)| match thread {
                Ok(thread) => thread.join().unwrap_or_else(|_| lost(job, "its thread ended early".to_owned())),
                Err(error) => lost(job, format!("no thread could be started for it: {error}")),
            });
            ended.filter_map(Result::err).collect()
        })
    }

    /// Runs one hook and tells of it. On the stop side (with an outcome) it has its grace.
    pub(crate) fn run_job(
        &self,
        env: &Arc<dyn Environment>,
        target: &TargetPlan,
        job: &Job,
        outcome: Option<Outcome>,
    ) -> Result<(), HookFailure> {
        let limit = outcome.map(|_| env.grace());
        let who = self.who(target, job);
        let began = env.elapsed();
        let ended = match job {
            Job::Unit(instance, UnitHook { action: Some(on), .. }) => {
                let kind = self.wiring.units.get(instance.key.0).map(|unit| Arc::clone(&unit.component));
                let known = kind.map(|kind| (Arc::clone(&instance.component), kind));
                let (env, on) = (Arc::clone(env), *on);
                let work = move || env.action(on, known.as_ref(), outcome, limit);
                within(limit, work)
            }
            Job::Project(on) => {
                let (env, on) = (Arc::clone(env), *on);
                let work = move || env.action(on, None, outcome, limit);
                within(limit, work)
            }
            Job::Unit(instance, hook) => {
                let host = env.host(&Work { who: &who, target: Some(&target.name), limit });
                let (component, operation) = (Arc::clone(&instance.component), hook.operation);
                let mut arguments = HookArguments(outcome.filter(|_| hook.told));
                let work = move || {
                    host.check_cancelled()?;
                    with_current(&host, || component.call(operation, &mut arguments, &host)).map(drop)
                };
                within(limit, work)
            }
        };
        if let (Job::Unit(instance, _), Some(ErrorKind::Timeout), Some(_)) =
            (job, ended.as_ref().err().map(|error| error.kind), limit)
        {
            instance.abandoned.store(true, Ordering::Release);
        }
        let took = env.elapsed().saturating_sub(began);
        env.told(&HookReport { target: Some(&target.name), who: &who, took, error: ended.as_ref().err() });
        ended.map_err(|error| self.job_failure(target, job, error))
    }

    fn who(&self, target: &TargetPlan, job: &Job) -> String {
        match job {
            Job::Unit(instance, _) => self.name(instance.key.0).to_owned(),
            Job::Project(_) => format!("on \"{}\"", target.name),
        }
    }

    fn job_failure(&self, target: &TargetPlan, job: &Job, error: StepError) -> HookFailure {
        HookFailure { target: Some(target.name.clone()), who: self.who(target, job), error: Box::new(error) }
    }
}

fn is_startup(target: &TargetPlan) -> bool {
    target.own.is_none() && target.name == "startup"
}

fn project_hooks(target: &TargetPlan) -> impl Iterator<Item = usize> {
    target.hooks.iter().filter_map(|hook| match hook {
        Hook::Project { on } => Some(*on),
        Hook::Unit { .. } => None,
    })
}
