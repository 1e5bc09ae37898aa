//! A route with a wrong return type must not be called a type that is no `Handler`.

use bristle::prelude::*;

struct Pong;

#[route(GET, "/ping")]
async fn pong() -> Pong {
    Pong
}

fn main() {}
