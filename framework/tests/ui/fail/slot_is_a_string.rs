//! A slot in quotes could not be checked by the compiler.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message("CLIENT")]
async fn parrot(message: Message) -> Message {
    message
}

fn main() {}
