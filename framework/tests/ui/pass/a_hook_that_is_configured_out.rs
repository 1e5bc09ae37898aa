//! A registration goes where its item goes, or a hook under `#[cfg]` would not compile when it is off.

use bristle::prelude::*;

#[cfg(any())]
#[client]
static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[cfg(any())]
#[on_message(CLIENT)]
async fn above(message: NoSuchType) {}

#[init]
#[cfg(any())]
async fn below(message: NoSuchType) {}

#[cfg_attr(all(), init)]
#[cfg(all())]
async fn on() {}

fn main() {}
