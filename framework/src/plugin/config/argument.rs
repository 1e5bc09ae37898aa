//! `Config<T>`: the configuration as an argument of a hook.

use super::{ConfigCheck, ConfigError, PluginConfig};
use crate::plugin::{Event, FromEvent, Plugin, Reject};
use crate::target::RUNTIME;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;
use std::ops::Deref;
use std::sync::Arc;

/// The plugin's section of the configuration as a `T`: an argument of any hook, and of a `#[route]`.
///
/// The section is read as a `T` once in a launch: all events share that one, so that an argument costs a handler nothing.
///
/// At launch the section is read once for each `T`, so that values that do not fit, keys that are missing and keys
/// that no `T` of the plugin knows are found before any hook runs. What only [`Plugin::config`] reads is not seen
/// then: let its keys be fields of a `Config<T>`, too, or unknown keys are reported.
///
/// ```standalone_crate
/// use bristle::prelude::*;
///
/// #[derive(serde::Deserialize)]
/// struct Greeting {
///     greeting: String,
/// }
///
/// #[init]
/// async fn on_init(Config(settings): Config<Greeting>) {
///     info!(greeting = settings.greeting);
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Config<T>(pub Arc<T>);

impl<T> Config<T> {
    /// For tests that call a handler: what its plugin's section would say.
    pub fn new(settings: T) -> Self {
        Self(Arc::new(settings))
    }
}

impl<T> Clone for Config<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E: Event, T: DeserializeOwned + Send + Sync + 'static> FromEvent<E> for Config<T> {
    fn from_event(event: &E) -> Result<Self, Reject> {
        event.plugin().shared_config::<T>().map(Self).map_err(|problems| Reject::new(lines(&problems)))
    }

    fn check(_config: &PluginConfig, check: &mut ConfigCheck) {
        check.reads::<T>();
    }
}

impl<T> Deref for Config<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Why a `#[route]` was given no [`Config<T>`]: the request is answered with status 500.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigRejection {
    /// The route is served by nothing that says whose it is.
    #[error("no `Plugin` came with the request: `Config<T>` is for a `#[route]` of a plugin")]
    NoPlugin,
    /// The plugin's section is no `T`.
    #[error("{}", lines(.0))]
    Config(Vec<ConfigError>),
}

impl IntoResponse for ConfigRejection {
    fn into_response(self) -> Response {
        tracing::error!(target: RUNTIME, error = %self, "a route cannot have its configuration");
        let text = match self {
            Self::NoPlugin => self.to_string(),
            // What is wrong with the configuration is not for whoever sends requests.
            Self::Config(_) => "the server's configuration is wrong: its log says what".to_owned(),
        };
        (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
    }
}

impl<S: Sync, T: DeserializeOwned + Send + Sync + 'static> FromRequestParts<S> for Config<T> {
    type Rejection = ConfigRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let plugin = parts.extensions.get::<Plugin>().ok_or(ConfigRejection::NoPlugin)?;
        plugin.shared_config::<T>().map(Self).map_err(ConfigRejection::Config)
    }
}

fn lines(problems: &[ConfigError]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
