//! An address copied from a browser must be answered with the one to write.

use bristle::prelude::*;

#[client(url = "https://example.org/feed")]
static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
