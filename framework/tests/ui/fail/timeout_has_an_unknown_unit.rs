//! A day is no unit of a timeout; the author must see which are.

use bristle::prelude::*;

#[shutdown(timeout = "1d")]
async fn disconnect() {}

fn main() {}
