//! A registration whose arguments come and go would not match its function.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT)]
async fn parrot(#[cfg(all())] message: Message) -> Message {
    message
}

fn main() {}
