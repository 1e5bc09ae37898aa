//! Hands the numbers on: to the page whenever it is read, to any recorder every few seconds.

use super::problem::LaunchProblem;
use crate::metrics::{self as m, Labels, Meter, Metric, Rendered};
use crate::node::Endpoint;
use crate::plugin::{Plugin, Sum};
use crate::settings::MetricsSettings;
use axum::routing::{MethodRouter, get};
use http::header;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// How often our own recorder puts away what histograms were told, so that it does not pile up where nobody reads the page.
const UPKEEP: Duration = Duration::from_secs(5);

/// The version of the text format of Prometheus.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Where the page's text comes from.
#[derive(Debug, Clone, Default)]
pub(super) enum PageSource {
    /// The program said nothing.
    #[default]
    Unknown,
    /// A recorder that is to be installed at the launch.
    Install,
    /// A recorder of the program's own.
    Given(Rendered),
}

/// What of a runtime is measured, and who is told.
pub(super) struct Measured {
    path: Option<String>,
    page: Option<Rendered>,
    interval: Option<Duration>,
    task: Mutex<Option<(CancellationToken, AbortOnDropHandle<()>)>>,
}

/// Whose numbers there are.
pub(super) struct Publisher {
    pub(super) plugins: Vec<Plugin>,
    pub(super) endpoints: Vec<Endpoint>,
}

impl Measured {
    /// Prepares what the configuration asks for: a recorder where one is to be installed, and the descriptions.
    pub(super) fn prepare(settings: &MetricsSettings, source: PageSource) -> Result<Self, LaunchProblem> {
        let page = match (&settings.prometheus, source) {
            (None, _) | (_, PageSource::Unknown) => None,
            (Some(_), PageSource::Install) => Some(m::recorder().map_err(LaunchProblem::new_from)?),
            (Some(_), PageSource::Given(page)) => Some(page),
        };
        let measured =
            Self { path: settings.prometheus.clone(), page, interval: settings.interval, task: Mutex::default() };
        if measured.is_on() {
            m::ALL.iter().for_each(Metric::describe);
        }
        Ok(measured)
    }

    /// Whether anything is measured that costs time: decided at the launch, once.
    pub(super) fn is_on(&self) -> bool {
        self.page.is_some() || self.interval.is_some()
    }

    /// The page as a route of the node.
    pub(super) fn route(&self, publisher: &Arc<Publisher>) -> Option<(String, MethodRouter)> {
        let (path, page, publisher) = (self.path.clone()?, self.page.clone()?, publisher.clone());
        let answer = move || {
            publisher.publish();
            std::future::ready(([(header::CONTENT_TYPE, CONTENT_TYPE)], page.text()))
        };
        Some((path, get(answer)))
    }

    /// Begins to hand the numbers on by itself, until `stop`.
    pub(super) fn start(&self, publisher: &Arc<Publisher>) {
        if self.is_on() {
            let end = CancellationToken::new();
            let task = hand_on(publisher.clone(), self.page.clone(), self.interval, end.clone());
            *self.task.lock().expect("nothing panics while it holds the task") =
                Some((end, AbortOnDropHandle::new(tokio::spawn(task))));
        }
    }

    /// Hands on the last numbers.
    pub(super) async fn stop(&self) {
        let task = self.task.lock().expect("nothing panics while it holds the task").take();
        if let Some((end, task)) = task {
            end.cancel();
            let _ = task.await;
        }
    }
}

async fn hand_on(
    publisher: Arc<Publisher>,
    page: Option<Rendered>,
    interval: Option<Duration>,
    end: CancellationToken,
) {
    let upkeep = async {
        loop {
            sleep(UPKEEP).await;
            page.iter().for_each(Rendered::tidy);
        }
    };
    let publish = async {
        let Some(interval) = interval else { return std::future::pending().await };
        loop {
            sleep(interval).await;
            publisher.publish();
        }
    };
    tokio::select! {
        () = end.cancelled() => {}
        () = upkeep => {}
        () = publish => {}
    }
    publisher.publish();
}

impl Publisher {
    /// Tells the recorder every number that is counted and not recorded as it happens.
    pub(super) fn publish(&self) {
        for (labels, sum) in self.plugins.iter().filter_map(Plugin::ledger).flat_map(|ledger| ledger.sums()) {
            of_client(&labels, &sum);
        }
        self.endpoints.iter().for_each(of_endpoint);
    }
}

fn of_client(labels: &Labels, Sum { live, open, stats }: &Sum) {
    m::CLIENTS.now(labels, *live as f64);
    m::CLIENTS_OPEN.now(labels, *open as f64);
    m::CLIENT_CONNECTIONS.total(labels, stats.connections);
    m::CLIENT_RECONNECTS.total(labels, stats.reconnects);
    m::CLIENT_FAILED.total(labels, stats.failed_attempts);
    m::CLIENT_DOWN.now(labels, stats.down_for.unwrap_or_default().as_secs_f64());
    m::CLIENT_RECEIVED.total(labels, stats.received);
    m::CLIENT_RECEIVED_BYTES.total(labels, stats.received_bytes);
    m::CLIENT_INBOX.now(labels, stats.inbox as f64);
    m::CLIENT_INBOX_BYTES.now(labels, stats.inbox_bytes as f64);
    m::CLIENT_UNHANDLED.total(labels, stats.unhandled);
    m::CLIENT_OUTBOX.now(labels, stats.queued as f64);
    m::CLIENT_OUTBOX_BYTES.now(labels, stats.queued_bytes as f64);
    m::CLIENT_WRITTEN.total(labels, stats.written);
    m::CLIENT_WRITTEN_BYTES.total(labels, stats.written_bytes);
    m::CLIENT_LOST.total(labels, stats.lost);
    m::CLIENT_DROPPED.total(labels, stats.dropped);
}

/// Records from now on what an endpoint records as it happens.
pub(super) fn observe(endpoint: &Endpoint) {
    endpoint.observe_latency(Meter::new(&m::ENDPOINT_LATENCY, &endpoint_labels(endpoint)));
}

/// The labels of an endpoint, whose name is `plugin/STATIC`.
fn endpoint_labels(endpoint: &Endpoint) -> Labels {
    let (plugin, name) = endpoint.name().split_once('/').unwrap_or(("", endpoint.name()));
    vec![("plugin", plugin.to_owned()), ("endpoint", name.to_owned())]
}

fn of_endpoint(endpoint: &Endpoint) {
    let (labels, stats) = (&endpoint_labels(endpoint), endpoint.stats());
    m::ENDPOINT_OPEN.now(labels, stats.connections as f64);
    m::ENDPOINT_CONNECTIONS.total(labels, stats.opened);
    m::ENDPOINT_REFUSED.total(labels, stats.refused);
    m::ENDPOINT_RECEIVED.total(labels, stats.received);
    m::ENDPOINT_RECEIVED_BYTES.total(labels, stats.received_bytes);
    m::ENDPOINT_INBOX.now(labels, stats.inbox as f64);
    m::ENDPOINT_INBOX_BYTES.now(labels, stats.inbox_bytes as f64);
    m::ENDPOINT_UNHANDLED.total(labels, stats.unhandled);
    m::ENDPOINT_OUTBOX.now(labels, stats.queued as f64);
    m::ENDPOINT_OUTBOX_BYTES.now(labels, stats.queued_bytes as f64);
    m::ENDPOINT_WRITTEN.total(labels, stats.written);
    m::ENDPOINT_WRITTEN_BYTES.total(labels, stats.written_bytes);
    m::ENDPOINT_LOST.total(labels, stats.lost);
    m::ENDPOINT_SKIPPED.total(labels, stats.skipped);
}
