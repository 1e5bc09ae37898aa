//! Who forgets `async` must not have to guess from a type error of generated code.

use bristle::prelude::*;

#[init]
fn connect() {}

fn main() {}
