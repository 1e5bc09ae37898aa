//! A method has no one to be called on: its author would wait for messages that never come.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

struct Parrot;

impl Parrot {
    #[on_message(CLIENT)]
    async fn parrot(&self, message: Message) -> Message {
        drop(self);
        message
    }
}

fn main() {}
