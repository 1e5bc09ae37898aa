//! A method that does not exist must be answered with those that do.

use bristle::prelude::*;

#[route(FETCH, "/hello")]
async fn hello() {}

fn main() {}
