//! `#[data]`, and what `#[component]` shares with it: derives of serde and schemars that need neither among the user's dependencies.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Item, Meta, Path, Token, parse_quote};

pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    if !options.is_empty() {
        return Error::new_spanned(options, "`#[data]` has no options").to_compile_error();
    }
    let mut item = match syn::parse2::<Item>(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let attributes = match &mut item {
        Item::Struct(item) => &mut item.attrs,
        Item::Enum(item) => &mut item.attrs,
        other => return Error::new_spanned(other, "`#[data]` stands above a struct or an enum").to_compile_error(),
    };
    derive(attributes, &["Serialize", "Deserialize", "JsonSchema"]);
    quote!(#item)
}

/// Derives these traits: each that is not listed is added, and all are told where their crates are.
pub(crate) fn derive(attributes: &mut Vec<Attribute>, wanted: &[&str]) {
    let listed: Vec<String> = attributes.iter().flat_map(derived).collect();
    let mut added = Vec::new();
    for name in wanted.iter().filter(|name| !listed.iter().any(|known| known == *name)) {
        let path: Path = match *name {
            "Serialize" => parse_quote!(::thinking::__private::serde::Serialize),
            "Deserialize" => parse_quote!(::thinking::__private::serde::Deserialize),
            _ => parse_quote!(::thinking::__private::schemars::JsonSchema),
        };
        added.push(path);
    }
    if !added.is_empty() {
        // In front of the attributes of other derives: rustc wants a derive above its helpers.
        attributes.insert(0, parse_quote!(#[derive(#(#added),*)]));
    }
    locate(attributes);
}

/// Tells the derives of serde and schemars where their crates are.
pub(crate) fn locate(attributes: &mut Vec<Attribute>) {
    let listed: Vec<String> = attributes.iter().flat_map(derived).collect();
    let any = |names: &[&str]| listed.iter().any(|known| names.contains(&known.as_str()));
    if any(&["Serialize", "Deserialize"]) && !has(attributes, "serde", "crate") {
        attributes.push(parse_quote!(#[serde(crate = "::thinking::__private::serde")]));
    }
    if any(&["JsonSchema"]) && !has(attributes, "schemars", "crate") {
        attributes.push(parse_quote!(#[schemars(crate = "::thinking::__private::schemars")]));
    }
}

/// Whether an attribute such as `#[serde(…)]` has that word.
pub(crate) fn has(attributes: &[Attribute], attribute: &str, word: &str) -> bool {
    attributes.iter().filter(|known| known.path().is_ident(attribute)).any(|known| match &known.meta {
        Meta::List(list) => list.tokens.clone().into_iter().any(|token| token.to_token_stream().to_string() == word),
        _ => false,
    })
}

/// The last words of what an attribute derives.
fn derived(attribute: &Attribute) -> Vec<String> {
    if !attribute.path().is_ident("derive") {
        return Vec::new();
    }
    let paths = attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
    let paths = paths.map(|paths| paths.into_iter().collect::<Vec<_>>()).unwrap_or_default();
    paths.iter().filter_map(|path| path.segments.last().map(|last| last.ident.to_string())).collect()
}
