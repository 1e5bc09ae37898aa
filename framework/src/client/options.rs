//! What a client can be told, in one shape for attributes and configuration.

use super::reach::ProxyOption;
use super::tls::{Pem, Tls};
use super::{Reconnect, WebSocketClientBuilder};
use crate::connection::WhileDown;
use crate::connection::deflate::CompressionOption;
use crate::settings::duration;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The options of a `#[client]` and of `[plugins.<plugin>.clients.<SLOT>]`. What is not there keeps its default.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct ClientOptions {
    pub(crate) url: Option<String>,
    pub(crate) headers: Headers,
    pub(crate) subprotocols: Option<Vec<String>>,
    pub(crate) require_subprotocol: Option<bool>,
    pub(crate) required: Option<bool>,
    pub(crate) reconnect: Option<ReconnectOption>,
    pub(crate) while_down: Option<WhileDown>,
    pub(crate) compression: Option<CompressionOption>,
    pub(crate) control_frames: Option<bool>,
    pub(crate) keepalive: Option<bool>,
    #[serde(with = "duration::optional")]
    pub(crate) ping_after: Option<Duration>,
    #[serde(with = "duration::optional")]
    pub(crate) lost_after: Option<Duration>,
    #[serde(with = "duration::optional")]
    pub(crate) connect_timeout: Option<Duration>,
    #[serde(with = "duration::optional")]
    pub(crate) close_timeout: Option<Duration>,
    pub(crate) tls: Option<TlsOptions>,
    pub(crate) proxy: Option<ProxyOption>,
    pub(crate) max_redirects: Option<u32>,
    pub(crate) tcp_keepalive: Option<DurationOrOff>,
    pub(crate) max_head_size: Option<usize>,
    pub(crate) max_headers: Option<usize>,
    pub(crate) max_message_size: Option<usize>,
    pub(crate) max_frame_size: Option<usize>,
    pub(crate) max_fragments: Option<usize>,
    pub(crate) concurrent: Option<usize>,
    pub(crate) inbox_messages: Option<usize>,
    pub(crate) inbox_bytes: Option<usize>,
    pub(crate) outbox_messages: Option<usize>,
    pub(crate) outbox_bytes: Option<usize>,
}

/// `headers = { Name = "value", Other = ["one", "two"] }`, or a list of pairs.
#[derive(Debug, Clone)]
pub(crate) enum Headers {
    Map(BTreeMap<String, HeaderValues>),
    Pairs(Vec<(String, String)>),
}

#[derive(Debug, Clone)]
pub(crate) enum HeaderValues {
    One(String),
    Many(Vec<String>),
}

/// `tls = { ca = "ca.pem" }`: a value that is a PEM text is that text, any other one the path of a file.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct TlsOptions {
    ca: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
    platform_roots: Option<bool>,
    server_name: Option<String>,
}

/// `tcp_keepalive = "60s"`, or `false`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DurationOrOff(Option<Duration>);

/// `reconnect = false`, or the policy.
#[derive(Debug, Clone)]
pub(crate) enum ReconnectOption {
    Enabled(bool),
    Policy(Reconnect),
}

/// Deserializes by the kind of value that is found. An untagged enum could not say which key in it is wrong.
macro_rules! by_kind {
    ($type:ident, $expecting:literal, $($visit:item)*) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ByKind;

                impl<'de> Visitor<'de> for ByKind {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    $($visit)*
                }

                deserializer.deserialize_any(ByKind)
            }
        }
    };
}

by_kind! {
    Headers, "a table of headers or a list of pairs",
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Headers, A::Error> {
        Deserialize::deserialize(MapAccessDeserializer::new(map)).map(Headers::Map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Headers, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(list)).map(Headers::Pairs)
    }
}

by_kind! {
    HeaderValues, "a text or a list of texts",
    fn visit_str<E: de::Error>(self, text: &str) -> Result<HeaderValues, E> {
        Ok(HeaderValues::One(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<HeaderValues, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(list)).map(HeaderValues::Many)
    }
}

by_kind! {
    ReconnectOption, "`true`, `false` or a table as in `{ min = \"250ms\" }`",
    fn visit_bool<E: de::Error>(self, enabled: bool) -> Result<ReconnectOption, E> {
        Ok(ReconnectOption::Enabled(enabled))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ReconnectOption, A::Error> {
        Deserialize::deserialize(MapAccessDeserializer::new(map)).map(ReconnectOption::Policy)
    }
}

by_kind! {
    ProxyOption, "the URL of a proxy, as in `\"http://proxy:3128\"`, or `false`",
    fn visit_bool<E: de::Error>(self, on: bool) -> Result<ProxyOption, E> {
        match on {
            true => Ok(ProxyOption::default()),
            false => Ok(ProxyOption::Never),
        }
    }

    fn visit_str<E: de::Error>(self, url: &str) -> Result<ProxyOption, E> {
        Ok(ProxyOption::Always(url.to_owned()))
    }
}

by_kind! {
    DurationOrOff, "a duration with its unit, as in `\"60s\"`, or `false`",
    fn visit_bool<E: de::Error>(self, on: bool) -> Result<DurationOrOff, E> {
        match on {
            true => Err(E::custom("write a duration, as in `\"60s\"`, or `false` for none")),
            false => Ok(DurationOrOff(None)),
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<DurationOrOff, E> {
        duration::deserialize(de::value::StrDeserializer::new(text)).map(|idle| DurationOrOff(Some(idle)))
    }
}

impl Default for Headers {
    fn default() -> Self {
        Self::Pairs(Vec::new())
    }
}

impl Headers {
    fn into_pairs(self) -> Vec<(String, String)> {
        match self {
            Self::Pairs(pairs) => pairs,
            Self::Map(map) => map
                .into_iter()
                .flat_map(|(name, values)| match values {
                    HeaderValues::One(value) => vec![(name, value)],
                    HeaderValues::Many(values) => values.into_iter().map(|value| (name.clone(), value)).collect(),
                })
                .collect(),
        }
    }
}

impl TlsOptions {
    fn apply(self, tls: &mut Tls) {
        let pem = |text: String| match text.contains("-----BEGIN ") {
            true => Pem::Text(text.into_bytes()),
            false => Pem::File(text.into()),
        };
        set(&mut tls.ca, self.ca.map(|text| Some(pem(text))));
        set(&mut tls.certificate, self.certificate.map(|text| Some(pem(text))));
        set(&mut tls.key, self.key.map(|text| Some(pem(text))));
        set(&mut tls.platform_roots, self.platform_roots);
        set(&mut tls.server_name, self.server_name.map(Some));
    }
}

impl ClientOptions {
    /// Tells a builder everything that is set. A header that is set here replaces one of that name.
    pub(crate) fn apply(self, mut builder: WebSocketClientBuilder) -> WebSocketClientBuilder {
        if let Some(url) = self.url {
            builder.url = url;
        }
        let headers = self.headers.into_pairs();
        builder.headers.retain(|(name, _)| !headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
        builder.headers.extend(headers);
        if let Some(subprotocols) = self.subprotocols {
            builder.subprotocols = subprotocols;
        }
        match self.reconnect {
            Some(ReconnectOption::Enabled(false)) => builder.reconnect = None,
            Some(ReconnectOption::Enabled(true)) => builder.reconnect = Some(Reconnect::default()),
            Some(ReconnectOption::Policy(policy)) => builder.reconnect = Some(policy),
            None => {}
        }
        set(&mut builder.require_subprotocol, self.require_subprotocol);
        set(&mut builder.compression, self.compression.map(|option| option.0));
        set(&mut builder.while_down, self.while_down);
        set(&mut builder.connect_timeout, self.connect_timeout);
        if let Some(tls) = self.tls {
            tls.apply(&mut builder.reach.tls);
        }
        set(&mut builder.reach.proxy, self.proxy);
        set(&mut builder.reach.max_redirects, self.max_redirects);
        set(&mut builder.reach.tcp_keepalive, self.tcp_keepalive.map(|DurationOrOff(idle)| idle));
        set(&mut builder.reach.head.max_size, self.max_head_size);
        set(&mut builder.reach.head.max_headers, self.max_headers);
        set(&mut builder.limits.control_frames, self.control_frames);
        set(&mut builder.limits.close_timeout, self.close_timeout);
        builder.limits.configure_keepalive(self.keepalive, self.ping_after, self.lost_after);
        if let Some(size) = self.max_message_size {
            builder.limits.max_message_size = size;
            builder.limits.max_frame_size = size;
        }
        set(&mut builder.limits.max_frame_size, self.max_frame_size);
        set(&mut builder.limits.max_fragments, self.max_fragments);
        set(&mut builder.limits.concurrent, self.concurrent);
        set(&mut builder.limits.inbox_messages, self.inbox_messages);
        set(&mut builder.limits.inbox_bytes, self.inbox_bytes);
        set(&mut builder.limits.outbox_messages, self.outbox_messages);
        set(&mut builder.limits.outbox_bytes, self.outbox_bytes);
        builder
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}
