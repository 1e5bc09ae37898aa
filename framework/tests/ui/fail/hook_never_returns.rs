//! A hook that runs on for ever would hold up the launch; its author must learn where such work belongs.

use bristle::prelude::*;

#[init]
async fn poll() -> ! {
    loop {
        std::future::pending::<()>().await;
    }
}

fn main() {}
