//! A handler of a slot that holds anything else would never be called.

use bristle::prelude::*;

static NAME: OnceCell<String> = OnceCell::new();

#[on_message(NAME)]
async fn parrot(message: Message) -> Message {
    message
}

fn main() {}
