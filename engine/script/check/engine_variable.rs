//! Chains: what follows a variable of the engine is known before anything runs.

use super::Checker;
use super::call::listed;
use super::in_order;
use crate::chain::Link;
use rhai::{Expr, FnCallExpr, Position};
use thinking_diagnostic::{Code, Diagnostic, Span, did_you_mean};
use thinking_std::{
    DOCUMENTS_WRITES, Documents, Facets, KV_WRITES, Kv, OBJECTS_WRITES, Objects, Params, VECTORS_WRITES, Vectors,
};
use thinking_step::{Purpose, ReferenceKind, VariableKind};

impl<'a> Checker<'a> {
    pub(super) fn chain(&mut self, root: &'a Expr, links: &[Link<'a>]) {
        let mut rest = links;
        let entry = match root {
            Expr::Variable(name, _, _) if name.2.is_empty() => self.engine_variable(&name.1),
            _ => None,
        };
        match (root, entry, links.first()) {
            (Expr::ThisPtr(position), ..) if self.this.is_some() => {
                let done = self.this.map_or(0, |this| self.links_of_this(this, *position, links));
                rest = &links[done..];
            }
            (Expr::Variable(..), Some(entry), _) if entry.kind == VariableKind::Unknown => return self.anything(links),
            (Expr::Variable(name, _, position), Some(entry), Some(first)) => {
                let span = self.span(*position);
                if self.known_link(&name.1, &entry.kind, span, first) {
                    rest = &links[1..];
                }
            }
            _ => {
                let before = self.findings.problems.len();
                self.expression(root);
                // What follows a variable that is not there is no second mistake.
                if matches!(root, Expr::Variable(..)) && self.findings.problems.len() > before {
                    return self.anything(links);
                }
            }
        }
        for link in rest {
            match link {
                Link::Index(expression) => self.expression(expression),
                Link::Dot(Expr::MethodCall(call, position)) => self.method_call(call, *position),
                Link::Dot(Expr::Property(..)) => {}
                Link::Dot(expression) => self.expression(expression),
            }
        }
    }

    /// Links after something of which nothing is known: only what stands between their brackets can be wrong.
    pub(super) fn anything(&mut self, links: &[Link<'a>]) {
        for link in links {
            match link {
                Link::Dot(Expr::MethodCall(call, _)) => self.expressions(call.args.iter()),
                Link::Dot(Expr::Property(..)) => {}
                Link::Dot(expression) | Link::Index(expression) => self.expression(expression),
            }
        }
    }

    /// The first link after a variable of the engine. Says whether it is dealt with.
    pub(super) fn known_link(
        &mut self,
        name: &str,
        kind: &'a VariableKind,
        root: Option<Span>,
        link: &Link<'a>,
    ) -> bool {
        match kind {
            VariableKind::Params(names) => match named(link) {
                Some((param, position)) => {
                    let span = self.span(position);
                    self.mention(ReferenceKind::Param(in_scripts(param)), span);
                    self.must_be_among(Code::UnknownParam, "parameter", param, names, span);
                    true
                }
                None => {
                    self.mention(ReferenceKind::AnyParam, root);
                    self.own_method::<Params>(name, link)
                }
            },
            VariableKind::Results(names) => match named(link) {
                Some((task, position)) => {
                    let span = self.span(position);
                    self.mention(ReferenceKind::SiblingResult(in_scripts(task)), span);
                    self.must_be_among(Code::UnknownResult, "result", task, names, span);
                    true
                }
                None => {
                    self.mention(ReferenceKind::AnyResult, root);
                    false
                }
            },
            VariableKind::Facets(names) => {
                if let Link::Dot(Expr::MethodCall(call, _)) = link
                    && let (true, Some(Expr::StringConstant(facet, position))) = (call.name == "has", call.args.first())
                {
                    let span = self.span(*position);
                    self.mention(ReferenceKind::Facet(facet.to_string()), span);
                    self.must_be_among(Code::UnknownFacet, "facet", facet, names, span);
                }
                self.own_method::<Facets>(name, link)
                    || self.no_property(name, link, &[], &format!("ask with `{name}.has(\"name\")`"))
            }
            VariableKind::Run => {
                self.findings.volatile = true;
                self.no_property(name, link, &["id", "dir", "started"], "")
            }
            VariableKind::Step => self.no_property(name, link, &["key", "attempt", "path"], ""),
            VariableKind::Kv(database) => {
                self.database(database, root, link, KV_WRITES);
                self.own_method::<Kv>(name, link)
                    || self.no_property(name, link, &[], &format!("read with `{name}.get(\"key\")`"))
            }
            VariableKind::Documents { name: database, .. } => {
                self.database(database, root, link, DOCUMENTS_WRITES);
                self.own_method::<Documents>(name, link)
                    || self.no_property(
                        name,
                        link,
                        &[],
                        &format!("read with `{name}.get(id)` or `{name}.find(#{{ … }})`"),
                    )
            }
            VariableKind::Vectors { name: database, .. } => {
                self.database(database, root, link, VECTORS_WRITES);
                self.own_method::<Vectors>(name, link)
                    || self.no_property(name, link, &[], &format!("read with `{name}.get(id)`"))
            }
            VariableKind::Objects(database) => {
                self.database(database, root, link, OBJECTS_WRITES);
                self.own_method::<Objects>(name, link)
                    || self.no_property(name, link, &[], &format!("read with `{name}.get(\"path\")`"))
            }
            VariableKind::Loop => {
                self.mention(ReferenceKind::Variable(name.to_owned()), root);
                false
            }
            VariableKind::Component { binding, about } => self.component(name, binding, about, root, link),
            VariableKind::Mode | VariableKind::Outcome | VariableKind::Unknown | VariableKind::Flow => false,
        }
    }

    fn must_be_among(&mut self, code: Code, what: &str, name: &str, names: &[String], span: Option<Span>) {
        // Scripts may write names as the manifest does, and the other way round.
        if names.iter().any(|other| in_scripts(other) == in_scripts(name)) {
            return;
        }
        let help = match did_you_mean(name, names.iter().map(String::as_str)) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if names.is_empty() => None,
            None => Some(format!("there are: {}", in_order(names.iter().map(String::as_str)))),
        };
        let message = format!("there is no {what} `{name}`{}", if code == Code::UnknownResult { " here" } else { "" });
        self.problem(Diagnostic::error(code, message).at(span, "").help(help));
    }

    /// A method of one of the engine's types; its arguments are checked, and whether it exists. `false` if the link is no method call.
    fn own_method<T: 'static>(&mut self, variable: &str, link: &Link<'a>) -> bool {
        let Link::Dot(Expr::MethodCall(call, position)) = link else { return false };
        let known = self.known;
        let (name, count) = (call.name.as_str(), call.args.len());
        let Some(methods) = known.methods::<T>() else { return false };
        match methods.get(name) {
            Some(arities) if arities.contains(&(count + 1)) => {}
            Some(arities) => {
                let wanted = listed(&arities.iter().filter_map(|arity| arity.checked_sub(1)).collect());
                let span = self.span(*position);
                self.wrong_arity(&format!("{variable}.{name}"), &wanted, count, None, span);
            }
            // `type_of` and the like are there for every value.
            None if crate::known::Known::is_built_in(name) => {}
            None => {
                let span = self.span(*position);
                let help = match did_you_mean(name, methods.keys().map(String::as_str)) {
                    Some(near) => format!("did you mean `{variable}.{near}`?"),
                    None => format!("it has: {}", in_order(methods.keys().map(String::as_str))),
                };
                let message = format!("`{variable}` has no function `{name}`");
                self.problem(Diagnostic::error(Code::UndefinedFunction, message).at(span, "").help(help));
            }
        }
        self.expressions(call.args.iter());
        true
    }

    /// Only these properties are there. Says whether the link was a property.
    fn no_property(&mut self, variable: &str, link: &Link<'a>, properties: &[&str], help: &str) -> bool {
        let Some((name, position)) = named(link) else { return false };
        if properties.contains(&name) {
            return true;
        }
        let span = self.span(position);
        let help = match did_you_mean(name, properties.iter().copied()) {
            Some(near) => format!("did you mean `{variable}.{near}`?"),
            None if properties.is_empty() => help.to_owned(),
            None => format!("it has: {}", in_order(properties.iter().copied())),
        };
        let message = format!("`{variable}` has no property `{name}`");
        self.problem(Diagnostic::error(Code::UnknownProperty, message).at(span, "").help(help));
        true
    }

    /// A database and what is done with it: outside of steps nothing of what `writes`.
    fn database(&mut self, database: &str, root: Option<Span>, link: &Link<'a>, writes: &[&str]) {
        self.mention(ReferenceKind::Database(database.to_owned()), root);
        if let Link::Dot(Expr::MethodCall(call, position)) = link {
            self.may_write(database, call, *position, writes);
        }
    }

    fn may_write(&mut self, database: &str, call: &FnCallExpr, position: Position, writes: &[&str]) {
        if self.purpose == Purpose::Step || !writes.contains(&call.name.as_str()) {
            return;
        }
        let span = self.span(position);
        self.problem(
            Diagnostic::error(Code::ReadOnly, format!("the database `{database}` is read-only here"))
                .at(span, "")
                .help("only steps write: move this into the body of a step".to_owned()),
        );
    }
}

/// A name as scripts write it; between quotes it may stand as in the manifest.
fn in_scripts(name: &str) -> String {
    name.replace('-', "_")
}

/// The name that a link asks for: `.name` or `["name"]`.
pub fn named<'a>(link: &Link<'a>) -> Option<(&'a str, Position)> {
    match link {
        Link::Dot(Expr::Property(property, position)) => Some((property.2.as_str(), *position)),
        Link::Index(Expr::StringConstant(name, position)) => Some((name.as_str(), *position)),
        _ => None,
    }
}
