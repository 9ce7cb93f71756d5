//! How a run, or a part of it, ends.

use crate::lifecycle::{Direction, Outcome, Side, TargetPlan};
use crate::live::call::contained;
use crate::live::container::{Instance, Phase, Slot};
use crate::live::start::Job;
use crate::live::{Container, Environment, HookFailure, Scope};
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How often somebody who waits for another thread looks whether it took too long.
const LOOK: Duration = Duration::from_millis(50);

impl Container {
    /// Stops everything that started: dependants before what they depend on, through the targets after the pipeline, whatever fails on the
    /// way. Gives all failures, in order. A second call does nothing, and gives none.
    pub fn stop(&self, env: &Arc<dyn Environment>, outcome: Outcome) -> Vec<HookFailure> {
        {
            let mut inner = self.lock();
            while inner.phase == Phase::Starting {
                inner = self.changed.wait_timeout(inner, LOOK).unwrap_or_else(PoisonError::into_inner).0;
            }
            match inner.phase {
                Phase::Running => {}
                Phase::New => {
                    inner.phase = Phase::Stopped;
                    return Vec::new();
                }
                Phase::Starting | Phase::Stopping | Phase::Stopped => return Vec::new(),
            }
        }
        self.stop_all(env, outcome, true)
    }

    /// Stops the instances whose scope has ended, dependants first. `still`: whether a scope goes on. Gives all failures, in order.
    pub fn leave(
        &self,
        env: &Arc<dyn Environment>,
        outcome: Outcome,
        still: impl Fn(&Scope) -> bool,
    ) -> Vec<HookFailure> {
        if !self.scoped {
            return Vec::new();
        }
        let ended = {
            let mut inner = self.lock();
            if inner.phase >= Phase::Stopping {
                return Vec::new();
            }
            let scoped = inner.slots.values().filter_map(|slot| match slot {
                Slot::Live(instance) => instance.key.1.as_ref().map(|scope| (scope, instance)),
                Slot::Busy(_) => None,
            });
            let mut scoped: Vec<(&Scope, &Arc<Instance>)> = scoped.collect();
            scoped.sort_by_key(|(_, instance)| (instance.key.0, instance.number));
            let mut gone = HashSet::new();
            let mut ended: Vec<Arc<Instance>> = Vec::new();
            for (scope, instance) in scoped {
                // What was given something that has ended ends with it: a stage within an iteration may end first.
                if !still(scope) || instance.dependencies.iter().any(|key| gone.contains(key)) {
                    gone.insert(instance.key.clone());
                    ended.push(Arc::clone(instance));
                }
            }
            if ended.is_empty() {
                return Vec::new();
            }
            inner.slots.retain(|key, _| !gone.contains(key));
            inner.leaving += 1;
            ended
        };
        let failures = self.stop_these(env, outcome, ended, false);
        self.lock().leaving -= 1;
        self.changed.notify_all();
        failures
    }

    /// Stops one that nobody else knows of yet, if it started.
    pub(crate) fn stop_one(&self, env: &Arc<dyn Environment>, instance: Arc<Instance>) -> Vec<HookFailure> {
        self.stop_these(env, Outcome::Failed, vec![instance], false)
    }

    /// Stops all that live. `project`: with the project's own hooks.
    pub(crate) fn stop_all(&self, env: &Arc<dyn Environment>, outcome: Outcome, project: bool) -> Vec<HookFailure> {
        let ended = {
            let mut inner = self.lock();
            inner.phase = Phase::Stopping;
            self.changed.notify_all();
            // What is just being created, or left, may hold what is to be stopped.
            let until = env.elapsed() + env.grace();
            let busy = |slot: &Slot| matches!(slot, Slot::Busy(_));
            while (inner.leaving > 0 || inner.slots.values().any(busy)) && env.elapsed() < until {
                inner = self.changed.wait_timeout(inner, LOOK).unwrap_or_else(PoisonError::into_inner).0;
            }
            drop(inner);
            self.living()
        };
        let stopped = self.stop_these(env, outcome, ended, project);
        let (left, mut failures) = {
            let mut inner = self.lock();
            inner.phase = Phase::Stopped;
            (std::mem::take(&mut inner.slots), std::mem::take(&mut inner.failures))
        };
        self.changed.notify_all();
        drop_contained(left);
        failures.extend(stopped);
        failures
    }

    /// Takes instances (in start order) through the targets of the stop side. Those that never were through with `startup` are let go.
    fn stop_these(
        &self,
        env: &Arc<dyn Environment>,
        outcome: Outcome,
        instances: Vec<Arc<Instance>>,
        project: bool,
    ) -> Vec<HookFailure> {
        let (mut instances, idle): (Vec<_>, Vec<_>) =
            instances.into_iter().partition(|instance| instance.started.swap(false, Ordering::AcqRel));
        drop_contained(idle);
        let mut failures = Vec::new();
        if !instances.is_empty() || project {
            for (at, target) in self.plan.targets.iter().enumerate().filter(|(_, target)| target.side == Side::Stop) {
                if project && let Err(error) = env.reached(target) {
                    let who = format!("target \"{}\"", target.name);
                    failures.push(HookFailure { target: Some(target.name.clone()), who, error: Box::new(error) });
                }
                let jobs = self.jobs(at, target, &instances, project);
                failures.extend(self.stop_jobs(env, target, jobs, outcome));
            }
        }
        while let Some(instance) = instances.pop() {
            drop_contained(instance);
        }
        failures
    }

    fn stop_jobs(
        &self,
        env: &Arc<dyn Environment>,
        target: &TargetPlan,
        mut jobs: Vec<Job>,
        outcome: Outcome,
    ) -> Vec<HookFailure> {
        jobs.retain(|job| !matches!(job, Job::Unit(instance, _) if instance.abandoned.load(Ordering::Acquire)));
        if target.direction == Direction::Gather {
            return self.gather(env, target, &jobs, Some(outcome));
        }
        let mut failures = Vec::new();
        for job in jobs {
            let left = matches!(&job, Job::Unit(instance, _) if instance.abandoned.load(Ordering::Acquire));
            if !left && let Err(failure) = self.run_job(env, target, &job, Some(outcome)) {
                failures.push(failure);
            }
        }
        failures
    }
}

/// Lets go of foreign things: a panic in that has nobody left to be told to.
fn drop_contained<T>(thing: T) {
    let _ = contained(|| {
        drop(thing);
        Ok(())
    });
}
