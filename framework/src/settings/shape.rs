//! What can be configured of the node and of the runtime, and what counts where nothing is said.

use super::{duration, or_false};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The port of a node that nobody configured.
const PORT: u16 = 20001;

/// The table `[node]`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct NodeSettings {
    /// Where the node listens: one address as in `"127.0.0.1:20001"` or a list of them; an empty list is no node.
    #[serde(deserialize_with = "one_or_many")]
    pub listen: Vec<SocketAddr>,
}

impl Default for NodeSettings {
    fn default() -> Self {
        Self { listen: vec![(Ipv4Addr::LOCALHOST, PORT).into()] }
    }
}

/// The table `[runtime]`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RuntimeSettings {
    /// How long an `#[init]` hook may take that sets no `timeout` of its own.
    #[serde(with = "duration")]
    pub init_timeout: Duration,
    /// How long an `#[init]` hook may take before a warning says that it is slow.
    #[serde(with = "duration")]
    pub slow_init: Duration,
    /// How long handlers in flight may go on at the end.
    #[serde(with = "duration")]
    pub shutdown_grace: Duration,
    /// How many live clients one plugin may own.
    pub max_clients: usize,
}

impl Default for RuntimeSettings {
    fn default() -> Self {
        Self {
            init_timeout: Duration::from_secs(60),
            slow_init: Duration::from_secs(10),
            shutdown_grace: Duration::from_secs(10),
            max_clients: 1024,
        }
    }
}

/// The table `[metrics]`. Nothing is measured but what `stats` of a client or endpoint says, unless one of these is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MetricsSettings {
    /// The path of the page that Prometheus reads, on the node's listener, as in `"/metrics"`; `false` for none.
    #[serde(with = "or_false::path")]
    pub prometheus: Option<String>,
    /// How often the numbers are handed to the recorder that the program has installed, as in `"10s"`, at least 100 ms;
    /// `false` for never.
    #[serde(with = "or_false::interval")]
    pub interval: Option<Duration>,
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SocketAddr>, D::Error> {
    deserializer.deserialize_any(AddressesVisitor)
}

struct AddressesVisitor;

impl<'de> Visitor<'de> for AddressesVisitor {
    type Value = Vec<SocketAddr>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address as in `\"127.0.0.1:20001\"` or a list of them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        address(text).map(|address| vec![address])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut addresses = Vec::new();
        while let Some(Address(address)) = items.next_element()? {
            addresses.push(address);
        }
        Ok(addresses)
    }
}

struct Address(SocketAddr);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        address(&String::deserialize(deserializer)?).map(Self)
    }
}

fn address<E: de::Error>(text: &str) -> Result<SocketAddr, E> {
    text.parse().map_err(|_| {
        E::custom(format_args!("`{text}` is no address: write an IP address and a port, as in `\"127.0.0.1:{PORT}\"`"))
    })
}
