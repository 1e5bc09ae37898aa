//! A path without its first slash matches nothing.

use bristle::prelude::*;

#[endpoint("chat")]
static CHAT: OnceCell<Endpoint> = OnceCell::new();

fn main() {}
