//! A wait of a year is a typing error: whatever it limits would never be noticed.

use bristle::prelude::*;

#[client(url = "ws://127.0.0.1:1/", ping_after = "9999h")]
static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
