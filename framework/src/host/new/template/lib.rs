//! PLUGIN_NAME: answers every text that is sent to the endpoint `/PLUGIN_NAME`.

use bristle::prelude::*;
use serde::Deserialize;

/// What `[plugins.PLUGIN_NAME]` may say in `bristle.toml`; a misspelled key ends the launch with a hint.
#[derive(Debug, Deserialize)]
#[serde(default)]
struct Options {
    /// What every answer begins with.
    prefix: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { prefix: "you said: ".to_owned() }
    }
}

// Try it with any WebSocket client: ws://127.0.0.1:20001/PLUGIN_NAME
#[endpoint("/PLUGIN_NAME")]
static ENDPOINT: OnceCell<Endpoint> = OnceCell::new();

/// Arguments are what the handler needs, in any order; what it returns is sent back.
///
/// It is called for texts only, since it takes a `String`; one after the other, in the order in which they came.
#[on_message(ENDPOINT)]
async fn answer(text: String, Config(settings): Config<Options>) -> String {
    format!("{}{text}", settings.prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The attribute leaves the function as it is, so that a test calls it like any other.
    #[tokio::test]
    async fn an_answer_begins_with_the_prefix() {
        let settings = Options { prefix: "> ".to_owned() };
        assert_eq!(answer("hello".to_owned(), Config::new(settings)).await, "> hello");
    }
}
