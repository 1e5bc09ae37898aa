//! A value that nobody takes would be lost.

use bristle::prelude::*;

#[init]
async fn connect() -> String {
    String::new()
}

fn main() {}
