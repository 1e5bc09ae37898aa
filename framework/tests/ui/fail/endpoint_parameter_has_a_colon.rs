//! The syntax of other routers would be taken for plain text, and match nothing.

use bristle::prelude::*;

#[endpoint("/chat/:room")]
static CHAT: OnceCell<Endpoint> = OnceCell::new();

fn main() {}
