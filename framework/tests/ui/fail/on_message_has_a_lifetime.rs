//! A lifetime that nothing borrows for would fail far away, in the registration.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT)]
async fn parrot<'a>(message: Message) -> Message {
    message
}

fn main() {}
