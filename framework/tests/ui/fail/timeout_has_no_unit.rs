//! A bare number is seconds to one author and milliseconds to the next.

use bristle::prelude::*;

#[init(timeout = 30)]
async fn connect() {}

fn main() {}
