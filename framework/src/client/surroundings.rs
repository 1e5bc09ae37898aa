//! What the process around a client provides: only `host` asks the system for it, and it reaches clients as a value.

use super::ProxyEnvironment;
use super::world::Place;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Reads a file that the configuration names.
pub(crate) type ReadFile = dyn Fn(&Path) -> io::Result<Vec<u8>> + Send + Sync;

/// What a client may ask of whoever owns it.
#[derive(Clone, Default)]
pub(crate) struct Surroundings {
    /// The proxies of its environment.
    pub(crate) proxies: ProxyEnvironment,
    /// Where there is none, files cannot be named.
    pub(crate) files: Option<Arc<ReadFile>>,
    /// A simulated network, in tests.
    pub(super) place: Place,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("proxies", &self.proxies).field("files", &self.files.is_some()).finish()
    }
}
