//! The registration of a hook: the tokens that stand beside the untouched item.

use crate::complaints::source;
use crate::hook::{Function, Hook, OfConnection, What};
use crate::paths::{self, Private, here, place};
use crate::route;
use crate::signature::has_impl_trait;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::ext::IdentExt;

/// An anonymous constant that registers the hook.
pub(crate) fn registration(hook: &Hook) -> TokenStream {
    let Hook { name, cfgs, .. } = hook;
    let span = here(name.span());
    let (submit, registration) = (paths::INVENTORY_SUBMIT.at(span), paths::REGISTRATION.at(span));
    let (origin, value) = (origin(name), value(hook));
    quote_spanned! {span=>
        #(#cfgs)*
        const _: () = {
            #submit! {
                #registration { origin: #origin, hook: #value }
            }
        };
    }
}

fn origin(name: &Ident) -> TokenStream {
    let span = here(name.span());
    let origin = paths::ORIGIN.at(span);
    let text = name.unraw().to_string();
    // With a hygiene of ours, these two would name the place of the attribute, which is another line.
    let line_and_file = quote_spanned!(name.span()=> line: ::core::line!(), file: ::core::file!(),);
    quote_spanned! {span=>
        #origin {
            plugin: ::core::env!("CARGO_PKG_NAME"),
            #line_and_file
            name: #text,
            module: ::core::module_path!(),
            version: ::core::env!("CARGO_PKG_VERSION"),
            manifest_dir: ::core::env!("CARGO_MANIFEST_DIR"),
        }
    }
}

fn value(hook: &Hook) -> TokenStream {
    let Hook { name, function, what, .. } = hook;
    let span = here(name.span());
    let outcome = (&paths::INTO_OUTCOME, "into_outcome");
    let reply = (&paths::INTO_REPLY, "into_reply");
    match what {
        What::Init { order, after, timeout, on_failure } => {
            let calls = calls(name, function, &paths::INIT_EVENT, outcome);
            let (id, on_failure_type) = (paths::HOOK_ID.at(span), paths::ON_FAILURE.at(span));
            let on_failure = Ident::new(on_failure, span);
            let after = after.iter().map(|path| {
                let at = place(path);
                let id = paths::HOOK_ID.at(at);
                quote_spanned!(at=> #id::of(&#path))
            });
            let timeout = duration(*timeout, span);
            let fields = quote_spanned! {span=>
                id: || #id::of(&#name),
                after: || ::std::vec![#(#after),*],
                order: #order,
                timeout: #timeout,
                on_failure: #on_failure_type::#on_failure,
                #calls
            };
            variant("Init", &paths::INIT_HOOK, span, &fields)
        }
        What::Shutdown { timeout } => {
            let calls = calls(name, function, &paths::SHUTDOWN_EVENT, outcome);
            let timeout = duration(*timeout, span);
            variant("Shutdown", &paths::SHUTDOWN_HOOK, span, &quote_spanned!(span=> timeout: #timeout, #calls))
        }
        What::Client { options, key } => {
            let (slot, key) = (slot(name), key_of(key.as_ref(), span));
            let fields = quote_spanned!(span=> slot: #slot, options: #options, key: #key,);
            variant("Client", &paths::CLIENT_DECLARATION, span, &fields)
        }
        What::Endpoint { path, options, key } => {
            let (slot, key) = (slot(name), key_of(key.as_ref(), span));
            let fields = quote_spanned!(span=> slot: #slot, path: #path, options: #options, key: #key,);
            variant("Endpoint", &paths::ENDPOINT_DECLARATION, span, &fields)
        }
        What::OfConnection { of, slot: path, priority } => {
            let (variant_name, hook_type, event) = of.names();
            let convert = if matches!(of, OfConnection::Close) { outcome } else { reply };
            let calls = calls(name, function, &event, convert);
            let slot = slot(path);
            let fields = quote_spanned!(span=> slot: #slot, priority: #priority, #calls);
            variant(variant_name, &hook_type, span, &fields)
        }
        What::Error { slot: path } => {
            let calls = calls(name, function, &paths::ERROR_EVENT, reply);
            let slot = match path.as_ref().map(slot) {
                Some(slot) => quote_spanned!(span=> ::core::option::Option::Some(#slot)),
                None => quote_spanned!(span=> ::core::option::Option::None),
            };
            variant("Error", &paths::ERROR_HOOK, span, &quote_spanned!(span=> slot: #slot, #calls))
        }
        What::Route { method, path } => {
            let method_text = method.to_string();
            let (on, filter) = (paths::AXUM_ON.at(span), paths::AXUM_METHOD_FILTER.at(span));
            let method = Ident::new(&method_text, span);
            let handler = route::handler(name, function);
            let checks = route::checks(function);
            let fields = quote_spanned! {span=>
                method: #method_text,
                path: #path,
                handler: || #on(#filter::#method, #handler),
                check: |__config, __problems| {
                    #checks
                },
            };
            variant("Route", &paths::ROUTE, span, &fields)
        }
    }
}

fn variant(name: &str, hook_type: &Private, span: Span, fields: &TokenStream) -> TokenStream {
    let (hook, hook_type) = (paths::HOOK.at(span), hook_type.at(span));
    let name = Ident::new(name, span);
    quote_spanned!(span=> #hook::#name(#hook_type { #fields }))
}

/// The fields `call` and `check`: each argument is spanned at its type, the result at the return type and the
/// future at the function's name, because that is where a mistake in it is corrected.
fn calls(name: &Ident, function: &Function, event: &Private, convert: (&Private, &str)) -> TokenStream {
    let span = here(name.span());
    let arguments = argument_names(function, span);
    let extractors = function.arguments.iter().map(|argument| {
        let at = place(argument);
        let (from_event, event) = (paths::FROM_EVENT.at(at), event.at(at));
        quote_spanned!(at=> <#argument as #from_event<#event<'_>>>)
    });
    let message = *event == paths::MESSAGE_EVENT;
    let count = function.arguments.len();
    let takes = extractors.clone().zip(&arguments).zip(&function.arguments).enumerate().map(
        |(index, ((extractor, argument), written))| {
            let at = place(written);
            // What the last argument of a message handler takes need not stay for another.
            let method = Ident::new(if message && index + 1 == count { "from_last" } else { "from_event" }, at);
            quote_spanned!(at=> let #argument = #extractor::#method(__event)?;)
        },
    );
    let checks = extractors.zip(&function.arguments).map(|(extractor, written)| {
        let at = place(written);
        quote_spanned!(at=> #extractor::check(__config, __problems);)
    });
    let future = quote_spanned!(span=> #name(#(#arguments),*));
    let result = paths::RESULT.at(span);
    let (parameters, begun) = if message {
        let begin = paths::BEGIN.at(span);
        let converted = converted(function, convert, &quote_spanned!(span=> __output), span);
        let begun = quote_spanned!(span=> #begin(__cell, #future, |__output| #converted, __context));
        (quote_spanned!(span=> __event, __cell, __context), begun)
    } else {
        let boxed = paths::BOXED.at(span);
        let answer = converted(function, convert, &quote_spanned!(span=> #future.await), span);
        (quote_spanned!(span=> __event), quote_spanned!(span=> #boxed(async move { #answer })))
    };
    quote_spanned! {span=>
        call: |#parameters| {
            #(#takes)*
            #result::Ok(#begun)
        },
        check: |__config, __problems| {
            #(#checks)*
        },
    }
}

/// Names of ours for a function's arguments: its own may be patterns.
pub(crate) fn argument_names(function: &Function, span: Span) -> Vec<Ident> {
    (0..function.arguments.len()).map(|index| format_ident!("__argument_{index}", span = span)).collect()
}

/// The answer handed to `method` of the trait `converter`.
pub(crate) fn converted(
    function: &Function,
    convert: (&Private, &str),
    answer: &TokenStream,
    span: Span,
) -> TokenStream {
    let (converter, method) = convert;
    match &function.output {
        // A type that can be named is named, because then the compiler underlines the whole of it.
        Some(output) if !has_impl_trait(output) => {
            let at = place(output);
            let (converter, method) = (converter.at(at), Ident::new(method, at));
            quote_spanned!(at=> <#output as #converter>::#method(#answer))
        }
        output => {
            let at = output.as_ref().map_or(span, place);
            let (converter, method) = (converter.at(at), Ident::new(method, at));
            quote_spanned!(at=> #converter::#method(#answer))
        }
    }
}

fn slot(path: &impl ToTokens) -> TokenStream {
    let at = place(path);
    let slot_ref = paths::SLOT_REF.at(at);
    let text = source(path);
    quote_spanned!(at=> #slot_ref { path: #text, slot: &#path })
}

/// What makes the key of `keyed`, spanned at the function, where a wrong signature is corrected.
fn key_of(function: Option<&syn::Path>, span: Span) -> TokenStream {
    match function {
        Some(function) => {
            let at = place(function);
            let key = paths::KEY.at(at);
            quote_spanned!(at=> ::core::option::Option::Some(|| #key::new(#function)))
        }
        None => quote_spanned!(span=> ::core::option::Option::None),
    }
}

fn duration(milliseconds: Option<u64>, span: Span) -> TokenStream {
    let duration = paths::DURATION.at(span);
    match milliseconds {
        Some(milliseconds) => {
            quote_spanned!(span=> ::core::option::Option::Some(#duration::from_millis(#milliseconds)))
        }
        None => quote_spanned!(span=> ::core::option::Option::None),
    }
}
