//! Of two values one would be ignored, and the author would not know which.

use bristle::prelude::*;

#[init(order = 1, order = 2)]
async fn connect() {}

fn main() {}
