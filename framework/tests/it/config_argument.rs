//! What an author relies on who takes `Config<T>`: it costs a handler nothing, however often the handler runs.

use crate::support::{serve, within};
use bristle::Message;

mod counted {
    use bristle::prelude::*;
    use serde::{Deserialize, Deserializer};
    use std::sync::atomic::{AtomicUsize, Ordering};

    pub(super) static READ: AtomicUsize = AtomicUsize::new(0);

    #[derive(Deserialize)]
    pub struct Settings {
        #[serde(deserialize_with = "counted")]
        unit: String,
    }

    fn counted<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<String, D::Error> {
        READ.fetch_add(1, Ordering::Relaxed);
        String::deserialize(deserializer)
    }

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn unit(Config(settings): Config<Settings>) -> String {
        settings.unit.clone()
    }

    #[on_message(CLIENT)]
    async fn again(config: Config<Settings>) -> String {
        config.unit.len().to_string()
    }
}

#[tokio::test]
async fn the_section_is_read_once_for_all_events_and_handlers() {
    use std::sync::atomic::Ordering;
    let (_running, mut server, _peer) =
        serve(concat!(module_path!(), "::counted"), "plugins.bristle.unit = 'km'").await;
    let mut read = Vec::new();
    for _ in 0..3 {
        server.send("which?").await.expect("open");
        assert_eq!(within(server.receive()).await, Some(Message::text("km")));
        assert_eq!(within(server.receive()).await, Some(Message::text("2")));
        read.push(counted::READ.load(Ordering::Relaxed));
    }
    assert_eq!(read[0], read[2], "each event read the configuration anew");
}
