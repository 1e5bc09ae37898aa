//! One table of the settings, with the origin of every value in it.

use super::attribute;
use super::leaf::{self, Leaf};
use super::problem::{ConfigError, Problem};
use super::range::OutOfRange;
use super::reader::{Reader, Trace};
use super::reading::Reading;
use super::{names, secret};
use figment::Figment;
use figment::value::{Dict, Tag, Value};
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;

/// One table of the settings. Cloning it copies no layer.
#[derive(Clone)]
pub struct Section {
    path: Vec<String>,
    table: Value,
    layers: Arc<Figment>,
}

impl Section {
    /// The table at `path`, empty where there is none.
    pub(crate) fn at(layers: Arc<Figment>, path: Vec<String>) -> Self {
        let root = Value::Dict(Tag::Default, leaf::root(&layers));
        let table = find(&root, &path).filter(|value| value.as_dict().is_some()).cloned();
        Self { path, table: table.unwrap_or_else(|| Value::from(Dict::new())), layers }
    }

    /// Whether nothing was configured here.
    pub fn is_empty(&self) -> bool {
        self.table().is_empty()
    }

    /// Its keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.table().keys().map(String::as_str)
    }

    /// The last part of its path.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The same table less some of its keys.
    pub(crate) fn without(&self, keys: &[&str]) -> Self {
        let table: Dict = self.table().clone().into_iter().filter(|(key, _)| !keys.contains(&key.as_str())).collect();
        Self { path: self.path.clone(), table: Value::from(table), layers: self.layers.clone() }
    }

    /// The table below a key, empty where there is none; case does not matter.
    pub(crate) fn child(&self, key: &str) -> Self {
        let spelling = self.keys().find(|name| name.eq_ignore_ascii_case(key)).unwrap_or(key).to_owned();
        Self::at(self.layers.clone(), self.path(&[spelling]))
    }

    /// The same table over a JSON object that says what counts where nothing was configured.
    pub(crate) fn over(&self, json: &str, origin: &str) -> Result<Self, Vec<ConfigError>> {
        let base = attribute::value(json).map_err(|reason| vec![self.error(&[], Problem::Invalid { reason })])?;
        let layers = Leaf::all_under((*self.layers).clone(), self.path.clone(), base, origin);
        Ok(Self::at(Arc::new(layers), self.path.clone()))
    }

    /// The table as a `T`; keys that `T` does not know are left aside.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Vec<ConfigError>> {
        T::deserialize(Reader::new(&self.table, &self.layers)).or_else(|_| {
            let reading = Reading::of(self);
            reading.value.ok_or(reading.problems)
        })
    }

    /// The table as a `T`; keys that `T` does not know are errors.
    pub(crate) fn parse_strict<T: DeserializeOwned>(&self) -> Result<T, Vec<ConfigError>> {
        Reading::of(self).strict(self)
    }

    /// Whether every number is in its range.
    pub(crate) fn in_range(&self, out: Vec<OutOfRange>) -> Result<(), Vec<ConfigError>> {
        match out.is_empty() {
            true => Ok(()),
            false => Err(out.iter().map(|wrong| self.out_of_range(wrong)).collect()),
        }
    }

    /// A number that is out of its range, with its key and its origin.
    pub(crate) fn out_of_range(&self, wrong: &OutOfRange) -> ConfigError {
        let path: Vec<String> = wrong.option.split('.').map(str::to_owned).collect();
        self.error(&path, Problem::Invalid { reason: wrong.reason() })
    }

    /// A text for showing, masked where it is secret.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        let text = self.table().get(key)?.as_str()?;
        Some(if secret::is_secret(key) { secret::MASK.to_owned() } else { secret::mask_url(text) })
    }

    /// What is wrong with the table as a `T`, and what `T` did with its keys.
    pub(crate) fn inspect<T: DeserializeOwned>(&self) -> (Vec<ConfigError>, Trace) {
        let reading = Reading::<T>::of(self);
        (reading.problems, reading.trace)
    }

    pub(crate) fn table(&self) -> &Dict {
        self.table.as_dict().expect("a section is made of tables only")
    }

    pub(crate) fn layers(&self) -> &Figment {
        &self.layers
    }

    /// The whole path of something in this table.
    pub(crate) fn path(&self, below: &[String]) -> Vec<String> {
        self.path.iter().chain(below).cloned().collect()
    }

    pub(crate) fn value(&self, path: &[String]) -> Option<&Value> {
        find(&self.table, path)
    }

    /// What is wrong with something in this table.
    pub(crate) fn error(&self, path: &[String], problem: Problem) -> ConfigError {
        let value = self.value(path);
        let hidden = path.iter().any(|key| secret::is_secret(key));
        let origin = value.and_then(|value| leaf::origin(&self.layers, value));
        ConfigError::new(
            names::dotted(&self.path(path)),
            origin,
            value.map(|value| secret::show(value, hidden)),
            problem,
        )
    }
}

/// Values may be secret: their keys are enough.
impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = names::dotted(&self.path);
        write!(f, "[{path}] {}", secret::show(&self.table, false))
    }
}

fn find<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| match value {
        Value::Array(_, items) => items.get(key.parse::<usize>().ok()?),
        value => value.as_dict()?.get(key),
    })
}
