//! A constant is a new cell at every use: all of them would stay empty.

use bristle::prelude::*;

#[client]
const CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
