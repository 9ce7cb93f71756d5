//! Names, documentation and places, as text.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, Lit, Meta};

/// A name as manifests write it: `min_count` as `min-count`.
pub(crate) fn dashed(name: &str) -> String {
    name.trim_start_matches("r#").trim_start_matches('_').replace('_', "-")
}

/// A name as scripts write it.
pub(crate) fn plain(name: &syn::Ident) -> String {
    let name = name.to_string();
    name.trim_start_matches("r#").trim_start_matches('_').to_owned()
}

/// The conditions under which something is there at all.
pub(crate) fn conditions(attributes: &[Attribute]) -> TokenStream {
    let conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    quote!(#(#conditions)*)
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

#[cfg(test)]
mod tests {
    use super::{dashed, documentation, is_name, written};
    use syn::{ItemStruct, Type, parse_quote};

    #[test]
    fn types_are_shown_as_they_are_written() {
        let cases = [
            "Vec<String>",
            "Option<&str>",
            "(u32, Vec<(f32, f32)>)",
            "BTreeMap<String, [f32; 3]>",
            "&dyn std::fmt::Display",
            "Inject<dyn Tokenizer + Send>",
            "()",
        ];
        for case in cases {
            let kind: Type = syn::parse_str(case).expect("it is a type");
            assert_eq!(written(&kind), case);
        }
    }

    #[test]
    fn names_are_checked_and_made() {
        for name in ["text", "text.split", "skip-gram.cpu2", "a_b.c"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", ".", "text.", ".split", "Text", "text split", "2d", "text..split", "-a", "ä"] {
            assert!(!is_name(name), "{name}");
        }
        assert_eq!(
            (dashed("min_count"), dashed("r#type"), dashed("_unused")),
            ("min-count".into(), "type".into(), "unused".into())
        );
    }

    #[test]
    fn the_first_paragraph_is_the_documentation() {
        let item: ItemStruct = parse_quote! {
            /// Splits text
            ///   into words.
            ///
            /// More.
            #[doc(hidden)]
            struct Split;
        };
        assert_eq!(documentation(&item.attrs), "Splits text into words.");
        assert_eq!(documentation(&[]), "");
    }
}
