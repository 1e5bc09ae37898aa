//! A future that is bound to its thread must be reported at the handler, with what binds it.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[on_message(CLIENT)]
async fn parrot(message: Message) -> Message {
    let counter = std::rc::Rc::new(1);
    std::future::ready(()).await;
    drop(counter);
    message
}

fn main() {}
