//! Every mistake in a script that can be seen before it runs, in one pass; and what it mentions.
//!
//! A walk over Rhai's tree that knows which names can be seen where. It is sure of what it says: a property of a value that only a
//! run can know is never a mistake.

mod call;
mod component;
mod engine_variable;
mod names;
mod streams;
mod this;
mod walk;

pub use engine_variable::named;
pub use this::{This, check_component};
pub use walk::is_closure;

use crate::known::{Arities, Known};
use crate::places::Places;
use names::Names;
use rhai::{AST, ASTNode, Expr, Position, Stmt};
use std::collections::{BTreeMap, BTreeSet};
use thinking_diagnostic::{Code, Diagnostic, Span};
use thinking_step::{LibraryCall, Purpose, Reference, ReferenceKind, ScopeEntry, StaticScope};

/// What a walk found.
pub struct Findings {
    /// Mistakes, in the order of the text.
    pub problems: Vec<Diagnostic>,
    /// What it mentions outside of itself, in the order of the text.
    pub references: Vec<Reference>,
    /// Calls of functions that touch the world outside, in the order of the text.
    pub calls: Vec<LibraryCall>,
    /// The variables of the scope that it uses.
    pub mentioned: BTreeSet<String>,
    /// It mentions the time, the machine or the run.
    pub volatile: bool,
}

/// Checks a script.
pub fn check(ast: &AST, known: &Known, places: &Places, scope: &StaticScope, purpose: Purpose) -> Findings {
    let setting = Setting::new(ast, known, places, scope, purpose);
    let mut checker = Checker::new(&setting);
    checker.statements(ast.statements());
    checker.functions();
    if purpose != Purpose::Step && ast.statements().is_empty() {
        let text = &places.code().text;
        let place = if text.is_empty() { places.code().whole } else { places.code().span(0, text.len()) };
        checker.problem(Diagnostic::error(Code::ScriptSyntax, "there is nothing to evaluate").at(place, ""));
    }
    checker.done()
}

/// What a checker looks at, and with which knowledge.
struct Setting<'a> {
    ast: &'a AST,
    known: &'a Known,
    places: &'a Places,
    scope: &'a StaticScope,
    purpose: Purpose,
    bodies: Bodies,
}

impl<'a> Setting<'a> {
    fn new(ast: &'a AST, known: &'a Known, places: &'a Places, scope: &'a StaticScope, purpose: Purpose) -> Self {
        Self { ast, known, places, scope, purpose, bodies: bodies(ast) }
    }
}

struct Checker<'a> {
    known: &'a Known,
    places: &'a Places,
    scope: &'a StaticScope,
    purpose: Purpose,
    bodies: &'a Bodies,
    /// The script's own functions.
    own: Arities,
    /// Names that the script gives to parts of maps: they may hold functions, `map.name()` calls them.
    properties: BTreeSet<String>,
    names: Names,
    /// Variables that hold lists whose elements are made one after the other.
    streams: BTreeSet<String>,
    /// What `this` is, in the script of a component.
    this: Option<&'a This<'a>>,
    /// How many closures are around.
    closures: usize,
    findings: Findings,
}

impl<'a> Checker<'a> {
    fn new(setting: &'a Setting<'a>) -> Self {
        Self {
            known: setting.known,
            places: setting.places,
            scope: setting.scope,
            purpose: setting.purpose,
            bodies: &setting.bodies,
            own: own_functions(setting.ast),
            properties: property_names(setting.ast),
            names: Names::default(),
            streams: BTreeSet::new(),
            this: None,
            closures: 0,
            findings: Findings {
                problems: Vec::new(),
                references: Vec::new(),
                calls: Vec::new(),
                mentioned: BTreeSet::new(),
                volatile: false,
            },
        }
    }

    /// What was found, in the order of the text.
    fn done(self) -> Findings {
        let mut findings = self.findings;
        findings.problems.sort_by_key(|problem| problem.labels.first().map(|label| label.span));
        findings.problems.dedup();
        findings.references.sort_by_key(|reference| reference.span);
        findings.references.dedup();
        findings.calls.sort_by_key(|call| call.span);
        findings.calls.dedup();
        findings
    }

    fn problem(&mut self, problem: Diagnostic) {
        self.findings.problems.push(problem);
    }

    fn mention(&mut self, kind: ReferenceKind, span: Option<Span>) {
        if let Some(span) = span {
            self.findings.references.push(Reference { kind, span });
        }
    }

    fn span(&self, position: Position) -> Option<Span> {
        self.places.token(position)
    }

    /// The engine's variable of that name, if the name means it here; it counts as used then.
    fn engine_variable(&mut self, name: &str) -> Option<&'a ScopeEntry> {
        if self.names.is_local(name) || !self.names.sees_scope() {
            return None;
        }
        let entry = self.scope.variables.get(name)?;
        self.findings.mentioned.insert(name.to_owned());
        Some(entry)
    }
}

/// Names for a help line: each once, in order.
fn in_order<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}

/// Functions that the script defines; closures are found where they stand.
fn own_functions(ast: &AST) -> Arities {
    let mut own = Arities::new();
    for function in ast.iter_functions() {
        own.entry(function.name.to_owned()).or_default().insert(function.params.len());
    }
    own
}

/// A function's parameters and statements.
struct Body {
    parameters: Vec<String>,
    statements: Vec<Stmt>,
}

/// The script's functions, closures too, by name and number of parameters.
type Bodies = BTreeMap<(String, usize), Body>;

/// Rhai shows the inside of a function only to a walk over a whole tree, so each function is made one of its own; its text is shared.
fn bodies(ast: &AST) -> Bodies {
    let body = |name: &str, parameters: &[&str]| {
        let mut alone = ast.clone_functions_only();
        alone.retain_functions(|_, _, other, count| other == name && count == parameters.len());
        let mut statements = Vec::new();
        alone.walk(&mut |path: &[ASTNode<'_>]| {
            if let [ASTNode::Stmt(statement)] = path {
                statements.push((*statement).clone());
            }
            true
        });
        Body { parameters: parameters.iter().map(|name| (*name).to_owned()).collect(), statements }
    };
    ast.iter_functions()
        .map(|function| ((function.name.to_owned(), function.params.len()), body(function.name, &function.params)))
        .collect()
}

fn property_names(ast: &AST) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        match path.last() {
            Some(ASTNode::Expr(Expr::Map(map, _))) => {
                names.extend(map.0.iter().map(|(name, _)| name.as_str().to_owned()))
            }
            Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => {
                // `map.name = …` and `map["name"] = …`
                if let Some((_, links)) = crate::chain::chain(&assignment.1.lhs) {
                    for link in links {
                        match link {
                            crate::chain::Link::Dot(Expr::Property(property, _)) => {
                                names.insert(property.2.to_string());
                            }
                            crate::chain::Link::Index(Expr::StringConstant(name, _)) => {
                                names.insert(name.to_string());
                            }
                            _ => {}
                        }
                    }
                }
            }
            _ => {}
        }
        true
    });
    names
}
