//! `#[step]`

use crate::arguments::{Parameter, Returned};
use crate::options::{self, Options};
use crate::{operations, text};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Attribute, Error, Expr, FnArg, ItemFn, Meta, Result, Token};

pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut item = match syn::parse2::<ItemFn>(item) {
        Ok(item) => item,
        Err(error) => {
            return Error::new(error.span(), "a step is a function: `#[step(\"vocab.build\")] fn build(…)`")
                .to_compile_error();
        }
    };
    let registered = registered(options, &mut item);
    match registered {
        Ok(registered) => quote!(#item #registered),
        Err(error) => {
            let error = error.to_compile_error();
            quote!(#item #error)
        }
    }
}

/// A parameter that the manifest gives.
struct Argument {
    parameter: Parameter,
    default: Option<Expr>,
}

fn registered(options: TokenStream, item: &mut ItemFn) -> Result<TokenStream> {
    let (mut arguments, mut injected, mut order) = (Vec::new(), Vec::new(), Vec::new());
    let mut failed: Option<Error> = None;
    for (position, input) in item.sig.inputs.iter_mut().enumerate() {
        let FnArg::Typed(typed) = input else { continue };
        let mark = mark(&mut typed.attrs);
        let parameter = mark.and_then(|mark| Ok((mark, Parameter::new(typed, position)?)));
        typed.attrs.retain(|attribute| !attribute.path().is_ident("doc"));
        match parameter {
            Ok((mark, parameter)) => {
                order.push(parameter.passed());
                match mark {
                    Some(default) => {
                        let default = default.map(|default| parameter.fitting(default));
                        arguments.push(Argument { parameter, default });
                    }
                    None => injected.push(parameter),
                }
            }
            Err(error) => match &mut failed {
                Some(failed) => failed.combine(error),
                None => failed = Some(error),
            },
        }
    }
    if let Some(failed) = failed {
        return Err(failed);
    }
    let signature = &item.sig;
    if let Some(word) = &signature.asyncness {
        return Err(Error::new_spanned(word, "steps are not async: write `fn`, and wait inside of it"));
    }
    if signature.generics.type_params().next().is_some() || signature.generics.const_params().next().is_some() {
        return Err(Error::new_spanned(&signature.generics, "steps have no generic parameters: name the types"));
    }
    let about = About::new(syn::parse2(options)?, item, &arguments)?;
    let returned = Returned::new(&item.sig.output)?;
    Ok(about.entry(item, &arguments, &injected, &order, &returned))
}

/// Whether a parameter is marked `#[arg]`, and its default; the mark is taken off.
fn mark(attributes: &mut Vec<Attribute>) -> Result<Option<Option<Expr>>> {
    let Some(at) = attributes.iter().position(|attribute| attribute.path().is_ident("arg")) else { return Ok(None) };
    let attribute = attributes.remove(at);
    match &attribute.meta {
        Meta::Path(_) => Ok(Some(None)),
        Meta::List(list) => {
            let default = list.parse_args_with(|input: syn::parse::ParseStream<'_>| {
                let option: syn::Ident = input.parse()?;
                if option != "default" {
                    return Err(options::unknown(&option, "default"));
                }
                input.parse::<Token![=]>()?;
                input.parse::<Expr>()
            })?;
            Ok(Some(Some(default)))
        }
        Meta::NameValue(pair) => Err(Error::new_spanned(pair, "write `#[arg]` or `#[arg(default = 5)]`")),
    }
}

/// What the attribute and the documentation say.
struct About {
    name: String,
    summary: String,
    version: u32,
    class: TokenStream,
    reads: Vec<String>,
    writes: Vec<String>,
}

impl About {
    fn new(options: Options, item: &ItemFn, arguments: &[Argument]) -> Result<Self> {
        let mut about = Self {
            name: options.name_or(&item.sig.ident)?,
            summary: text::documentation(&item.attrs),
            version: 1,
            class: quote!(__private::Class::Effect),
            reads: Vec::new(),
            writes: Vec::new(),
        };
        for (option, value) in &options.pairs {
            match option.to_string().as_str() {
                "class" => {
                    let word = options::word(value)?;
                    about.class = operations::class(&word.value(), word.span())?;
                }
                "version" => {
                    let number = options::version(value)?;
                    about.version =
                        number.parse().map_err(|_| Error::new_spanned(value, "a step's version is a number"))?;
                }
                "reads" => about.reads = files(value, arguments)?,
                "writes" => about.writes = files(value, arguments)?,
                _ => return Err(options::unknown(option, "class, reads, version, writes")),
            }
        }
        Ok(about)
    }

    fn entry(
        &self,
        item: &ItemFn,
        arguments: &[Argument],
        injected: &[Parameter],
        order: &[TokenStream],
        returned: &Returned,
    ) -> TokenStream {
        let Self { name, summary, version, class, reads, writes } = self;
        let own = &item.sig.ident;
        let line = text::line(own.span());
        let needs = injected.iter().map(|parameter| {
            let (kind, line) = (&parameter.owned, text::line(parameter.span));
            let name = text::kebab(&parameter.name);
            quote_spanned!(parameter.span=> __private::need::<#kind>(#name, ::core::file!(), #line))
        });
        let supplied = injected.iter().map(|parameter| {
            let (variable, kind) = (&parameter.variable, &parameter.owned);
            quote_spanned!(parameter.span=> let #variable: #kind = supplies.take()?;)
        });
        let described = arguments.iter().map(|Argument { parameter, default }| {
            let (kind, doc, optional) = (&parameter.owned, &parameter.doc, parameter.is_optional());
            let name = text::kebab(&parameter.name);
            match default {
                None => quote_spanned!(parameter.span=> __private::argument::<#kind>(#name, #doc, #optional)),
                Some(default) => {
                    quote_spanned!(parameter.span=> __private::argument_or::<#kind>(#name, #doc, #default))
                }
            }
        });
        let taken = arguments.iter().enumerate().map(|(position, Argument { parameter, default })| {
            let (variable, kind, argument) = (&parameter.variable, &parameter.owned, &parameter.name);
            let take = match default {
                None if parameter.is_optional() => quote!(__private::optional(arguments, #position, #argument, #name)?),
                None => quote!(__private::required(arguments, #position, #argument, #name)?),
                Some(default) => quote! {
                    match __private::given(arguments, #position, #argument, #name)? {
                        ::core::option::Option::Some(given) => given,
                        ::core::option::Option::None => #default,
                    }
                },
            };
            quote_spanned!(parameter.span=> let #variable: #kind = #take;)
        });
        let span = match &item.sig.output {
            syn::ReturnType::Type(_, kind) => kind.span(),
            syn::ReturnType::Default => own.span(),
        };
        let answer = returned.answer(&quote!(#own(#(#order),*)), span);
        let finish = quote_spanned!(span=> __private::result(#name, #answer));
        quote_spanned! {own.span()=>
            #[allow(unused_variables)]
            const _: () = {
                use ::thinking::__private;

                __private::inventory::submit! {
                    __private::StepEntry {
                        name: #name,
                        summary: #summary,
                        version: #version,
                        class: #class,
                        reads: &[#(#reads),*],
                        writes: &[#(#writes),*],
                        origin: (::core::file!(), #line),
                        needs: || ::std::vec![#(#needs),*],
                        arguments: || ::std::vec![#(#described),*],
                        run: |arguments, supplies| {
                            #(#supplied)*
                            #(#taken)*
                            #finish
                        },
                    }
                }
            };
        }
    }
}

/// The arguments that an option lists, as manifests name them.
fn files(value: &Expr, arguments: &[Argument]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for value in options::list(value) {
        let word = options::word(value)?;
        let name = text::kebab(&word.value());
        if !arguments.iter().any(|argument| text::kebab(&argument.parameter.name) == name) {
            return Err(Error::new(
                word.span(),
                format!("this step has no argument `{}`: mark it `#[arg]`", word.value()),
            ));
        }
        names.push(name);
    }
    Ok(names)
}
