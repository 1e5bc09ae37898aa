//! An author's own macro may write the attributes, or hooks of one shape could not be generated.

use bristle::prelude::*;

macro_rules! parrots {
    ($($name:ident: $slot:path, $priority:literal, $message:ty;)*) => {$(
        #[on_message($slot, priority = $priority)]
        async fn $name(message: $message) -> $message {
            message
        }
    )*};
}

macro_rules! client {
    ($name:ident = $url:expr) => {
        #[client(url = $url)]
        static $name: OnceCell<WebSocketClient> = OnceCell::new();
    };
}

client!(CLIENT = "ws://127.0.0.1:1/");

parrots! {
    first: CLIENT, 1, Message;
    second: self::CLIENT, -1, Option<Text>;
}

fn main() {}
