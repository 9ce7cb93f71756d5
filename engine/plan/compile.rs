//! Code and templates to programs, each text once.

use crate::{Template, TemplatePart, TemplateValue};
use std::collections::HashMap;
use std::hash::{Hash as _, Hasher as _};
use std::rc::Rc;
use std::sync::Arc;
use thinking_diagnostic::{Code as Rule, Diagnostic, Diagnostics, MappedText, SourceMap, Span, Spanned};
use thinking_manifest::mapped_string;
use thinking_schema::{Code, Tree};
use thinking_step::{
    ComponentType, Language, Program, Purpose, ScopeEntry, ScriptedComponent, StaticScope, Value, VariableKind,
};

/// The variables of a place, without `results`, which is added where code mentions it.
#[derive(Clone)]
pub(crate) struct Scope {
    variables: Rc<StaticScope>,
    /// Tells scopes apart in the cache.
    number: usize,
}

/// The results that can be there at a place, by their names in scripts.
pub(crate) trait Results {
    /// Whether there is one of that name.
    fn has(&self, name: &str) -> bool;
    /// All of them.
    fn all(&self) -> Vec<String>;
}

/// Where there are none.
pub(crate) struct NoResults;

impl Results for NoResults {
    fn has(&self, _: &str) -> bool {
        false
    }
    fn all(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The words of a text that are names of results.
fn mentioned(text: &str, results: &dyn Results) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| results.has(word));
    let unique: std::collections::BTreeSet<&str> = words.collect();
    unique.into_iter().map(str::to_owned).collect()
}

/// The same for equal scopes: names and places of the variables.
fn fingerprint(scope: &StaticScope) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    for (name, entry) in &scope.variables {
        (name, entry.span).hash(&mut hasher);
    }
    hasher.finish()
}

type CompiledComponent = Result<Arc<dyn ComponentType>, Vec<Diagnostic>>;
type Compiled = Result<Arc<dyn Program>, Vec<Diagnostic>>;

/// Compiles code. Lives across selections of facets, so that what they share is compiled once.
pub struct Compiler<'l> {
    language: &'l dyn Language,
    cache: HashMap<(Span, Purpose, usize, Vec<String>), Compiled>,
    scopes: Vec<Rc<StaticScope>>,
    /// Numbers of scopes that may be equal.
    alike: HashMap<u64, Vec<usize>>,
    files: HashMap<std::path::PathBuf, thinking_diagnostic::SourceId>,
    /// Scripted components: as declared, the place of their text, and what came of it.
    components: Vec<(ScriptedComponent, Span, CompiledComponent)>,
}

impl<'l> Compiler<'l> {
    /// A compiler for that language.
    #[must_use]
    pub fn new(language: &'l dyn Language) -> Self {
        Self {
            language,
            cache: HashMap::new(),
            scopes: Vec::new(),
            alike: HashMap::new(),
            files: HashMap::new(),
            components: Vec::new(),
        }
    }

    pub(crate) fn language(&self) -> &'l dyn Language {
        self.language
    }

    pub(crate) fn scope(&mut self, variables: StaticScope) -> Scope {
        let alike = self.alike.entry(fingerprint(&variables)).or_default();
        let known = |number: &&usize| self.scopes.get(**number).is_some_and(|known| **known == variables);
        if let Some(number) = alike.iter().find(known) {
            return Scope { variables: self.scopes[*number].clone(), number: *number };
        }
        let variables = Rc::new(variables);
        alike.push(self.scopes.len());
        self.scopes.push(variables.clone());
        Scope { variables, number: self.scopes.len() - 1 }
    }

    /// A scope with one more variable.
    pub(crate) fn extended(&mut self, scope: &Scope, name: String, entry: ScopeEntry) -> Scope {
        let mut variables = (*scope.variables).clone();
        variables.variables.insert(name, entry);
        self.scope(variables)
    }

    /// A scope with more variables; those that are there already are replaced.
    pub(crate) fn extended_by(&mut self, scope: &Scope, more: impl Iterator<Item = (String, ScopeEntry)>) -> Scope {
        let mut variables = (*scope.variables).clone();
        variables.variables.extend(more);
        self.scope(variables)
    }

    pub(crate) fn has(scope: &Scope, name: &str) -> Option<ScopeEntry> {
        scope.variables.variables.get(name).cloned()
    }

    /// Compiles a text. `results` gives the names that `results` can have there.
    pub(crate) fn text(
        &mut self,
        text: &MappedText,
        scope: &Scope,
        results: &dyn Results,
        purpose: Purpose,
        diagnostics: &mut Diagnostics,
    ) -> Option<Arc<dyn Program>> {
        // The list of all results grows with the manifest: only those that the text can mean go along.
        let names = if text.text.contains("results") { mentioned(&text.text, results) } else { Vec::new() };
        let key = (text.span(0, text.text.len()), purpose, scope.number, names);
        let compiled = match self.cache.get(&key) {
            Some(known) => known.clone(),
            None => {
                let mut compiled = self.compile(text, scope, &key.3, purpose);
                // A misspelt name is held against all that there are.
                if let Err(wrong) = &compiled
                    && wrong.iter().any(|wrong| wrong.code == Rule::UnknownResult)
                {
                    compiled = self.compile(text, scope, &results.all(), purpose);
                }
                self.cache.insert(key, compiled.clone());
                compiled
            }
        };
        match compiled {
            Ok(program) => Some(program),
            Err(wrong) => {
                diagnostics.extend(wrong);
                None
            }
        }
    }

    fn compile(&self, text: &MappedText, scope: &Scope, results: &[String], purpose: Purpose) -> Compiled {
        if !scope.variables.variables.contains_key("results") {
            return self.language.compile(text, &scope.variables, purpose);
        }
        let mut variables = (*scope.variables).clone();
        let kind = VariableKind::Results(results.to_vec());
        variables.variables.insert("results".to_owned(), ScopeEntry { kind, span: None });
        self.language.compile(text, &variables, purpose)
    }

    /// Compiles a scripted component, once for the same text and declaration.
    pub(crate) fn component(
        &mut self,
        text: &MappedText,
        declared: ScriptedComponent,
        diagnostics: &mut Diagnostics,
    ) -> Option<Arc<dyn ComponentType>> {
        let known = self.components.iter().find(|(known, place, _)| *known == declared && *place == text.whole);
        let compiled = match known {
            Some((_, _, compiled)) => compiled.clone(),
            None => {
                let compiled = self.language.component(text, declared.clone());
                self.components.push((declared, text.whole, compiled.clone()));
                compiled
            }
        };
        match compiled {
            Ok(component) => Some(component),
            Err(wrong) => {
                diagnostics.extend(wrong);
                None
            }
        }
    }

    /// Compiles a code string of the manifest.
    pub(crate) fn code(
        &mut self,
        code: &Code,
        sources: &SourceMap,
        scope: &Scope,
        results: &dyn Results,
        purpose: Purpose,
        diagnostics: &mut Diagnostics,
    ) -> Option<Arc<dyn Program>> {
        let text = mapped_string(&code.0, sources)?;
        self.text(&text, scope, results, purpose, diagnostics)
    }

    /// Compiles a template.
    pub(crate) fn template(
        &mut self,
        string: &Spanned<String>,
        sources: &SourceMap,
        scope: &Scope,
        results: &dyn Results,
        purpose: Purpose,
        diagnostics: &mut Diagnostics,
    ) -> Template {
        let source: Arc<str> = string.value.as_str().into();
        let mut template = Template { parts: Vec::new(), span: string.span, source };
        let Some(text) = mapped_string(string, sources).filter(|text| text.text.contains("${")) else {
            return Template::fixed(string.value.as_str(), string.span);
        };
        match split(&text.text) {
            Ok(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Text(part) => template.parts.push(TemplatePart::Text(part.into())),
                        Piece::Code(start, end) => {
                            let code = text.part(start, end);
                            if let Some(program) = self.text(&code, scope, results, purpose, diagnostics) {
                                template.parts.push(TemplatePart::Code(program));
                            }
                        }
                    }
                }
            }
            Err(at) => diagnostics.push(
                Diagnostic::error(Rule::TemplateSyntax, "this `${` is not closed")
                    .at(text.span(at, at + 2), "opened here")
                    .help("close it with `}`, or write `$${` for a literal `${`".to_owned()),
            ),
        }
        template
    }

    /// Compiles the templates in a value.
    pub(crate) fn tree(
        &mut self,
        tree: &Spanned<Tree>,
        sources: &SourceMap,
        scope: &Scope,
        results: &dyn Results,
        purpose: Purpose,
        diagnostics: &mut Diagnostics,
    ) -> TemplateValue {
        match &tree.value {
            Tree::Text(text) if text.contains("${") => {
                let string = Spanned { value: text.clone(), span: tree.span };
                TemplateValue::Template(self.template(&string, sources, scope, results, purpose, diagnostics))
            }
            Tree::List(items) => TemplateValue::List(
                items.iter().map(|item| self.tree(item, sources, scope, results, purpose, diagnostics)).collect(),
            ),
            Tree::Map(fields) => TemplateValue::Map(
                fields
                    .iter()
                    .map(|(name, value)| {
                        (name.value.clone(), self.tree(value, sources, scope, results, purpose, diagnostics))
                    })
                    .collect(),
            ),
            fixed => TemplateValue::Fixed(fixed.to_json()),
        }
    }

    /// A script file's text, read once.
    pub(crate) fn file(
        &mut self,
        path: &std::path::Path,
        shown: &str,
        sources: &mut SourceMap,
    ) -> Result<MappedText, std::io::Error> {
        let id = match self.files.get(path) {
            Some(id) => *id,
            None => {
                let text = std::fs::read_to_string(path)?;
                let id = sources.add(shown, text);
                self.files.insert(path.to_path_buf(), id);
                id
            }
        };
        let text = sources.get(id).map(|file| file.text.clone()).unwrap_or_default();
        Ok(MappedText::whole_file(id, text))
    }
}

enum Piece {
    Text(String),
    /// From, to, without `${` and `}`.
    Code(usize, usize),
}

/// Splits a template; the offset of a `${` that is not closed is the error.
fn split(text: &str) -> Result<Vec<Piece>, usize> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('$') {
        let dollar = at + found;
        plain.push_str(&text[at..dollar]);
        let rest = &text[dollar..];
        if rest.starts_with("$${") {
            plain.push_str("${");
            at = dollar + 3;
        } else if rest.starts_with("${") {
            let start = dollar + 2;
            let end = close(text, start).ok_or(dollar)?;
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Code(start, end));
            at = end + 1;
        } else {
            plain.push('$');
            at = dollar + 1;
        }
    }
    plain.push_str(&text[at..]);
    if !plain.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

/// Where the `}` stands that closes an expression starting at `start`: braces nest, and those in strings and comments do not count.
fn close(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        match byte {
            b'/' if rest.starts_with(b"/*") => at += text.get(at..)?.find("*/")? + 1,
            b'/' if rest.starts_with(b"//") => at += text.get(at..)?.find('\n')?,
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            b'"' | b'\'' => {
                let quote = *byte;
                at += 1;
                while let Some(inner) = bytes.get(at) {
                    match inner {
                        b'\\' => at += 1,
                        inner if *inner == quote => break,
                        _ => {}
                    }
                    at += 1;
                }
            }
            b'`' => {
                // Inside backticks `${` opens code again.
                at += 1;
                while let Some(inner) = bytes.get(at) {
                    if *inner == b'`' {
                        break;
                    }
                    if *inner == b'$' && bytes.get(at + 1) == Some(&b'{') {
                        at = close(text, at + 2)?;
                    }
                    at += 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// A program that was checked and is never run: stands in for code with mistakes, so that the rest is checked too.
pub(crate) struct Wrong;

impl Program for Wrong {
    fn eval(&self, _: &Arc<dyn thinking_step::Host>) -> Result<Value, thinking_step::StepError> {
        Err(thinking_step::StepError::script("this code has mistakes"))
    }
    fn references(&self) -> &[thinking_step::Reference] {
        &[]
    }
    fn canonical(&self) -> (&str, &[(u32, Span)]) {
        ("", &[])
    }
    fn volatile(&self) -> bool {
        false
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        split(text)
            .expect("closed")
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => format!("text {text}"),
                Piece::Code(start, end) => format!("code {}", &text[start..end]),
            })
            .collect()
    }

    #[test]
    fn pieces() {
        assert_eq!(shown("a ${b} c"), ["text a ", "code b", "text  c"]);
        assert_eq!(shown("${x}"), ["code x"]);
        assert_eq!(shown("$${x} $5"), ["text ${x} $5"]);
        assert_eq!(shown("${#{a: \"}\"}.a}!"), ["code #{a: \"}\"}.a", "text !"]);
        assert_eq!(shown("${`a ${b + `}`}`}"), ["code `a ${b + `}`}`"]);
        assert_eq!(shown("${/* } */ 1}"), ["code /* } */ 1"]);
        assert_eq!(shown(""), ["text "]);
        assert_eq!(split("ab ${c").err(), Some(3));
        assert_eq!(split("${\"}").err(), Some(0));
    }
}
