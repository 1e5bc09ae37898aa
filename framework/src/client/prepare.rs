//! Address and headers that are made anew for each attempt, as tokens that expire.

use super::ConnectError;
use super::address::Address;
use super::builder::checked_headers;
use super::shared::Request;
use crate::error::{Error, Result, panic_message};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

/// What the next attempt asks for: changed by the function given to
/// [`before_connect`](super::WebSocketClientBuilder::before_connect).
#[derive(Clone)]
pub struct ConnectRequest {
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
}

impl ConnectRequest {
    /// The URL, as the client was built with it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks for another URL.
    #[must_use]
    pub fn with_url(mut self, url: impl Into<String>) -> Self {
        self.url = url.into();
        self
    }

    /// Sets a header, in the place of those of that name.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
        self.headers.push((name, value.into()));
        self
    }
}

/// Shows the names of the headers only: their values may be secrets.
impl std::fmt::Debug for ConnectRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        let url = Address::parse(&self.url).map_or_else(|error| error.to_string(), |address| address.to_string());
        f.debug_struct("ConnectRequest").field("url", &url).field("headers", &names).finish()
    }
}

pub(super) type Prepared = Pin<Box<dyn Future<Output = Result<ConnectRequest>> + Send>>;

/// The function, and what it is given.
pub(crate) struct Prepare {
    pub(super) template: ConnectRequest,
    pub(super) function: Box<dyn Fn(ConnectRequest) -> Prepared + Send + Sync>,
}

impl std::fmt::Debug for Prepare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Prepare").field(&self.template).finish()
    }
}

/// What this attempt asks for.
pub(super) async fn prepared(request: &Arc<Request>) -> Result<Arc<Request>, ConnectError> {
    let Some(prepare) = &request.prepare else { return Ok(request.clone()) };
    let failed = |error: Error| ConnectError::Prepare(error.chain());
    let made = async { (prepare.function)(prepare.template.clone()).await };
    let ConnectRequest { url, headers } = AssertUnwindSafe(made)
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(Error::msg(format!("it panicked: {}", panic_message(&*panic)))))
        .map_err(failed)?;
    let address = Address::parse(&url).map_err(|error| failed(error.into()))?;
    let headers = checked_headers(&headers, &address).map_err(|error| failed(error.into()))?;
    Ok(Arc::new(Request { address, headers, ..Request::clone(request) }))
}
