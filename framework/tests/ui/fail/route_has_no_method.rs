//! A path alone could be meant for any method.

use bristle::prelude::*;

#[route("/hello")]
async fn hello() {}

fn main() {}
