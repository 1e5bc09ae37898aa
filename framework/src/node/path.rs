//! `Path<T>`: the values of a path's parameters.

use axum::extract::FromRequestParts;
use axum::extract::rejection::PathRejection;
use http::request::Parts;
use serde::de::DeserializeOwned;
use std::ops::{Deref, DerefMut};

/// The values of a path's parameters, in a `#[route]` and in the hooks of an endpoint.
///
/// `T` is what serde makes of them: one value, a tuple in the order of the path, or a struct with their names. A
/// request whose parameters do not fit is answered with 400; a hook that takes them is skipped.
///
/// ```
/// use bristle::prelude::*;
///
/// #[endpoint("/chat/{room}/{seat}")]
/// static CHAT: OnceCell<Endpoint> = OnceCell::new();
///
/// #[on_open(CHAT)]
/// async fn welcome(Path((room, seat)): Path<(String, u32)>) -> String {
///     format!("you have seat {seat} in {room}")
/// }
///
/// #[route(GET, "/hello/{name}")]
/// async fn hello(Path(name): Path<String>) -> String {
///     format!("hello {name}")
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T> Deref for Path<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Path<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = PathRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        axum::extract::Path::from_request_parts(parts, state).await.map(|axum::extract::Path(value)| Self(value))
    }
}
