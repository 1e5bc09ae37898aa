//! A borrowed message cannot outlive its event; the author would meet lifetimes of generated code.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT)]
async fn parrot(message: &Message) -> Message {
    message.clone()
}

fn main() {}
