//! `#[component]`

use crate::arguments::{generic, named};
use crate::options::{self, Options};
use crate::{data, text};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Error, Expr, Field, Fields, Ident, Item, ItemStruct, Path, Result, Type, parse_quote};

pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    expanded(options, &item).unwrap_or_else(|error| error.to_compile_error())
}

fn expanded(options: TokenStream, item: &TokenStream) -> Result<TokenStream> {
    let mut item = match syn::parse2::<Item>(item.clone())? {
        Item::Struct(item) => item,
        other => return Err(Error::new_spanned(other, "a component is a struct: its fields are its configuration")),
    };
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &item.generics,
            "a component has no generic parameters: it is created by its name, so write a struct for each kind that is needed",
        ));
    }
    if let Fields::Unnamed(fields) = &item.fields {
        return Err(Error::new_spanned(fields, "the fields of a component are its configuration and need names"));
    }
    // One mistake makes no others: the struct is a component all the same.
    let mut mistakes = Vec::new();
    let about = syn::parse2(options).and_then(|options| About::new(&options, &item)).unwrap_or_else(|mistake| {
        mistakes.push(mistake.to_compile_error());
        About::default()
    });
    let parts = parts(&mut item, &mut mistakes);
    let unit = matches!(item.fields, Fields::Unit);
    if unit {
        data::locate(&mut item.attrs);
    } else {
        data::derive(&mut item.attrs, &["Deserialize", "JsonSchema"]);
        let flat = item.fields.iter().any(|field| data::has(&field.attrs, "serde", "flatten"));
        if !flat && !data::has(&item.attrs, "serde", "deny_unknown_fields") {
            item.attrs.push(parse_quote!(#[serde(deny_unknown_fields)]));
        }
        if !data::has(&item.attrs, "serde", "rename_all") {
            item.attrs.push(parse_quote!(#[serde(rename_all = "kebab-case")]));
        }
    }
    let implementation = about.implementation(&item, &parts, unit);
    Ok(quote!(#item #implementation #(#mistakes)*))
}

/// What the attribute and the documentation say.
#[derive(Default)]
struct About {
    /// Empty: the struct's own in kebab-case.
    name: String,
    doc: String,
    version: String,
    provides: Vec<Path>,
}

impl About {
    fn new(options: &Options, item: &ItemStruct) -> Result<Self> {
        let name = options.checked_name()?.unwrap_or_default();
        let mut about =
            Self { name, doc: text::documentation(&item.attrs), version: "1".to_owned(), provides: Vec::new() };
        for (option, value) in &options.pairs {
            match option.to_string().as_str() {
                "provides" => {
                    about.provides = options::list(value).into_iter().map(interface).collect::<Result<_>>()?
                }
                "version" => about.version = options::version(value)?,
                _ => return Err(options::unknown(option, "provides, version")),
            }
        }
        Ok(about)
    }

    fn implementation(&self, item: &ItemStruct, parts: &Parts, unit: bool) -> TokenStream {
        let own = &item.ident;
        let Self { name, doc, version, provides } = self;
        let interfaces = provides.iter().map(|path| quote_spanned!(path.span()=> __private::interface::<dyn #path>()));
        let casts = provides.iter().map(|path| {
            quote_spanned! {path.span()=>
                if rust == ::core::any::TypeId::of::<dyn #path>() {
                    let it: ::std::sync::Arc<dyn #path> = self;
                    return ::core::option::Option::Some(::std::boxed::Box::new(it));
                }
            }
        });
        let needs = parts.injected.iter().map(|Part { field, kind, conditions }| {
            let (name, line) = (text::dashed(&field.to_string()), text::line(field.span()));
            quote_spanned! {kind.span()=> #conditions needs.push(__private::need::<#kind>(#name, ::core::file!(), #line)); }
        });
        let fills = parts.injected.iter().map(|Part { field, kind, conditions }| {
            quote_spanned!(kind.span()=> #conditions { self.#field = supplies.take::<#kind>()?; })
        });
        let states = parts.states.iter().map(|Part { field, kind, conditions }| {
            let name = text::dashed(&field.to_string());
            quote_spanned!(kind.span()=> #conditions { self.#field = __private::state::<#kind>(supplies.binding(), #name); })
        });
        let persistent = parts.states.iter().map(|Part { field, conditions, .. }| {
            let name = text::dashed(&field.to_string());
            quote!(#conditions persistent.push(#name);)
        });
        let (decode, schema) = if unit {
            (quote!(::core::result::Result::Ok(Self)), quote!(__private::no_schema()))
        } else {
            (quote!(__private::configured(config)), quote!(__private::schema::<Self>()))
        };
        let line = text::line(own.span());
        quote_spanned! {own.span()=>
            #[allow(unused_variables, clippy::all)]
            const _: () = {
                use ::thinking::__private;

                impl __private::NativeComponent for #own {
                    #[allow(unused_mut)]
                    fn about() -> __private::About {
                        let mut needs = ::std::vec::Vec::new();
                        #(#needs)*
                        let mut persistent = ::std::vec::Vec::new();
                        #(#persistent)*
                        __private::about::<Self>(
                            #name,
                            #doc,
                            #version,
                            ::std::vec![#(#interfaces),*],
                            #schema,
                            needs,
                            persistent,
                            (::core::file!(), #line),
                        )
                    }

                    fn configured(config: &__private::Value) -> ::core::result::Result<Self, ::std::string::String> {
                        #decode
                    }

                    fn fill(
                        &mut self,
                        supplies: &mut __private::Supplies<'_>,
                    ) -> ::core::result::Result<(), __private::StepError> {
                        #(#fills)*
                        #(#states)*
                        ::core::result::Result::Ok(())
                    }

                    fn cast(
                        self: ::std::sync::Arc<Self>,
                        rust: ::core::any::TypeId,
                    ) -> ::core::option::Option<::std::boxed::Box<dyn ::core::any::Any + ::core::marker::Send + ::core::marker::Sync>> {
                        #(#casts)*
                        ::core::option::Option::None
                    }
                }

                __private::inventory::submit! {
                    __private::ComponentEntry {
                        make: __private::component_type::<#own>,
                        folder: ::core::env!("CARGO_MANIFEST_DIR"),
                    }
                }
            };
        }
    }
}

fn interface(value: &Expr) -> Result<Path> {
    match value {
        Expr::Path(path) => Ok(path.path.clone()),
        other => Err(Error::new_spanned(
            other,
            "`provides` names traits: `provides = Tokenizer` or `provides = [Tokenizer, Counter]`",
        )),
    }
}

/// The fields that are no configuration.
struct Parts {
    injected: Vec<Part>,
    states: Vec<Part>,
}

struct Part {
    field: Ident,
    kind: Type,
    conditions: TokenStream,
}

/// Takes the marks off the fields.
fn parts(item: &mut ItemStruct, mistakes: &mut Vec<TokenStream>) -> Parts {
    let mut parts = Parts { injected: Vec::new(), states: Vec::new() };
    for field in &mut item.fields {
        let injected = take(field, "inject", mistakes);
        let state = take(field, "state", mistakes);
        let Some(name) = field.ident.clone() else { continue };
        let is_dependency = is_dependency(&field.ty);
        let is_state = generic(&field.ty, "State").is_some();
        let mistake = if injected && state {
            Some(Error::new_spanned(&name, "a field is either `#[inject]` or `#[state]`"))
        } else if state && !is_state {
            let kind = text::written(&field.ty);
            let message = format!("what a component keeps is a `State`: `#[state] {name}: State<{kind}>`");
            Some(Error::new_spanned(&field.ty, message))
        } else if is_state && !state {
            Some(Error::new_spanned(&name, "mark this field: `#[state]` keeps it with the steps that change it"))
        } else if is_dependency && !injected {
            Some(Error::new_spanned(&name, "mark this field: `#[inject]` has the engine fill it"))
        } else {
            None
        };
        if !injected && !state && !is_state && !is_dependency {
            continue;
        }
        if !data::has(&field.attrs, "serde", "skip") {
            field.attrs.push(parse_quote!(#[serde(skip)]));
        }
        if let Some(mistake) = mistake {
            mistakes.push(mistake.to_compile_error());
            continue;
        }
        let part = Part { field: name, kind: field.ty.clone(), conditions: text::conditions(&field.attrs) };
        if injected {
            parts.injected.push(part);
        } else {
            parts.states.push(part);
        }
    }
    parts
}

/// Whether a field has that mark, which is taken off.
fn take(field: &mut Field, mark: &str, mistakes: &mut Vec<TokenStream>) -> bool {
    let Some(at) = field.attrs.iter().position(|attribute| attribute.path().is_ident(mark)) else { return false };
    let attribute = field.attrs.remove(at);
    if attribute.meta.require_path_only().is_err() {
        mistakes.push(Error::new_spanned(&attribute, format!("`#[{mark}]` has no options")).to_compile_error());
    }
    true
}

/// Whether a type is a dependency and nothing else.
fn is_dependency(kind: &Type) -> bool {
    let inside = generic(kind, "Option").or_else(|| generic(kind, "Vec")).unwrap_or(kind);
    named(inside, "Inject") || named(inside, "Kv")
}
