//! A blocking handler would stall every connection of its thread.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT)]
fn parrot(message: Message) -> Message {
    message
}

fn main() {}
