//! How a client gets to its server, beside the URL: the options and what they come to.

use super::address::Address;
use super::http1::HeadLimits;
use super::proxy::Proxy;
use super::surroundings::Surroundings;
use super::tls::{CheckedTls, Tls};
use super::world::Place;
use super::{BuildError, ProxyEnvironment, WebSocketClientBuilder};
use std::fmt;
use std::time::Duration;

/// After how much silence TCP itself asks whether the peer is still there. Pings ask sooner; this notices for those who
/// switched them off, and keeps the state of firewalls and address translators alive.
const TCP_KEEPALIVE: Duration = Duration::from_secs(60);

/// What a builder was told, not yet checked.
#[derive(Clone)]
pub(crate) struct ReachOptions {
    pub(crate) tls: Tls,
    pub(crate) proxy: ProxyOption,
    pub(crate) max_redirects: u32,
    pub(crate) tcp_keepalive: Option<Duration>,
    pub(crate) head: HeadLimits,
}

impl Default for ReachOptions {
    fn default() -> Self {
        Self {
            tls: Tls::new(),
            proxy: ProxyOption::default(),
            max_redirects: 0,
            tcp_keepalive: Some(TCP_KEEPALIVE),
            head: HeadLimits::default(),
        }
    }
}

/// What every attempt goes by.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    pub(crate) tls: CheckedTls,
    proxy: ProxyChoice,
    pub(crate) max_redirects: u32,
    pub(crate) tcp_keepalive: Option<Duration>,
    pub(super) place: Place,
    pub(crate) head: HeadLimits,
}

/// Which proxy, as a builder was told.
#[derive(Clone)]
pub(crate) enum ProxyOption {
    Never,
    /// This one, by its URL.
    Always(String),
    /// What the environment says: a given one, or that of whoever owns the client.
    Environment(Option<ProxyEnvironment>),
}

/// A URL may have credentials in it.
impl fmt::Debug for ProxyOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "Never",
            Self::Always(_) => "Always",
            Self::Environment(_) => "Environment",
        })
    }
}

impl Default for ProxyOption {
    fn default() -> Self {
        Self::Environment(None)
    }
}

#[derive(Debug, Clone)]
enum ProxyChoice {
    Never,
    Always(Proxy),
    Environment(ProxyEnvironment),
}

impl Reach {
    /// The proxy for an address, if there is one.
    pub(crate) fn proxy_for(&self, address: &Address) -> Result<Option<Proxy>, BuildError> {
        match &self.proxy {
            ProxyChoice::Never => Ok(None),
            ProxyChoice::Always(proxy) => Ok(Some(proxy.clone())),
            ProxyChoice::Environment(environment) => environment.proxy_for(address),
        }
    }
}

impl ReachOptions {
    /// Checks everything that can be checked without a socket.
    pub(crate) fn check(self, around: &Surroundings) -> Result<Reach, BuildError> {
        let tls = self.tls.check(around.files.as_deref())?;
        let proxy = match self.proxy {
            ProxyOption::Never => ProxyChoice::Never,
            ProxyOption::Always(url) => ProxyChoice::Always(Proxy::parse(&url)?),
            ProxyOption::Environment(None) => ProxyChoice::Environment(around.proxies.clone()),
            ProxyOption::Environment(Some(environment)) => ProxyChoice::Environment(environment),
        };
        let Self { max_redirects, tcp_keepalive, head, .. } = self;
        let place = around.place.clone();
        Ok(Reach { tls, proxy, max_redirects, tcp_keepalive, place, head })
    }
}

impl WebSocketClientBuilder {
    /// How TLS is done: a CA of your own, a client certificate, another name. By default the platform's roots are trusted
    /// and the URL's host is expected.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.reach.tls = tls;
        self
    }

    /// Connects through this proxy, whatever the host: `http://user:password@host:3128` (by CONNECT), `https://…` (the same
    /// over TLS: the proxy's certificate must be its host's), `socks5://…` (names are resolved here) or `socks5h://…` (names are resolved by the proxy).
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.reach.proxy = ProxyOption::Always(url.into());
        self
    }

    /// Connects through no proxy, whatever the environment says.
    pub fn without_proxy(mut self) -> Self {
        self.reach.proxy = ProxyOption::Never;
        self
    }

    /// Connects through the proxies of this environment. A client of a plugin has that of its runtime; any other client has
    /// none unless it is told here.
    pub fn proxy_environment(mut self, environment: ProxyEnvironment) -> Self {
        self.reach.proxy = ProxyOption::Environment(Some(environment));
        self
    }

    /// How many redirects an attempt follows. 0: a server that moved is an error that names the new place. A redirect from
    /// `wss` to `ws` is never followed, and headers that name a secret, as `Authorization` and `Cookie`, are not sent to
    /// another host or port.
    pub fn max_redirects(mut self, redirects: u32) -> Self {
        self.reach.max_redirects = redirects;
        self
    }

    /// Lives in this world instead of the real one: for simulations.
    #[cfg(feature = "testing")]
    pub fn world(mut self, world: impl super::World) -> Self {
        self.binding.surroundings.place = Place::of(world);
        self
    }

    /// After how much silence TCP asks whether the peer is there; `None` for never. 60 s; from 1 s to 32,767 s.
    pub fn tcp_keepalive(mut self, idle: Option<Duration>) -> Self {
        self.reach.tcp_keepalive = idle;
        self
    }

    /// The largest head, in bytes, of the server's answer, and of a proxy's. 64 KiB; at least 8 KiB. One that is larger is
    /// [`ConnectError::Handshake`](crate::ConnectError::Handshake).
    pub fn max_head_size(mut self, bytes: usize) -> Self {
        self.reach.head.max_size = bytes;
        self
    }

    /// How many headers the server's answer may have, and a proxy's. 128; at least 1, at most 16,384. An answer of more is
    /// [`ConnectError::Handshake`](crate::ConnectError::Handshake).
    pub fn max_headers(mut self, headers: usize) -> Self {
        self.reach.head.max_headers = headers;
        self
    }
}
