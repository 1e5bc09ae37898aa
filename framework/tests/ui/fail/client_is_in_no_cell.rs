//! A static must be filled at launch, so it is a cell.

use bristle::prelude::*;

#[client(url = "ws://127.0.0.1:1/")]
static CLIENT: Option<WebSocketClient> = None;

fn main() {}
