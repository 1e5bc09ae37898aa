//! An option where there are none would be ignored.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_error(CLIENT, priority = 1)]
async fn failed() {}

fn main() {}
