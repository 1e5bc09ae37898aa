//! A limit of nothing would close the connection at its first message.

use bristle::prelude::*;

#[client(max_message_size = 0)]
static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
