//! No caller chooses the type: the author would look for the fault in generated code.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT)]
async fn parrot<T: Send>(message: Json<T>) {
    drop(message);
}

fn main() {}
