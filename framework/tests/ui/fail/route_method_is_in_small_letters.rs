//! A method in small letters must be answered with the one in capitals.

use bristle::prelude::*;

#[route(get, "/hello")]
async fn hello() {}

fn main() {}
