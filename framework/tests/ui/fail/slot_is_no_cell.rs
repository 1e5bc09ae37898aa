//! A static that is no cell can never be filled.

use bristle::prelude::*;

static LIMIT: u32 = 10;

#[on_message(LIMIT)]
async fn parrot(message: Message) -> Message {
    message
}

fn main() {}
