//! Who expects the handler at the client must see which attribute declares one.

use bristle::prelude::*;

#[on_message(CLIENT)]
static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
