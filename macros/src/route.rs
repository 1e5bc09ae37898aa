//! The handler that axum is given for a `#[route]`.

use crate::expand::{argument_names, converted};
use crate::hook::Function;
use crate::paths::{self, here, place};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Type;

/// A closure that extracts the arguments, calls the function and makes a response of what it returns.
///
/// axum would do the same with the function itself; but where it cannot, it says only that the function is no
/// `Handler`. Done here, each mistake is reported at the argument or the return type that it is in.
pub(crate) fn handler(name: &Ident, function: &Function) -> TokenStream {
    let span = here(name.span());
    let arguments = argument_names(function, span);
    let (request, response) = (paths::AXUM_REQUEST.at(span), paths::AXUM_RESPONSE.at(span));
    let (boxed, result) = (paths::BOXED.at(span), paths::RESULT.at(span));
    let mut takes = Vec::new();
    let mut written = function.arguments.iter().zip(&arguments);
    // The body can be taken only once, so only the last argument may take it.
    let last = written.next_back();
    for (written, argument) in written {
        let at = place(written);
        takes.push(quote_spanned!(at=> let #argument = __from_parts::<#written>(&mut __parts).await?;));
    }
    if !takes.is_empty() {
        takes.insert(0, quote_spanned!(span=> let (mut __parts, __body) = __request.into_parts();));
        takes.push(quote_spanned!(span=> let __request = #request::from_parts(__parts, __body);));
    }
    if let Some((written, argument)) = last {
        let at = place(written);
        takes.push(quote_spanned!(at=> let #argument = __from_request::<#written, _>(__request).await?;));
    }
    let answer = quote_spanned!(span=> #name(#(#arguments),*).await);
    let answer = converted(function, (&paths::AXUM_INTO_RESPONSE, "into_response"), &answer, span);
    let extractors = extractors(span, arguments.len());
    quote_spanned! {span=>
        {
            #extractors
            |__request: #request| #boxed(async move {
                #(#takes)*
                #result::<_, #response>::Ok(#answer)
            })
        }
    }
}

/// Reports what a `Config<T>` needs. axum's arguments have no such question, so it is known by its name.
pub(crate) fn checks(function: &Function) -> TokenStream {
    let is_config = |argument: &&Type| matches!(argument, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Config"));
    let checks = function.arguments.iter().filter(is_config).map(|argument| {
        let at = place(argument);
        let (from_event, event) = (paths::FROM_EVENT.at(at), paths::INIT_EVENT.at(at));
        quote_spanned!(at=> <#argument as #from_event<#event<'_>>>::check(__config, __problems);)
    });
    checks.collect()
}

/// The functions that the handler calls for its arguments; a rejection is a response already.
///
/// Their futures are boxed because an opaque type repeats the bound of the function that makes it: an argument that
/// is no extractor would be reported twice.
fn extractors(span: Span, arguments: usize) -> TokenStream {
    let (result, response) = (paths::RESULT.at(span), paths::AXUM_RESPONSE.at(span));
    let into_response = paths::AXUM_INTO_RESPONSE.at(span);
    let (from_parts, parts) = (paths::AXUM_FROM_REQUEST_PARTS.at(span), paths::AXUM_PARTS.at(span));
    let (from_request, request) = (paths::AXUM_FROM_REQUEST.at(span), paths::AXUM_REQUEST.at(span));
    let future = quote_spanned! {span=>
        dyn ::core::future::Future<Output = #result<T, #response>> + ::core::marker::Send
    };
    let parts = (arguments > 1).then(|| {
        quote_spanned! {span=>
            fn __from_parts<T: #from_parts<()> + 'static>(
                __parts: &mut #parts,
            ) -> ::core::pin::Pin<::std::boxed::Box<#future + '_>> {
                ::std::boxed::Box::pin(async move {
                    T::from_request_parts(__parts, &()).await.map_err(#into_response::into_response)
                })
            }
        }
    });
    let request = (arguments > 0).then(|| {
        quote_spanned! {span=>
            fn __from_request<T: #from_request<(), M> + 'static, M: 'static>(
                __request: #request,
            ) -> ::core::pin::Pin<::std::boxed::Box<#future>> {
                ::std::boxed::Box::pin(async move {
                    T::from_request(__request, &()).await.map_err(#into_response::into_response)
                })
            }
        }
    });
    quote_spanned!(span=> #parts #request)
}
