//! How a client gets to its server, beside the URL: the options and what they come to.

use super::surroundings::Surroundings;
use super::tls::{CheckedTls, Tls};
use super::{BuildError, WebSocketClientBuilder};
use std::time::Duration;

/// After how much silence TCP itself asks whether the peer is still there. Pings ask sooner; this notices for those who
/// switched them off, and keeps the state of firewalls and address translators alive.
const TCP_KEEPALIVE: Duration = Duration::from_secs(60);

/// What a builder was told, not yet checked.
#[derive(Clone)]
pub(crate) struct ReachOptions {
    pub(crate) tls: Tls,
    pub(crate) tcp_keepalive: Option<Duration>,
}

impl Default for ReachOptions {
    fn default() -> Self {
        Self { tls: Tls::new(), tcp_keepalive: Some(TCP_KEEPALIVE) }
    }
}

/// What every attempt goes by.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    pub(crate) tls: CheckedTls,
    pub(crate) tcp_keepalive: Option<Duration>,
}

impl ReachOptions {
    /// Checks everything that can be checked without a socket.
    pub(crate) fn check(self, around: &Surroundings) -> Result<Reach, BuildError> {
        let tls = self.tls.check(around.files.as_deref())?;
        Ok(Reach { tls, tcp_keepalive: self.tcp_keepalive })
    }
}

impl WebSocketClientBuilder {
    /// How TLS is done: a CA of your own, a client certificate, another name. By default the platform's roots are trusted
    /// and the URL's host is expected.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.reach.tls = tls;
        self
    }

    /// After how much silence TCP asks whether the peer is there; `None` for never. 60 s.
    pub fn tcp_keepalive(mut self, idle: Option<Duration>) -> Self {
        self.reach.tcp_keepalive = idle;
        self
    }
}
