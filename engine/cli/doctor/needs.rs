//! What a manifest needs: programs, files, environment variables, folders to write to.

use super::finding::{Finding, Level};
use super::programs::{self, Missing};
use crate::cli::session::Session;
use rustix::fs::{Access, access};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use thinking_diagnostic::{Diagnostics, SourceMap, Span};
use thinking_manifest::Selection;
use thinking_plan::{By, Grant, Right, Survey, Touch, Use};

/// A manifest that is wrong; what is wrong is told elsewhere.
pub(super) fn wrong(found: &Diagnostics) -> Finding {
    let count = if found.len() == 1 { "1 mistake".to_owned() } else { format!("{} mistakes", found.len()) };
    Finding::bad("manifest", format!("it has {count}; what it needs cannot be said"), "mend it: thinking validate")
}

pub(super) fn checks(session: &mut Session<'_>, path: &Path, state: &Path) -> Vec<Finding> {
    let surveys = session.surveys(state);
    let folder = session.project.directory.clone();
    let facets = session.project.facets.facets.len();
    let with = match facets {
        0 => String::new(),
        1 => ", also with its facet".to_owned(),
        many => format!(", also with each of its {many} facets"),
    };
    let mut findings = vec![Finding::fine("manifest", format!("{} is valid{with}", path.display()))];
    if !session.diagnostics.is_empty() {
        let found = "there are warnings about it".to_owned();
        findings.push(Finding::note("manifest", found, "`thinking validate` says them"));
    }
    let mut looked =
        Looked { folder: &folder, sources: &session.sources, known: BTreeSet::new(), findings: Vec::new() };
    for (number, (extra, survey)) in surveys.iter().enumerate() {
        // What is needed only with a facet breaks only runs with it.
        let facet = (number > 0).then(|| extra.join(","));
        looked.programs(survey, facet.as_deref());
        looked.files(survey, facet.as_deref());
        looked.folders(survey, facet.as_deref());
    }
    looked.idle(&surveys);
    looked.variables(&surveys);
    findings.append(&mut looked.findings);
    findings.extend(parameters(session));
    findings
}

/// What was looked at so far.
struct Looked<'s> {
    folder: &'s Path,
    sources: &'s SourceMap,
    known: BTreeSet<(&'static str, String)>,
    findings: Vec<Finding>,
}

impl Looked<'_> {
    /// Keeps a finding, unless the same thing was looked at before.
    fn keep(&mut self, mut finding: Finding, what: &str, facet: Option<&str>) {
        if !self.known.insert((finding.check, what.to_owned())) {
            return;
        }
        if let Some(facet) = facet {
            finding.found.push_str(&format!(" (only with --facet {facet})"));
            finding.level = finding.level.min(Level::Note);
        }
        self.findings.push(finding);
    }

    fn at(&self, span: Option<Span>) -> String {
        span.map(|span| self.sources.describe(span)).unwrap_or_default()
    }

    fn programs(&mut self, survey: &Survey, facet: Option<&str>) {
        for Use { touch, span, .. } in &survey.uses {
            let Touch::Runs(program) = touch else { continue };
            if program.contains("${") {
                let found = format!("`{program}` is known only when it is started");
                let at = self.at(*span);
                self.keep(Finding::note("program", found, format!("see to it yourself: {at}")), program, facet);
                continue;
            }
            let found = programs::find(program, self.folder, std::env::var_os("PATH").as_deref());
            let at = self.at(*span);
            let finding = match found {
                Ok(place) if place.is_absolute() && !program.contains('/') => {
                    Finding::fine("program", format!("`{program}` is {}", place.display()))
                }
                Ok(_) => Finding::fine("program", format!("`{program}` is there")),
                Err(Missing::NotExecutable(place)) => Finding::bad(
                    "program",
                    format!("`{program}` may not be run"),
                    match program.contains('/') {
                        true => format!("chmod +x {program} ({at})"),
                        false => format!("chmod +x {} ({at})", place.display()),
                    },
                ),
                Err(Missing::Nowhere) if program.contains('/') => Finding::bad(
                    "program",
                    format!("`{program}` is not there"),
                    format!("write it, or mend the path, which starts at the manifest's folder: {at}"),
                ),
                Err(Missing::Nowhere) => Finding::bad(
                    "program",
                    format!("`{program}` is nowhere on PATH"),
                    format!("install it, or mend the name: {at}"),
                ),
            };
            self.keep(finding, program, facet);
        }
    }

    /// Files that are named without `${…}` and patterns. What a step may write can come later.
    fn files(&mut self, survey: &Survey, facet: Option<&str>) {
        for grant in survey.grants.iter().filter(|grant| grant.right == Right::Read) {
            let what = match &grant.by {
                By::Permissions | By::Output(_) => continue,
                By::Param(name) => format!("parameter `{name}`"),
                By::Input(step) => format!("input of `{step}`"),
            };
            self.file(&unescaped(&grant.pattern), &what, grant.span, survey, facet);
        }
        for (at, used) in survey.uses.iter().enumerate() {
            let Touch::Reads(path) = &used.touch else { continue };
            // To ask whether a file is there, or for all that match, needs none.
            let function = caller(&survey.uses, at);
            if matches!(function, Some("fs::exists" | "fs::glob")) {
                continue;
            }
            self.file(path, &format!("step `{}`", used.task), used.span, survey, facet);
        }
    }

    fn file(&mut self, path: &str, what: &str, span: Option<Span>, survey: &Survey, facet: Option<&str>) {
        if path.contains(['*', '?', '[', '{']) || is_made(path, survey) {
            return;
        }
        let full = self.folder.join(path);
        let at = self.at(span);
        let finding = if !full.exists() {
            Finding::bad("file", format!("`{path}` is not there ({what})"), format!("make it, or mend the path: {at}"))
        } else if access(&full, Access::READ_OK).is_err() {
            Finding::bad("file", format!("`{path}` may not be read ({what})"), format!("chmod +r {path} ({at})"))
        } else {
            Finding::fine("file", format!("`{path}` can be read ({what})"))
        };
        self.keep(finding, path, facet);
    }

    /// Whether what may be written can be written: the folder that is there already decides.
    fn folders(&mut self, survey: &Survey, facet: Option<&str>) {
        for grant in survey.grants.iter().filter(|grant| grant.right == Right::Write) {
            let fixed: PathBuf =
                Path::new(&grant.pattern).components().take_while(|part| !is_pattern(part.as_os_str())).collect();
            let full = self.folder.join(&fixed);
            let Some(ground) = full.ancestors().find(|folder| folder.exists()) else { continue };
            let shown = ground.strip_prefix(self.folder).unwrap_or(ground);
            let shown = if shown.as_os_str().is_empty() { "this folder".into() } else { shown.display().to_string() };
            let finding = if access(ground, Access::WRITE_OK).is_err() {
                let at = self.at(grant.span);
                Finding::bad(
                    "folder",
                    format!("{shown} may not be written"),
                    format!("chmod u+w, or write elsewhere: {at}"),
                )
            } else {
                Finding::fine("folder", format!("{shown} can be written"))
            };
            self.keep(finding, &shown, facet);
        }
    }

    /// Programs that may be started and are not, under any facet. They are not needed, but the line says more than the manifest does.
    fn idle(&mut self, surveys: &[(Vec<String>, Survey)]) {
        let all = || surveys.iter().flat_map(|(_, survey)| &survey.uses);
        let started = |program: &str| all().any(|used| matches!(&used.touch, Touch::Runs(other) if other == program));
        // A name that is known only later may be any of them.
        if all().any(|used| matches!(&used.touch, Touch::Runs(program) if program.contains("${"))) {
            return;
        }
        for grant in surveys.iter().flat_map(|(_, survey)| &survey.grants) {
            let Grant { right: Right::Run, pattern, span, .. } = grant else { continue };
            if !started(pattern) {
                let advice = format!("take it out of `permissions`: {}", self.at(*span));
                let found = format!("`{pattern}` may be started, but no step starts it");
                self.keep(Finding::note("permission", found, advice), pattern, None);
            }
        }
    }

    /// Environment variables that scripts may see.
    fn variables(&mut self, surveys: &[(Vec<String>, Survey)]) {
        for grant in surveys.iter().flat_map(|(_, survey)| &survey.grants) {
            let Grant { right: Right::Env, pattern, span, .. } = grant else { continue };
            let finding = match std::env::var_os(pattern) {
                Some(_) => Finding::fine("environment", format!("{pattern} is set")),
                None => Finding::note(
                    "environment",
                    format!("{pattern} is not set"),
                    format!("scripts that look at it get (): {}", self.at(*span)),
                ),
            };
            self.keep(finding, pattern, None);
        }
    }
}

/// The function that a path is an argument of: the last call that begins before it.
fn caller(uses: &[Use], at: usize) -> Option<&str> {
    let own = uses.get(at)?;
    let span = own.span?;
    let calls = uses.iter().filter_map(|used| match (&used.touch, used.span) {
        (Touch::Calls(function, _), Some(place)) if place.source == span.source && place.start < span.start => {
            Some((place.start, function.as_str()))
        }
        _ => None,
    });
    calls.max().map(|(_, function)| function)
}

/// Whether a step may make the file.
fn is_made(path: &str, survey: &Survey) -> bool {
    survey.grants.iter().filter(|grant| grant.right == Right::Write).any(|grant| {
        let fixed: PathBuf =
            Path::new(&grant.pattern).components().take_while(|part| !is_pattern(part.as_os_str())).collect();
        !fixed.as_os_str().is_empty() && Path::new(path).starts_with(fixed)
    })
}

fn is_pattern(part: &std::ffi::OsStr) -> bool {
    part.to_string_lossy().contains(['*', '?', '[', '{'])
}

/// A path of a parameter without the escapes that make a glob of it.
fn unescaped(glob: &str) -> String {
    ['*', '?', '[', ']', '{', '}']
        .iter()
        .fold(glob.to_owned(), |text, c| text.replace(&format!("[{c}]"), &c.to_string()))
}

/// Parameters without a default: where a value can come from. Values are never told.
fn parameters(session: &Session<'_>) -> Vec<Finding> {
    let Some(model) = session.project.compose(&Selection::default(), &mut Diagnostics::new()) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (name, param) in model.manifest.param.iter() {
        let needed = param.default.is_none() && !param.optional;
        let name = &name.value;
        let variable = param.env.as_ref().map(|env| env.value.as_str());
        let set = variable.is_some_and(|variable| std::env::var_os(variable).is_some());
        findings.push(match (variable, set, needed) {
            (Some(variable), true, _) => {
                Finding::fine("parameter", format!("`{name}` comes from {variable}, which is set"))
            }
            (Some(variable), false, true) => Finding::note(
                "parameter",
                format!("`{name}` has no value: {variable} is not set"),
                format!("set it, or give -p {name}=…"),
            ),
            (None, _, true) => Finding::note(
                "parameter",
                format!("`{name}` has no value"),
                format!("give it: thinking apply -p {name}=…"),
            ),
            (Some(variable), false, false) => {
                Finding::fine("parameter", format!("`{name}` has its default: {variable} is not set"))
            }
            (None, _, false) => continue,
        });
    }
    findings
}
