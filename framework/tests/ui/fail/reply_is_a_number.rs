//! A reply that cannot be a message must be refused at the return type.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT)]
async fn count(message: Message) -> u32 {
    drop(message);
    1
}

fn main() {}
