//! What a user relies on when a part of the launch failed: what was declared is opened all the same, and only what began
//! is ended.

use crate::support::{Seen, at, plugins, within};
use bristle::settings::Settings;
use bristle::testing::Peer;
use bristle::{ConnectionState, Runtime};
use std::sync::LazyLock;

static SEEN: LazyLock<Seen<&'static str>> = LazyLock::new(Seen::new);

mod impatient {
    use bristle::prelude::*;

    #[client(url = "ws://127.0.0.1:1/")]
    pub static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[client(url = "ws://127.0.0.1:1/")]
    pub static UNWANTED: OnceCell<WebSocketClient> = OnceCell::new();

    #[init]
    async fn too_early() -> Result<()> {
        for slot in [&CLIENT, &UNWANTED] {
            let client = slot.get().ok_or_else(|| Error::msg("declared clients are there before init"))?;
            client.connect().await.expect_err("nobody listens yet");
        }
        UNWANTED.get().ok_or_else(|| Error::msg("it was there"))?.close().await;
        Ok(())
    }
}

/// Without it a client that a hook tried to connect too early stays down for ever, though it is declared to be kept open.
#[tokio::test]
async fn a_declared_client_whose_connect_failed_in_a_hook_is_opened_by_the_launch() {
    let peer = Peer::bind().await.expect("a free port");
    let toml = at(&peer, "");
    let address = peer.address();
    drop(peer);
    let module = concat!(module_path!(), "::impatient");
    let running = within(crate::support::runtime(module, &toml).expect("nothing wrong").launch());
    let running = running.await.expect("a client that cannot connect is no failure of the launch");
    let listener = tokio::net::TcpListener::bind(address).await.expect("it was free a moment ago");
    drop(within(listener.accept()).await.expect("the client tries again"));
    let unwanted = impatient::UNWANTED.get().expect("filled at launch");
    assert_eq!(unwanted.state(), ConnectionState::Closed, "a hook closed it on purpose");
    within(running.stop()).await.expect("a clean stop");
}

mod half {
    mod begun {
        use bristle::prelude::*;

        #[init]
        async fn first() {}

        #[init(after = [first])]
        async fn second() -> Result<()> {
            Err(Error::msg("no disk"))
        }

        #[shutdown]
        async fn end() {
            super::super::SEEN.put("begun");
        }
    }

    mod failed {
        use bristle::prelude::*;

        #[init]
        async fn begin() -> Result<()> {
            Err(Error::msg("no database"))
        }

        #[shutdown]
        async fn end() {
            super::super::SEEN.put("failed");
        }
    }

    mod without {
        use bristle::prelude::*;

        #[shutdown]
        async fn end() {
            super::super::SEEN.put("without");
        }
    }
}

/// A hook that undoes what was never done finds its slots empty, and hides the reason of the failure behind its own.
#[tokio::test]
async fn after_a_launch_that_failed_only_the_plugins_that_began_are_shut_down() {
    let registry = plugins(concat!(module_path!(), "::half"));
    let settings = Settings::new().toml("test.toml", "node.listen = []").expect("good TOML");
    let runtime = Runtime::builder().settings(settings).registry(registry).build().expect("nothing wrong");
    let error = within(runtime.launch()).await.map(drop).expect_err("two hooks fail").to_string();
    assert!(error.contains("no disk") && error.contains("no database"), "{error}");
    let mut seen = SEEN.rest().await;
    seen.sort_unstable();
    assert_eq!(seen, ["begun", "without"]);
}
