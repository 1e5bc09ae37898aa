//! `Path<T>` in the hooks of an endpoint: serde over the values of path parameters, which are all texts.

use super::{ConnectionEvent, FromEvent, Reject};
use crate::node::{Endpoint, Path};
use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt::Display;
use std::str::FromStr;

impl<E: ConnectionEvent, T: DeserializeOwned> FromEvent<E> for Path<T> {
    fn from_event(event: &E) -> Result<Self, Reject> {
        let connection = event.connection();
        if Endpoint::of(connection).is_none() {
            return Err(Reject::new("this connection is a client's: only an endpoint's has a `Path`"));
        }
        parse(&connection.handshake().parameters).map(Self).map_err(|error| {
            let wanted = std::any::type_name::<T>();
            Reject::new(format!("the path's parameters are no `{wanted}`: {error}"))
        })
    }
}

fn parse<T: DeserializeOwned>(parameters: &[(String, String)]) -> Result<T, Error> {
    T::deserialize(Parameters(parameters))
}

/// All parameters: a struct, a map, a tuple, or, where there is one only, a value.
struct Parameters<'a>(&'a [(String, String)]);

impl<'a> Parameters<'a> {
    fn only(&self) -> Result<Value<'a>, Error> {
        match self.0 {
            [(name, text)] => Ok(Value { name, text }),
            all => Err(de::Error::custom(format_args!(
                "there are {} of them: take a tuple or a struct with as many fields",
                all.len()
            ))),
        }
    }

    fn values(&self) -> impl Iterator<Item = Value<'a>> {
        self.0.iter().map(|(name, text)| Value { name, text })
    }
}

macro_rules! single {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.only()?.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Parameters<'_> {
    type Error = Error;

    single! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32
        deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_identifier deserialize_option
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.len() == 1 { self.only()?.deserialize_any(visitor) } else { self.deserialize_map(visitor) }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(MapDeserializer::new(self.values().map(|value| (value.name, value))))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(self.values()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        if len != self.0.len() {
            return Err(de::Error::custom(format_args!("there are {} of them, not {len}", self.0.len())));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

/// One parameter.
struct Value<'a> {
    name: &'a str,
    text: &'a str,
}

impl Value<'_> {
    fn parse<T: FromStr<Err: Display>>(&self) -> Result<T, Error> {
        let Self { name, text } = self;
        text.parse().map_err(|error| {
            let wanted = std::any::type_name::<T>();
            de::Error::custom(format_args!("`{name}` is `{text}`, which is no `{wanted}`: {error}"))
        })
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.parse()?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = Error;

    parsed! {
        deserialize_bool visit_bool,
        deserialize_i8 visit_i8,
        deserialize_i16 visit_i16,
        deserialize_i32 visit_i32,
        deserialize_i64 visit_i64,
        deserialize_i128 visit_i128,
        deserialize_u8 visit_u8,
        deserialize_u16 visit_u16,
        deserialize_u32 visit_u32,
        deserialize_u64 visit_u64,
        deserialize_u128 visit_u128,
        deserialize_f32 visit_f32,
        deserialize_f64 visit_f64,
        deserialize_char visit_char,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bytes(self.text.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bytes(self.text.as_bytes())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.text.into_deserializer())
    }

    forward_to_deserialize_any! {
        str string seq tuple tuple_struct map struct unit unit_struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Value<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Room(String);

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Side {
        Left,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Seat {
        number: Option<u8>,
        room: Room,
        side: Side,
    }

    fn parsed<T: DeserializeOwned>(parameters: &[(&str, &str)]) -> Result<T, String> {
        let owned: Vec<_> = parameters.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        parse(&owned).map_err(|error| error.to_string())
    }

    #[test]
    fn one_parameter_is_a_value() {
        assert_eq!(parsed(&[("id", "42")]), Ok(42_u64));
        assert_eq!(parsed(&[("id", "42")]), Ok("42".to_owned()));
        assert_eq!(parsed(&[("on", "true")]), Ok(true));
        assert_eq!(parsed(&[("room", "lobby")]), Ok(Room("lobby".to_owned())));
        assert_eq!(parsed(&[("side", "left")]), Ok(Side::Left));
        assert_eq!(parsed(&[("id", "42")]), Ok((42_u64,)));
    }

    #[test]
    fn several_are_a_tuple_in_the_order_of_the_path_or_a_struct_by_name() {
        let parameters = [("room", "lobby"), ("number", "7"), ("side", "left")];
        assert_eq!(parsed(&parameters), Ok(("lobby".to_owned(), 7_i8, Side::Left)));
        let seat = Seat { number: Some(7), room: Room("lobby".to_owned()), side: Side::Left };
        assert_eq!(parsed(&parameters), Ok(seat));
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_value() {
        let error = parsed::<u8>(&[("id", "300")]).expect_err("300 is over 255");
        assert!(error.starts_with("`id` is `300`, which is no `u8`"), "{error}");
        let error = parsed::<(u8, u8, u8)>(&[("a", "1"), ("b", "2")]).expect_err("there are two");
        assert_eq!(error, "there are 2 of them, not 3");
        let error = parsed::<u8>(&[("a", "1"), ("b", "2")]).expect_err("there are two");
        assert!(error.contains("take a tuple"), "{error}");
        let error = parsed::<Seat>(&[("room", "lobby"), ("number", "7")]).expect_err("one is missing");
        assert!(error.contains("side"), "{error}");
    }
}
