//! A misspelled option that was ignored would change the order of the launch in silence.

use bristle::prelude::*;

#[init]
async fn database() {}

#[init(aftr = [database])]
async fn connect() {}

fn main() {}
