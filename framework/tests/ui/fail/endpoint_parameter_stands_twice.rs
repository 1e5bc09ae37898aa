//! Of two parameters with one name, one could not be read.

use bristle::prelude::*;

#[endpoint("/chat/{room}/{room}")]
static CHAT: OnceCell<Endpoint> = OnceCell::new();

fn main() {}
