//! Which values are secret: they are masked wherever a value is shown.

use figment::value::{Num, Value};

/// What stands in place of a secret.
pub(crate) const MASK: &str = "***";

/// A key that contains one of these, less `-` and `_`, is taken for a secret: masking one value too many costs nothing.
const WORDS: [&str; 11] = [
    "token",
    "secret",
    "passw",
    "passphrase",
    "pwd",
    "authorization",
    "cookie",
    "apikey",
    "privatekey",
    "credential",
    "signature",
];

/// Keys whose whole value is secret though their name says nothing: which header carries the token is the server's choice.
const TABLES: [&str; 1] = ["headers"];

/// What a query calls a secret, beside those words.
const QUERY: [&str; 8] = ["auth", "code", "jwt", "key", "pass", "session", "sid", "sig"];

/// Whether a key names a secret.
pub(crate) fn is_secret(key: &str) -> bool {
    let key: String = key.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).map(|c| c.to_ascii_lowercase()).collect();
    TABLES.contains(&key.as_str()) || WORDS.iter().any(|word| key.contains(word))
}

/// A value as TOML writes it, with its secrets masked. `secret` says that the key above it is one.
pub(crate) fn show(value: &Value, secret: bool) -> String {
    match value {
        Value::Dict(_, table) => {
            let entries: Vec<String> = table
                .iter()
                .map(|(key, value)| {
                    let name = toml_edit::Key::new(key.as_str());
                    format!("{} = {}", name.display_repr(), show(value, secret || is_secret(key)))
                })
                .collect();
            if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
        }
        Value::Array(_, items) => {
            // A pair is a name and its value, as headers may be written.
            let names_secret = matches!(items.as_slice(), [Value::String(_, name), _] if is_secret(name));
            let items: Vec<String> =
                items.iter().enumerate().map(|(at, item)| show(item, secret || (names_secret && at == 1))).collect();
            format!("[{}]", items.join(", "))
        }
        _ if secret => quoted(MASK),
        // A key in PEM is a secret under whatever name.
        Value::String(_, text) if text.contains("PRIVATE KEY-----") => quoted(MASK),
        Value::String(_, text) => quoted(&mask_url(text)),
        Value::Char(_, letter) => quoted(&letter.to_string()),
        Value::Bool(_, bool) => bool.to_string(),
        Value::Num(_, number) => show_number(*number),
        Value::Empty(..) => "nothing".to_owned(),
    }
}

/// A URL without its user and password, and without the values of its query that are secret; any other text as it is, but
/// for `user:password@host`, a proxy's URL whose scheme was forgotten.
pub(crate) fn mask_url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return match text.rsplit_once('@') {
            Some((user, host)) if user.contains(':') && !text.contains(char::is_whitespace) => format!("{MASK}@{host}"),
            _ => text.to_owned(),
        };
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let authority = match authority.rsplit_once('@') {
        Some((_, host)) => format!("{MASK}@{host}"),
        None => authority.to_owned(),
    };
    format!("{scheme}://{authority}{}", mask_query(tail))
}

/// A sentence about a value, which must not tell more of it than is shown elsewhere.
pub(crate) fn mask_in(sentence: &str, value: Option<&Value>) -> String {
    match value.and_then(Value::as_str) {
        Some(text) if mask_url(text) != text => sentence.replace(text, &mask_url(text)),
        _ => sentence.to_owned(),
    }
}

fn mask_query(tail: &str) -> String {
    let Some((path, query)) = tail.split_once('?') else { return tail.to_owned() };
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((key, _)) if is_secret(key) || QUERY.contains(&key.to_ascii_lowercase().as_str()) => {
                format!("{key}={MASK}")
            }
            _ => pair.to_owned(),
        })
        .collect();
    format!("{path}?{}", pairs.join("&"))
}

fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

fn show_number(number: Num) -> String {
    match (number.to_f64(), number.to_i128(), number.to_u128()) {
        (Some(float), _, _) => toml_edit::Value::from(float).to_string(),
        (_, Some(integer), _) => integer.to_string(),
        (_, _, Some(integer)) => integer.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_name_a_secret_are_told_in_any_spelling() {
        for key in ["access_token", "Authorization", "API-Key", "apiKey", "db_password", "Set-Cookie", "clientSecret"] {
            assert!(is_secret(key), "{key}");
        }
        for key in ["greeting", "url", "key_file", "passive"] {
            assert!(!is_secret(key), "{key}");
        }
    }

    #[test]
    fn a_private_key_is_masked_whatever_it_is_called() {
        let value = Value::serialize("-----BEGIN PRIVATE KEY-----\nMC4C").expect("plain");
        assert_eq!(show(&value, false), r#""***""#);
    }

    #[test]
    fn a_pair_whose_first_names_a_secret_masks_its_second() {
        let value = Value::serialize([["Authorization", "Bearer x"], ["X-Id", "7"]]).expect("plain");
        assert_eq!(show(&value, false), r#"[["Authorization", "***"], ["X-Id", "7"]]"#);
    }

    #[test]
    fn every_header_is_masked_since_any_may_carry_a_token() {
        for headers in [serde_json::json!({ "X-Id": "7" }), serde_json::json!([["X-Id", "7"]])] {
            let value = Value::serialize(serde_json::json!({ "headers": headers, "max_headers": 7 })).expect("plain");
            let shown = show(&value, false);
            assert!(!shown.contains("\"7\"") && shown.contains("max_headers = 7"), "{shown}");
        }
    }

    #[test]
    fn a_urls_user_and_secret_query_are_masked_and_the_rest_stays() {
        assert_eq!(mask_url("wss://me:pw@host:1/x?access_token=1&y=2#z"), "wss://***@host:1/x?access_token=***&y=2#z");
        assert_eq!(mask_url("ws://host/a@b"), "ws://host/a@b");
        assert_eq!(mask_url("wss://host/?key=1&Sig=2&monkey=3"), "wss://host/?key=***&Sig=***&monkey=3");
        assert_eq!(mask_url("me:hunter2@proxy:3128"), "***@proxy:3128");
        assert_eq!(mask_url("mail me@host"), "mail me@host");
    }

    #[test]
    fn a_table_masks_its_secrets_and_shows_the_rest_as_toml() {
        let value = Value::serialize(serde_json::json!({ "Authorization": "Bearer x", "X-Id": 7 })).expect("plain");
        assert_eq!(show(&value, false), r#"{ Authorization = "***", X-Id = 7 }"#);
    }
}
