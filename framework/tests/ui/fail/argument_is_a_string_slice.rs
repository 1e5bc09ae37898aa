//! The first argument that comes to mind is `&str`; its author would meet lifetimes of generated code.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT)]
async fn parrot(text: &str) -> String {
    text.to_owned()
}

fn main() {}
