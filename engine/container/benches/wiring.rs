//! What wiring costs: `cargo bench -p thinking-container`. Everything from the catalog on, as a program does it once when it starts.

use std::sync::Arc;
use thinking_container::{Binding, Catalog, Container, Root, Wirer, plan_lifecycle};
use thinking_step::{
    About, Class, Component, ComponentType, Creation, ErrorKind, Interface, Need, Operation, Origin, StepError,
};

fn main() {
    divan::main();
}

struct Kind(About);

impl ComponentType for Kind {
    fn about(&self) -> &About {
        &self.0
    }
    fn create(&self, _: Creation<'_>) -> Result<Arc<dyn Component>, StepError> {
        Err(StepError::new(ErrorKind::Native, "nothing is created here"))
    }
}

/// Each needs up to five of those before it: by name, by interface, and all of a kind. Half of them are bound.
fn project(components: usize) -> (Vec<Arc<dyn ComponentType>>, Vec<Binding>, Vec<Root>) {
    let mut kinds: Vec<Arc<dyn ComponentType>> = Vec::new();
    let mut bindings = Vec::new();
    for at in 0..components {
        let mut needs: Vec<Need> = [1, 2, 7, 31]
            .into_iter()
            .filter_map(|back| at.checked_sub(back))
            .map(|other| Need::one(format!("need-{other}"), format!("interface-{other}")))
            .collect();
        if at > 100 && at % 100 == 0 {
            needs.push(Need { many: true, ..Need::one("all", format!("hundred-{}", at / 100 - 1)) });
        }
        let startup = Operation {
            name: "startup".to_owned(),
            doc: String::new(),
            parameters: Vec::new(),
            returns: String::new(),
            class: Class::Effect,
            declared: false,
            origin: Origin::Engine,
        };
        let interface = |name| Interface { name, rust: None };
        kinds.push(Arc::new(Kind(About {
            name: format!("component.{at}"),
            doc: String::new(),
            version: String::new(),
            provides: vec![interface(format!("interface-{at}")), interface(format!("hundred-{}", at / 100))],
            rust: None,
            config: serde_json::json!({ "type": "object" }),
            needs,
            operations: vec![startup],
            persistent: Vec::new(),
            definition: (String::new(), Vec::new()),
            origin: Origin::Source("src/lib.rs", 1),
        })));
        if at % 2 == 0 {
            bindings.push(Binding {
                name: format!("binding-{at}"),
                component: format!("component.{at}"),
                config: serde_json::json!({}),
                ..Binding::default()
            });
        }
    }
    let last = components - 1;
    let roots = vec![Root {
        who: "step \"last\"".to_owned(),
        need: Need::one("last", format!("interface-{last}")),
        span: None,
    }];
    (kinds, bindings, roots)
}

#[divan::bench(args = [100, 1_000, 10_000], sample_count = 20)]
fn wire(bencher: divan::Bencher<'_, '_>, components: usize) {
    bencher.with_inputs(|| project(components)).bench_values(|(kinds, bindings, roots)| {
        let (catalog, wrong) = Catalog::new(kinds);
        assert!(wrong.is_empty());
        let (wirer, wrong) = Wirer::new(catalog, bindings, Vec::new());
        assert!(wrong.is_empty());
        let (wiring, wrong) = wirer.wire(&roots);
        assert!(wrong.is_empty() && wiring.units.len() > components / 2, "{}", wiring.units.len());
        let (plan, wrong) = plan_lifecycle(&[], &[], &wirer, &wiring);
        assert!(wrong.is_empty());
        Container::new(Arc::new(wiring), plan)
    });
}
