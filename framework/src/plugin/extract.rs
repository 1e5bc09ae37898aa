//! What a hook may take as arguments.

use super::{
    CloseEvent, ConfigCheck, ConnectionEvent, ErrorEvent, Event, HandlerError, MessageEvent, Plugin, PluginConfig,
};
use crate::client::WebSocketClient;
use crate::connection::Connection;
use crate::message::{Close, Message};
use crate::node::Endpoint;
use bytes::Bytes;
use std::convert::Infallible;

/// Takes a value out of an event: whoever implements it may stand as an argument of a hook.
///
/// `E` is the event: [`MessageEvent`], [`OpenEvent`](super::OpenEvent), [`CloseEvent`], [`ErrorEvent`],
/// [`InitEvent`](super::InitEvent) or [`ShutdownEvent`](super::ShutdownEvent).
///
/// An extractor of your own:
///
/// ```
/// use bristle::prelude::*;
/// use bristle::plugin::{FromEvent, MessageEvent, Reject};
///
/// /// The first word of a text message.
/// struct Verb(String);
///
/// impl FromEvent<MessageEvent<'_>> for Verb {
///     fn from_event(event: &MessageEvent<'_>) -> Result<Self, Reject> {
///         let text = event.message().as_text().ok_or(Reject::new("a verb stands in a text message"))?;
///         let verb = text.split_whitespace().next().ok_or(Reject::new("the message is empty"))?;
///         Ok(Verb(verb.to_owned()))
///     }
/// }
///
/// static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();
///
/// #[on_message(CLIENT)]
/// async fn handle(Verb(verb): Verb) -> Option<String> {
///     (verb == "ping").then(|| "pong".to_owned())
/// }
/// # fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken from a `{E}`",
    label = "this hook cannot take this argument",
    note = "every hook takes `Plugin` and `Config<T>`; hooks of a connection also `Connection`, `WebSocketClient`, `Endpoint` and `Path<T>`",
    note = "`#[on_message]` also takes `Message`, `Text`, `Binary`, `String`, `Bytes`, `Json<T>` and `SharedJson<T>` with `T: Deserialize`; `#[on_close]` also `Close`; `#[on_error]` also `HandlerError`",
    note = "each of them may be wrapped in `Option<_>` or `Result<_, Reject>`; to take a type of your own, implement `bristle::plugin::FromEvent`"
)]
pub trait FromEvent<E>: Sized {
    /// Takes the value, or says why it is not there.
    ///
    /// # Errors
    /// The event has no such value: a hook whose argument rejects an event is skipped.
    fn from_event(event: &E) -> Result<Self, Reject>;

    /// As `from_event`, where it is the last argument of its handler: what it takes need not stay for another.
    ///
    /// # Errors
    /// As `from_event`.
    #[doc(hidden)]
    fn from_last(event: &mut E) -> Result<Self, Reject> {
        Self::from_event(event)
    }

    /// Reports what can be known before anything runs: whether the plugin's configuration has what this needs.
    #[doc(hidden)]
    fn check(_config: &PluginConfig, _check: &mut ConfigCheck) {}
}

/// Why an event has no value for an argument: the hook is not meant for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Reject {
    reason: std::borrow::Cow<'static, str>,
}

impl Reject {
    /// The reason, as a sentence without a full stop.
    pub fn new(reason: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self { reason: reason.into() }
    }
}

impl From<Infallible> for Reject {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// The text of a text message; a handler that takes it is skipped for every other kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

impl From<Text> for Message {
    fn from(text: Text) -> Self {
        Self::text(text.0)
    }
}

/// The payload of a binary message; a handler that takes it is skipped for every other kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary(pub Bytes);

impl From<Binary> for Message {
    fn from(binary: Binary) -> Self {
        Self::binary(binary.0)
    }
}

impl<E: Event> FromEvent<E> for Plugin {
    fn from_event(event: &E) -> Result<Self, Reject> {
        Ok(event.plugin().clone())
    }
}

impl<E: ConnectionEvent> FromEvent<E> for Connection {
    fn from_event(event: &E) -> Result<Self, Reject> {
        Ok(event.connection().clone())
    }
}

impl<E: ConnectionEvent> FromEvent<E> for WebSocketClient {
    fn from_event(event: &E) -> Result<Self, Reject> {
        WebSocketClient::of(event.connection())
            .ok_or(Reject::new("this connection is an endpoint's: it has no `WebSocketClient`, take `Connection`"))
    }
}

impl<E: ConnectionEvent> FromEvent<E> for Endpoint {
    fn from_event(event: &E) -> Result<Self, Reject> {
        Endpoint::of(event.connection())
            .ok_or(Reject::new("this connection is a client's: it has no `Endpoint`, take `WebSocketClient`"))
    }
}

impl FromEvent<MessageEvent<'_>> for Message {
    fn from_event(event: &MessageEvent<'_>) -> Result<Self, Reject> {
        Ok(event.message().for_another())
    }

    fn from_last(event: &mut MessageEvent<'_>) -> Result<Self, Reject> {
        Ok(event.take())
    }
}

impl FromEvent<MessageEvent<'_>> for Text {
    fn from_event(event: &MessageEvent<'_>) -> Result<Self, Reject> {
        text(event.message()).map(|text| Text(text.to_owned()))
    }
}

impl FromEvent<MessageEvent<'_>> for String {
    fn from_event(event: &MessageEvent<'_>) -> Result<Self, Reject> {
        text(event.message()).map(str::to_owned)
    }
}

impl FromEvent<MessageEvent<'_>> for Binary {
    fn from_event(event: &MessageEvent<'_>) -> Result<Self, Reject> {
        if !event.message().is_binary() {
            return Err(Reject::new("not a binary message"));
        }
        Ok(Binary(event.message().for_another().into_bytes()))
    }
}

/// The payload of a text or a binary message, as it came.
impl FromEvent<MessageEvent<'_>> for Bytes {
    fn from_event(event: &MessageEvent<'_>) -> Result<Self, Reject> {
        let message = event.message();
        if !message.is_text() && !message.is_binary() {
            return Err(Reject::new("neither a text nor a binary message"));
        }
        Ok(message.for_another().into_bytes())
    }
}

impl FromEvent<CloseEvent<'_>> for Close {
    fn from_event(event: &CloseEvent<'_>) -> Result<Self, Reject> {
        Ok(event.close().clone())
    }
}

impl FromEvent<ErrorEvent<'_>> for HandlerError {
    fn from_event(event: &ErrorEvent<'_>) -> Result<Self, Reject> {
        Ok(event.error().clone())
    }
}

/// The message that the handler was given.
impl FromEvent<ErrorEvent<'_>> for Message {
    fn from_event(event: &ErrorEvent<'_>) -> Result<Self, Reject> {
        event.message().cloned().ok_or(Reject::new("the hook that failed was given no message"))
    }
}

impl<E, X: FromEvent<E>> FromEvent<E> for Option<X> {
    fn from_event(event: &E) -> Result<Self, Reject> {
        Ok(X::from_event(event).ok())
    }

    fn check(config: &PluginConfig, check: &mut ConfigCheck) {
        X::check(config, check);
    }
}

impl<E, X: FromEvent<E>> FromEvent<E> for Result<X, Reject> {
    fn from_event(event: &E) -> Result<Self, Reject> {
        Ok(X::from_event(event))
    }

    fn check(config: &PluginConfig, check: &mut ConfigCheck) {
        X::check(config, check);
    }
}

fn text(message: &Message) -> Result<&str, Reject> {
    message.as_text().ok_or(Reject::new("not a text message"))
}
