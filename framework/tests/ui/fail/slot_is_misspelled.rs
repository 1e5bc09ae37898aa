//! A misspelled slot must get the suggestion of the compiler, and no other error.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLEINT)]
async fn parrot(message: Message) -> Message {
    message
}

fn main() {}
