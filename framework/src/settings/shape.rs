//! What can be configured of the node and of the runtime, and what counts where nothing is said.

use super::range::{BYTES, COUNT, HEAD, HEADERS, OutOfRange, RangeCheck, TIME};
use super::{duration, or_false};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The port of a node that nobody configured.
const PORT: u16 = 20001;

/// How many bytes a head may have where nothing is said, of a request as of an answer.
pub(crate) const MAX_HEAD_SIZE: usize = 64 * 1024;

/// How many headers there may be where nothing is said.
pub(crate) const MAX_HEADERS: usize = 128;

/// The table `[node]`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct NodeSettings {
    /// Where the node listens: one address as in `"127.0.0.1:20001"` or a list of them; an empty list is no node.
    #[serde(deserialize_with = "one_or_many")]
    pub listen: Vec<SocketAddr>,
    /// How many connections the node has at the same time, HTTP and WebSocket together. 10,000; one more is answered with
    /// status 503. From 1 to 16,777,216.
    pub max_connections: usize,
    /// How many bytes the head of a request may have, a WebSocket's handshake included. 64 KiB, answered with status 431;
    /// from 8 KiB to 4 GiB.
    pub max_head_size: usize,
    /// How many headers a request may have. 128, answered with status 431; from 1 to 16,384.
    pub max_headers: usize,
    /// How long the head of a request may take, also the first one of a connection, and so how long a connection may be
    /// idle between requests. 10 s; from 1 ms to a day.
    #[serde(with = "duration")]
    pub header_timeout: Duration,
    /// How long the body of a request may take, from the moment it is read. 30 s, answered with status 408; from 1 ms to
    /// a day.
    #[serde(with = "duration")]
    pub body_timeout: Duration,
    /// How many bytes the body of a request may have that a route's argument takes (`Json`, `String`, `Bytes`). 2 MiB,
    /// answered with status 413; from 1 byte to 4 GiB.
    pub max_body_size: usize,
}

impl NodeSettings {
    pub(crate) fn out_of_range(&self) -> Vec<OutOfRange> {
        let mut check = RangeCheck::default();
        check.count("max_connections", self.max_connections, COUNT);
        check.count("max_head_size", self.max_head_size, HEAD);
        check.count("max_headers", self.max_headers, HEADERS);
        check.time("header_timeout", self.header_timeout, TIME);
        check.time("body_timeout", self.body_timeout, TIME);
        check.count("max_body_size", self.max_body_size, BYTES);
        check.finish()
    }
}

impl Default for NodeSettings {
    fn default() -> Self {
        Self {
            listen: vec![(Ipv4Addr::LOCALHOST, PORT).into()],
            max_connections: 10_000,
            max_head_size: MAX_HEAD_SIZE,
            max_headers: MAX_HEADERS,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            max_body_size: 2 * 1024 * 1024,
        }
    }
}

/// The table `[runtime]`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RuntimeSettings {
    /// How long an `#[init]` hook may take that sets no `timeout` of its own. 60 s; this and the other times from 1 ms to
    /// a day.
    #[serde(with = "duration")]
    pub init_timeout: Duration,
    /// How long an `#[init]` hook may take before a warning says that it is slow. 10 s.
    #[serde(with = "duration")]
    pub slow_init: Duration,
    /// How long each step of the stop may take, above all handlers in flight. 10 s. A peer that keeps the stop waiting,
    /// because it does not read or goes on uploading, has half of it.
    #[serde(with = "duration")]
    pub shutdown_grace: Duration,
    /// How many live clients one plugin may own. 1,024; from 1 to 16,777,216.
    pub max_clients: usize,
}

impl RuntimeSettings {
    pub(crate) fn out_of_range(&self) -> Vec<OutOfRange> {
        let mut check = RangeCheck::default();
        check.time("init_timeout", self.init_timeout, TIME);
        check.time("slow_init", self.slow_init, TIME);
        check.time("shutdown_grace", self.shutdown_grace, TIME);
        check.count("max_clients", self.max_clients, COUNT);
        check.finish()
    }
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
