//! A `const fn` cannot await; its author must hear of `async` and of nothing else.

use bristle::prelude::*;

#[init]
const fn connect() {}

fn main() {}
