//! A handler of no connection would never be called.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message]
async fn parrot(message: Message) -> Message {
    message
}

fn main() {}
