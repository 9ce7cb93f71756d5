//! Scripted components: what `this` is in their functions, and what may stand outside of them.

use super::call::listed;
use super::engine_variable::named;
use super::{Checker, Findings, Setting, in_order};
use crate::chain::Link;
use crate::component::{Defined, OWN, Survey, own_name};
use crate::known::Known;
use crate::places::Places;
use rhai::{AST, ASTFlags, Expr, FnCallExpr, Position, Stmt};
use std::collections::{BTreeMap, BTreeSet};
use thinking_diagnostic::{Code, Diagnostic, Span, did_you_mean};
use thinking_step::{Purpose, StaticScope, VariableKind};

/// What is known of a component's script before its functions are looked at. Names are as in scripts.
pub struct This<'a> {
    /// Names in its configuration.
    pub config: BTreeSet<String>,
    /// Its dependencies.
    pub needs: BTreeSet<String>,
    /// What those are that are known.
    pub dependencies: &'a BTreeMap<String, VariableKind>,
    /// Its constants.
    pub constants: BTreeSet<String>,
    /// What its functions do.
    pub survey: &'a Survey,
    /// Its functions, as the text has them.
    pub defined: &'a [Defined],
}

impl This<'_> {
    /// All names that may follow `this.`, besides functions.
    fn names(&self) -> impl Iterator<Item = &str> {
        let fields = self.needs.iter().chain(&self.survey.set).map(String::as_str);
        std::iter::once("config").chain(fields)
    }

    fn has(&self, name: &str) -> bool {
        self.survey.sets_any || self.names().any(|known| known == name)
    }
}

/// Looks through a component's script.
pub fn check_component(ast: &AST, known: &Known, places: &Places, this: &This<'_>) -> Findings {
    let scope = StaticScope::default();
    let setting = Setting::new(ast, known, places, &scope, Purpose::Step);
    let mut checker = Checker { this: Some(this), ..Checker::new(&setting) };
    checker.outside(ast.statements());
    checker.definitions();
    checker.functions();
    checker.done()
}

impl<'a> Checker<'a> {
    /// What stands outside of functions: constants alone.
    fn outside(&mut self, statements: &'a [Stmt]) {
        for statement in statements {
            if let Stmt::Var(parts, flags, _) = statement
                && flags.contains(ASTFlags::CONSTANT)
            {
                let purpose = std::mem::replace(&mut self.purpose, Purpose::Pure);
                self.expression(&parts.1);
                self.purpose = purpose;
                self.names.add(parts.0.name.as_str());
                continue;
            }
            let position = match statement {
                Stmt::Expr(expression) => expression.start_position(),
                other => other.position(),
            };
            let span = self.span(position);
            let problem = Diagnostic::error(Code::NotAllowedHere, "this would never run: a component is its functions");
            let help = "put it into a function, for instance `fn startup() { … }`; only constants may stand outside, `const LIMIT = 10;`, \
                        and functions read them as `global::LIMIT`";
            self.problem(problem.at(span, "").help(help.to_owned()));
        }
    }

    /// Functions that cannot be operations: defined more than once, whatever their parameters, or for other types.
    fn definitions(&mut self) {
        let Some(this) = self.this else { return };
        for (at, function) in this.defined.iter().enumerate() {
            if let Some((start, end)) = function.of {
                let message = "a function of a component is called on the component";
                let problem =
                    Diagnostic::error(Code::NotAllowedHere, message).at(self.places.code().span(start, end), "");
                let help = format!("leave out what stands before the name: `fn {}(…)`", function.name);
                self.problem(problem.help(help));
            }
            if own_name(&function.name) != function.name {
                let place = self.places.code().span(function.at.0, function.at.1);
                let message = format!("names that begin with `{OWN}` are the engine's");
                let problem = Diagnostic::error(Code::ReservedName, message).at(place, "");
                self.problem(problem.help("choose another name".to_owned()));
            }
            if let Some(first) = this.defined.iter().take(at).find(|first| first.name == function.name) {
                let place = |defined: &Defined| self.places.code().span(defined.at.0, defined.at.1);
                let message = format!("there is a function `{}` already", function.name);
                let problem = Diagnostic::error(Code::Duplicate, message).at(place(function), "");
                let problem = problem.at(place(first), "the first one");
                self.problem(problem.help("an operation has one form: give one of them another name".to_owned()));
            }
        }
    }

    /// The links after `this`. Gives how many of them are dealt with.
    pub(super) fn links_of_this(&mut self, this: &'a This<'a>, position: Position, links: &[Link<'a>]) -> usize {
        let Some(first) = links.first() else { return 0 };
        if self.closures > 0 {
            return self.this_in_closure(this, position, first);
        }
        if let Link::Dot(Expr::MethodCall(call, at)) = first {
            self.own_call(this, call, *at);
            return 1;
        }
        let Some((name, at)) = named(first) else { return 0 };
        if name == "config" {
            return 1 + self.config_link(this, &links[1..]);
        }
        if !this.has(name) {
            self.unknown_field(this, name, at);
            self.anything(&links[1..]);
            return links.len();
        }
        match links.get(1) {
            Some(next) if this.needs.contains(name) => 1 + usize::from(self.dependency_link(this, (name, at), next)),
            _ => 1,
        }
    }

    /// What follows `this.dependency`. Says whether it is dealt with.
    fn dependency_link(&mut self, this: &'a This<'a>, (name, at): (&str, Position), link: &Link<'a>) -> bool {
        let kind = this.dependencies.get(name);
        if let Link::Dot(Expr::MethodCall(call, at)) = link
            && !matches!(kind, Some(VariableKind::Component { .. }))
        {
            self.means_own(call, *at);
        }
        match (kind, link) {
            (Some(kind), _) => {
                let root = self.span(at);
                self.known_link(&format!("this.{name}"), kind, root, link)
            }
            // What the dependency can do is known when it is wired.
            (None, Link::Dot(Expr::MethodCall(call, _))) => {
                self.expressions(call.args.iter());
                true
            }
            _ => false,
        }
    }

    /// `this.name(…)`
    fn own_call(&mut self, this: &This<'_>, call: &'a FnCallExpr, position: Position) {
        self.expressions(call.args.iter());
        let (name, count) = (own_name(&call.name), call.args.len());
        let span = self.span(position);
        if let Some(arities) = self.own.get(name) {
            if !arities.contains(&count) {
                let wanted = listed(arities);
                self.wrong_arity(&format!("this.{name}"), &wanted, count, None, span);
            }
            return;
        }
        let what = match name {
            "config" => Some(("the configuration", "its values are read as `this.config.name`".to_owned())),
            _ if this.needs.contains(name) => {
                Some(("a dependency", format!("call something of it: `this.{name}.name(…)`")))
            }
            _ => None,
        };
        if let Some((what, help)) = what.filter(|_| !self.exists_bare(name, count + 1)) {
            let message = format!("`this.{name}` is {what}, not a function");
            self.problem(Diagnostic::error(Code::UndefinedFunction, message).at(span, "").help(help));
            return;
        }
        // `this` is a map, and its fields may hold functions.
        if Known::is_built_in(name) || this.has(name) || self.exists_bare(name, count + 1) {
            return;
        }
        let own = this.defined.iter().map(|function| function.name.as_str());
        let help = match did_you_mean(name, own.clone()) {
            Some(near) => Some(format!("did you mean `this.{near}`?")),
            None if own.clone().next().is_none() => None,
            None => Some(format!("it has: {}", in_order(own))),
        };
        let message = format!("this component has no function `{name}`");
        self.problem(Diagnostic::error(Code::UndefinedFunction, message).at(span, "").help(help));
    }

    /// What follows `this.config`. Gives how many links are dealt with.
    fn config_link(&mut self, this: &This<'_>, links: &[Link<'a>]) -> usize {
        let Some((name, at)) = links.first().and_then(named) else { return 0 };
        if this.config.contains(name) {
            return 1;
        }
        let span = self.span(at);
        let names = this.config.iter().map(String::as_str);
        let help = match did_you_mean(name, names.clone()) {
            Some(near) => format!("did you mean `this.config.{near}`?"),
            None if this.config.is_empty() => {
                format!("it has none yet: declare it in the component, `param \"{}\" …`", name.replace('_', "-"))
            }
            None => format!("there are: {}", in_order(names)),
        };
        let message = format!("the configuration of this component has no `{name}`");
        self.problem(Diagnostic::error(Code::UnknownProperty, message).at(span, "").help(help));
        self.anything(links.get(1..).unwrap_or_default());
        links.len()
    }

    fn unknown_field(&mut self, this: &This<'_>, name: &str, position: Position) {
        let span = self.span(position);
        let help = if self.own.contains_key(name) {
            format!("it is a function: call it, `this.{name}(…)`")
        } else if this.config.contains(name) {
            format!("it is in the configuration: `this.config.{name}`")
        } else if let Some(near) = did_you_mean(name, this.names()) {
            format!("did you mean `this.{near}`?")
        } else {
            let need = name.replace('_', "-");
            format!(
                "no function sets it: set it first, `this.{name} = …`, or declare it as a dependency, `needs \"{need}\"`"
            )
        };
        let message = format!("`this` has no field `{name}`");
        self.problem(Diagnostic::error(Code::UnknownProperty, message).at(span, "").help(help));
    }

    /// In a closure `this` is what the closure is called on; who writes the name of a field means the component. Gives how many links are dealt
    /// with.
    fn this_in_closure(&mut self, this: &This<'_>, position: Position, link: &Link<'a>) -> usize {
        let (what, keep) = match link {
            Link::Dot(Expr::MethodCall(call, _)) if self.own.contains_key(own_name(&call.name)) => {
                self.expressions(call.args.iter());
                (format!("{}(…)", own_name(&call.name)), None)
            }
            _ => match named(link) {
                Some((name, _)) if this.names().any(|known| known == name) => (name.to_owned(), Some(name.to_owned())),
                _ => return 0,
            },
        };
        let span = self.span(position);
        let help = match keep {
            Some(name) => format!("take it out before: `let {name} = this.{name};`"),
            None => "go on with a loop, `for x in …`, where `this` stays the component".to_owned(),
        };
        let message = format!("inside of a closure `this` is not the component, so there is no `this.{what}`");
        self.problem(Diagnostic::error(Code::NotAllowedHere, message).at(span, "").help(help));
        1
    }

    /// A method of some other value that Rhai would take for a function of this script, which is called by its bare name elsewhere.
    /// Says whether it is one.
    pub(super) fn means_own(&mut self, call: &FnCallExpr, position: Position) -> bool {
        let (name, count) = (call.name.as_str(), call.args.len());
        let own = self.own.get(name).is_some_and(|arities| arities.contains(&count));
        let bare = self.this.is_none_or(|this| this.survey.bare.contains(name));
        if own && bare {
            let span = self.span(position);
            let message = format!("`{name}` is also a function of this script: Rhai would call that one here");
            let help = match self.this {
                Some(_) => {
                    format!("call the own one as `this.{name}(…)` wherever it is called, or give it another name")
                }
                None => "give the function of the script another name".to_owned(),
            };
            self.problem(Diagnostic::error(Code::ReservedName, message).at(span, "").help(help));
        }
        own && bare
    }

    /// A bare call of a function that needs `this`. Says whether it is a mistake.
    pub(super) fn lacks_this(&mut self, name: &str, count: usize, span: Option<Span>) -> bool {
        let facts = self.this.and_then(|this| this.survey.functions.get(&(name.to_owned(), count)));
        if !facts.is_some_and(|facts| facts.uses_this) {
            return false;
        }
        let message = format!("`{name}` uses `this`, and called so it has none");
        let help = format!("call it on the component: `this.{name}(…)`");
        self.problem(Diagnostic::error(Code::NotAllowedHere, message).at(span, "").help(help));
        true
    }

    /// `this = …`, `this.config = …`, `this.dependency = …`. Says whether it is a mistake.
    pub(super) fn takes_this_away(&mut self, position: Position, links: &[Link<'a>]) -> bool {
        let Some(this) = self.this else { return false };
        if self.closures > 0 {
            return false;
        }
        let (what, place) = match links.first().map(named) {
            None => ("`this` is the component".to_owned(), position),
            Some(Some(("config", at))) => ("`this.config` is the configuration".to_owned(), at),
            Some(Some((name, at))) if this.needs.contains(name) => (format!("`this.{name}` is a dependency"), at),
            _ => return false,
        };
        let span = self.span(place);
        let problem = Diagnostic::error(Code::ReservedName, format!("{what}: it cannot be assigned to")).at(span, "");
        self.problem(problem.help("keep your own value in a field of another name: `this.x = …`".to_owned()));
        true
    }

    /// `global::name` in a component, whose constants are all known.
    pub(super) fn constant_of_component(&mut self, name: &str, position: Position) {
        let Some(this) = self.this.filter(|this| !this.constants.contains(name)) else { return };
        let near = did_you_mean(name, this.constants.iter().map(String::as_str));
        let help = match near {
            Some(near) => format!("did you mean `global::{near}`?"),
            None => format!("declare it outside of the functions: `const {name} = …;`"),
        };
        let span = self.span(position);
        let message = format!("there is no constant `{name}`");
        self.problem(Diagnostic::error(Code::UndefinedVariable, message).at(span, "").help(help));
    }

    /// What to do about a variable that a component's function cannot see.
    pub(super) fn help_for_dependency(&self, this: &This<'_>, name: &str) -> String {
        if this.constants.contains(name) {
            return format!("functions read constants as `global::{name}`");
        }
        if this.names().any(|known| known == name) {
            return format!("did you mean `this.{name}`?");
        }
        if this.config.contains(name) {
            return format!("did you mean `this.config.{name}`?");
        }
        let near = did_you_mean(name, self.names.iter());
        if let Some(near) = near {
            return format!("did you mean `{near}`?");
        }
        if let Some(near) = did_you_mean(name, this.names()) {
            return format!("did you mean `this.{near}`?");
        }
        let need = name.replace('_', "-");
        format!(
            "a component sees its parameters and `this` only: declare it as a dependency, `needs \"{need}\"`, and write `this.{name}`"
        )
    }
}
