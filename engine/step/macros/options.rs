//! What stands in the parentheses of a macro: a name first, then `option = value`.

use crate::text;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, ExprArray, ExprLit, Ident, Lit, LitStr, Result, Token};

/// A name, if there is one, and options.
pub(crate) struct Options {
    pub(crate) name: Option<LitStr>,
    pub(crate) pairs: Vec<(Ident, Expr)>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self { name: None, pairs: Vec::new() };
        if input.peek(LitStr) {
            options.name = Some(input.parse()?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            options.pairs.push((name, input.parse()?));
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

impl Options {
    /// The name, or the one made of that of the item.
    pub(crate) fn name_or(&self, item: &Ident) -> Result<String> {
        let Some(name) = &self.name else { return Ok(text::kebab(&item.to_string())) };
        if text::is_name(&name.value()) {
            return Ok(name.value());
        }
        Err(Error::new(
            name.span(),
            "a name is made of words in lower case, with `-` inside and `.` between them: \"text.split\"",
        ))
    }
}

/// A refusal of an option that is none.
pub(crate) fn unknown(option: &Ident, known: &str) -> Error {
    Error::new(option.span(), format!("there is no option `{option}`; there are: {known}"))
}

/// A text or a whole number, as text.
pub(crate) fn version(value: &Expr) -> Result<String> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.value()),
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => Ok(number.base10_digits().to_owned()),
        other => Err(Error::new_spanned(other, "a version is a number or a text: `version = 2`")),
    }
}

/// A text.
pub(crate) fn word(value: &Expr) -> Result<&LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text),
        other => Err(Error::new_spanned(other, "this is a text in quotes")),
    }
}

/// Several in brackets, or a single one.
pub(crate) fn list(value: &Expr) -> Vec<&Expr> {
    match value {
        Expr::Array(ExprArray { elems, .. }) => elems.iter().collect(),
        one => vec![one],
    }
}
