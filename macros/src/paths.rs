//! Every path that generated code names, all behind the framework's one door.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// A name in `::bristle::__private`.
#[derive(PartialEq)]
pub(crate) struct Private(&'static str);

pub(crate) const INVENTORY_SUBMIT: Private = Private("inventory::submit");
pub(crate) const REGISTRATION: Private = Private("Registration");
pub(crate) const ORIGIN: Private = Private("Origin");
pub(crate) const SLOT_REF: Private = Private("SlotRef");
pub(crate) const HOOK_ID: Private = Private("HookId");
pub(crate) const ON_FAILURE: Private = Private("OnFailure");
pub(crate) const DURATION: Private = Private("Duration");
pub(crate) const RESULT: Private = Private("Result");
pub(crate) const BOXED: Private = Private("boxed");
pub(crate) const BEGIN: Private = Private("begin");

pub(crate) const KEY: Private = Private("Key");
pub(crate) const HOOK: Private = Private("Hook");
pub(crate) const INIT_HOOK: Private = Private("InitHook");
pub(crate) const SHUTDOWN_HOOK: Private = Private("ShutdownHook");
pub(crate) const OPEN_HOOK: Private = Private("OpenHook");
pub(crate) const MESSAGE_HOOK: Private = Private("MessageHook");
pub(crate) const CLOSE_HOOK: Private = Private("CloseHook");
pub(crate) const ERROR_HOOK: Private = Private("ErrorHook");
pub(crate) const CLIENT_DECLARATION: Private = Private("ClientDeclaration");
pub(crate) const ENDPOINT_DECLARATION: Private = Private("EndpointDeclaration");
pub(crate) const ROUTE: Private = Private("Route");

pub(crate) const INIT_EVENT: Private = Private("InitEvent");
pub(crate) const SHUTDOWN_EVENT: Private = Private("ShutdownEvent");
pub(crate) const OPEN_EVENT: Private = Private("OpenEvent");
pub(crate) const MESSAGE_EVENT: Private = Private("MessageEvent");
pub(crate) const CLOSE_EVENT: Private = Private("CloseEvent");
pub(crate) const ERROR_EVENT: Private = Private("ErrorEvent");

pub(crate) const FROM_EVENT: Private = Private("FromEvent");
pub(crate) const INTO_REPLY: Private = Private("IntoReply");
pub(crate) const INTO_OUTCOME: Private = Private("IntoOutcome");

pub(crate) const AXUM_ON: Private = Private("axum::routing::on");
pub(crate) const AXUM_REQUEST: Private = Private("axum::extract::Request");
pub(crate) const AXUM_FROM_REQUEST: Private = Private("axum::extract::FromRequest");
pub(crate) const AXUM_FROM_REQUEST_PARTS: Private = Private("axum::extract::FromRequestParts");
pub(crate) const AXUM_PARTS: Private = Private("axum::http::request::Parts");
pub(crate) const AXUM_RESPONSE: Private = Private("axum::response::Response");
pub(crate) const AXUM_INTO_RESPONSE: Private = Private("axum::response::IntoResponse");
pub(crate) const AXUM_METHOD_FILTER: Private = Private("axum::routing::MethodFilter");

impl Private {
    /// The absolute path, so that nothing in the author's scope can stand in for it.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        let span = here(span);
        let names = self.0.split("::").map(|name| Ident::new(name, span));
        quote_spanned!(span=> ::bristle::__private #(::#names)*)
    }
}

/// A place in the author's code, for tokens of ours: names of ours never meet names of the author's.
///
/// Every token that the macros make is spanned by this; one made with another hygiene could not see the others.
pub(crate) fn here(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// The place of the first of these tokens.
pub(crate) fn place(tokens: &impl ToTokens) -> Span {
    let first = tokens.to_token_stream().into_iter().next();
    here(first.map_or_else(Span::call_site, |token| token.span()))
}
