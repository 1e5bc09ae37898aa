//! One value on its way into the layers: every value is a provider of its own, so that each keeps its own origin.

use super::names;
use figment::value::{Dict, Map, Tag, Value};
use figment::{Figment, Metadata, Profile, Provider};

/// A value, where it belongs and where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) path: Vec<String>,
    pub(crate) value: Value,
    pub(crate) origin: String,
    /// The value as it was typed, where it had no type: `0123` may be meant as a text.
    pub(crate) typed: Option<String>,
}

impl Leaf {
    /// The leaves of a value: itself, or those of its entries. `value` belongs at `path`.
    pub(crate) fn all(path: Vec<String>, value: Value, origin: &str, typed: Option<&str>) -> Vec<Self> {
        match value {
            Value::Dict(_, table) if !table.is_empty() => table
                .into_iter()
                .flat_map(|(key, value)| {
                    let path = path.iter().cloned().chain([key]).collect();
                    Self::all(path, value, origin, None)
                })
                .collect(),
            value => vec![Self { path, value, origin: origin.to_owned(), typed: typed.map(str::to_owned) }],
        }
    }

    /// Puts the leaves of a value under what is there, spelled as it is there.
    pub(crate) fn all_under(layers: Figment, path: Vec<String>, value: Value, origin: &str) -> Figment {
        let leaves = Self::all(path, value, origin, None).into_iter();
        leaves.fold(layers, |layers, leaf| leaf.settled(&layers, true).under(layers))
    }

    /// Puts this value over what is there.
    pub(crate) fn over(self, layers: Figment) -> Figment {
        layers.merge(self)
    }

    /// Puts this value under what is there: it counts where nothing else was said.
    fn under(self, layers: Figment) -> Figment {
        layers.join(self)
    }

    /// Takes over the spellings that the layers have for this path.
    pub(crate) fn settled(mut self, layers: &Figment, blind: bool) -> Self {
        names::settle(&mut self.path, &root(layers), blind);
        self
    }
}

impl Provider for Leaf {
    fn metadata(&self) -> Metadata {
        let metadata = Metadata::named(self.origin.clone());
        match &self.typed {
            Some(typed) => metadata.source(figment::Source::Custom(typed.clone())),
            None => metadata,
        }
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let nested = self
            .path
            .iter()
            .rev()
            .fold(self.value.clone(), |value, key| Value::Dict(Tag::Default, Dict::from([(key.clone(), value)])));
        Ok(Map::from([(Profile::Default, nested.into_dict().unwrap_or_default())]))
    }
}

/// Everything that the layers say.
pub(crate) fn root(layers: &Figment) -> Dict {
    let mut profiles = layers.data().expect("a leaf never fails to provide its value");
    profiles.remove(&Profile::Default).unwrap_or_default()
}

/// Where a value came from.
pub(crate) fn origin(layers: &Figment, value: &Value) -> Option<String> {
    layers.get_metadata(value.tag()).map(|metadata| metadata.name.to_string())
}

/// A value as it was typed, where it had no type of its own.
pub(crate) fn typed<'a>(layers: &'a Figment, value: &Value) -> Option<&'a str> {
    layers.get_metadata(value.tag())?.source.as_ref()?.custom()
}
