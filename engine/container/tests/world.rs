//! Components that note what happens to them, and the world around them.

use super::cases::Case;
use super::lifecycle::declared;
use crate::lifecycle::{Outcome, TargetPlan, plan_lifecycle};
use crate::live::{Container, Environment, HookReport, ScopeKey, StartFailure, Work};
use crate::wiring::ResourceId;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use thinking_step::testing::MemoryHost;
use thinking_step::{
    About, Answer, Arguments, Component, ComponentType, Creation, ErrorKind, Host, Known, ProvidedKind, StepError,
    Supplied, VariableKind, argument,
};

/// What happens instead of all going well.
pub(super) type Deed = Arc<dyn Fn() -> Result<(), StepError> + Send + Sync>;

/// Something that happened to one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) instance: u64,
    pub(super) what: String,
    pub(super) well: bool,
}

/// What is seen of it all.
#[derive(Default)]
pub(super) struct Seen {
    /// `startup a`, with `!` where it failed and the outcome where it was told.
    log: Mutex<Vec<String>>,
    pub(super) events: Mutex<Vec<Event>>,
    /// For each instance, its binding and the instances that it was given.
    pub(super) births: Mutex<Vec<(String, Vec<u64>)>>,
    deeds: Mutex<HashMap<String, Deed>>,
    /// What was told: `startup a`, with `!` where it failed.
    pub(super) told: Mutex<Vec<String>>,
    pub(super) stopping: AtomicBool,
    next: AtomicU64,
}

impl Seen {
    /// Makes something go another way.
    pub(super) fn let_be(&self, what: &str, deed: impl Fn() -> Result<(), StepError> + Send + Sync + 'static) {
        self.deeds.lock().unwrap().insert(what.to_owned(), Arc::new(deed));
    }

    pub(super) fn let_fail(&self, what: &str) {
        self.let_be(what, || Err(StepError::new(ErrorKind::Native, "no luck")));
    }

    pub(super) fn let_go_well(&self, what: &str) {
        self.deeds.lock().unwrap().remove(what);
    }

    /// What was logged since the last look.
    pub(super) fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    /// Notes `what` (told `more`), and does what is to happen then.
    fn happens(&self, instance: Option<u64>, what: &str, more: &str) -> Result<(), StepError> {
        struct Note<'a>(&'a Seen, Option<u64>, String, String, bool);
        impl Drop for Note<'_> {
            fn drop(&mut self) {
                let sign = if self.4 { "" } else { " !" };
                self.0.log.lock().unwrap().push(format!("{}{}{sign}", self.2, self.3));
                let instance = self.1.into_iter();
                let event = |instance| Event { instance, what: self.2.clone(), well: self.4 };
                self.0.events.lock().unwrap().extend(instance.map(event));
            }
        }
        // Noted when it ends, also by a panic.
        let mut note = Note(self, instance, what.to_owned(), more.to_owned(), false);
        let deed = self.deeds.lock().unwrap().get(what).cloned();
        let ended = deed.map_or(Ok(()), |deed| deed());
        note.4 = ended.is_ok();
        ended
    }
}

struct Kind(About, Arc<Seen>);

impl ComponentType for Kind {
    fn about(&self) -> &About {
        &self.0
    }

    fn create(&self, creation: Creation<'_>) -> Result<Arc<dyn Component>, StepError> {
        let seen = &self.1;
        seen.happens(None, &format!("create {}", creation.binding), "")?;
        let number = seen.next.fetch_add(1, Ordering::Relaxed);
        let given = creation.dependencies.iter().flat_map(|dependency| match dependency {
            Supplied::Nothing => Vec::new(),
            Supplied::One(one) => vec![one.clone()],
            Supplied::Many(all) => all.clone(),
        });
        let given = given.filter_map(|provided| match provided.what {
            ProvidedKind::Engine(_) => None,
            ProvidedKind::Component(component, _) => {
                let known: Box<dyn std::any::Any> = component.cast(std::any::TypeId::of::<Noted>())?;
                known.downcast::<Arc<Noted>>().ok().map(|noted| noted.number)
            }
        });
        let mut births = seen.births.lock().unwrap();
        if births.len() <= number as usize {
            births.resize(number as usize + 1, (String::new(), Vec::new()));
        }
        births[number as usize] = (creation.binding.to_owned(), given.collect());
        drop(births);
        Ok(Arc::new(Noted {
            number,
            binding: creation.binding.to_owned(),
            about: self.0.clone(),
            seen: Arc::clone(seen),
        }))
    }
}

/// A component that notes which of its operations are called.
pub(super) struct Noted {
    pub(super) number: u64,
    binding: String,
    about: About,
    seen: Arc<Seen>,
}

impl Component for Noted {
    fn call(&self, operation: usize, arguments: &mut dyn Arguments, _: &Arc<dyn Host>) -> Result<Answer, StepError> {
        let name = &self.about.operations[operation].name;
        let outcome: Option<String> = argument(arguments, 0, "outcome", name)?;
        let more = outcome.map_or_else(String::new, |outcome| format!(" ({outcome})"));
        self.seen.happens(Some(self.number), &format!("{name} {}", self.binding), &more)?;
        Ok(Box::new(()))
    }

    fn cast(self: Arc<Self>, rust: std::any::TypeId) -> Option<Box<dyn std::any::Any + Send + Sync>> {
        (rust == std::any::TypeId::of::<Self>()).then(|| Box::new(self) as Box<_>)
    }
}

struct Around {
    seen: Arc<Seen>,
    grace: Duration,
    began: Instant,
}

impl Environment for Around {
    fn host(&self, work: &Work<'_>) -> Arc<dyn Host> {
        let host = MemoryHost::new(Path::new("."));
        let stopping = work.limit.is_none() && self.seen.stopping.load(Ordering::Relaxed);
        host.stopping.store(stopping, Ordering::Relaxed);
        Arc::new(host)
    }

    fn action(
        &self,
        on: usize,
        _: Option<&Known>,
        outcome: Option<Outcome>,
        _: Option<Duration>,
    ) -> Result<(), StepError> {
        let more = outcome.map_or_else(String::new, |outcome| format!(" ({})", outcome.name()));
        self.seen.happens(None, &format!("on#{on}"), &more)
    }

    fn resource(&self, _: ResourceId) -> (Arc<str>, VariableKind) {
        ("words".into(), VariableKind::Kv("words".to_owned()))
    }

    fn reached(&self, target: &TargetPlan) -> Result<(), StepError> {
        let what = format!("reached {}", target.name);
        let deed = self.seen.deeds.lock().unwrap().get(&what).cloned();
        deed.map_or(Ok(()), |deed| deed())
    }

    fn told(&self, report: &HookReport<'_>) {
        let sign = if report.error.is_some() { " !" } else { "" };
        let told = format!("{} {}{sign}", report.target.unwrap_or("create"), report.who);
        self.seen.told.lock().unwrap().push(told);
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn grace(&self) -> Duration {
        self.grace
    }
}

/// A container of what a text declares, and its world.
pub(super) struct World {
    pub(super) seen: Arc<Seen>,
    pub(super) env: Arc<dyn Environment>,
    pub(super) container: Arc<Container>,
}

impl World {
    pub(super) fn new(text: &str) -> Self {
        Self::with_grace(text, Duration::from_secs(60))
    }

    pub(super) fn with_grace(text: &str, grace: Duration) -> Self {
        let seen = Arc::new(Seen::default());
        let case = Case::parse(text);
        let (wirer, wrong) = case.wirer_of(|about| Arc::new(Kind(about, Arc::clone(&seen))));
        assert!(wrong.is_empty(), "{}", case.shown(wrong.iter()));
        let (wiring, wrong) = wirer.wire(&case.roots);
        assert!(wrong.is_empty(), "{}", case.shown(&wrong));
        let (targets, ons) = declared(&case);
        let (plan, wrong) = plan_lifecycle(&targets, &ons, &wirer, &wiring);
        assert!(wrong.is_empty(), "{}", case.shown(&wrong));
        let container = Arc::new(Container::new(Arc::new(wiring), plan));
        let env = Arc::new(Around { seen: Arc::clone(&seen), grace, began: Instant::now() });
        Self { seen, env, container }
    }

    pub(super) fn start(&self) -> Result<(), Box<StartFailure>> {
        self.container.start(&self.env)
    }

    /// The number of the instance that a use gets.
    pub(super) fn get(&self, binding: &str, scope: &ScopeKey) -> Result<u64, StepError> {
        let (component, kind) = self.container.get(&self.env, binding, scope)?;
        assert!(!kind.about().name.is_empty());
        let noted = component.cast(std::any::TypeId::of::<Noted>()).unwrap();
        Ok((noted as Box<dyn std::any::Any>).downcast::<Arc<Noted>>().unwrap().number)
    }

    /// Stops, and gives the failures as text.
    pub(super) fn stop(&self, outcome: Outcome) -> Vec<String> {
        self.container.stop(&self.env, outcome).iter().map(ToString::to_string).collect()
    }
}

/// A scope of these; `-` stands for none.
pub(super) fn scope(stage: &str, item: &str, step: &str) -> ScopeKey {
    let part = |text: &str| (text != "-").then(|| text.into());
    ScopeKey { stage: part(stage), item: part(item), step: part(step) }
}
