//! A header that cannot be sent would fail at launch only.

use bristle::prelude::*;

#[client(headers = [("X Id", "1")])]
static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
