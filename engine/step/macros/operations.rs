//! `#[operations]`

use crate::arguments::{Parameter, Returned};
use crate::text;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Attribute, Error, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, Result, Visibility};

pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    if !options.is_empty() {
        return Error::new_spanned(options, "`#[operations]` has no options").to_compile_error();
    }
    let mut item = match syn::parse2::<ItemImpl>(item) {
        Ok(item) => item,
        Err(error) => {
            return Error::new(error.span(), "`#[operations]` stands above an `impl` block of a component")
                .to_compile_error();
        }
    };
    let found = operations(&mut item);
    // The block stays as it is, so that one mistake does not make others.
    match found {
        Ok(operations) => quote!(#item #operations),
        Err(error) => {
            let error = error.to_compile_error();
            quote!(#item #error)
        }
    }
}

fn operations(item: &mut ItemImpl) -> Result<TokenStream> {
    let (mut entries, mut errors): (Vec<TokenStream>, Option<Error>) = (Vec::new(), None);
    if !item.generics.params.is_empty() {
        errors = Some(Error::new_spanned(&item.generics, "a component has no generic parameters"));
    }
    let own = item.self_ty.clone();
    let of_trait = item.trait_.as_ref().map(|(_, path, _)| path.clone());
    for inner in &mut item.items {
        let ImplItem::Fn(function) = inner else { continue };
        let marked = mark(&mut function.attrs);
        let entry = marked.and_then(|class| operation(function, class, &own, of_trait.as_ref()));
        // Documentation and marks of parameters mean nothing to the compiler.
        for input in &mut function.sig.inputs {
            if let FnArg::Typed(parameter) = input {
                parameter.attrs.retain(|attribute| !attribute.path().is_ident("doc"));
            }
        }
        match entry {
            Ok(entry) => entries.extend(entry),
            Err(error) => match &mut errors {
                Some(errors) => errors.combine(error),
                None => errors = Some(error),
            },
        }
    }
    if let Some(errors) = errors {
        return Err(errors);
    }
    let line = text::line(own.span());
    let inherent = of_trait.is_none();
    Ok(quote_spanned! {own.span()=>
        #[allow(unused_variables)]
        const _: () = {
            use ::thinking::__private;

            const _: () = __private::is_component::<#own>();

            __private::inventory::submit! {
                __private::OperationsEntry {
                    component: ::core::any::TypeId::of::<#own>,
                    inherent: #inherent,
                    origin: (::core::file!(), #line),
                    operations: || ::std::vec![#(#entries),*],
                }
            }
        };
    })
}

/// The class that `#[operation(…)]` declares, with whether the mark is there; the mark is taken off.
fn mark(attributes: &mut Vec<Attribute>) -> Result<(bool, Option<Ident>)> {
    let Some(at) = attributes.iter().position(|attribute| attribute.path().is_ident("operation")) else {
        return Ok((false, None));
    };
    let attribute = attributes.remove(at);
    if attribute.meta.require_path_only().is_ok() {
        return Ok((true, None));
    }
    let word: Ident = attribute.parse_args()?;
    Ok((true, Some(word)))
}

/// The class that a word means.
pub(crate) fn class(word: &str, span: proc_macro2::Span) -> Result<TokenStream> {
    Ok(match word {
        "pure" => quote!(__private::Class::Pure),
        "state" => quote!(__private::Class::State),
        "observe" => quote!(__private::Class::Observe),
        "effect" => quote!(__private::Class::Effect),
        _ => {
            return Err(Error::new(
                span,
                "the classes are `pure` (depends on its arguments alone), `state` (touches databases and states), `observe` (looks at the world \
                 outside) and `effect` (changes it)",
            ));
        }
    })
}

fn operation(
    function: &ImplItemFn,
    (marked, declared): (bool, Option<Ident>),
    own: &syn::Type,
    of_trait: Option<&syn::Path>,
) -> Result<Option<TokenStream>> {
    let signature = &function.sig;
    let name = &signature.ident;
    let public = of_trait.is_some() || matches!(function.vis, Visibility::Public(_));
    if !public {
        if marked {
            return Err(Error::new_spanned(
                name,
                format!("only public functions are operations: write `pub fn {name}`"),
            ));
        }
        return Ok(None);
    }
    let Some(FnArg::Receiver(receiver)) = signature.inputs.first() else {
        if marked {
            return Err(Error::new_spanned(name, format!("operations take `&self`: `pub fn {name}(&self, …)`")));
        }
        return Ok(None);
    };
    if receiver.reference.is_none() || receiver.mutability.is_some() || receiver.colon_token.is_some() {
        return Err(Error::new_spanned(
            receiver,
            "operations take `&self`: keep what changes in a field `#[state] name: State<T>`",
        ));
    }
    if let Some(word) = &signature.asyncness {
        return Err(Error::new_spanned(word, "operations are not async: write `pub fn`, and wait inside of it"));
    }
    if signature.generics.type_params().next().is_some() || signature.generics.const_params().next().is_some() {
        return Err(Error::new_spanned(
            &signature.generics,
            "operations have no generic parameters: name the types, or move the function into an `impl` block without `#[operations]`",
        ));
    }
    let mut parameters = Vec::new();
    for (position, input) in signature.inputs.iter().skip(1).enumerate() {
        if let FnArg::Typed(parameter) = input {
            parameters.push(Parameter::new(parameter, position)?);
        }
    }
    let returned = Returned::new(&signature.output)?;
    let is_declared = declared.is_some();
    let class = match declared {
        Some(word) => class(&word.to_string(), word.span())?,
        None => quote!(__private::Class::Effect),
    };
    let plain = text::plain(name);
    let (doc, returns, line) = (text::documentation(&function.attrs), &returned.text, text::line(name.span()));
    let described = parameters.iter().map(|parameter| {
        let (name, kind, doc, optional) = (&parameter.name, &parameter.owned, &parameter.doc, parameter.is_optional());
        quote_spanned!(parameter.span=> __private::parameter::<#kind>(#name, #doc, #optional))
    });
    let taken = parameters.iter().enumerate().map(|(position, parameter)| {
        let (variable, kind, name) = (&parameter.variable, &parameter.owned, &parameter.name);
        let take = if parameter.is_optional() { quote!(optional) } else { quote!(required) };
        quote_spanned!(parameter.span=> let #variable: #kind = __private::#take(arguments, #position, #name, #plain)?;)
    });
    let passed = parameters.iter().map(Parameter::passed);
    let path = match of_trait {
        Some(of_trait) => quote!(<#own as #of_trait>::#name),
        None => quote!(<#own>::#name),
    };
    let span = match &signature.output {
        syn::ReturnType::Type(_, kind) => kind.span(),
        syn::ReturnType::Default => name.span(),
    };
    let answer = returned.answer(&quote!(#path(this, #(#passed),*)), span);
    let finish = quote_spanned!(span=> ::core::result::Result::Ok(__private::answer(#answer)));
    Ok(Some(quote! {
        __private::OperationEntry {
            about: __private::operation(
                #plain,
                #doc,
                ::std::vec![#(#described),*],
                #returns,
                (#class, #is_declared),
                (::core::file!(), #line),
            ),
            call: |this, arguments| {
                let this = __private::this::<#own>(this)?;
                #(#taken)*
                #finish
            },
        }
    }))
}
