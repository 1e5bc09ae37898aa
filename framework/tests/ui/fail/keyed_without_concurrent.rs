//! Without other messages at the same time, keys would do nothing: that is said, with both options written out.

use bristle::prelude::*;

fn kind(message: &Message) -> bool {
    message.is_text()
}

#[client(url = "ws://127.0.0.1:20001/", keyed = kind)]
static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
