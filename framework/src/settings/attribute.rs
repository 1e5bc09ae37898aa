//! The options of an attribute, as the lowest layer of a section.

use figment::value::{Dict, Tag, Value};

/// A JSON object as a table; what is `null` was not said.
pub(crate) fn value(json: &str) -> Result<Value, String> {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(json).map_err(|error| format!("the attribute's options are no JSON object: {error}"))?;
    let said = object.into_iter().filter(|(_, value)| !value.is_null());
    let table: Dict = said
        .map(|(key, value)| Ok((key, Value::serialize(named(value)).map_err(|error| error.to_string())?)))
        .collect::<Result<_, String>>()?;
    Ok(Value::Dict(Tag::Default, table))
}

/// A list of names and values is a table: so the configuration can override one header and leave the others.
fn named(value: serde_json::Value) -> serde_json::Value {
    let pairs = value
        .as_array()
        .filter(|items| !items.is_empty())
        .map(|items| items.iter().map(pair).collect::<Option<Vec<_>>>());
    let Some(Some(pairs)) = pairs else { return value };
    let mut table = serde_json::Map::new();
    for (name, value) in pairs {
        match table.get_mut(name) {
            None => drop(table.insert(name.to_owned(), value.clone())),
            Some(serde_json::Value::Array(values)) => values.push(value.clone()),
            Some(first) => *first = serde_json::Value::Array(vec![first.take(), value.clone()]),
        }
    }
    table.into()
}

fn pair(item: &serde_json::Value) -> Option<(&str, &serde_json::Value)> {
    match item.as_array()?.as_slice() {
        [name, value] => Some((name.as_str()?, value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_in_a_list_become_a_table_in_which_a_repeated_one_has_several_values() {
        let json = r#"{ "headers": [["A", "1"], ["B", "2"], ["A", "3"]], "url": null, "subprotocols": ["x", "y"], "none": [] }"#;
        let table =
            serde_json::json!({ "headers": { "A": ["1", "3"], "B": "2" }, "subprotocols": ["x", "y"], "none": [] });
        assert_eq!(value(json), Ok(Value::serialize(table).expect("plain")));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert!(value("[]").is_err());
    }
}
