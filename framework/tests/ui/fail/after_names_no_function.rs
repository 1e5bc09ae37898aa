//! A misspelled predecessor would be waited for by nobody.

use bristle::prelude::*;

#[init]
async fn database() {}

#[init(after = [databse])]
async fn connect() {}

fn main() {}
