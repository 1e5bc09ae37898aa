//! The function that tells the key sees the message: a signature of another kind is underlined where it is named.

use bristle::prelude::*;

fn symbol(text: String) -> String {
    text
}

#[client(url = "ws://127.0.0.1:20001/", concurrent = 16, keyed = symbol)]
static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
