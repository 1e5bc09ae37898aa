//! Generated code names everything absolutely, or an author's own `Result`, `Some` or `vec` would break it.

#![deny(warnings)]
#![forbid(unsafe_code)]

use ::bristle::prelude::OnceCell;
use ::bristle::{client, endpoint, init, on_error, on_message, route, shutdown};

#[allow(dead_code)]
struct Result;
#[allow(dead_code)]
struct Option;
#[allow(dead_code)]
struct Vec;
#[allow(dead_code, non_snake_case)]
fn Some() {}
#[allow(unused_macros)]
macro_rules! vec { () => {} }
#[allow(dead_code)]
mod std {}
#[allow(dead_code)]
mod core {}
#[allow(dead_code)]
mod bristle {}

#[client(url = "ws://127.0.0.1:1/")]
static CLIENT: OnceCell<::bristle::WebSocketClient> = OnceCell::new();

#[endpoint("/")]
static CHAT: OnceCell<::bristle::Endpoint> = OnceCell::new();

#[init(timeout = "1s")]
async fn first() {}

#[init(after = [first], on_failure = "disable")]
async fn second() {}

#[shutdown]
async fn last() {}

#[on_message(CLIENT)]
async fn handle(_: ::bristle::Message) {}

#[on_error]
async fn failed() {}

#[route(GET, "/{name}")]
async fn page(_: ::axum::extract::Path<::std::string::String>, _: ::axum::body::Bytes) {}

fn main() {}
