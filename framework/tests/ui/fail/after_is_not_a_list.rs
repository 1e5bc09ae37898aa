//! One predecessor without brackets is the first thing that everybody writes.

use bristle::prelude::*;

#[init]
async fn database() {}

#[init(after = database)]
async fn connect() {}

fn main() {}
