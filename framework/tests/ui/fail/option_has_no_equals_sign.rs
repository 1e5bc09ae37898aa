//! Of the ways to set a number, the author must learn the one that works.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT, priority 10)]
async fn parrot() {}

fn main() {}
