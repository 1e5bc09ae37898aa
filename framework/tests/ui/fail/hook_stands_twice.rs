//! A handler that is registered twice would answer every message twice.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT)]
#[on_message(CLIENT, priority = 1)]
async fn parrot(message: Message) -> Message {
    message
}

fn main() {}
