//! An unsafe hook would be called by code that cannot keep its promises.

use bristle::prelude::*;

#[init]
async unsafe fn connect() {}

fn main() {}
