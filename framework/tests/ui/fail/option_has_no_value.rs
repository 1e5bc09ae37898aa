//! A flag without a value could mean either: the author must say which.

use bristle::prelude::*;

#[client(url = "ws://127.0.0.1:1/", required)]
static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
