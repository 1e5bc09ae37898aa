//! A failure must not be treated otherwise than its author asked.

use bristle::prelude::*;

#[init(on_failure = "restart")]
async fn connect() {}

fn main() {}
