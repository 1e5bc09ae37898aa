//! An endpoint without a path could not be reached.

use bristle::prelude::*;

#[endpoint]
static CHAT: OnceCell<Endpoint> = OnceCell::new();

fn main() {}
