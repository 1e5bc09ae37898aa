//! What is measured: the table of all metrics, what is recorded as it happens, and the recorder behind the page.
//!
//! Names the crates `metrics` and `metrics-exporter-prometheus`, so that no other room has to. Totals of messages are no
//! business of these: they are plain numbers where they are counted, and handed on when somebody looks.

mod meters;
mod metric;
mod recorder;
mod table;

pub(crate) use meters::{ClientMeters, Meter, since};
pub(crate) use metric::{Kind, Labels, Metric, Unit};
pub(crate) use recorder::{Rendered, recorder};
pub(crate) use table::*;
