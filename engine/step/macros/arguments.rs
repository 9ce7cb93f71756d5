//! Parameters of operations and steps: from what is given to what the function takes.

use crate::text;
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{
    Error, Expr, ExprLit, GenericArgument, Ident, Lit, Pat, PatType, PathArguments, Result, ReturnType, Type, TypePath,
};

/// One parameter.
pub(crate) struct Parameter {
    /// As in scripts.
    pub(crate) name: String,
    /// The value that is made for it, without references.
    pub(crate) owned: Type,
    /// How the value is passed on.
    pass: Pass,
    /// The variable that holds it.
    pub(crate) variable: Ident,
    /// For people.
    pub(crate) doc: String,
    /// Where it stands.
    pub(crate) span: Span,
}

enum Pass {
    Value,
    Reference,
    OptionalReference,
}

impl Parameter {
    /// What stands for the parameter at that position.
    pub(crate) fn new(parameter: &PatType, position: usize) -> Result<Self> {
        let Pat::Ident(name) = &*parameter.pat else {
            return Err(Error::new_spanned(
                &parameter.pat,
                "arguments are given by name: write one name here, and take the value apart in the body",
            ));
        };
        let (owned, pass) = owned(&parameter.ty)?;
        Ok(Self {
            name: text::plain(&name.ident),
            owned,
            pass,
            variable: format_ident!("__argument_{position}"),
            doc: text::documentation(&parameter.attrs),
            span: parameter.ty.span(),
        })
    }

    /// The expression that is handed to the function.
    pub(crate) fn passed(&self) -> TokenStream {
        let variable = &self.variable;
        match self.pass {
            Pass::Value => quote!(#variable),
            Pass::Reference => quote!(&#variable),
            Pass::OptionalReference => quote!(#variable.as_deref()),
        }
    }

    /// A default as a value of the type: `"x"` for a `String`.
    pub(crate) fn fitting(&self, default: Expr) -> Expr {
        match &default {
            Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) if named(&self.owned, "String") => {
                syn::parse_quote!(::std::string::String::from(#default))
            }
            _ => default,
        }
    }

    /// Whether it may be left out.
    pub(crate) fn is_optional(&self) -> bool {
        generic(&self.owned, "Option").is_some()
    }
}

/// The value behind a type with references, and how it gets there.
fn owned(kind: &Type) -> Result<(Type, Pass)> {
    if let Type::Reference(reference) = kind {
        if let Some(word) = &reference.mutability {
            return Err(Error::new_spanned(
                word,
                "an argument is a copy of what the caller has: take it by value, and give back what changed",
            ));
        }
        return Ok((behind(&reference.elem), Pass::Reference));
    }
    if let Some(Type::Reference(reference)) = generic(kind, "Option") {
        if matches!(&*reference.elem, Type::Slice(_)) || named(&reference.elem, "str") || named(&reference.elem, "Path")
        {
            let inner = behind(&reference.elem);
            return Ok((syn::parse_quote!(::core::option::Option<#inner>), Pass::OptionalReference));
        }
    }
    if let Type::ImplTrait(_) = kind {
        return Err(Error::new_spanned(kind, "an argument is made of what the caller gives: name its type"));
    }
    Ok((kind.clone(), Pass::Value))
}

fn behind(kind: &Type) -> Type {
    match kind {
        Type::Slice(slice) => {
            let element = &slice.elem;
            syn::parse_quote!(::std::vec::Vec<#element>)
        }
        kind if named(kind, "str") => syn::parse_quote!(::std::string::String),
        kind if named(kind, "Path") => syn::parse_quote!(::std::path::PathBuf),
        kind => kind.clone(),
    }
}

fn named(kind: &Type, name: &str) -> bool {
    matches!(kind, Type::Path(TypePath { path, .. }) if path.segments.last().is_some_and(|last| last.ident == name))
}

/// The first type in the angles of a type of that name.
pub(crate) fn generic<'t>(kind: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(TypePath { path, .. }) = kind else { return None };
    let last = path.segments.last().filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(inside) = &last.arguments else { return None };
    inside.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(kind) => Some(kind),
        _ => None,
    })
}

/// What a function gives.
pub(crate) struct Returned {
    /// For people; empty for nothing.
    pub(crate) text: String,
    fails: bool,
    borrows: bool,
}

impl Returned {
    /// What stands behind the arrow.
    pub(crate) fn new(output: &ReturnType) -> Result<Self> {
        let ReturnType::Type(_, kind) = output else {
            return Ok(Self { text: String::new(), fails: false, borrows: false });
        };
        let fails = named(kind, "Result");
        let value = if fails { generic(kind, "Result").cloned() } else { Some((**kind).clone()) };
        let text = value.as_ref().map(text::written).filter(|text| text != "()").unwrap_or_default();
        let borrows = matches!(value, Some(Type::Reference(_)));
        let inside = match &value {
            Some(Type::Reference(reference)) => Some((*reference.elem).clone()),
            value => value.clone(),
        };
        if let Some(inside) = inside.filter(|kind| text::written(kind).contains('&')) {
            return Err(Error::new_spanned(
                inside,
                "what is given must live on its own: give `String` for `&str`, `Vec<T>` for `&[T]`, a clone for a reference",
            ));
        }
        Ok(Self { text, fails, borrows })
    }

    /// The answer from the expression that calls the function.
    pub(crate) fn answer(&self, call: &TokenStream, span: Span) -> TokenStream {
        let value = if self.fails {
            quote_spanned!(span=> #call.map_err(::thinking::__private::failure)?)
        } else {
            quote_spanned!(span=> #call)
        };
        if self.borrows { quote_spanned!(span=> ::std::borrow::ToOwned::to_owned(#value)) } else { value }
    }
}
