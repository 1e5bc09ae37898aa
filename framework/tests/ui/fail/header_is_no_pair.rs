//! A header without a value would be an error about tokens.

use bristle::prelude::*;

#[client(headers = ["Authorization: Bearer x"])]
static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
