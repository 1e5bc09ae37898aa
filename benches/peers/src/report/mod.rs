//! Results as people read them: tables, plots, and the document that holds both.

mod document;
mod machine;
mod plot;
mod results;
mod table;

pub(crate) use document::Document;
pub(crate) use machine::machine;
pub(crate) use plot::{bars, curve};
pub(crate) use results::{Curve, Results};
pub(crate) use table::{curve as curve_table, targets, workload as workload_table};
