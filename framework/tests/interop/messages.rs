//! Messages of every kind and size, both ways, in order.

use crate::peers::Peer;
use crate::support::{connected, on_every_server, on_server, within};
use bristle::Message;

/// Where the length of a frame changes its shape (RFC 6455 §5.2), and a large one.
const SIZES: [usize; 7] = [0, 1, 125, 126, 65_535, 65_536, 1024 * 1024];

/// More than any queue between two programs holds.
const FLOOD: u64 = 20_000;

on_every_server!(
    what_is_sent_comes_back_as_it_was,
    a_flood_from_the_server_is_handled_in_order,
    a_flood_to_the_server_arrives_in_order,
    a_flood_in_both_directions_at_once_does_not_stall,
    pings_are_answered,
    a_ping_of_ours_is_answered,
);

mod fragments {
    use super::{a_message_in_fragments_is_one_message, on_server};
    use crate::peers::Peer;

    on_server!(websockets, Websockets: fragments);
    on_server!(ws, Ws: fragments);

    async fn fragments(peer: Peer) {
        a_message_in_fragments_is_one_message(peer).await;
    }
}

async fn what_is_sent_comes_back_as_it_was(peer: Peer) {
    let mut end = connected(&peer, "/echo", |builder| builder).await;
    let texts = ["text", "späť ☃ 🦀 \u{10ffff}", "\u{0}"].map(Message::text);
    let binaries = SIZES.map(|size| Message::binary((0..size).map(|n| (n % 251) as u8).collect::<Vec<_>>()));
    for message in texts.into_iter().chain(SIZES.map(|size| Message::text("ä".repeat(size / 2)))).chain(binaries) {
        end.client.send(message.clone()).await.expect("open");
        assert!(end.receive().await == message, "{} bytes came back changed", message.len());
    }
}

async fn a_flood_from_the_server_is_handled_in_order(peer: Peer) {
    let mut end = connected(&peer, &format!("/numbers?count={FLOOD}"), |builder| builder).await;
    for number in 0..FLOOD {
        assert_eq!(end.receive().await, Message::text(number.to_string()));
    }
}

async fn a_flood_to_the_server_arrives_in_order(peer: Peer) {
    let mut end = connected(&peer, "/count", |builder| builder).await;
    for number in 0..FLOOD {
        within(end.client.send(number.to_string())).await.expect("open");
    }
    end.client.send("done").await.expect("open");
    assert_eq!(end.receive().await, Message::text(format!("{FLOOD} in order")));
    assert_eq!(end.client.stats().written, FLOOD + 1);
    assert_eq!(end.client.stats().lost, 0);
}

async fn a_flood_in_both_directions_at_once_does_not_stall(peer: Peer) {
    let mut end = connected(&peer, "/echo", |builder| builder).await;
    let client = end.client.clone();
    let sending = tokio::spawn(async move {
        for number in 0..FLOOD {
            client.send(number.to_string()).await?;
        }
        Ok::<_, bristle::SendError>(())
    });
    for number in 0..FLOOD {
        assert_eq!(end.receive().await, Message::text(number.to_string()));
    }
    within(sending).await.expect("no panic").expect("open");
}

async fn pings_are_answered(peer: Peer) {
    let mut end = connected(&peer, "/ping", |builder| builder).await;
    assert_eq!(end.receive().await, Message::text("ponged"));
}

async fn a_ping_of_ours_is_answered(peer: Peer) {
    let mut end = connected(&peer, "/echo", |builder| builder.control_frames(true)).await;
    end.client.send(Message::ping("are you there?")).await.expect("open");
    assert_eq!(end.receive().await, Message::pong("are you there?"));
}

async fn a_message_in_fragments_is_one_message(peer: Peer) {
    let mut end = connected(&peer, "/fragments", |builder| builder).await;
    assert_eq!(end.receive().await, Message::text("späť ☃ end"));
    assert_eq!(end.receive().await, Message::binary(vec![0x00, 0xff, 0xfe]));
}
