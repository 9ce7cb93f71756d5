//! What is said where nothing could be chosen.

use crate::wiring::fit::{fits, named, said, same, shown};
use crate::wiring::resolve::{Asker, Several};
use crate::wiring::{Target, Wirer};
use thinking_diagnostic::{Code, Diagnostic, did_you_mean};
use thinking_step::Need;

impl Wirer {
    /// What a dependency is called in messages, and its place in Rust.
    fn asked(need: &Need, asker: Asker<'_>) -> String {
        let what = match asker.who {
            Some(who) if same(&need.name, &need.wanted) => format!(", which {who} needs"),
            Some(who) => format!(", which {who} needs as `{}`", need.name),
            None if same(&need.name, &need.wanted) => String::new(),
            None => format!(" for `{}`", need.name),
        };
        match said(&need.origin) {
            Some(place) => format!("{what} ({place})"),
            None => what,
        }
    }

    pub(crate) fn missing(&self, need: &Need, asker: Asker<'_>) -> Diagnostic {
        let message = format!("nothing provides `{}`{}", need.wanted, Self::asked(need, asker));
        let mut error =
            Diagnostic::error(Code::MissingDependency, message).at(shown(&need.origin).or(asker.span), "needed here");
        let near: Vec<String> = self
            .explain_to(need, asker)
            .into_iter()
            .map(|candidate| format!("`{}` {}", candidate.binding, candidate.why))
            .collect();
        let bindable =
            self.unbound.keys().find(|name| self.catalog.get(name).is_some_and(|kind| fits(kind.about(), need)));
        if !near.is_empty() {
            error = error.help(near.join("\n"));
        }
        if let Some(component) = bindable {
            return error.help(format!("add `bind \"{}\" to=\"{component}\" {{ … }}`", need.name));
        }
        let known = self
            .catalog
            .interfaces()
            .map(|(name, _)| name)
            .chain(self.catalog.iter().map(|kind| kind.about().name.as_str()))
            .chain(self.units.iter().map(|unit| &*unit.name))
            .chain(self.resources.iter().map(|resource| &*resource.name));
        match did_you_mean(&need.wanted, known) {
            Some(meant) => error.help(format!("did you mean `{meant}`?")),
            None if near.is_empty() => error.help("`thinking components` lists what there is".to_owned()),
            None => error,
        }
    }

    pub(crate) fn ambiguous(&self, need: &Need, asker: Asker<'_>, several: &Several) -> Diagnostic {
        let names: Vec<String> = several
            .targets
            .iter()
            .map(|target| match target {
                Target::Unit(unit) => self.unit(*unit).map(named).unwrap_or_default(),
                Target::Resource(_) => format!("`{}`", self.name_of(*target)),
            })
            .collect();
        let names = names.join(", ");
        let what = match several.what {
            "fits" => format!("several fit `{}`", need.wanted),
            "is primary" => format!("more than one primary binding fits `{}`", need.wanted),
            _ => format!("more than one fallback fits `{}`", need.wanted),
        };
        let mut error =
            Diagnostic::error(Code::AmbiguousDependency, format!("{what}{}: {names}", Self::asked(need, asker)))
                .at(shown(&need.origin).or(asker.span), "needed here");
        for target in &several.targets {
            error = error.at(self.span_of(*target), several.what);
        }
        let first = several.targets.first().map_or("", |target| self.name_of(*target));
        let mut write = Vec::new();
        match several.what {
            "fits" if several.targets.iter().any(|target| matches!(target, Target::Unit(_))) => {
                write.push("`primary=#true` on one of them".to_owned());
            }
            "fits" => {}
            what => write.push(format!(
                "`{}=#true` on one of them only",
                if what == "is primary" { "primary" } else { "fallback" }
            )),
        }
        if let Some(unit) = asker.unit.and_then(|unit| self.unit(unit)) {
            let (name, wire) = (&unit.name, format!("wire \"{}\" to=\"{first}\"", need.name));
            write.push(if unit.implicit {
                format!("`bind \"{name}\" to=\"{name}\" {{ {wire} }}`")
            } else {
                format!("`{wire}` in `bind \"{name}\"`")
            });
        }
        if need.rust.is_some() || several.targets.iter().any(|target| matches!(target, Target::Unit(_))) {
            write.push(format!("`bind \"{}\" to=\"…\"`", need.name));
        }
        if write.is_empty() {
            error.help("give the dependency the name of the one that it is to take".to_owned())
        } else {
            error.help(format!("write {}", write.join(", or ")))
        }
    }
}
