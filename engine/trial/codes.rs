//! Code that tests are held together with.

use thinking_diagnostic::{SourceMap, Span, Spanned};
use thinking_schema::Code;

/// Scripts that stand in no manifest.
pub(crate) struct Codes {
    /// Whether nothing failed so far.
    pub passed: Code,
    /// Does nothing.
    pub nothing: Code,
}

const PASSED: &str = r#"outcome == "passed""#;
const NOTHING: &str = "()";

impl Codes {
    /// Takes them in, so that they have places like all code.
    pub fn new(sources: &mut SourceMap) -> Self {
        // As literals of KDL, which is what places of code are mapped by.
        let (passed, nothing) = (format!("#\"{PASSED}\"#"), format!("#\"{NOTHING}\"#"));
        let source = sources.add("<test>", format!("{passed}\n{nothing}\n"));
        let at = |start: usize, end: usize| Some(Span::new(source, start, end));
        let start = passed.len() + 1;
        Self {
            passed: Code(Spanned { value: PASSED.to_owned(), span: at(0, passed.len()) }),
            nothing: Code(Spanned { value: NOTHING.to_owned(), span: at(start, start + nothing.len()) }),
        }
    }
}
