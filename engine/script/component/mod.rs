//! Components that are scripts.
//!
//! Every function is an operation. Rhai calls a script's function for a method of any value; here `this` must be the component. So where the text
//! says `this.split(x)`, Rhai is told another name, under which the script's own `split` is kept, and `this.words.split(x)` never means that.

mod class;
mod facts;
mod functions;
mod instance;
mod kept;
mod kind;
mod state;
mod turn;

pub use facts::{Survey, survey};
pub use functions::{Defined, functions};
pub use kind::ScriptedType;

use crate::check::{Findings, This, check_component, is_closure};
use crate::known::Known;
use crate::methods::add_operations;
use crate::places::Places;
use crate::tokens::{Shape, Token};
use rhai::{AST, ASTFlags, Dynamic, Engine, Module, Position, ScriptFuncDef, Stmt};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use thinking_diagnostic::{Diagnostic, Span};
use thinking_step::{About, Class, Interface, Operation, Origin, Parameter, ScriptedComponent, Value};

/// What the name of an own function begins with where it is called on `this`.
pub const OWN: &str = "own__";

/// The name of a function as its text has it.
pub fn own_name(name: &str) -> &str {
    name.strip_prefix(OWN).unwrap_or(name)
}

/// The name under which a function of the component is called on `this`.
pub fn on_this(name: &str) -> String {
    format!("{OWN}{name}")
}

/// Where `this.name(` calls one of the component's functions.
pub fn calls_on_this(tokens: &[Token], defined: &[Defined]) -> Vec<(Position, String)> {
    let called = tokens.windows(4).filter(|around| {
        let [this, dot, name, open] = around else { return false };
        this.text == "this"
            && dot.text == "."
            && name.shape == Shape::Name
            && open.text.starts_with('(')
            && defined.iter().any(|function| function.name == name.text)
    });
    called.filter_map(|around| around.get(2)).map(|name| (name.position, on_this(&name.text))).collect()
}

/// A name as scripts write it.
fn in_scripts(name: &str) -> String {
    name.replace('-', "_")
}

/// A script that was parsed.
pub struct Parsed {
    /// Its tree, in which calls on `this` have the names of [`on_this`].
    pub ast: AST,
    /// Its text.
    pub places: Places,
    /// Its functions.
    pub defined: Vec<Defined>,
    /// What it means, without layout.
    pub canonical: (String, Vec<(u32, Span)>),
}

/// Gives the engine that runs a tree, and the tree as it runs there.
pub type Running<'a> = dyn Fn(AST, &Places) -> (Arc<Engine>, AST) + 'a;

/// Checks a script and makes it a kind of component.
pub fn scripted(
    running: &Running<'_>,
    known: &Known,
    parsed: Parsed,
    declared: ScriptedComponent,
    memory: Option<u64>,
) -> Result<ScriptedType, Vec<Diagnostic>> {
    let Parsed { ast, places, defined, canonical } = parsed;
    let survey = survey(&ast);
    let config = declared.config.get("properties").and_then(Value::as_object);
    let this = This {
        config: config.into_iter().flatten().map(|(name, _)| in_scripts(name)).collect(),
        needs: declared.needs.iter().map(|need| in_scripts(&need.name)).collect(),
        dependencies: &declared.dependencies,
        constants: constants(&ast),
        survey: &survey,
        defined: &defined,
    };
    let Findings { problems, references, calls, .. } = check_component(&ast, known, &places, &this);
    if !problems.is_empty() {
        return Err(problems);
    }
    let classes = class::classes(&survey, known, &this.needs);
    let operations = defined.iter().filter(|function| function.public).map(|function| {
        let form = ast.iter_functions().find(|form| form.name == function.name);
        let parameters: Vec<&str> = form.map(|form| form.params).unwrap_or_default();
        let class = classes.get(&(function.name.clone(), parameters.len())).copied().flatten();
        Operation {
            name: function.name.clone(),
            doc: function.doc.clone(),
            parameters: parameters
                .iter()
                .map(|name| Parameter { name: (*name).to_owned(), schema: Value::Bool(true), optional: false })
                .collect(),
            returns: String::new(),
            class: class.unwrap_or(Class::Effect),
            declared: class.is_some(),
            origin: Origin::Manifest(places.code().span(function.at.0, function.at.1)),
        }
    });
    let kept = kept::kept(&survey, &places, &this.needs, &defined);
    let about = About {
        operations: operations.collect(),
        name: declared.name,
        doc: declared.doc,
        version: declared.version,
        provides: declared.provides.into_iter().map(|name| Interface { name, rust: None }).collect(),
        rust: None,
        config: declared.config,
        needs: declared.needs,
        persistent: if declared.persistent { vec!["this".to_owned()] } else { Vec::new() },
        definition: canonical,
        origin: declared.origin,
    };
    let has_constants = !ast.statements().is_empty();
    let (engine, ast) = running(callable(&ast, &survey.bare), &places);
    Ok(ScriptedType {
        about: Arc::new(about),
        references,
        calls,
        kept,
        engine,
        ast: Arc::new(ast),
        places: Arc::new(places),
        has_constants,
        memory,
    })
}

/// Names of constants outside of functions.
fn constants(ast: &AST) -> BTreeSet<String> {
    let name = |statement: &Stmt| match statement {
        Stmt::Var(parts, flags, _) if flags.contains(ASTFlags::CONSTANT) => Some(parts.0.name.to_string()),
        _ => None,
    };
    ast.statements().iter().filter_map(name).collect()
}

/// The script with its functions under the names by which they are called on `this`, and with the operations of other components.
fn callable(ast: &AST, bare: &BTreeSet<String>) -> AST {
    let mut kept = ast.clone();
    kept.retain_functions(|_, _, name, _| is_closure(name) || bare.contains(name));
    let mut module = Module::clone(kept.shared_lib());
    for function in ast.iter_fn_def().filter(|function| !is_closure(&function.name)) {
        module.set_script_fn(ScriptFuncDef { name: on_this(&function.name).into(), ..ScriptFuncDef::clone(function) });
    }
    add_operations(&mut module, ast);
    AST::new(ast.statements().to_vec(), module)
}

/// The configuration as a script sees it.
fn config_map(config: &Value) -> Dynamic {
    let fields = config.as_object().into_iter().flatten();
    let fields: BTreeMap<_, _> =
        fields.map(|(name, value)| (in_scripts(name).into(), thinking_std::from_value(value))).collect();
    Dynamic::from_map(fields)
}
