//! A hook of another calling convention would be an error about function pointers.

use bristle::prelude::*;

#[init]
async extern "C" fn connect() {}

fn main() {}
