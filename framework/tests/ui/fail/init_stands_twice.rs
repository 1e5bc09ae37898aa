//! An init hook that is registered twice would run twice.

use bristle::prelude::*;

#[init]
#[init(order = 1)]
async fn connect() {}

fn main() {}
