//! No caller chooses the type: the author would look for the fault in generated code.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT)]
async fn parrot(message: impl Into<Message>) -> Message {
    message.into()
}

fn main() {}
