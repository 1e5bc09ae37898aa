//! Values that `false` switches off.

use super::duration;
use serde::de::{self, Deserializer, Visitor};
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// A text, or `false`.
struct TextOrFalse<T>(&'static str, fn(&str) -> Result<T, String>, PhantomData<T>);

impl<T> Visitor<'_> for TextOrFalse<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, or `false`", self.0)
    }

    fn visit_bool<E: de::Error>(self, on: bool) -> Result<Option<T>, E> {
        if on { Err(E::custom(format_args!("write {}, or `false` for none", self.0))) } else { Ok(None) }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<T>, E> {
        (self.1)(text).map(Some).map_err(E::custom)
    }

    /// A number is a duration without a unit.
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Option<T>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Option<T>, E> {
        self.visit_str(&number.to_string())
    }
}

/// The path of a page.
pub(super) mod path {
    use super::*;
    use serde::{Serialize, Serializer};

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
        let parse = |text: &str| Ok(text.to_owned());
        deserializer.deserialize_any(TextOrFalse("a path, as in `\"/metrics\"`", parse, PhantomData))
    }

    pub(crate) fn serialize<S: Serializer>(path: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
        match path {
            Some(path) => path.serialize(serializer),
            None => false.serialize(serializer),
        }
    }
}

/// How often something is done.
pub(super) mod interval {
    use super::*;
    use serde::{Serialize, Serializer};

    /// More often nobody looks.
    const LEAST: Duration = Duration::from_millis(100);

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        let parse = |text: &str| match duration::parse(text) {
            Ok(interval) if interval < LEAST => {
                Err(format!("`{text}` is too often: write at least `\"{}\"`", duration::format(LEAST)))
            }
            Ok(interval) => Ok(interval),
            Err(error) => Err(error.to_string()),
        };
        deserializer.deserialize_any(TextOrFalse("a duration, as in `\"10s\"`", parse, PhantomData))
    }

    pub(crate) fn serialize<S: Serializer>(interval: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match interval {
            Some(interval) => duration::format(*interval).serialize(serializer),
            None => false.serialize(serializer),
        }
    }
}
