//! `Runtime`: what is to be run, checked but not yet started.

use super::check;
use super::core::{Core, Running};
use super::problem::{LaunchError, RunError};
use super::publish::PageSource;
use crate::client::{ProxyEnvironment, Surroundings};
use crate::metrics::Rendered;
use crate::plugin::Registry;
use crate::settings::{MetricsSettings, NodeSettings, RuntimeSettings, Settings};
use std::future::pending;
use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

/// A plugin that must have registered something, because the host depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedPlugin {
    /// The package's name.
    pub name: String,
    /// What to do where nothing of it is linked, as a sentence with the line to add.
    pub fix: String,
}

/// Runs plugins, as a library: it reads no environment, no file and no signal.
///
/// ```no_run
/// use bristle::{Registry, Runtime, settings::Settings};
///
/// # #[tokio::main]
/// # async fn main() -> bristle::Result<()> {
/// let settings = Settings::new().toml("embedded", r#"node.listen = "127.0.0.1:0""#)?;
/// let runtime = Runtime::builder().settings(settings).registry(Registry::linked()).build()?;
/// runtime.run(async { tokio::signal::ctrl_c().await.expect("signals can be waited for") }).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a runtime does nothing until it is run"]
pub struct Runtime {
    pub(super) settings: Settings,
    /// The hooks of plugins that are on.
    pub(super) registry: Registry,
    /// The hooks of plugins that the configuration switches off.
    pub(super) absent: Registry,
    pub(super) node: NodeSettings,
    pub(super) times: RuntimeSettings,
    pub(super) metrics: MetricsSettings,
    /// Where the text of the page for Prometheus comes from.
    pub(super) page: PageSource,
    /// What the process provides to clients.
    pub(super) surroundings: Surroundings,
}

/// Builds a [`Runtime`]. Made by [`Runtime::builder`].
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct RuntimeBuilder {
    settings: Settings,
    registry: Option<Registry>,
    expected: Vec<ExpectedPlugin>,
    surroundings: Surroundings,
    page: PageSource,
}

impl RuntimeBuilder {
    /// The configuration; nothing by default.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// The same as [`settings`](Self::settings).
    pub fn config(self, settings: Settings) -> Self {
        self.settings(settings)
    }

    /// The plugins; what is linked into this program by default.
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// The plugins that must have registered something.
    pub fn expect_plugins(mut self, expected: impl IntoIterator<Item = ExpectedPlugin>) -> Self {
        self.expected.extend(expected);
        self
    }

    /// The proxies that clients of plugins connect through, where they are not told otherwise; none by default.
    pub fn proxy_environment(mut self, environment: ProxyEnvironment) -> Self {
        self.surroundings.proxies = environment;
        self
    }

    /// Who reads the files that clients' `tls` options name; nobody by default, and then only PEM texts can stand there.
    /// They are read when a client is built.
    pub fn read_files(mut self, read: impl Fn(&Path) -> io::Result<Vec<u8>> + Send + Sync + 'static) -> Self {
        self.surroundings.files = Some(Arc::new(read));
        self
    }

    /// Installs a recorder of the crate `metrics` for the whole process at the launch, where the configuration asks for a page
    /// for Prometheus (`metrics.prometheus`). A process has one recorder and keeps it: where another one is installed the
    /// launch fails, and a second runtime shows the same page.
    ///
    /// Without this, nothing global is touched. A program with a recorder of its own gives
    /// [`metrics_page`](Self::metrics_page) or sets `metrics.interval`.
    pub fn install_recorder(mut self) -> Self {
        self.page = PageSource::Install;
        self
    }

    /// Who makes the text of the page for Prometheus (`metrics.prometheus`): the recorder of the crate `metrics` that the
    /// program has installed. It is asked whenever the page is read, after the numbers of the runtime were handed to it.
    pub fn metrics_page(mut self, render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.page = PageSource::Given(Rendered::by(render));
        self
    }

    /// Checks everything that can be known without running anything: linkage, configuration, slots, the graph of
    /// `#[init]` hooks, paths.
    ///
    /// # Errors
    /// All problems at once.
    pub fn build(self) -> Result<Runtime, LaunchError> {
        let registry = self.registry.unwrap_or_else(Registry::linked);
        check::check(self.settings, registry, &self.expected, self.surroundings, self.page)
    }
}

impl Runtime {
    /// Begins to build a runtime.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder::default()
    }

    /// Launches, runs until `stop` resolves, and stops cleanly.
    ///
    /// Cancelled, it stops everything at once without a closing handshake.
    ///
    /// # Errors
    /// The launch failed, or something did not stop in time.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), RunError> {
        self.run_with(stop, pending()).await
    }

    /// As [`run`](Self::run); when `force` resolves, the stop no longer waits for anything.
    ///
    /// # Errors
    /// The launch failed, or something did not stop in time.
    pub async fn run_with(
        self,
        stop: impl Future<Output = ()>,
        force: impl Future<Output = ()>,
    ) -> Result<(), RunError> {
        let core = Core::new(self)?;
        let mut stop = pin!(stop);
        let launched = tokio::select! {
            biased;
            launched = core.launch() => Some(launched),
            () = &mut stop => None,
        };
        if let Some(Ok(())) = &launched {
            stop.await;
        }
        let stopped = core.stop(force).await;
        launched.unwrap_or(Ok(()))?;
        Ok(stopped?)
    }

    /// Launches, and gives back a handle to what runs: for tests, and for programs with a life of their own.
    ///
    /// # Errors
    /// The launch failed; everything that had been started was stopped again.
    pub async fn launch(self) -> Result<Running, LaunchError> {
        let core = Core::new(self)?;
        if let Err(error) = core.launch().await {
            let _ = core.stop(pending()).await;
            return Err(error);
        }
        Ok(Running(core))
    }
}
