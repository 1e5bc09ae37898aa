//! A slot behind an equals sign must not be two mistakes, of which neither names it.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(slot = CLIENT)]
async fn parrot(message: Message) -> Message {
    message
}

fn main() {}
