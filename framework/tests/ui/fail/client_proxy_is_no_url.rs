//! A proxy is a URL with its scheme, or `false`; a limit is a number.

use bristle::prelude::*;

#[client(url = "ws://192.168.1.3:20001/", proxy = "proxy:3128")]
static BY_HOST: OnceCell<WebSocketClient> = OnceCell::new();

#[client(url = "ws://192.168.1.3:20001/", proxy = true, max_redirects = "3")]
static BY_BOOL: OnceCell<WebSocketClient> = OnceCell::new();

fn main() {}
