//! `Json<T>`: a message's payload as a value, and a value as a message.

use super::{FromEvent, MessageEvent, Reject};
use crate::message::Message;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// JSON. As an argument it takes text and binary messages that hold a `T`, and a handler that takes it is skipped
/// for all others; as a reply it becomes a text message. In a `#[route]` it is the request's or the response's body.
///
/// ```
/// use bristle::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Deserialize)]
/// struct Add { a: i64, b: i64 }
///
/// #[derive(Serialize)]
/// struct Sum { sum: i64 }
///
/// static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();
///
/// #[on_message(CLIENT)]
/// async fn add(Json(Add { a, b }): Json<Add>) -> Json<Sum> {
///     Json(Sum { sum: a + b })
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize> Json<T> {
    /// The value as a text message.
    ///
    /// # Errors
    /// The value cannot be JSON, as a map whose keys are no strings.
    pub fn to_message(&self) -> Result<Message, serde_json::Error> {
        serde_json::to_string(&self.0).map(Message::text)
    }
}

impl<T: DeserializeOwned> FromEvent<MessageEvent<'_>> for Json<T> {
    fn from_event(event: &MessageEvent<'_>) -> Result<Self, Reject> {
        decode(event.message()).map(Self)
    }
}

fn decode<T: DeserializeOwned>(message: &Message) -> Result<T, Reject> {
    if !message.is_text() && !message.is_binary() {
        return Err(Reject::new("neither a text nor a binary message"));
    }
    serde_json::from_slice(message.as_bytes())
        .map_err(|error| Reject::new(format!("no JSON of type `{}`: {error}", std::any::type_name::<T>())))
}

/// As [`Json`], decoded once for all handlers of a message that take a `SharedJson` of the same `T`: what many handlers
/// look at is neither parsed nor copied for each.
///
/// ```
/// use bristle::prelude::*;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Trade { symbol: String, price: f64 }
///
/// static FEED: OnceCell<WebSocketClient> = OnceCell::new();
///
/// #[on_message(FEED)]
/// async fn log(trade: SharedJson<Trade>) { info!("{} at {}", trade.symbol, trade.price) }
///
/// #[on_message(FEED)]
/// async fn alarm(trade: SharedJson<Trade>) { if trade.price < 1.0 { warn!("{} is cheap", trade.symbol) } }
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct SharedJson<T>(pub Arc<T>);

impl<T: DeserializeOwned + Send + Sync + 'static> FromEvent<MessageEvent<'_>> for SharedJson<T> {
    fn from_event(event: &MessageEvent<'_>) -> Result<Self, Reject> {
        event.decoded(decode).map(Self)
    }
}

impl<T> Clone for SharedJson<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Deref for SharedJson<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = JsonRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        axum::Json::from_request(request, state).await.map(|axum::Json(value)| Self(value))
    }
}
