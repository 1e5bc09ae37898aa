//! The wrong one of two attributes would leave the slot empty at launch.

use bristle::prelude::*;

#[client]
static CHAT: OnceCell<Endpoint> = OnceCell::new();

fn main() {}
