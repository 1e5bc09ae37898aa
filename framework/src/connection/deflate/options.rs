//! What a user can say about compression.

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use std::fmt;

/// Below this size a message is one small packet either way. 256 bytes. Measured with a feed's JSON, each message by
/// itself: 128 bytes lose a sixth of their size, 256 bytes two fifths, 1 KiB two thirds. With takeover all of them lose
/// three quarters, for 3, 4 and 10 µs at level 3: where bytes are dear, a smaller threshold pays.
const THRESHOLD: usize = 256;

/// On zlib's scale. Measured with the same JSON at 4 KiB: level 1 leaves 35 % of it for 10 µs, level 3 24 % for 28 µs,
/// level 6 (zlib's own default) 23 % for 53 µs, level 9 22 % for 83 µs.
const LEVEL: u8 = 3;

/// zlib's scale ends here.
const MAX_LEVEL: u8 = 9;

/// The windows that RFC 7692 §7.1.2 knows: 256 bytes to 32 KiB.
pub(super) const WINDOW_BITS: std::ops::RangeInclusive<u8> = 8..=15;

/// How messages are compressed (permessage-deflate, RFC 7692). Off unless asked for: it costs time for each message and
/// up to 350 KiB of memory for each connection (from its first compressed message on), and pays where bandwidth is dear.
///
/// Both sides must want it; where the peer does not, the connection goes on without. `server_…` is about what the server
/// sends, `client_…` about what the client sends, whichever of them we are.
///
/// ```
/// use bristle::{Compression, WebSocketClient};
///
/// let mut compression = Compression::default();
/// compression.threshold = 1024;
/// let client = WebSocketClient::builder("wss://example.com/feed").compression(Some(compression)).build()?;
/// # Ok::<(), bristle::BuildError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Compression {
    /// Messages of fewer bytes are sent as they are. 256.
    pub threshold: usize,
    /// From 0, which only packs, to 9, the smallest and slowest. 3.
    pub level: u8,
    /// Whether each message of the client is compressed by itself: compresses less, and frees the memory in between.
    /// `false`.
    pub client_no_context_takeover: bool,
    /// The same of the server's messages. `false`.
    pub server_no_context_takeover: bool,
    /// How far back the client's messages may refer, from 8 (256 bytes) to 15 (32 KiB): less memory, larger messages. 15.
    pub client_max_window_bits: u8,
    /// The same of the server's messages. 15.
    pub server_max_window_bits: u8,
}

impl Default for Compression {
    fn default() -> Self {
        Self {
            threshold: THRESHOLD,
            level: LEVEL,
            client_no_context_takeover: false,
            server_no_context_takeover: false,
            client_max_window_bits: *WINDOW_BITS.end(),
            server_max_window_bits: *WINDOW_BITS.end(),
        }
    }
}

/// A value that compression cannot work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{option}` of the compression is {value}: write {least} to {most}")]
pub(crate) struct Unusable {
    option: &'static str,
    value: u8,
    least: u8,
    most: u8,
}

impl Compression {
    /// Whether every value is one that deflate knows.
    pub(crate) fn check(&self) -> Result<(), Unusable> {
        let bits = (*WINDOW_BITS.start(), *WINDOW_BITS.end());
        for (option, value, (least, most)) in [
            ("level", self.level, (0, MAX_LEVEL)),
            ("client_max_window_bits", self.client_max_window_bits, bits),
            ("server_max_window_bits", self.server_max_window_bits, bits),
        ] {
            if !(least..=most).contains(&value) {
                return Err(Unusable { option, value, least, most });
            }
        }
        Ok(())
    }
}

/// `compression = true`, `compression = false`, or a table of options, which switches it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CompressionOption(pub(crate) Option<Compression>);

impl<'de> Deserialize<'de> for CompressionOption {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OptionVisitor)
    }
}

/// An untagged enum would not say which key of the table is wrong.
struct OptionVisitor;

impl<'de> Visitor<'de> for OptionVisitor {
    type Value = CompressionOption;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`true`, `false` or a table as `{ threshold = 1024 }`")
    }

    fn visit_bool<E: de::Error>(self, on: bool) -> Result<Self::Value, E> {
        Ok(CompressionOption(on.then(Compression::default)))
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Self::Value, A::Error> {
        let compression = Compression::deserialize(MapAccessDeserializer::new(table))?;
        compression.check().map_err(de::Error::custom)?;
        Ok(CompressionOption(Some(compression)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Option<Compression>, String> {
        serde_json::from_str::<CompressionOption>(json).map(|option| option.0).map_err(|error| error.to_string())
    }

    #[test]
    fn a_bool_switches_it_and_a_table_switches_it_on() {
        assert_eq!(read("false"), Ok(None));
        assert_eq!(read("true"), Ok(Some(Compression::default())));
        let wanted = Compression { threshold: 9, level: 1, ..Compression::default() };
        assert_eq!(read(r#"{"threshold": 9, "level": 1}"#), Ok(Some(wanted)));
    }

    #[test]
    fn a_wrong_table_says_which_option_and_what_fits() {
        let error = read(r#"{"client_max_window_bits": 16}"#).expect_err("there are no 16 bits");
        assert!(error.contains("`client_max_window_bits` of the compression is 16: write 8 to 15"), "{error}");
        assert!(read(r#"{"level": 10}"#).is_err_and(|error| error.contains("write 0 to 9")));
        assert!(read(r#"{"treshold": 1}"#).is_err_and(|error| error.contains("treshold")));
        assert!(read("7").is_err_and(|error| error.contains("`true`, `false` or a table")));
    }
}
