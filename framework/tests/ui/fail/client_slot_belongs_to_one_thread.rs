//! The cell of this name in `std::cell` cannot be a static: beside the compiler, we name the cells that can.

use bristle::prelude::*;

#[client]
static CLIENT: std::cell::OnceCell<WebSocketClient> = std::cell::OnceCell::new();

fn main() {}
