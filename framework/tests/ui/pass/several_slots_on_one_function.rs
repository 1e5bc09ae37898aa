//! One function may serve several slots, and may be several kinds of hook, or authors would write it twice.

use bristle::prelude::*;

static A: OnceCell<WebSocketClient> = OnceCell::new();
static B: OnceCell<Endpoint> = OnceCell::new();

#[on_message(A)]
#[on_message(B, priority = 1)]
#[bristle::on_open(A)]
async fn greet() -> &'static str {
    "hello"
}

#[route(GET, "/a")]
#[route(POST, "/a")]
#[route(GET, "/b")]
async fn page() {}

fn main() {}
