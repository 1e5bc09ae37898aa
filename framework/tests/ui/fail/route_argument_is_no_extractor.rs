//! A route with a wrong argument must not be called a type that is no `Handler`.

use bristle::prelude::*;

struct Ping;

#[route(GET, "/ping")]
async fn pong(ping: Ping) {
    drop(ping);
}

fn main() {}
