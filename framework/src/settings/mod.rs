//! What was configured: layers of files, variables and flags, in which each value keeps its origin.
//!
//! This room reads no file and no variable itself: it is handed their text. It imports no other room.

mod attribute;
pub mod duration;
mod layers;
mod leaf;
mod names;
mod or_false;
mod problem;
pub(crate) mod range;
mod reader;
mod reading;
mod secret;
mod section;
mod shape;
mod toml;

pub use layers::{Entry, Settings};
pub use problem::{ConfigError, Problem, SettingsError};
pub(crate) use reading::Known;
pub(crate) use secret::{is_secret, mask_url};
pub use section::Section;
pub(crate) use shape::{MAX_HEAD_SIZE, MAX_HEADERS};
pub use shape::{MetricsSettings, NodeSettings, RuntimeSettings};
