//! Who makes five mistakes must not have to compile five times.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT, prio = 1)]
#[on_open("CLIENT")]
fn parrot<T>(text: &str, more: impl Into<T>) {}

fn main() {}
