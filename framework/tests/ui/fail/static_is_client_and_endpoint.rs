//! Two attributes would fill one slot, and one of them would fail at launch.

use bristle::prelude::*;

#[client]
#[endpoint("/chat")]
static CHAT: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
