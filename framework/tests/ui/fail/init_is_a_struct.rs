//! Who expects a plugin to be a type must learn that it is functions.

use bristle::prelude::*;

#[init]
struct Plugged;

fn main() {}
