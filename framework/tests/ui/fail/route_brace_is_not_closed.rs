//! A path with an open brace would fail at launch only.

use bristle::prelude::*;

#[route(GET, "/hello/{name")]
async fn hello() {}

fn main() {}
