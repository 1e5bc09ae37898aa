//! Durations as a configuration writes them: `"250ms"`, `"10s"`, `"1m30s"`.
//!
//! ```
//! use std::time::Duration;
//!
//! #[derive(serde::Deserialize)]
//! struct Options {
//!     #[serde(with = "bristle::settings::duration")]
//!     pause: Duration,
//!     #[serde(default, with = "bristle::settings::duration::optional")]
//!     limit: Option<Duration>,
//! }
//!
//! let options: Options = serde_json::from_str(r#"{ "pause": "1m30s" }"#)?;
//! assert_eq!(options.pause, Duration::from_secs(90));
//! assert_eq!(options.limit, None);
//! # Ok::<(), serde_json::Error>(())
//! ```

use serde::{Deserializer, Serializer, de};
use std::fmt;
use std::time::Duration;

/// The units, largest first, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// A number without a unit: seconds and milliseconds would be guesses.
    #[error("a duration needs a unit: write `\"{0}s\"` or `\"{0}ms\"`")]
    NoUnit(String),
    /// A unit that there is not.
    #[error("`{0}` is no unit of time: write `ms`, `s`, `m`, `h` or `d`, as in `\"10s\"`")]
    Unit(String),
    /// No duration at all.
    #[error("`{0}` is no duration: write a whole number and a unit, as in `\"250ms\"`, `\"10s\"` or `\"1m30s\"`")]
    Malformed(String),
    /// More than can be counted.
    #[error("`{0}` is too long")]
    TooLong(String),
}

/// Reads `"250ms"`, `"10s"`, `"5m"`, `"1h"`, `"2d"` or a sum of them, as in `"1m30s"`.
///
/// # Errors
/// The text is none of them.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let malformed = || DurationError::Malformed(text.to_owned());
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(malformed());
    }
    let mut milliseconds = 0_u64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        if number.is_empty() {
            return Err(malformed());
        }
        if unit.is_empty() {
            return Err(if tail.is_empty() { DurationError::NoUnit(number.to_owned()) } else { malformed() });
        }
        let (_, factor) =
            UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(|| DurationError::Unit(unit.to_owned()))?;
        milliseconds = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(*factor))
            .and_then(|part| milliseconds.checked_add(part))
            .ok_or_else(|| DurationError::TooLong(text.to_owned()))?;
        rest = tail;
    }
    Ok(Duration::from_millis(milliseconds))
}

/// Writes a duration as [`parse`] reads it; what is finer than a millisecond is cut off.
pub fn format(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, factor) in UNITS {
        if rest >= factor {
            text.push_str(&format!("{}{unit}", rest / factor));
            rest %= factor;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// For `#[serde(with = "bristle::settings::duration")]`.
///
/// # Errors
/// The value is no text that [`parse`] reads; a number is told that it lacks its unit.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_any(DurationVisitor)
}

/// For `#[serde(with = "bristle::settings::duration")]`.
///
/// # Errors
/// The serializer's own.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*duration))
}

/// The same for an `Option<Duration>`; `#[serde(default)]` beside it makes the key optional.
pub mod optional {
    use super::DurationVisitor;
    use serde::{Deserializer, Serializer, de};
    use std::fmt;
    use std::time::Duration;

    /// For `#[serde(default, with = "bristle::settings::duration::optional")]`.
    ///
    /// # Errors
    /// The value is there, and no duration.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        deserializer.deserialize_option(OptionVisitor)
    }

    /// For `#[serde(default, with = "bristle::settings::duration::optional")]`.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, serializer),
            None => serializer.serialize_none(),
        }
    }

    struct OptionVisitor;

    impl<'de> de::Visitor<'de> for OptionVisitor {
        type Value = Option<Duration>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            de::Visitor::expecting(&DurationVisitor, f)
        }

        fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            super::deserialize(deserializer).map(Some)
        }
    }
}

struct DurationVisitor;

impl de::Visitor<'_> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration with its unit, as in `\"10s\"`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Duration, E> {
        Err(E::custom(DurationError::NoUnit(number.to_string())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Duration, E> {
        Err(E::custom(DurationError::NoUnit(number.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_and_sums_of_them_are_read_and_written_back() {
        for (text, milliseconds) in
            [("0s", 0), ("250ms", 250), ("10s", 10_000), ("5m", 300_000), ("1h", 3_600_000), ("1m30s", 90_000)]
        {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
            assert_eq!(format(Duration::from_millis(milliseconds)), text);
        }
    }

    #[test]
    fn a_number_without_a_unit_is_told_to_write_one() {
        let fix = "a duration needs a unit: write `\"10s\"` or `\"10ms\"`";
        assert_eq!(parse("10").expect_err("no unit").to_string(), fix);
        let error = deserialize(&mut serde_json::Deserializer::from_str("10")).expect_err("no unit");
        assert!(error.to_string().starts_with(fix), "{error}");
    }

    #[test]
    fn what_is_no_duration_is_refused_by_its_text() {
        assert_eq!(
            parse("10 fortnights").map_err(|error| error.to_string()).err().as_deref(),
            Some(
                "`10 fortnights` is no duration: write a whole number and a unit, as in `\"250ms\"`, `\"10s\"` or `\"1m30s\"`"
            )
        );
        assert_eq!(parse("10y"), Err(DurationError::Unit("y".into())));
        assert_eq!(parse("-1s"), Err(DurationError::Malformed("-1s".into())));
        assert_eq!(parse(""), Err(DurationError::Malformed(String::new())));
        assert_eq!(parse("99999999999999999999s"), Err(DurationError::TooLong("99999999999999999999s".into())));
    }
}
