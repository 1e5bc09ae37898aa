//! `Json<T>`: a message's payload as a value, and a value as a message.

use super::{FromEvent, MessageEvent, Reject};
use crate::message::Message;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ops::{Deref, DerefMut};

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
        let message = event.message();
        if !message.is_text() && !message.is_binary() {
            return Err(Reject::new("neither a text nor a binary message"));
        }
        serde_json::from_slice(message.as_bytes())
            .map(Self)
            .map_err(|error| Reject::new(format!("no JSON of type `{}`: {error}", std::any::type_name::<T>())))
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
