//! A plugin's own section of the configuration: read, checked, and taken as an argument.

mod argument;
mod check;
mod section;

pub use crate::settings::ConfigError;
pub use argument::{Config, ConfigRejection};
pub use check::ConfigCheck;
pub use section::PluginConfig;
