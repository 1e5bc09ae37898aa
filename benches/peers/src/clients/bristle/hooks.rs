//! The plugins under test: a slot each, and handlers that take every message in one form.

use crate::clock::Latencies;
use crate::tally;
use crate::trade::Trade;
use bristle::prelude::*;
use std::hint::black_box;
use std::sync::Mutex;
use tokio::sync::Notify;

/// Told when the connection has ended and every message before that was handled.
pub(crate) static ENDED: Notify = Notify::const_new();

/// What the paced feed's handler has seen.
pub(crate) static LATENCIES: Mutex<Latencies> = Mutex::new(Latencies::new());

/// A module with a slot, a hook for the connection's end, and what else is given.
macro_rules! plugin {
    ($module:ident: $($items:item)+) => {
        pub(crate) mod $module {
            #[allow(unused_imports, reason = "each takes what it needs")]
            use super::*;

            pub(crate) static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

            #[init]
            async fn open(plugin: Plugin) -> Result<()> {
                drop(CLIENT.set(super::super::client(&plugin)?));
                Ok(())
            }

            $($items)+

            #[on_close(CLIENT)]
            async fn closed(_close: Close) {
                ENDED.notify_one();
            }
        }
    };
}

/// A plugin whose handlers take `$argument` and count, one for each name.
macro_rules! counting {
    ($module:ident, $argument:ty: $($handler:ident)+) => {
        plugin! { $module:
            $(
                #[on_message(CLIENT)]
                async fn $handler(argument: $argument) {
                    black_box(&argument);
                    tally::count();
                }
            )+
        }
    };
}

/// The same with a handler for each pair of a name and one in the list.
macro_rules! many {
    ($module:ident, $argument:ty, $ones:tt: $($ten:ident)+) => {
        plugin! { $module:
            $(
                mod $ten {
                    use super::*;

                    many!(@ $argument, $ones);
                }
            )+
        }
    };
    (@ $argument:ty, [$($handler:ident)+]) => {
        $(
            #[on_message(CLIENT)]
            async fn $handler(argument: $argument) {
                black_box(&argument);
                tally::count();
            }
        )+
    };
}

counting!(message, Message: a);
counting!(message_3, Message: a b c);
counting!(message_10, Message: a b c d e f g h i j);
many!(message_30, Message, [a b c d e f g h i j]: u v w);
many!(message_100, Message, [a b c d e f g h i j]: q r s t u v w x y z);
counting!(json, Json<Trade>: a);
counting!(json_10, Json<Trade>: a b c d e f g h i j);
counting!(shared, SharedJson<Trade>: a);
counting!(shared_10, SharedJson<Trade>: a b c d e f g h i j);
many!(shared_100, SharedJson<Trade>, [a b c d e f g h i j]: q r s t u v w x y z);
counting!(compressed, Json<Vec<Trade>>: a);

plugin! { echo:
    #[on_message(CLIENT)]
    async fn back(message: Message) -> Message {
        tally::count();
        message
    }
}

plugin! { paced:
    #[on_message(CLIENT)]
    async fn latency(message: Message) {
        LATENCIES.lock().expect("nothing panics while it holds the list").add(message.as_bytes());
    }
}
