//! What came of reading a section as a type: the value or all that is wrong, never only the first of it.

use super::problem::{ConfigError, Problem};
use super::reader::{Fault, Reader, Trace};
use super::section::Section;
use super::{names, secret};
use figment::error::{Actual, Kind};
use figment::value::{Dict, Tag, Value};
use serde::de::DeserializeOwned;
use std::cell::RefCell;

/// A section, read as a type.
pub(crate) struct Reading<T> {
    pub(crate) value: Option<T>,
    pub(crate) problems: Vec<ConfigError>,
    pub(crate) trace: Trace,
}

impl<T: DeserializeOwned> Reading<T> {
    /// Serde stops at the first fault. So the value at fault is taken out, and the rest is read again, until nothing is
    /// left that could be taken out.
    pub(crate) fn of(section: &Section) -> Self {
        let mut table = Value::Dict(Tag::Default, section.table().clone());
        let mut removed: Vec<Vec<String>> = Vec::new();
        let mut problems = Vec::new();
        loop {
            let trace = RefCell::default();
            let result = T::deserialize(Reader::watched(&table, section.layers(), &trace));
            let trace = trace.into_inner();
            let fault = match result {
                Ok(value) => return Self { value: problems.is_empty().then_some(value), problems, trace },
                Err(fault) => fault,
            };
            let at = path_of(&fault);
            if matches!(*fault.kind, Kind::MissingField(_)) && removed.contains(&at) {
                return Self { value: None, problems, trace };
            }
            problems.push(describe(section, &at, &fault.kind));
            let culprit = if matches!(*fault.kind, Kind::UnknownField(..)) { &at } else { &fault.path };
            match remove(&mut table, culprit) {
                Some(path) => removed.push(path),
                None => return Self { value: None, problems, trace },
            }
        }
    }

    /// The value, if every key is known and fits.
    pub(crate) fn strict(self, section: &Section) -> Result<T, Vec<ConfigError>> {
        let mut known = Known::default();
        known.add(self.trace);
        let mut problems = self.problems;
        problems.extend(known.unknown(section));
        match self.value {
            Some(value) if problems.is_empty() => Ok(value),
            _ => Err(problems),
        }
    }
}

/// What several types together know of one section: a key is unknown only if it is unknown to each of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    traces: Vec<Trace>,
}

impl Known {
    pub(crate) fn add(&mut self, trace: Trace) {
        self.traces.push(trace);
    }

    /// Whether no type was asked.
    pub(crate) fn is_empty(&self) -> bool {
        self.traces.is_empty()
    }

    /// The keys of the section that none of the types read. Where there was no type, nothing can be said.
    pub(crate) fn unknown(&self, section: &Section) -> Vec<ConfigError> {
        let mut unknown: Vec<&Vec<String>> = Vec::new();
        let mut candidates: Vec<&Vec<String>> = self.traces.iter().flat_map(|trace| &trace.ignored).collect();
        candidates.sort();
        for path in candidates {
            let reported = unknown.iter().any(|above| path.starts_with(above));
            let ignored_by = |trace: &Trace| trace.ignored.iter().any(|above| path.starts_with(above));
            if !reported && self.traces.iter().all(ignored_by) {
                unknown.push(path);
            }
        }
        unknown.into_iter().map(|path| section.error(path, self.describe(path))).collect()
    }

    fn describe(&self, path: &[String]) -> Problem {
        let (key, table) = path.split_last().expect("the section itself is never ignored");
        let mut known: Vec<String> = self
            .traces
            .iter()
            .filter_map(|trace| trace.fields.get(table))
            .flatten()
            .map(|&field| field.into())
            .collect();
        known.sort();
        known.dedup();
        Problem::Unknown { key: key.clone(), known }
    }
}

/// The path of the key that a fault is about: that of a missing or unknown field ends with the field.
fn path_of(fault: &Fault) -> Vec<String> {
    let mut path = fault.path.clone();
    match &*fault.kind {
        Kind::MissingField(field) => path.push(field.to_string()),
        Kind::UnknownField(field, _) => path.push(field.clone()),
        _ => {}
    }
    path
}

/// Takes out the value at the path, or the array that it is in; returns the path of what was taken out.
fn remove(value: &mut Value, path: &[String]) -> Option<Vec<String>> {
    let Value::Dict(_, table) = value else { return None };
    let (key, rest) = path.split_first()?;
    let child: &mut Value = Dict::get_mut(table, key)?;
    if let Some(mut below) = remove(child, rest) {
        below.insert(0, key.clone());
        return Some(below);
    }
    table.remove(key);
    Some(vec![key.clone()])
}

fn describe(section: &Section, path: &[String], kind: &Kind) -> ConfigError {
    let hidden = path.iter().any(|key| secret::is_secret(key));
    let invalid = |reason: String| Problem::Invalid { reason };
    let problem = match kind {
        Kind::MissingField(field) => {
            Problem::Missing { key: field.to_string(), table: names::dotted(&section.path(&path[..path.len() - 1])) }
        }
        Kind::UnknownField(field, known) => {
            Problem::Unknown { key: field.clone(), known: known.iter().map(|&field| field.to_owned()).collect() }
        }
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            invalid(format!("{} was found, {} was expected", found_text(found, hidden), expected_text(expected)))
        }
        Kind::InvalidLength(length, expected) => {
            invalid(format!("{length} elements were found, {} was expected", expected_text(expected)))
        }
        Kind::UnknownVariant(found, known) => {
            let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            let found = if hidden { secret::MASK } else { found };
            invalid(format!("`{found}` is none of {}", known.join(", ")))
        }
        // What a type of the plugin's own says may quote the value.
        _ if hidden => invalid("the value does not fit (it is secret, and what is wrong with it might show it)".into()),
        Kind::Message(message) => invalid(secret::mask_in(message, section.value(path))),
        other => invalid(other.to_string()),
    };
    section.error(path, problem)
}

fn found_text(found: &Actual, hidden: bool) -> String {
    match found {
        Actual::Map => "a table".to_owned(),
        Actual::Seq => "an array".to_owned(),
        Actual::Str(_) if hidden => "a text".to_owned(),
        Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_) if hidden => "a number".to_owned(),
        Actual::Str(text) => format!("the text \"{}\"", secret::mask_url(text)),
        Actual::Bool(bool) => format!("`{bool}`"),
        Actual::Unsigned(number) => format!("the number {number}"),
        Actual::Signed(number) => format!("the number {number}"),
        Actual::Float(number) => format!("the number {number}"),
        other => other.to_string(),
    }
}

/// Serde's words for what it expects, in those of TOML.
fn expected_text(expected: &str) -> String {
    match expected {
        "a map" => "a table".to_owned(),
        "a sequence" => "an array".to_owned(),
        "a string" => "a text".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => format!("a whole number from 0 ({expected})"),
        "i8" | "i16" | "i32" | "i64" | "isize" => format!("a whole number ({expected})"),
        "f32" | "f64" => "a number".to_owned(),
        _ if expected.starts_with("struct ") => "a table".to_owned(),
        _ => expected.to_owned(),
    }
}
