//! A mutable static needs `unsafe` at every use, for nothing.

use bristle::prelude::*;

#[client]
static mut CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
