//! Who expects the attribute on a constructor must see the static to write.

use bristle::prelude::*;

#[client(url = "ws://127.0.0.1:1/")]
async fn client() {}

fn main() {}
