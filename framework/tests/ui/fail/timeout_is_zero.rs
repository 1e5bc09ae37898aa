//! A hook without any time would fail at every launch.

use bristle::prelude::*;

#[init(timeout = "0s")]
async fn connect() {}

fn main() {}
