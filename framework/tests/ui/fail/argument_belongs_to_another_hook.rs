//! An argument of another hook must be refused where it stands.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT)]
async fn parrot(close: Close) {
    drop(close);
}

fn main() {}
