//! An own type as an argument is the most natural mistake: the error must name `Json`.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

struct Ping;

#[on_message(CLIENT)]
async fn pong(ping: Ping) {
    drop(ping);
}

fn main() {}
