//! A handshake with a repeated subprotocol is refused by the peer, at every attempt.

use bristle::prelude::*;

#[client(subprotocols = ["chat", "chat"])]
static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
