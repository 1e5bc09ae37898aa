//! A borrow inside a type is as short-lived as one in front of it, and harder to see.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT)]
async fn parrot(text: std::borrow::Cow<'_, str>) -> String {
    text.into_owned()
}

fn main() {}
