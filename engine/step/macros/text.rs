//! Names, documentation and places, as text.

use proc_macro2::Span;
use quote::ToTokens;
use syn::{Attribute, Expr, Lit, Meta};

/// `MinCount` and `min_count` as `min-count`.
pub(crate) fn kebab(name: &str) -> String {
    let name = name.trim_start_matches("r#").trim_start_matches('_');
    let mut out = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        if *letter == '_' {
            out.push('-');
            continue;
        }
        let after_small = at > 0 && !letters[at - 1].is_uppercase() && letters[at - 1] != '_';
        let before_small = at > 0 && letters[at - 1] != '_' && letters.get(at + 1).is_some_and(|c| c.is_lowercase());
        if letter.is_uppercase() && (after_small || before_small) {
            out.push('-');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// A name as scripts write it.
pub(crate) fn plain(name: &syn::Ident) -> String {
    let name = name.to_string();
    name.trim_start_matches("r#").trim_start_matches('_').to_owned()
}

/// Whether a component or step may have that name.
pub(crate) fn is_name(name: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
    };
    name.split('.').all(word)
}

/// The first paragraph of the documentation, in one line.
pub(crate) fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let lines = text.trim().lines().map(str::trim).take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

/// The line where it stands.
pub(crate) fn line(span: Span) -> u32 {
    u32::try_from(span.unwrap().line()).unwrap_or(0)
}

/// Code as people write it.
pub(crate) fn written(code: &impl ToTokens) -> String {
    let text = code.to_token_stream().to_string();
    let mut out = String::with_capacity(text.len());
    let letters: Vec<char> = text.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        if *letter == ' ' {
            let before = out.chars().last().unwrap_or(' ');
            let after = letters.get(at + 1).copied().unwrap_or(' ');
            let word = |c: char| c.is_alphanumeric() || c == '_';
            // Blanks are kept between two words and after what separates.
            if !(word(before) && (word(after) || after == '&')
                || matches!(before, ',' | ';')
                || after == '+'
                || before == '+')
            {
                continue;
            }
        }
        out.push(*letter);
    }
    out
}
