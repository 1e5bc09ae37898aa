//! The recorder behind the page that Prometheus reads: installed only where the program asks for it.

use super::{ALL, Kind};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::fmt;
use std::sync::{Arc, Mutex};

/// Makes the page's text.
#[derive(Clone)]
pub(crate) struct Rendered {
    text: Arc<dyn Fn() -> String + Send + Sync>,
    /// Our own recorder, which somebody has to tidy.
    ours: Option<PrometheusHandle>,
}

impl Rendered {
    /// The text of a recorder of somebody else's.
    pub(crate) fn by(render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self { text: Arc::new(render), ours: None }
    }

    pub(crate) fn text(&self) -> String {
        (self.text)()
    }

    /// Puts away what histograms were told.
    pub(crate) fn tidy(&self) {
        self.ours.iter().for_each(PrometheusHandle::run_upkeep);
    }
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rendered")
    }
}

/// Why the page has nothing to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecorderError {
    #[error(
        "`metrics.prometheus` is set, but this program has installed another recorder of metrics: take \
         `metrics.prometheus` out and set `metrics.interval`, so that the numbers go to that one, or hand its page to \
         `RuntimeBuilder::metrics_page`"
    )]
    Installed,
}

/// The process has one recorder, and keeps it: a second runtime shows the same page.
static OURS: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// The page of the process's recorder, which is installed now if there was none.
pub(crate) fn recorder() -> Result<Rendered, RecorderError> {
    let mut ours = OURS.lock().expect("nothing panics while it holds the handle");
    let handle = match &*ours {
        Some(handle) => handle.clone(),
        None => {
            let recorder = builder().build_recorder();
            let handle = recorder.handle();
            metrics::set_global_recorder(recorder).map_err(|_| RecorderError::Installed)?;
            ours.insert(handle).clone()
        }
    };
    let render = handle.clone();
    Ok(Rendered { text: Arc::new(move || render.render()), ours: Some(handle) })
}

/// A recorder that shows each histogram in its own buckets.
fn builder() -> PrometheusBuilder {
    ALL.iter().fold(PrometheusBuilder::new(), |builder, metric| match metric.kind {
        Kind::Histogram(buckets) => builder
            .set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), buckets)
            .expect("a histogram has buckets"),
        Kind::Counter | Kind::Gauge => builder,
    })
}
