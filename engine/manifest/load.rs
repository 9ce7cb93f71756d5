//! Reading a manifest with everything that it uses and includes, and composing it under a selection of facets.

use crate::check::{Schemas, Strictness};
use crate::compose::{conditions, filter, overlay, repeated_tasks};
use crate::decode::DecodeError;
use crate::foreign::foreign;
use crate::located::{Field, Kind, Located};
use crate::resolved::{Child, unmap};
use crate::{Facets, Selection, map, parse, prune};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, SourceId, SourceMap, Span, did_you_mean};
use thinking_schema::Manifest;

/// A project's texts, read and checked one by one.
pub struct Project {
    /// The main manifest's directory, absolute: all paths of manifests are relative to it.
    pub directory: PathBuf,
    /// The main manifest, absolute.
    pub path: PathBuf,
    /// The main manifest's text.
    pub main: SourceId,
    /// Facets and groups of all texts together.
    pub facets: Facets,
    /// In the order in which they lie over each other: what is used, what is included, the main manifest.
    layers: Vec<Located>,
    /// Names that went out with what does not fit the schema: what refers to them is no mistake of its own.
    gone: BTreeSet<String>,
    authored: Located,
    schemas: Schemas,
}

/// A composed manifest: facets applied, checked as a whole, typed.
#[derive(Debug, Clone)]
pub struct Model {
    /// The manifest.
    pub manifest: Manifest,
    /// The facets that are in it.
    pub selection: Selection,
    composed: Located,
}

impl Model {
    /// The composed manifest with the place of every value.
    #[must_use]
    pub fn composed(&self) -> &Located {
        &self.composed
    }

    /// The composed manifest as JSON.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        self.composed.to_json()
    }
}

impl Project {
    /// Reads a manifest (relative to the working directory, or absolute) and all that it takes in. `None` if the main text cannot be used at all.
    pub fn load(path: &Path, sources: &mut SourceMap, diagnostics: &mut Diagnostics) -> Option<Self> {
        Self::load_all(path, false, sources, diagnostics)
    }

    /// As [`Project::load`], and `tests/**/*.kdl` beside the manifest over it, but for files there that are manifests of their own.
    pub fn load_with_tests(path: &Path, sources: &mut SourceMap, diagnostics: &mut Diagnostics) -> Option<Self> {
        Self::load_all(path, true, sources, diagnostics)
    }

    fn load_all(path: &Path, tests: bool, sources: &mut SourceMap, diagnostics: &mut Diagnostics) -> Option<Self> {
        let schemas = Schemas::default();
        let shown = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let directory = absolute.parent().map(Path::to_path_buf).unwrap_or_default();
        let text = match std::fs::read(path) {
            Ok(bytes) => decode_text(bytes, path, diagnostics)?,
            Err(error) => {
                diagnostics.push(unreadable(path, &error, None));
                return None;
            }
        };
        let main = sources.add(path.display().to_string(), text);
        let mut loader = Loader {
            directory: directory.clone(),
            shown,
            schemas: &schemas,
            sources,
            diagnostics,
            read: BTreeSet::from([canonical(&absolute)]),
            used: BTreeSet::new(),
            uses: Vec::new(),
            gone: BTreeSet::new(),
        };
        let authored = loader.text(main)?;
        let own = loader.checked(authored.clone());
        let mut includes = Vec::new();
        loader.take_in(&authored, &mut includes);
        let mut over = Vec::new();
        if tests {
            loader.take_tests(&mut over);
        }
        let Loader { uses, gone, .. } = loader;
        let mut layers = uses;
        layers.extend(includes);
        layers.extend(own);
        if tests {
            twice(layers.iter().chain(&over), diagnostics);
        }
        layers.extend(over);
        let mut project =
            Self { directory, path: absolute, main, facets: Facets::default(), layers, gone, authored, schemas };
        let everything = project.lay(&|_| true, &mut Diagnostics::new());
        project.facets = Facets::of(&everything);
        diagnostics.extend(project.facets.check());
        for layer in &project.layers {
            conditions(layer, project.schemas.manifest(Strictness::Overlay), &mut |condition| {
                let name = condition.text().unwrap_or_default();
                let name = name.strip_prefix('!').unwrap_or(name);
                if !project.facets.names().any(|known| known == name) {
                    diagnostics.push(project.facets.unknown(name, Some(condition.span)));
                }
            });
        }
        Some(project)
    }

    /// The main manifest as JSON, as it was written (also if it is wrong, as far as it parses).
    #[must_use]
    pub fn authored(&self) -> serde_json::Value {
        self.authored.to_json()
    }

    /// The components that some `bind` of the project names, under whatever conditions.
    #[must_use]
    pub fn bound_components(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut take = |manifest: &Located| {
            let bindings = manifest.get("bind").map(Located::fields).unwrap_or_default();
            names.extend(bindings.iter().filter_map(|field| field.value.get("to")?.text().map(str::to_owned)));
        };
        self.layers.iter().for_each(&mut take);
        self.facets.facets.iter().for_each(|facet| take(&facet.overlay));
        names
    }

    /// The component that the `bind` node with a field of configuration in it names; `None` if that node only adds to another one.
    #[must_use]
    pub fn written_for(&self, field: Span) -> Option<&str> {
        let manifests = self.layers.iter().chain(self.facets.facets.iter().map(|facet| &facet.overlay));
        let mut bindings = manifests.flat_map(|manifest| manifest.get("bind").map(Located::fields).unwrap_or_default());
        let holds = |binding: &&Field| {
            let config = binding.value.get("config").map(Located::fields).unwrap_or_default();
            config.iter().any(|one| one.name_span == field)
        };
        bindings.find(holds)?.value.get("to")?.text()
    }

    /// Composes the project under a selection of facets. `None` if what came out cannot be typed.
    pub fn compose(&self, selection: &Selection, diagnostics: &mut Diagnostics) -> Option<Model> {
        let active = |name: &str| selection.has(name);
        let mut whole = self.lay(&active, diagnostics);
        let view = self.schemas.manifest(Strictness::Overlay);
        for facet in self.facets.facets.iter().filter(|facet| selection.active.contains(&facet.name)) {
            let mut over = facet.overlay.clone();
            if let Some(fields) = over.fields_mut() {
                fields.retain(|field| !["detect", "description", "facet"].contains(&field.name.as_str()));
            }
            filter(&mut over, view, &active);
            overlay(&mut whole, &over, view, diagnostics);
        }
        if let Some(fields) = whole.fields_mut() {
            fields.retain(|field| !["facet", "facet-group", "use", "include"].contains(&field.name.as_str()));
        }
        let mut gone = BTreeSet::new();
        if !self.schemas.check(&whole, Strictness::Whole, diagnostics) {
            self.schemas.prune(&mut whole, Strictness::Whole, &mut gone);
        }
        match Manifest::deserialize(&whole) {
            Ok(manifest) => Some(Model { manifest, selection: selection.clone(), composed: whole }),
            Err(error) => {
                let error: DecodeError = error;
                // Only reached together with an error of the schema; said all the same, so that nothing is swallowed.
                if !diagnostics.has_errors() {
                    diagnostics
                        .push(Diagnostic::error(Code::InvalidValue, format!("the manifest cannot be read: {error}")));
                }
                None
            }
        }
    }

    /// The nodes of a composed manifest.
    #[must_use]
    pub fn nodes(&self, model: &Model) -> Vec<Child> {
        unmap::children(&model.composed, self.schemas.manifest(Strictness::Whole))
    }

    /// The texts, each checked, in the order in which they lie over each other.
    pub(crate) fn layers(&self) -> &[Located] {
        &self.layers
    }

    /// Whether a mistake is only there because what it refers to was taken out for another mistake.
    #[must_use]
    pub fn is_follow_up(&self, diagnostic: &Diagnostic, sources: &SourceMap) -> bool {
        if diagnostic.code == Code::InvalidParam && self.gone.contains("type") {
            return true;
        }
        let refers = matches!(
            diagnostic.code,
            Code::UnknownParam
                | Code::UnknownResult
                | Code::UnknownTask
                | Code::UnknownPipeline
                | Code::UnknownFacet
                | Code::UndefinedVariable
                | Code::UndefinedFunction
                | Code::UnknownComponent
                | Code::MissingParam
        );
        // What is underlined is the reference: a name, or a path of names.
        let place = diagnostic.labels.first().map_or("", |label| sources.slice(label.span));
        let mut names = place.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'));
        // A node without a name went out under an empty one.
        let gone = |name: &str| !name.is_empty() && self.gone.contains(name);
        refers && names.any(|name| gone(name) || gone(&name.replace('_', "-")))
    }

    fn lay(&self, active: &dyn Fn(&str) -> bool, diagnostics: &mut Diagnostics) -> Located {
        let span = Span::new(self.main, 0, 0);
        let mut whole = Located::new(Kind::Map(Vec::new()), span);
        let view = self.schemas.manifest(Strictness::Overlay);
        for layer in &self.layers {
            let mut layer = layer.clone();
            filter(&mut layer, view, active);
            overlay(&mut whole, &layer, view, diagnostics);
        }
        whole
    }
}

struct Loader<'a> {
    directory: PathBuf,
    /// The directory as messages show it.
    shown: PathBuf,
    schemas: &'a Schemas,
    sources: &'a mut SourceMap,
    diagnostics: &'a mut Diagnostics,
    read: BTreeSet<PathBuf>,
    used: BTreeSet<String>,
    uses: Vec<Located>,
    gone: BTreeSet<String>,
}

impl Loader<'_> {
    /// A text as JSON with places.
    fn text(&mut self, source: SourceId) -> Option<Located> {
        let file = self.sources.get(source)?.clone();
        let document = parse::parse(source, &file, self.diagnostics)?;
        // YAML may pass for KDL: nodes called `name:` and `-`.
        if document.nodes().iter().any(|node| node.name().value().ends_with([':', '-']))
            && let Some(other) = foreign(source, &file)
        {
            self.diagnostics.push(other);
            return None;
        }
        // What a text may hold is the same whether it is whole or an overlay.
        Some(map::map(&document, source, self.schemas.manifest(Strictness::Whole), self.diagnostics))
    }

    /// The part of a text that fits the schema; what does not is reported.
    fn checked(&mut self, mut text: Located) -> Option<Located> {
        let takes_in = text.get("use").is_some() || text.get("include").is_some();
        let main = self.read.len() == 1 && self.used.is_empty();
        let strictness = if takes_in || !main { Strictness::Overlay } else { Strictness::Whole };
        repeated_tasks(&text, self.schemas.manifest(strictness), self.diagnostics);
        if !self.schemas.check(&text, strictness, self.diagnostics)
            && !self.schemas.prune(&mut text, strictness, &mut self.gone)
        {
            return None;
        }
        Some(text)
    }

    /// What a text uses and includes, below it.
    fn take_in(&mut self, text: &Located, includes: &mut Vec<Located>) {
        for used in text.get("use").map(Located::items).unwrap_or_default() {
            let Some(name) = used.get("name").and_then(|name| Some((name.text()?.to_owned(), name.span))) else {
                continue;
            };
            self.take_used(&name.0, name.1);
        }
        for include in text.get("include").map(Located::items).unwrap_or_default() {
            let Some(path) = include.get("path") else { continue };
            let Some(pattern) = path.text() else { continue };
            let optional = include.get("optional").is_some_and(|optional| optional.value == Kind::Bool(true));
            let files = self.matching(pattern, path.span);
            if files.is_empty() && !optional {
                self.diagnostics.push(
                    Diagnostic::error(Code::IncludeNotFound, format!("no file matches `{pattern}`"))
                        .at(path.span, "nothing there")
                        .help(
                            stand_in(pattern)
                                .map(|name| format!("`use \"{name}\"` could stand in: it ships with thinking")),
                        )
                        .help("mend the path, or add `optional=#true` if it may be missing".to_owned()),
                );
            }
            for file in files {
                self.take_file(&file, path.span, includes);
            }
        }
    }

    fn take_used(&mut self, name: &str, span: Span) {
        if !self.used.insert(name.to_owned()) {
            return;
        }
        let Some(text) = thinking_manifests::get(name) else {
            let help = match did_you_mean(name, thinking_manifests::names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", thinking_manifests::names().collect::<Vec<_>>().join(", ")),
            };
            self.diagnostics.push(
                Diagnostic::error(Code::UnknownUse, format!("no manifest called `{name}` ships with thinking"))
                    .at(span, "unknown")
                    .help(help),
            );
            return;
        };
        let source = self.sources.add(format!("<{name}>"), text);
        if let Some(text) = self.text(source).and_then(|text| self.checked(text)) {
            self.uses.push(text);
        }
    }

    fn take_file(&mut self, file: &Path, span: Span, includes: &mut Vec<Located>) {
        let absolute = self.directory.join(file);
        if !self.read.insert(canonical(&absolute)) {
            return;
        }
        let shown = self.shown.join(file);
        let text = match std::fs::read(&absolute) {
            Ok(bytes) => match decode_text(bytes, &shown, self.diagnostics) {
                Some(text) => text,
                None => return,
            },
            Err(error) => {
                self.diagnostics.push(unreadable(&shown, &error, Some(span)));
                return;
            }
        };
        let source = self.sources.add(shown.display().to_string(), text);
        let Some(text) = self.text(source) else { return };
        self.take_in(&text, includes);
        includes.extend(self.checked(text));
    }

    /// Suites in files of their own.
    fn take_tests(&mut self, over: &mut Vec<Located>) {
        for file in self.matching("tests/**/*.kdl", Span::new(SourceId(0), 0, 0)) {
            let absolute = self.directory.join(&file);
            // A text with a project is a manifest of its own: input of a test, perhaps.
            let is_own = |text: &str| text.lines().any(|line| line.split_whitespace().next() == Some("project"));
            if self.read.contains(&canonical(&absolute))
                || std::fs::read_to_string(&absolute).is_ok_and(|text| is_own(&text))
            {
                continue;
            }
            self.take_file(&file, Span::new(SourceId(0), 0, 0), over);
        }
    }

    /// Files that a path or glob matches, relative to the directory, sorted.
    fn matching(&mut self, pattern: &str, span: Span) -> Vec<PathBuf> {
        if !pattern.contains(['*', '?', '[', '{']) {
            let file = PathBuf::from(pattern);
            return if self.directory.join(&file).exists() { vec![file] } else { Vec::new() };
        }
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        let matcher = match globset::GlobBuilder::new(pattern).literal_separator(true).build() {
            Ok(glob) => glob.compile_matcher(),
            Err(error) => {
                self.diagnostics.push(
                    Diagnostic::error(Code::InvalidValue, format!("`{pattern}` is not a glob: {}", error.kind()))
                        .at(span, "here"),
                );
                return Vec::new();
            }
        };
        let mut files: Vec<PathBuf> = walkdir::WalkDir::new(&self.directory)
            .into_iter()
            .filter_entry(|entry| entry.file_name() != ".thinking")
            .filter_map(Result::ok)
            .filter(|entry| !entry.file_type().is_dir())
            .filter_map(|entry| entry.path().strip_prefix(&self.directory).ok().map(Path::to_path_buf))
            .filter(|file| matcher.is_match(file))
            .collect();
        files.sort();
        files
    }
}

/// Tests of one name in several files: one would take the place of the other without a word.
fn twice<'l>(layers: impl Iterator<Item = &'l Located>, diagnostics: &mut Diagnostics) {
    let mut known: BTreeMap<Vec<String>, Span> = BTreeMap::new();
    for layer in layers {
        let mut open: Vec<(Vec<String>, &Located)> = vec![(Vec::new(), layer)];
        let mut own = Vec::new();
        while let Some((path, node)) = open.pop() {
            let named = |kind: &str| node.get(kind).map(Located::fields).unwrap_or_default();
            let below = |name: &str| path.iter().cloned().chain([name.to_owned()]).collect::<Vec<_>>();
            own.extend(named("test").iter().map(|field| (below(&field.name), field.name_span)));
            open.extend(named("suite").iter().map(|field| (below(&field.name), &field.value)));
        }
        for (path, span) in own {
            if let Some(before) = known.get(&path) {
                diagnostics.push(
                    Diagnostic::error(Code::Duplicate, format!("two tests are called `{}`", path.join("/")))
                        .at(span, "again here")
                        .at(*before, "first here"),
                );
            }
            known.insert(path, span);
        }
    }
}

/// The shipped manifest that a missing file was probably like: by the file's name, else by that of its folder.
fn stand_in(pattern: &str) -> Option<String> {
    let parts = || pattern.split('/').rev().map(|part| part.strip_suffix(".kdl").unwrap_or(part));
    parts().find_map(|part| {
        let short = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let shorts: Vec<String> = thinking_manifests::names().map(short).collect();
        let found = shorts.iter().find(|short| *short == part).map(String::as_str);
        let found = found.or_else(|| did_you_mean(part, shorts.iter().map(String::as_str)))?;
        thinking_manifests::names().find(|name| short(name) == found).map(str::to_owned)
    })
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

pub(crate) fn unreadable(path: &Path, error: &std::io::Error, span: Option<Span>) -> Diagnostic {
    let what = match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "you may not read it".to_owned(),
        _ if path.is_dir() => "it is a directory".to_owned(),
        _ => error.to_string(),
    };
    Diagnostic::error(Code::UnreadableFile, format!("cannot read `{}`: {what}", path.display())).at(span, "named here")
}

pub(crate) fn decode_text(bytes: Vec<u8>, path: &Path, diagnostics: &mut Diagnostics) -> Option<String> {
    match String::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            diagnostics.push(Diagnostic::error(
                Code::UnreadableFile,
                format!("cannot read `{}`: line {line} is not UTF-8 text", path.display()),
            ));
            None
        }
    }
}

impl Schemas {
    fn prune(&self, tree: &mut Located, strictness: Strictness, gone: &mut BTreeSet<String>) -> bool {
        self.validator(strictness, tree).is_some_and(|validator| prune::prune(tree, validator, gone))
    }
}
