//! Calls: does the function exist, with that many arguments, and may it be called here?

use super::Checker;
use super::walk::is_closure;
use crate::known::Known;
use rhai::{Expr, FnCallExpr, Position};
use std::collections::BTreeSet;
use thinking_diagnostic::{Code, Diagnostic, Span, did_you_mean};
use thinking_std::{glob_base, net_target};
use thinking_step::{Class, LibraryCall, Purpose, ReferenceKind};

impl<'a> Checker<'a> {
    /// `f(…)` or `space::f(…)`.
    pub(super) fn function_call(&mut self, call: &'a FnCallExpr, position: Position) {
        self.expressions(call.args.iter());
        // An operator exists for every pair of values that only a run can know.
        if call.is_operator_call() {
            return;
        }
        if call.is_qualified() {
            self.qualified_call(call, position);
        } else {
            self.bare_call(call, position);
        }
    }

    fn bare_call(&mut self, call: &'a FnCallExpr, position: Position) {
        let name = call.name.as_str();
        if let ("Fn", [Expr::StringConstant(function, at)]) = (name, &*call.args) {
            self.function_pointer(function, *at);
        }
        if Known::is_built_in(name) || is_closure(name) {
            return;
        }
        let span = self.span(position);
        if call.capture_parent_scope {
            let message = format!("`{name}!` would let the function see all variables here");
            let help = format!("pass what it needs: `{name}(…)`");
            self.problem(Diagnostic::error(Code::NotAllowedHere, message).at(span, "").help(help));
            return;
        }
        let variable =
            self.names.is_local(name) || (self.names.sees_scope() && self.scope.variables.contains_key(name));
        if variable && !self.own.contains_key(name) && !self.known.bare.contains_key(name) {
            let message = format!("`{name}` is a variable, not a function");
            let help = format!("if it holds a function, call it with `{name}.call(…)`");
            self.problem(Diagnostic::error(Code::UndefinedFunction, message).at(span, "").help(help));
            return;
        }
        if self.lacks_this(name, call.args.len(), span) {
            return;
        }
        if let Some(arities) = self.own.get(name) {
            if !arities.contains(&call.args.len()) && !self.exists_bare(name, call.args.len()) {
                let wanted = listed(arities);
                self.wrong_arity(name, &wanted, call.args.len(), None, span);
            }
            return;
        }
        if !self.exists_bare(name, call.args.len()) {
            self.unknown_bare(name, call.args.len(), span);
            return;
        }
        if self.only_in_tests(name, span) {
            return;
        }
        if name == "result" {
            match call.args.first() {
                Some(Expr::StringConstant(path, at)) => {
                    let at = self.span(*at);
                    self.mention(ReferenceKind::Result(path.to_string()), at);
                }
                _ => self.mention(ReferenceKind::AnyResult, span),
            }
        }
        self.findings.volatile |= name == "timestamp";
        self.touches(name, call, span);
    }

    /// `Fn("name")`.
    fn function_pointer(&mut self, name: &str, position: Position) {
        if Known::is_built_in(name) || self.own.contains_key(name) || self.known.bare.contains_key(name) {
            return;
        }
        let span = self.span(position);
        let problem = Diagnostic::error(Code::UndefinedFunction, format!("there is no function `{name}`")).at(span, "");
        let help = if self.known.qualified.contains_key(name) {
            Some(format!("a function of a namespace is handed on by a closure: `|x| {name}(x)`"))
        } else {
            self.help_for_function(name)
        };
        self.problem(problem.help(help));
    }

    fn qualified_call(&mut self, call: &'a FnCallExpr, position: Position) {
        let space = call.namespace.path.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join("::");
        let full = format!("{space}::{}", call.name);
        let first = call.namespace.path.first().map_or(position, |part| part.pos);
        let span = self.places.range(first, position);
        match self.known.qualified.get(&full) {
            Some(arities) if arities.contains(&call.args.len()) => self.touches(&full, call, span),
            Some(arities) => {
                let wanted = listed(arities);
                self.wrong_arity(&full, &wanted, call.args.len(), self.signature(&full), span);
            }
            None => {
                let problem = Diagnostic::error(Code::UndefinedFunction, format!("there is no function `{full}`"));
                let other = did_you_mean(&full, self.known.qualified.keys().map(String::as_str));
                let help = other.map(|other| format!("did you mean `{other}`?"));
                self.problem(problem.at(span, "").help(help));
            }
        }
    }

    /// `x.f(…)` where nothing is known of `x`.
    pub(super) fn method_call(&mut self, call: &'a FnCallExpr, position: Position) {
        self.expressions(call.args.iter());
        let name = call.name.as_str();
        // A map's part may hold a function.
        if Known::is_built_in(name) || self.properties.contains(name) {
            return;
        }
        let count = call.args.len();
        if self.this.is_some() && self.means_own(call, position) {
            return;
        }
        // What a component depends on may be anything, and may be handed around.
        if self.this.is_some_and(|this| this.needs.iter().any(|need| this.survey.handed_on.contains(need))) {
            return;
        }
        let own = self.this.is_none()
            && self.own.get(name).is_some_and(|arities| arities.contains(&count) || arities.contains(&(count + 1)));
        let exists = self.exists_bare(name, count + 1);
        if own || (exists && !self.is_for_tests(name)) || self.some_operation(name, count) {
            return;
        }
        let span = self.span(position);
        if exists {
            // `condition.assume()` is the function, too.
            self.only_in_tests(name, span);
            return;
        }
        if self.this.is_some() && self.own.contains_key(name) {
            let message = format!("`{name}` is a function of this component: only `this` has it");
            let help = format!("call it on the component: `this.{name}(…)`");
            self.problem(Diagnostic::error(Code::UndefinedFunction, message).at(span, "").help(help));
            return;
        }
        if let Some(arities) = self.own.get(name) {
            let wanted = listed(arities);
            self.wrong_arity(name, &wanted, count, None, span);
            return;
        }
        self.unknown_method(name, count, span);
    }

    pub(super) fn exists_bare(&self, name: &str, arity: usize) -> bool {
        self.known.bare.get(name).is_some_and(|arities| arities.contains(&arity))
    }

    fn unknown_bare(&mut self, name: &str, count: usize, span: Option<Span>) {
        if let Some(arities) = self.known.bare.get(name) {
            let wanted = listed(arities);
            self.wrong_arity(name, &wanted, count, self.signature(name), span);
            return;
        }
        let problem = Diagnostic::error(Code::UndefinedFunction, format!("there is no function `{name}`")).at(span, "");
        let help = self.help_for_function(name);
        self.problem(problem.help(help));
    }

    fn help_for_function(&self, name: &str) -> Option<String> {
        // The same name in a namespace is what was most likely meant.
        let tail = format!("::{name}");
        if let Some(full) = self.known.qualified.keys().find(|full| full.ends_with(&tail)) {
            return Some(format!("did you mean `{full}`?"));
        }
        let own = self.own.keys().map(String::as_str).filter(|own| !is_closure(own));
        let other = did_you_mean(name, own.chain(self.known.bare.keys().map(String::as_str)));
        other.map(|other| format!("did you mean `{other}`?"))
    }

    /// Whether a function is there in tests only.
    fn is_for_tests(&self, name: &str) -> bool {
        self.known.doc(name).is_some_and(|doc| doc.in_tests)
    }

    /// Whether a function is for tests and this is none; then that is said.
    fn only_in_tests(&mut self, name: &str, span: Option<Span>) -> bool {
        if !self.is_for_tests(name) || self.scope.is_of_test() {
            return false;
        }
        let message = format!("`{name}` is there in tests only");
        let help = "tests stand in suites: suite \"…\" { test \"…\" { rhai … } }".to_owned();
        self.problem(Diagnostic::error(Code::UndefinedFunction, message).at(span, "").help(help));
        true
    }

    /// A method that no type has, or not with so many arguments.
    pub(super) fn unknown_method(&mut self, name: &str, count: usize, span: Option<Span>) {
        if let Some(arities) = self.known.bare.get(name) {
            let without_receiver = arities.iter().filter_map(|arity| arity.checked_sub(1)).collect();
            let wanted = listed(&without_receiver);
            self.wrong_arity(&format!(".{name}"), &wanted, count, None, span);
            return;
        }
        let problem =
            Diagnostic::error(Code::UndefinedFunction, format!("there is no function `.{name}`")).at(span, "");
        let help = self.help_for_function(name);
        self.problem(problem.help(help));
    }

    pub(super) fn wrong_arity(
        &mut self,
        name: &str,
        wanted: &str,
        found: usize,
        help: Option<String>,
        span: Option<Span>,
    ) {
        let message = format!("`{name}` takes {wanted}, not {found}");
        self.problem(Diagnostic::error(Code::UndefinedFunction, message).at(span, "").help(help));
    }

    fn signature(&self, full: &str) -> Option<String> {
        let doc = self.known.doc(full)?;
        let space = full.strip_suffix(doc.name).unwrap_or("");
        Some(format!("`{space}{}`: {}", doc.signature, doc.summary()))
    }

    /// What the library says of a function: may it be called here, and which files, servers and environment variables does it name?
    fn touches(&mut self, full: &str, call: &'a FnCallExpr, span: Option<Span>) {
        let Some(doc) = self.known.doc(full) else { return };
        self.findings.volatile |= doc.volatile;
        if let (Class::Observe | Class::Effect, Some(span)) = (doc.class, span) {
            self.findings.calls.push(LibraryCall { function: full.to_owned(), class: doc.class, span });
        }
        let literal = |argument: Option<usize>| match argument.and_then(|at| call.args.get(at)) {
            Some(Expr::StringConstant(path, position)) => Some((path.to_string(), self.span(*position))),
            _ => None,
        };
        let (reads, writes, below, env, net) =
            (literal(doc.reads), literal(doc.writes), literal(doc.reads_below), literal(doc.env), literal(doc.net));
        if let Some((pattern, at)) = below {
            self.mention(ReferenceKind::ReadsFile(glob_base(&pattern).to_owned()), at);
        }
        if let Some((name, at)) = env {
            self.mention(ReferenceKind::ReadsEnv(name), at);
        }
        if let Some((url, at)) = net {
            match net_target(&url) {
                Ok((host, port)) => self.mention(ReferenceKind::Connects(host, port), at),
                Err(why) => self.problem(
                    Diagnostic::error(Code::InvalidArguments, format!("this is not a URL: {why}"))
                        .at(at, "")
                        .help("write it like \"https://example.com/page\"".to_owned()),
                ),
            }
        }
        if let Some((path, at)) = reads {
            self.mention(ReferenceKind::ReadsFile(path), at);
        }
        if let Some((path, at)) = writes {
            self.mention(ReferenceKind::WritesFile(path), at);
        }
        let refused = match (self.purpose, doc.class) {
            (Purpose::Step | Purpose::Hook, _)
            | (_, Class::Pure)
            | (Purpose::Expression, Class::State | Class::Observe) => None,
            (_, Class::Effect) => Some(format!("`{full}` changes the world outside: only steps may call it")),
            (_, Class::Observe) => {
                Some(format!("`{full}` looks at the world outside: only pure functions may be called here"))
            }
            (_, Class::State) => Some(format!("`{full}` needs a task: only pure functions may be called here")),
        };
        if let Some(message) = refused {
            self.problem(Diagnostic::error(Code::NotAllowedHere, message).at(span, ""));
        }
    }
}

/// `1 argument`, `2 or 3 arguments`.
pub(super) fn listed(arities: &BTreeSet<usize>) -> String {
    let words: Vec<String> = arities.iter().map(ToString::to_string).collect();
    match &*words {
        [] => "no arguments".to_owned(),
        [only] if only == "0" => "no arguments".to_owned(),
        [only] if only == "1" => "1 argument".to_owned(),
        [first, .., last]
            if words.len() > 2
                && arities.last().zip(arities.first()).is_some_and(|(last, first)| last - first + 1 == words.len()) =>
        {
            format!("{first} to {last} arguments")
        }
        [most @ .., last] if !most.is_empty() => format!("{} or {last} arguments", most.join(", ")),
        [.., last] => format!("{last} arguments"),
    }
}
