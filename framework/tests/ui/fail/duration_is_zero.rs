//! A time of zero ends whatever it limits before it began.

use bristle::prelude::*;

#[client(url = "ws://127.0.0.1:1/", connect_timeout = "0s", ping_after = "9999h")]
static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[init(timeout = "0ms")]
async fn begin() {}

fn main() {}
