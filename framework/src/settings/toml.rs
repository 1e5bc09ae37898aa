//! TOML as text, turned into values that know their line.

use super::leaf::Leaf;
use super::problem::SettingsError;
use super::{names, secret};
use figment::value::{Dict, Tag, Value};
use toml_edit::{Document, Item, Table, TomlError};

/// Every value of a file, with `name:line` for its origin.
pub(crate) fn leaves(name: &str, text: &str) -> Result<Vec<Leaf>, SettingsError> {
    let document = Document::parse(text).map_err(|error| syntax_error(name, text, &error))?;
    let mut leaves = Vec::new();
    collect(&mut leaves, &File { name, text }, document.as_table(), &[], None);
    Ok(leaves)
}

/// A value that has no file around it, as a variable or a flag gives it: TOML, or else the text itself.
pub(crate) fn value(text: &str) -> Value {
    text.trim().parse::<toml_edit::Value>().map_or_else(|_| Value::from(text), |value| convert(&value))
}

struct File<'a> {
    name: &'a str,
    text: &'a str,
}

impl File<'_> {
    fn origin(&self, at: Option<usize>) -> String {
        match at {
            Some(at) => format!("{}:{}", self.name, position(self.text, at).0),
            None => self.name.to_owned(),
        }
    }
}

fn collect(leaves: &mut Vec<Leaf>, file: &File<'_>, table: &Table, path: &[String], header: Option<usize>) {
    if table.is_empty() && !path.is_empty() {
        leaves.push(Leaf {
            path: path.to_vec(),
            value: Value::Dict(Tag::Default, Dict::new()),
            origin: file.origin(header),
            typed: None,
        });
    }
    for (name, item) in table {
        let path: Vec<String> = path.iter().cloned().chain([name.to_owned()]).collect();
        let at = table.key(name).and_then(toml_edit::Key::span).or_else(|| item.span()).map(|span| span.start);
        match item {
            Item::None => {}
            Item::Table(table) => collect(leaves, file, table, &path, table.span().map(|span| span.start).or(at)),
            Item::Value(value) => leaves.extend(Leaf::all(path, convert(value), &file.origin(at), None)),
            Item::ArrayOfTables(tables) => {
                let value = Value::from(tables.iter().map(convert_table).collect::<Vec<_>>());
                leaves.push(Leaf { path, value, origin: file.origin(at), typed: None });
            }
        }
    }
}

fn convert(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => Value::from(text.value().clone()),
        toml_edit::Value::Integer(number) => Value::from(*number.value()),
        toml_edit::Value::Float(number) => Value::from(*number.value()),
        toml_edit::Value::Boolean(bool) => Value::from(*bool.value()),
        toml_edit::Value::Datetime(time) => Value::from(time.value().to_string()),
        toml_edit::Value::Array(items) => Value::from(items.iter().map(convert).collect::<Vec<_>>()),
        toml_edit::Value::InlineTable(table) => {
            Value::Dict(Tag::Default, table.iter().map(|(key, value)| (key.to_owned(), convert(value))).collect())
        }
    }
}

fn convert_table(table: &Table) -> Value {
    let entries = table.iter().filter_map(|(key, item)| {
        let value = match item {
            Item::None => return None,
            Item::Value(value) => convert(value),
            Item::Table(table) => convert_table(table),
            Item::ArrayOfTables(tables) => Value::from(tables.iter().map(convert_table).collect::<Vec<_>>()),
        };
        Some((key.to_owned(), value))
    });
    Value::Dict(Tag::Default, entries.collect())
}

/// The line and the column of a byte, both from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn syntax_error(name: &str, text: &str, error: &TomlError) -> SettingsError {
    let at = error.span().map_or(text.len(), |span| span.start);
    let (line, column) = position(text, at);
    let source = text.lines().nth(line - 1).unwrap_or_default();
    let key = source.split_once('=').map(|(key, _)| key.trim()).filter(|key| !key.is_empty() && !key.starts_with('#'));
    let shown = match source.split_once('=') {
        Some((key, _)) if secret::is_secret(key) => format!("{key}= {}", secret::MASK),
        _ => secret::mask_url(source),
    };
    SettingsError::Syntax {
        place: format!("{name}:{line}:{column}"),
        line,
        key: key.map(|key| below_header(text, line, key)),
        source_line: shown,
        reason: error.message().trim().replace('\n', ", "),
    }
}

/// The key with the name of the table that it stands in.
fn below_header(text: &str, line: usize, key: &str) -> String {
    let header = text.lines().take(line - 1).filter_map(|line| {
        let line = line.trim();
        line.strip_prefix('[')?.split(']').next().filter(|name| !name.starts_with('['))
    });
    match header.last().and_then(|name| toml_edit::Key::parse(name).ok()) {
        Some(header) => format!("{}.{key}", names::dotted(&header.iter().map(toml_edit::Key::get).collect::<Vec<_>>())),
        None => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_line() {
        let leaves =
            leaves("a.toml", "[node]\n\nlisten = []\n[plugins.x]\n[plugins.y.z]\nq = { r = 1 }").expect("TOML");
        let seen: Vec<String> = leaves.iter().map(|leaf| format!("{} {}", leaf.path.join("."), leaf.origin)).collect();
        assert_eq!(seen, ["node.listen a.toml:3", "plugins.x a.toml:4", "plugins.y.z.q.r a.toml:6"]);
    }

    #[test]
    fn a_syntax_error_shows_name_line_column_key_and_the_line() {
        let error = leaves("a.toml", "[plugins.x]\ngreeting = hello\n").expect_err("not quoted");
        let text = error.to_string();
        assert!(text.starts_with("a.toml:2:12: plugins.x.greeting: "), "{text}");
        assert!(text.ends_with("\n  2 | greeting = hello"), "{text}");
    }

    #[test]
    fn a_syntax_error_in_a_secret_does_not_show_it() {
        let text = leaves("a.toml", "token = hunter2").expect_err("not quoted").to_string();
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_value_without_a_file_is_toml_or_else_its_text() {
        assert_eq!(value("12"), Value::from(12_i64));
        assert_eq!(value("[1, 2]"), Value::from(vec![1_i64, 2]));
        assert_eq!(value("\"12\""), Value::from("12"));
        assert_eq!(value("ws://127.0.0.1:1/"), Value::from("ws://127.0.0.1:1/"));
        assert_eq!(value("1\nb = 2"), Value::from("1\nb = 2"));
    }
}
