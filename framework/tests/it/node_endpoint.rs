//! An endpoint's connections: handlers, broadcasts, and ends.

use crate::node_wire::{Wire, frame};
use crate::support::{launch, within};
use bristle::{Close, Initiator, Message, SendError, WebSocketClient};

mod chat {
    use crate::support::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub static CLOSES: LazyLock<Seen<(Connection, Close)>> = LazyLock::new(Seen::new);
    pub static SAID: LazyLock<Seen<String>> = LazyLock::new(Seen::new);

    #[endpoint("/chat/{room}")]
    pub static CHAT: OnceCell<Endpoint> = OnceCell::new();

    #[on_open(CHAT)]
    async fn welcome() -> &'static str {
        "welcome"
    }

    #[on_message(CHAT)]
    async fn said(text: String, from: Connection) {
        let room = from.parameter("room");
        let chat = CHAT.get().expect("filled at launch");
        let outcome = chat.broadcast_where(text.as_str(), |other| other.parameter("room") == room && *other != from);
        SAID.put(format!("{text} to {}", outcome.sent));
    }

    #[on_close(CHAT)]
    async fn gone(connection: Connection, close: Close) {
        CLOSES.put((connection, close));
    }
}

#[tokio::test]
async fn a_room_hears_what_is_said_in_it_and_nobody_else() {
    let node = launch(concat!(module_path!(), "::chat"), "").await;
    let endpoint = chat::CHAT.get().expect("filled at launch");
    let mut ann = Wire::open(&node, "/chat/a").await;
    let mut bob = Wire::open(&node, "/chat/a").await;
    let mut eve = Wire::open(&node, "/chat/b").await;
    for wire in [&mut ann, &mut bob, &mut eve] {
        assert_eq!(wire.frame().await, (1, b"welcome".to_vec()));
    }
    ann.text("hello").await;
    assert_eq!(bob.frame().await, (1, b"hello".to_vec()));
    assert_eq!(chat::SAID.next().await, "hello to 1");
    assert_eq!(endpoint.broadcast("all").sent, 3);
    for wire in [&mut ann, &mut bob, &mut eve] {
        assert_eq!(wire.frame().await, (1, b"all".to_vec()), "eve never saw `hello`");
    }
    let stats = endpoint.stats();
    assert_eq!((stats.connections, stats.opened, stats.received, stats.skipped), (3, 3, 1, 0));

    // A peer that closes is answered with its own code, and gone.
    ann.send(frame(8, &[0x0f, 0xa0, b'b', b'y', b'e'])).await;
    assert_eq!(ann.frame().await, (8, vec![0x0f, 0xa0, b'b', b'y', b'e']));
    drop(ann);
    let (connection, close) = chat::CLOSES.next().await;
    assert_eq!((close.code, close.reason.as_str(), close.initiator), (4000, "bye", Initiator::Remote));
    assert!(close.was_ready);
    assert_eq!(connection.send("late").await, Err(SendError::Closed));
    assert_eq!(endpoint.get(connection.id()), None);
    assert_eq!(endpoint.len(), 2);

    // One that vanishes is gone, too.
    drop(bob);
    let (_, close) = chat::CLOSES.next().await;
    assert_eq!((close.code, close.initiator), (1006, Initiator::Transport));
    drop(eve);
    within(node.stop()).await.expect("a clean stop");
}

mod slow {
    use bristle::prelude::*;

    #[endpoint("/feed", outbox_messages = 8)]
    pub static FEED: OnceCell<Endpoint> = OnceCell::new();
}

#[tokio::test]
async fn a_peer_that_does_not_read_delays_nobody_and_is_skipped() {
    let node = launch(concat!(module_path!(), "::slow"), "").await;
    let feed = slow::FEED.get().expect("filled at launch");
    let slow = Wire::open(&node, "/feed").await;
    let (heard, mut hears) = tokio::sync::mpsc::channel(1000);
    let client = WebSocketClient::builder(format!("ws://{}/feed", node.addresses()[0]))
        .on_message(move |message: Message| {
            let heard = heard.clone();
            async move { heard.send(message.len()).await.expect("the test listens") }
        })
        .build()
        .expect("a good client");
    within(client.connect()).await.expect("the node listens");
    while feed.len() < 2 {
        tokio::task::yield_now().await;
    }
    let message = Message::binary(vec![0; 1024 * 1024]);
    let mut skipped = 0;
    while skipped == 0 {
        let outcome = feed.broadcast(message.clone());
        skipped += outcome.skipped;
        assert_eq!(outcome.sent + outcome.skipped, 2);
        // The one that reads gets every message.
        assert_eq!(within(hears.recv()).await, Some(message.len()));
    }
    assert_eq!(feed.stats().skipped, 1);
    drop(slow);
    client.close().await;
    within(node.stop()).await.expect("a clean stop");
}

mod failing {
    use bristle::prelude::*;

    #[endpoint("/door/{who}")]
    pub static DOOR: OnceCell<Endpoint> = OnceCell::new();

    #[on_open(DOOR)]
    async fn open(Path(who): Path<String>) -> Result<&'static str> {
        match who.as_str() {
            "stuck" => std::future::pending().await,
            "stranger" => Err(Error::msg("I do not know you")),
            _ => Ok("come in"),
        }
    }
}

#[tokio::test]
async fn an_on_open_that_fails_or_never_ends_is_the_problem_of_its_connection_only() {
    let node = launch(concat!(module_path!(), "::failing"), "runtime.shutdown_grace = '1s'").await;
    let stuck = Wire::open(&node, "/door/stuck").await;
    let mut stranger = Wire::open(&node, "/door/stranger").await;
    let (opcode, payload) = stranger.frame().await;
    assert_eq!((opcode, &payload[..2]), (8, &1011_u16.to_be_bytes()[..]));
    let mut friend = Wire::open(&node, "/door/friend").await;
    assert_eq!(friend.frame().await, (1, b"come in".to_vec()));
    drop((stuck, stranger, friend));
    while !failing::DOOR.get().expect("filled at launch").is_empty() {
        tokio::task::yield_now().await;
    }
    within(node.stop()).await.expect("those that are gone hold nothing up");
}

mod big {
    use crate::support::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub static CLOSES: LazyLock<Seen<Close>> = LazyLock::new(Seen::new);

    #[endpoint("/small", max_message_size = 10)]
    static SMALL: OnceCell<Endpoint> = OnceCell::new();

    #[on_close(SMALL)]
    async fn closed(close: Close) {
        CLOSES.put(close);
    }
}

#[tokio::test]
async fn a_message_over_the_limit_ends_the_connection_with_both_numbers() {
    let node = launch(concat!(module_path!(), "::big"), "").await;
    let mut wire = Wire::open(&node, "/small").await;
    wire.send(frame(1, &[b'x'; 11])).await;
    let (opcode, payload) = wire.frame().await;
    assert_eq!((opcode, &payload[..2]), (8, &1009_u16.to_be_bytes()[..]));
    drop(wire);
    let Close { code, reason, .. } = big::CLOSES.next().await;
    assert_eq!(code, 1009);
    assert!(reason.contains("11") && reason.contains("10"), "{reason}");
    within(node.stop()).await.expect("a clean stop");
}

mod mirror {
    use bristle::prelude::*;

    #[endpoint("/mirror")]
    static MIRROR: OnceCell<Endpoint> = OnceCell::new();

    #[on_message(MIRROR)]
    async fn mirror(message: Message) -> Message {
        message
    }
}

#[tokio::test]
async fn what_a_peer_did_right_is_answered_before_what_it_did_wrong_ends_it() {
    let node = launch(concat!(module_path!(), "::mirror"), "").await;
    let mut wire = Wire::open(&node, "/mirror").await;
    let pings: Vec<_> = (0..10).flat_map(|number| frame(9, &[number])).collect();
    let reserved_bit = [0xa1, 0x80, 0, 0, 0, 0];
    wire.send([frame(1, b"right"), pings, reserved_bit.to_vec()].concat()).await;
    let mut answers = Vec::new();
    while answers.last().is_none_or(|(opcode, _)| *opcode != 8) {
        answers.push(wire.frame().await);
    }
    assert!(answers.contains(&(1, b"right".to_vec())), "{answers:?}");
    let pongs: Vec<_> = answers.iter().filter(|(opcode, _)| *opcode == 10).map(|(_, payload)| payload[0]).collect();
    assert_eq!(pongs, (0..10).collect::<Vec<u8>>());
    assert_eq!(answers.last().map(|(_, payload)| &payload[..2]), Some(&1002_u16.to_be_bytes()[..]));
    drop(wire);
    within(node.stop()).await.expect("a clean stop");
}
