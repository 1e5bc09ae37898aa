//! A body can be taken once, so it comes last: the error must stand at the argument that is too early.

use bristle::prelude::*;

#[route(POST, "/notes/{name}")]
async fn store(body: String, name: Path<String>) {
    drop((body, name));
}

fn main() {}
