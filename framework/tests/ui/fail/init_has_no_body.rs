//! A declaration in a trait is nothing that can be called.

use bristle::prelude::*;

trait Connect {
    #[init]
    async fn connect();
}

fn main() {}
