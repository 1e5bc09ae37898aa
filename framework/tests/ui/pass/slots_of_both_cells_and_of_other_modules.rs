//! A slot may be either cell, behind an alias or in another module, or a plugin could not use another plugin's.

use bristle::prelude::*;
use std::sync::OnceLock;

type Client = WebSocketClient;
type Shared<T> = OnceCell<T>;

mod feed {
    use super::*;

    #[client(url = "ws://127.0.0.1:1/")]
    pub static FEED: OnceLock<WebSocketClient> = OnceLock::new();

    #[endpoint("/")]
    pub static SERVED: std::sync::OnceLock<bristle::Endpoint> = std::sync::OnceLock::new();
}

#[client]
static ALIASED: OnceCell<Client> = OnceCell::new();

#[client]
static TWICE_ALIASED: Shared<Client> = Shared::new();

#[on_message(feed::FEED)]
#[on_message(self::feed::SERVED)]
#[on_message(ALIASED)]
#[on_message(crate::TWICE_ALIASED)]
async fn handle() {}

fn main() {}
