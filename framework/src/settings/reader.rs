//! Reads a value as a type, watching which keys the type knows.

use super::leaf;
use figment::Figment;
use figment::error::Kind;
use figment::value::{Dict, Value};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a type did with the keys that it was shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace {
    /// The keys that it passed over.
    pub(crate) ignored: BTreeSet<Vec<String>>,
    /// The fields of its structs, by the path of the table. A map has none: it takes every key.
    pub(crate) fields: BTreeMap<Vec<String>, BTreeSet<&'static str>>,
}

/// Why a value is not of the type, and where in it.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) path: Vec<String>,
    pub(crate) kind: Box<Kind>,
}

/// A value to be read.
pub(crate) struct Reader<'a> {
    value: &'a Value,
    layers: &'a Figment,
    watch: Option<Watch<'a>>,
}

/// Who watches, and at which path. Handlers read their configuration for every message, so nobody watches then.
struct Watch<'a> {
    trace: &'a RefCell<Trace>,
    path: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(value: &'a Value, layers: &'a Figment) -> Self {
        Self { value, layers, watch: None }
    }

    pub(crate) fn watched(value: &'a Value, layers: &'a Figment, trace: &'a RefCell<Trace>) -> Self {
        Self { value, layers, watch: Some(Watch { trace, path: Vec::new() }) }
    }

    fn below(&self, key: &str, value: &'a Value) -> Self {
        let watch = self.watch.as_ref().map(|watch| Watch {
            trace: watch.trace,
            path: watch.path.iter().cloned().chain([key.to_owned()]).collect(),
        });
        Self { value, layers: self.layers, watch }
    }

    fn entries(self, table: &'a Dict) -> Entries<'a> {
        Entries { reader: self, entries: table.iter(), value: None }
    }

    /// The value as it was typed, where a text is wanted: a variable's `0123` may be a password.
    fn typed(&self) -> Option<&'a str> {
        match self.value {
            Value::Num(..) | Value::Bool(..) => leaf::typed(self.layers, self.value),
            _ => None,
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::Dict(_, table) => visitor.visit_map(self.entries(table)),
            Value::Array(_, items) => visitor.visit_seq(Items { reader: &self, items: items.iter().enumerate() }),
            scalar => scalar.deserialize_any(visitor).map_err(|error| Fault::here(error.kind)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.typed() {
            Some(typed) => visitor.visit_str(typed),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::Empty(..) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if let Some(watch) = &self.watch {
            watch.trace.borrow_mut().fields.entry(watch.path.clone()).or_default().extend(fields);
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.value {
            Value::String(_, text) => visitor.visit_enum(IntoDeserializer::<Fault>::into_deserializer(text.as_str())),
            Value::Dict(_, table) => visitor.visit_enum(MapAccessDeserializer::new(self.entries(table))),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let Some(watch) = self.watch {
            watch.trace.borrow_mut().ignored.insert(watch.path);
        }
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier
    }
}

struct Entries<'a> {
    reader: Reader<'a>,
    entries: std::collections::btree_map::Iter<'a, String, Value>,
    value: Option<(&'a str, &'a Value)>,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some((key, value));
        let key: StrDeserializer<'_, Fault> = key.as_str().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (key, value) = self.value.take().expect("serde asks for a key before its value");
        seed.deserialize(self.reader.below(key, value)).map_err(|fault| fault.below(key))
    }
}

struct Items<'r, 'a> {
    reader: &'r Reader<'a>,
    items: std::iter::Enumerate<std::slice::Iter<'a, Value>>,
}

impl<'de> de::SeqAccess<'de> for Items<'_, '_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some((index, value)) = self.items.next() else { return Ok(None) };
        let key = index.to_string();
        seed.deserialize(self.reader.below(&key, value)).map(Some).map_err(|fault| fault.below(&key))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

impl Fault {
    fn here(kind: Kind) -> Self {
        Self { path: Vec::new(), kind: Box::new(kind) }
    }

    fn below(mut self, key: &str) -> Self {
        self.path.insert(0, key.to_owned());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for Fault {}

/// Figment's error already sorts serde's complaints into kinds.
impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::here(Kind::Message(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::here(figment::Error::invalid_type(found, expected).kind)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::here(figment::Error::invalid_value(found, expected).kind)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::here(figment::Error::invalid_length(length, expected).kind)
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        Self::here(figment::Error::unknown_variant(variant, known).kind)
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::here(figment::Error::unknown_field(field, known).kind)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::here(Kind::MissingField(field.into()))
    }
}
