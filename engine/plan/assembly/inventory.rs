//! What there is, for people who ask.

use super::assemble;
use crate::workshop::Workshop;
use std::collections::BTreeMap;
use thinking_container::Wirer;
use thinking_diagnostic::Diagnostics;
use thinking_step::Value;

/// All components and bindings of a composed manifest, and the rules that choose between them.
pub struct Inventory {
    /// Answers what is chosen, and why.
    pub wirer: Wirer,
    /// The configuration of each binding that the manifest declares, without secrets; with defaults only where they are written.
    pub configs: BTreeMap<String, Value>,
}

impl Workshop<'_, '_> {
    /// Puts together what there is. What is wrong with it is no business of this: [`Workshop::check`] says it.
    pub fn inventory(&mut self) -> Inventory {
        let mut ignored = Diagnostics::new();
        let databases = crate::database::declared(self, &mut ignored);
        let assembly = assemble(self, &databases, &mut ignored);
        let declared = |binding: &String| self.model.manifest.bind.get(binding).is_some();
        let recorded = assembly.recorded.into_iter().filter(|(binding, _)| declared(binding));
        let configs = recorded.map(|(binding, recorded)| (binding, recorded.config)).collect();
        Inventory { wirer: assembly.wirer, configs }
    }
}
