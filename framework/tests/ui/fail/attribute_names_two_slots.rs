//! A second slot that was taken for an option would send its author to the wrong page.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

static OTHER: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT, OTHER)]
async fn parrot(message: Message) -> Message {
    message
}

fn main() {}
