//! `thinking facets`

mod text;

use crate::cli::chosen::{self, LookArgs, Looked};
use crate::cli::exit::{Exit, Trouble};
use crate::cli::{output, past};
use clap::Args;
use serde_json::{Value, json};
use thinking_diagnostic::Diagnostics;
use thinking_manifest::resolved::{Change, Origin, Origins, Side, changes};
use thinking_manifest::{FacetDeclaration, Reason, Selection};
use thinking_script::Rhai;
use thinking_step::Mode;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  thinking facets                which are active and why, and what each would change
  thinking facets --facet gpu    and if that one is switched on
  thinking facets --quiet        only which are active
  thinking facets --json         for machines")]
pub(crate) struct FacetsArgs {
    #[command(flatten)]
    pub look: LookArgs,
}

/// All that there is to say.
struct Overview {
    groups: Vec<Group>,
    /// Those without a group.
    facets: Vec<Facet>,
    modes: Vec<ModeLine>,
    /// The unfinished run that facets are remembered of.
    unfinished: Option<String>,
}

struct Group {
    name: String,
    description: Option<String>,
    default: Option<String>,
    facets: Vec<Facet>,
}

struct Facet {
    name: String,
    description: Option<String>,
    /// Why it is active; `None` if it is not.
    reason: Option<Reason>,
    /// Its `detect`, and what that says.
    detect: Option<(String, Result<bool, String>)>,
    /// The facet of its group that it stands in for.
    instead_of: Option<String>,
    changes: Vec<Told>,
}

/// A change, with the places of its two sides.
struct Told {
    change: Change,
    before: Option<Origin>,
    after: Option<Origin>,
}

struct ModeLine {
    name: &'static str,
    active: bool,
    changes: Vec<Told>,
}

pub(crate) fn run(args: &FacetsArgs) -> Result<Exit, Trouble> {
    let language = Rhai::new();
    let mut looked = chosen::look(&args.look, &language)?;
    let overview = overview(&mut looked)?;
    if args.look.common.json {
        output::json_data(&overview.json());
    } else {
        output::data(&text::text(&overview, past::width(), args.look.common.quiet));
    }
    Ok(Exit::Done)
}

fn overview(looked: &mut Looked<'_>) -> Result<Overview, Trouble> {
    let requests = looked.requests();
    let selection = looked.select(&requests)?;
    let detected = looked.detected();
    let declared = looked.session.project.facets.clone();
    let origins = looked.session.project.origins();
    let between = Between { looked, origins: &origins };
    let facet = |facet: &FacetDeclaration| {
        let group = facet.group.as_deref();
        let default = group.and_then(|group| declared.groups.iter().find(|known| known.name == group));
        let default = default.and_then(|group| group.default.as_ref()).map(|(name, _)| name.as_str());
        // What a group's default changes is told against the manifest without any of the group, the others against the default.
        let instead_of = default.filter(|default| *default != facet.name);
        let without = declared.switched(&selection, group, instead_of, Some(&facet.name));
        let with = declared.switched(&selection, group, Some(&facet.name), None);
        let said = detected.iter().find(|(name, _)| *name == facet.name).map(|(_, said)| said);
        let said = said.map(|said| said.as_ref().map(|said| *said).map_err(|wrong| wrong.message.clone()));
        Facet {
            name: facet.name.clone(),
            description: facet.description.clone(),
            reason: declared.reason(&facet.name, &requests, &selection),
            detect: facet.detect.as_ref().map(|(code, _)| code.clone()).zip(said),
            instead_of: instead_of.map(str::to_owned),
            changes: between.changes(&without, &with),
        }
    };
    let mut groups = Vec::new();
    for group in &declared.groups {
        let own = declared.facets.iter().filter(|facet| facet.group.as_deref() == Some(&group.name));
        groups.push(Group {
            name: group.name.clone(),
            description: group.description.clone(),
            default: group.default.as_ref().map(|(name, _)| name.clone()),
            facets: own.map(&facet).collect(),
        });
    }
    let free = declared.facets.iter().filter(|facet| facet.group.is_none());
    let facets = free.map(&facet).collect();
    let mode = |mode: Mode| Selection { mode, ..selection.clone() };
    let mut modes = Vec::new();
    for (name, other) in [(Mode::App, Mode::Test), (Mode::Test, Mode::App)] {
        let active = name == selection.mode;
        let changes = if active { Vec::new() } else { between.changes(&mode(other), &mode(name)) };
        modes.push(ModeLine { name: name.name(), active, changes });
    }
    let unfinished = looked.unfinished.as_ref().map(|run| run.id.clone());
    Ok(Overview { groups, facets, modes, unfinished })
}

/// Compares the manifest under two selections.
struct Between<'b, 'l> {
    looked: &'b Looked<'l>,
    origins: &'b Origins,
}

impl Between<'_, '_> {
    fn changes(&self, before: &Selection, after: &Selection) -> Vec<Told> {
        // What only a choice that nobody made gets wrong is `validate`'s to tell.
        let nodes = |selection: &Selection| {
            let model = self.looked.session.project.compose(selection, &mut Diagnostics::new());
            model.map(|model| self.looked.session.project.nodes(&model)).unwrap_or_default()
        };
        let sources = &self.looked.session.sources;
        let origin = |side: &Option<Side>| self.origins.of(side.as_ref()?.span, sources);
        let all = changes(&nodes(before), &nodes(after)).into_iter();
        all.map(|change| Told { before: origin(&change.before), after: origin(&change.after), change }).collect()
    }
}

impl Overview {
    fn json(&self) -> Value {
        let groups = self.groups.iter().map(|group| {
            json!({
                "name": group.name, "description": group.description, "default": group.default,
                "facets": group.facets.iter().map(Facet::json).collect::<Vec<_>>(),
            })
        });
        let modes = self
            .modes
            .iter()
            .map(|mode| json!({ "name": mode.name, "active": mode.active, "changes": told_json(&mode.changes) }));
        json!({
            "groups": groups.collect::<Vec<_>>(), "facets": self.facets.iter().map(Facet::json).collect::<Vec<_>>(),
            "modes": modes.collect::<Vec<_>>(), "unfinished": self.unfinished,
        })
    }
}

impl Facet {
    fn json(&self) -> Value {
        let why = self.reason.map(|reason| match reason {
            Reason::CommandLine => "--facet",
            Reason::Environment => "THINKING_FACETS",
            Reason::Remembered => "remembered",
            Reason::Detected => "detect",
            Reason::Default => "default",
        });
        let detect = self.detect.as_ref().map(|(code, said)| match said {
            Ok(said) => json!({ "code": code, "says": said }),
            Err(wrong) => json!({ "code": code, "says": null, "failed": wrong }),
        });
        json!({
            "name": self.name, "description": self.description, "active": self.reason.is_some(), "why": why,
            "detect": detect, "instead_of": self.instead_of, "changes": told_json(&self.changes),
        })
    }
}

fn told_json(all: &[Told]) -> Value {
    let side = |side: &Option<Side>, origin: &Option<Origin>| match side {
        Some(side) => {
            json!({ "value": side.value, "text": side.text, "from": chosen::origin_json(origin.as_ref()) })
        }
        None => Value::Null,
    };
    let all = all.iter().map(|told| {
        let change = &told.change;
        json!({
            "what": change.what(), "nodes": change.path, "property": change.setting,
            "before": side(&change.before, &told.before), "after": side(&change.after, &told.after),
        })
    });
    all.collect()
}
