//! Which facets there are, and which are active.

use crate::located::Located;
use std::collections::{BTreeMap, BTreeSet};
use thinking_diagnostic::{Code, Diagnostic, Span, did_you_mean};
use thinking_step::Mode;

/// A declared facet.
#[derive(Debug, Clone, PartialEq)]
pub struct FacetDeclaration {
    /// Its name.
    pub name: String,
    /// The group it is in.
    pub group: Option<String>,
    /// Where its name stands.
    pub span: Span,
    /// What it is for, for people.
    pub description: Option<String>,
    /// The code that detects it, with its place.
    pub detect: Option<(String, Span)>,
    pub(crate) overlay: Located,
}

/// A declared group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupDeclaration {
    /// Its name.
    pub name: String,
    /// What the choice is about, for people.
    pub description: Option<String>,
    /// Where its name stands.
    pub span: Span,
    /// The facet that is active if nothing else says so, with its place.
    pub default: Option<(String, Span)>,
}

/// All facets and groups, in the order of their declaration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facets {
    /// The facets.
    pub facets: Vec<FacetDeclaration>,
    /// The groups.
    pub groups: Vec<GroupDeclaration>,
}

/// Facets that were asked for, the strongest source first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests {
    /// `--facet`
    pub command_line: Vec<String>,
    /// `THINKING_FACETS`
    pub environment: Vec<String>,
    /// Those of the unfinished run.
    pub remembered: Vec<String>,
}

/// Why a facet is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// `--facet`
    CommandLine,
    /// `THINKING_FACETS`
    Environment,
    /// The unfinished run was started with it.
    Remembered,
    /// Its `detect` is true.
    Detected,
    /// It is its group's default.
    Default,
}

/// The active facets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// In the order of their declaration.
    pub active: Vec<String>,
    /// Those that were asked for or detected: what an unfinished run remembers.
    pub given: Vec<String>,
    /// The mode, which is a facet too.
    pub mode: Mode,
}

impl Selection {
    /// Whether a facet is active.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.mode.name() == name || self.active.iter().any(|active| active == name)
    }
}

impl Facets {
    pub(crate) fn of(manifest: &Located) -> Self {
        let mut all = Self::default();
        let mut take = |field: &crate::located::Field, group: Option<&str>| {
            let detect = field.value.get("detect").and_then(|code| Some((code.text()?.to_owned(), code.span)));
            all.facets.push(FacetDeclaration {
                name: field.name.clone(),
                group: group.map(str::to_owned),
                span: field.name_span,
                description: described(&field.value),
                detect,
                overlay: field.value.clone(),
            });
        };
        for field in manifest.get("facet").map(Located::fields).unwrap_or_default() {
            take(field, None);
        }
        let groups = manifest.get("facet-group").map(Located::fields).unwrap_or_default();
        for group in groups {
            for field in group.value.get("facet").map(Located::fields).unwrap_or_default() {
                take(field, Some(&group.name));
            }
        }
        all.facets.sort_by_key(|facet| facet.span);
        all.groups = groups
            .iter()
            .map(|group| GroupDeclaration {
                name: group.name.clone(),
                span: group.name_span,
                description: described(&group.value),
                default: group.value.get("default").and_then(|name| Some((name.text()?.to_owned(), name.span))),
            })
            .collect();
        all
    }

    /// The facet of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&FacetDeclaration> {
        self.facets.iter().find(|facet| facet.name == name)
    }

    /// All names, the modes' among them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.facets.iter().map(|facet| facet.name.as_str()).chain(["app", "test"])
    }

    /// A facet that nobody declared.
    #[must_use]
    pub fn unknown(&self, name: &str, span: Option<Span>) -> Diagnostic {
        let help = match did_you_mean(name, self.names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.facets.is_empty() => "the manifest declares no facets".to_owned(),
            None => {
                format!("declared are: {}", self.facets.iter().map(|facet| &*facet.name).collect::<Vec<_>>().join(", "))
            }
        };
        Diagnostic::error(Code::UnknownFacet, format!("no facet is called `{name}`")).at(span, "unknown").help(help)
    }

    /// What is wrong with the declarations themselves.
    pub(crate) fn check(&self) -> Vec<Diagnostic> {
        let mut wrong = Vec::new();
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for facet in &self.facets {
            if let Some(first) = seen.get(facet.name.as_str()) {
                wrong.push(
                    Diagnostic::error(Code::Duplicate, format!("facet `{}` is declared twice", facet.name))
                        .at(facet.span, "again here")
                        .at(*first, "first here"),
                );
            }
            if ["app", "test"].contains(&facet.name.as_str()) {
                wrong.push(
                    Diagnostic::error(
                        Code::ReservedName,
                        format!("`{}` is a mode: the engine switches it", facet.name),
                    )
                    .at(facet.span, "choose another name"),
                );
            }
            seen.insert(&facet.name, facet.span);
        }
        for group in &self.groups {
            let own: Vec<&str> = self
                .facets
                .iter()
                .filter(|facet| facet.group.as_deref() == Some(&group.name))
                .map(|facet| facet.name.as_str())
                .collect();
            if let Some((default, span)) = &group.default
                && !own.contains(&default.as_str())
            {
                let help = match did_you_mean(default, own.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its facets are: {}", own.join(", ")),
                };
                wrong.push(
                    Diagnostic::error(Code::UnknownFacet, format!("group `{}` has no facet `{default}`", group.name))
                        .at(*span, "unknown")
                        .help(help),
                );
            }
        }
        wrong
    }

    /// Decides which facets are active.
    ///
    /// # Errors
    /// A name that no facet has, two facets of one group from one source, a group without any, or what `detect` found wrong.
    pub fn select(
        &self,
        requests: &Requests,
        mode: Mode,
        detect: &mut dyn FnMut(&FacetDeclaration) -> Result<bool, Diagnostic>,
    ) -> Result<Selection, Vec<Diagnostic>> {
        let mut wrong = Vec::new();
        let mut active: BTreeSet<&str> = BTreeSet::new();
        let mut given: BTreeSet<&str> = BTreeSet::new();
        let sources = [
            (&requests.command_line, "--facet"),
            (&requests.environment, "THINKING_FACETS"),
            (&requests.remembered, ""),
        ];
        for (names, source) in sources {
            for name in names {
                match self.get(name) {
                    // A facet that an unfinished run remembers may be gone by now.
                    None if source.is_empty() || mode.name() == name => {}
                    None => wrong.push(self.unknown(name, None)),
                    Some(facet) if facet.group.is_none() => {
                        active.insert(&facet.name);
                        given.insert(&facet.name);
                    }
                    Some(_) => {}
                }
            }
        }
        for facet in self.facets.iter().filter(|facet| facet.group.is_none() && facet.detect.is_some()) {
            if !active.contains(facet.name.as_str()) {
                match detect(facet) {
                    Ok(true) => {
                        active.insert(&facet.name);
                        given.insert(&facet.name);
                    }
                    Ok(false) => {}
                    Err(diagnostic) => wrong.push(diagnostic),
                }
            }
        }
        for group in &self.groups {
            let members: Vec<&FacetDeclaration> =
                self.facets.iter().filter(|facet| facet.group.as_deref() == Some(&group.name)).collect();
            let mut chosen = None;
            for (names, source) in sources {
                let mut asked: Vec<&str> = members
                    .iter()
                    .map(|facet| facet.name.as_str())
                    .filter(|name| names.iter().any(|asked| asked == name))
                    .collect();
                asked.dedup();
                if let [first, second, ..] = &*asked {
                    wrong.push(
                        Diagnostic::error(
                            Code::FacetConflict,
                            format!(
                                "`{first}` and `{second}` are both of group `{}`: one of them is active at a time",
                                group.name
                            ),
                        )
                        .at(group.span, "this group")
                        .help(format!("give one of them to {source}")),
                    );
                }
                chosen = chosen.or(asked.first().copied());
            }
            if chosen.is_none() {
                for facet in members.iter().filter(|facet| facet.detect.is_some()) {
                    match detect(facet) {
                        Ok(true) => {
                            chosen = Some(&facet.name);
                            break;
                        }
                        Ok(false) => {}
                        Err(diagnostic) => wrong.push(diagnostic),
                    }
                }
            }
            if let Some(name) = chosen {
                given.insert(name);
            }
            let default = group.default.as_ref().map(|(name, _)| name.as_str());
            match chosen.or(default) {
                Some(name) => {
                    active.insert(name);
                }
                None => wrong.push(
                    Diagnostic::error(Code::FacetConflict, format!("no facet of group `{}` is active", group.name))
                        .at(group.span, "has no default")
                        .help(format!(
                            "give `default=` or run with --facet {}",
                            members.first().map_or("NAME", |facet| &facet.name)
                        )),
                ),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let in_order = |names: &BTreeSet<&str>| {
            self.facets
                .iter()
                .filter(|facet| names.contains(facet.name.as_str()))
                .map(|facet| facet.name.clone())
                .collect()
        };
        Ok(Selection { active: in_order(&active), given: in_order(&given), mode })
    }

    /// Why a facet is active under a selection that came of these requests; `None` if it is not.
    #[must_use]
    pub fn reason(&self, name: &str, requests: &Requests, selection: &Selection) -> Option<Reason> {
        let asked = |names: &[String]| names.iter().any(|asked| asked == name);
        let active = selection.active.iter().any(|active| active == name);
        active.then(|| match selection.given.iter().any(|given| given == name) {
            _ if asked(&requests.command_line) => Reason::CommandLine,
            _ if asked(&requests.environment) => Reason::Environment,
            _ if asked(&requests.remembered) => Reason::Remembered,
            true => Reason::Detected,
            false => Reason::Default,
        })
    }

    /// A selection with one facet switched on, and another in its group off; `None` for the group's facet: none of them.
    #[must_use]
    pub fn switched(
        &self,
        selection: &Selection,
        group: Option<&str>,
        on: Option<&str>,
        off: Option<&str>,
    ) -> Selection {
        let keep = |facet: &&FacetDeclaration| {
            if on == Some(facet.name.as_str()) {
                return true;
            }
            let same_group = group.is_some() && facet.group.as_deref() == group;
            let active = selection.active.contains(&facet.name);
            active && !same_group && off != Some(facet.name.as_str())
        };
        let active = self.facets.iter().filter(keep).map(|facet| facet.name.clone()).collect();
        Selection { active, given: Vec::new(), mode: selection.mode }
    }

    /// The selections that `validate` looks at: the defaults, and each facet on its own on top of them.
    #[must_use]
    pub fn every_selection(&self) -> Vec<Selection> {
        let defaults: Vec<&str> = self
            .groups
            .iter()
            .filter_map(|group| {
                let first = self.facets.iter().find(|facet| facet.group.as_deref() == Some(&group.name));
                group.default.as_ref().map(|(name, _)| name.as_str()).or(first.map(|facet| facet.name.as_str()))
            })
            .collect();
        let with = |extra: Option<&FacetDeclaration>| Selection {
            active: self
                .facets
                .iter()
                .filter(|facet| match extra {
                    Some(extra) if extra.name == facet.name => true,
                    Some(extra) if facet.group.is_some() && extra.group == facet.group => false,
                    _ => defaults.contains(&facet.name.as_str()),
                })
                .map(|facet| facet.name.clone())
                .collect(),
            given: Vec::new(),
            mode: Mode::App,
        };
        let mut all = vec![with(None)];
        for facet in &self.facets {
            let selection = with(Some(facet));
            if !all.contains(&selection) {
                all.push(selection);
            }
        }
        all
    }
}

/// The text of `description`.
fn described(holder: &Located) -> Option<String> {
    holder.get("description").and_then(Located::text).map(str::to_owned)
}
