//! A number in quotes must not become an error about tokens.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT, priority = "10")]
async fn parrot() {}

fn main() {}
