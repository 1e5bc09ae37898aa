//! What a constant holds is not known to the attribute; configuration is the way to vary it.

use bristle::prelude::*;

const ADDRESS: &str = "ws://127.0.0.1:1/";

#[client(url = ADDRESS)]
static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
