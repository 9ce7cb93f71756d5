//! `#[component]`

use crate::options::{self, Options};
use crate::{data, text};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Error, Expr, Field, Fields, Ident, Item, ItemStruct, Path, Result, parse_quote};

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
    let about = About::new(syn::parse2(options)?, &item)?;
    let parts = parts(&mut item)?;
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
    Ok(quote!(#item #implementation))
}

/// What the attribute and the documentation say.
struct About {
    name: String,
    doc: String,
    version: String,
    provides: Vec<Path>,
}

impl About {
    fn new(options: Options, item: &ItemStruct) -> Result<Self> {
        let name = options.name_or(&item.ident)?;
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
        let needs = parts.injected.iter().map(|(field, kind)| {
            let name = text::kebab(&field.to_string());
            let line = text::line(field.span());
            quote_spanned!(kind.span()=> __private::need::<#kind>(#name, ::core::file!(), #line))
        });
        let fills = parts
            .injected
            .iter()
            .map(|(field, kind)| quote_spanned!(kind.span()=> self.#field = supplies.take::<#kind>()?;));
        let states = parts.states.iter().map(|(field, kind)| {
            let name = text::kebab(&field.to_string());
            quote_spanned!(kind.span()=> self.#field = __private::state::<#kind>(supplies.binding(), #name);)
        });
        let persistent = parts.states.iter().map(|(field, _)| text::kebab(&field.to_string()));
        let (decode, schema) = if unit {
            (quote!(::core::result::Result::Ok(Self)), quote!(__private::no_schema()))
        } else {
            (quote!(__private::configured(#name, config)), quote!(__private::schema::<Self>()))
        };
        let line = text::line(own.span());
        quote_spanned! {own.span()=>
            #[allow(unused_variables)]
            const _: () = {
                use ::thinking::__private;

                impl __private::NativeComponent for #own {
                    fn about() -> __private::About {
                        __private::about::<Self>(
                            #name,
                            #doc,
                            #version,
                            ::std::vec![#(#interfaces),*],
                            #schema,
                            ::std::vec![#(#needs),*],
                            ::std::vec![#(#persistent),*],
                            (::core::file!(), #line),
                        )
                    }

                    fn configured(config: &__private::Value) -> ::core::result::Result<Self, __private::StepError> {
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

                __private::inventory::submit! { __private::ComponentEntry { make: __private::component_type::<#own> } }
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
    injected: Vec<(Ident, syn::Type)>,
    states: Vec<(Ident, syn::Type)>,
}

/// Takes the marks off the fields.
fn parts(item: &mut ItemStruct) -> Result<Parts> {
    let mut parts = Parts { injected: Vec::new(), states: Vec::new() };
    for field in &mut item.fields {
        let injected = take(field, "inject")?;
        let state = take(field, "state")?;
        let Some(name) = field.ident.clone() else { continue };
        if injected && state {
            return Err(Error::new_spanned(name, "a field is either `#[inject]` or `#[state]`"));
        }
        if state && crate::arguments::generic(&field.ty, "State").is_none() {
            let kind = text::written(&field.ty);
            return Err(Error::new_spanned(
                &field.ty,
                format!("what a component keeps is a `State`: `#[state] {name}: State<{kind}>`"),
            ));
        }
        if !injected && !state {
            if crate::arguments::generic(&field.ty, "State").is_some() {
                return Err(Error::new_spanned(
                    name,
                    "mark this field: `#[state]` keeps it with the steps that change it",
                ));
            }
            continue;
        }
        if injected {
            parts.injected.push((name, field.ty.clone()));
        } else {
            parts.states.push((name, field.ty.clone()));
        }
        if !data::has(&field.attrs, "serde", "skip") {
            field.attrs.push(parse_quote!(#[serde(skip)]));
        }
    }
    Ok(parts)
}

/// Whether a field has that mark, which is taken off.
fn take(field: &mut Field, mark: &str) -> Result<bool> {
    let Some(at) = field.attrs.iter().position(|attribute| attribute.path().is_ident(mark)) else { return Ok(false) };
    let attribute = field.attrs.remove(at);
    attribute.meta.require_path_only()?;
    Ok(true)
}
