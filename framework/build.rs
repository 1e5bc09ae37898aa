//! Empty: cargo wants a build script beside the `links` key.

fn main() {}
