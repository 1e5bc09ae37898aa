//! A fragment is never sent: its author would believe that it was.

use bristle::prelude::*;

#[client(url = "ws://example.org/feed#news")]
static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
