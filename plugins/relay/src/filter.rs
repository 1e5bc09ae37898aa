//! Which messages pass.

use bristle::prelude::*;
use serde::Deserialize;

/// Which kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Text,
    Binary,
}

/// Which messages pass: all conditions that are set must hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Filter {
    /// Only this kind.
    only: Option<Kind>,
    /// Only messages with at least one of these in them.
    containing: Vec<String>,
    /// No message with any of these in it.
    without: Vec<String>,
}

impl Filter {
    pub(crate) fn passes(&self, message: &Message) -> bool {
        let kind = if message.is_text() { Kind::Text } else { Kind::Binary };
        let contains = |text: &String| contains(message.as_bytes(), text.as_bytes());
        self.only.is_none_or(|only| only == kind)
            && (self.containing.is_empty() || self.containing.iter().any(contains))
            && !self.without.iter().any(contains)
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(json: &str) -> Filter {
        serde_json::from_str(json).expect("a filter")
    }

    #[test]
    fn without_conditions_everything_passes() {
        assert!(filter("{}").passes(&Message::text("x")) && filter("{}").passes(&Message::binary(vec![0])));
    }

    #[test]
    fn every_condition_must_hold() {
        let filter = filter(r#"{ "only": "text", "containing": ["BTC", "ETH"], "without": ["test"] }"#);
        assert!(filter.passes(&Message::text("BTC 1")) && filter.passes(&Message::text("ETH 1")));
        assert!(!filter.passes(&Message::text("XRP 1")));
        assert!(!filter.passes(&Message::text("BTC test")));
        assert!(!filter.passes(&Message::binary("BTC 1")));
    }
}
