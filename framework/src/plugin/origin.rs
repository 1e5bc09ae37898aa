//! Where an attribute stands: the plugin, the item, the file and the line.

use std::fmt;

/// Where an attribute stands in the source. Every launch problem and every handler's error names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The plugin: its package's name.
    pub plugin: &'static str,
    /// The file, as the compiler was given it.
    pub file: &'static str,
    /// The line of the item, from 1.
    pub line: u32,
    /// The function's or static's name.
    pub name: &'static str,
    /// The module that the item is in, with its crate.
    pub module: &'static str,
    /// The package's version.
    pub version: &'static str,
    /// The package's folder: tells two packages of one name apart.
    pub manifest_dir: &'static str,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{} ({}:{})", self.plugin, self.name, self.file, self.line)
    }
}
