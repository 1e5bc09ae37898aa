//! Every limit of a connection, at it and past it: a peer that lies or floods costs nobody else anything.

use crate::support::{Seen, connected, within};
use bristle::testing::{Peer, accept_key};
use bristle::{Close, Initiator, Message, WebSocketClient};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// Does the handshake of a server and leaves the frames to the test.
pub async fn raw_server(peer: &Peer) -> TcpStream {
    let mut stream = peer.accept_raw().await.expect("the client connects");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut head).await.expect("a request"), 0);
    }
    let head = String::from_utf8(head).expect("text");
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("sec-websocket-key").then(|| accept_key(value))
    });
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        key.expect("a key")
    );
    stream.write_all(answer.as_bytes()).await.expect("open");
    stream
}

/// What the client makes of these bytes, and the close frame that it answers with: code and reason.
async fn after_bytes(bytes: &[u8]) -> (Close, u16) {
    let seen = Arc::new(Seen::new());
    let into = seen.clone();
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/"))
        .without_reconnect()
        .max_message_size(200)
        .on_close(move |close: Close| {
            into.put(close);
            async {}
        })
        .build()
        .expect("good");
    let (outcome, mut stream) = within(async { tokio::join!(client.connect(), raw_server(&peer)) }).await;
    outcome.expect("the peer accepts");
    stream.write_all(bytes).await.expect("open");
    let mut answer = Vec::new();
    within(async {
        while answer.len() < 8 {
            assert_ne!(stream.read_buf(&mut answer).await.expect("a close frame"), 0, "{answer:?}");
        }
    })
    .await;
    assert_eq!(answer[0], 0x88, "a close frame");
    let mask = &answer[2..6];
    let code = u16::from_be_bytes([answer[6] ^ mask[0], answer[7] ^ mask[1]]);
    drop(stream);
    (seen.next().await, code)
}

#[tokio::test]
async fn a_message_over_the_limit_ends_in_1009_and_names_limit_and_size() {
    let (close, sent) = after_bytes(&[&[0x82, 126, 0, 201][..], &[0; 201]].concat()).await;
    assert_eq!((close.code, sent, close.initiator), (1009, 1009, Initiator::Local));
    assert!(close.reason.contains("201 bytes") && close.reason.contains("200 bytes"), "{}", close.reason);
}

#[tokio::test]
async fn fragments_count_together() {
    let fragment = |first: u8| [&[first, 110][..], &[b'a'; 110]].concat();
    let (close, sent) = after_bytes(&[fragment(0x01), fragment(0x80)].concat()).await;
    assert_eq!((close.code, sent), (1009, 1009));
    assert!(close.reason.contains("220 bytes"), "{}", close.reason);
}

#[tokio::test]
async fn a_frame_that_claims_to_be_huge_is_refused_before_it_is_read() {
    let (close, sent) = after_bytes(&[0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).await;
    assert_eq!((close.code, sent), (1009, 1009));
}

#[tokio::test]
async fn text_that_is_no_utf8_ends_in_1007() {
    let (close, sent) = after_bytes(&[0x81, 2, 0xc3, 0x28]).await;
    assert_eq!((close.code, sent), (1007, 1007));
}

#[tokio::test]
async fn frames_against_the_protocol_end_in_1002() {
    for bytes in [&[0xc1, 0][..], &[0x83, 0], &[0x80, 0], &[0x09, 0], &[0x89, 126, 0, 126], &[0x81, 0x80, 1, 2, 3, 4]] {
        let (close, sent) = after_bytes(&[bytes, &[0; 130]].concat()).await;
        assert_eq!((close.code, sent, close.initiator), (1002, 1002, Initiator::Local), "{bytes:02x?}");
    }
}

#[tokio::test]
async fn a_message_of_exactly_the_limit_is_taken() {
    let seen = Arc::new(Seen::new());
    let into = seen.clone();
    let (_client, mut server, _peer) = connected(|builder| {
        builder.max_message_size(100).on_message(move |message: Message| {
            into.put(message.len());
            async {}
        })
    })
    .await;
    server.send(vec![0; 100]).await.expect("open");
    assert_eq!(seen.next().await, 100);
}

#[tokio::test]
async fn a_full_inbox_stops_the_reading_and_loses_nothing() {
    const COUNT: usize = 3000;
    let gate = Arc::new(Semaphore::new(0));
    let seen = Arc::new(Seen::new());
    let (pass, into) = (gate.clone(), seen.clone());
    let (client, mut server, _peer) = connected(|builder| {
        builder.inbox(4, 1 << 30).on_message(move |message: Message| {
            let (pass, into) = (pass.clone(), into.clone());
            async move {
                pass.acquire().await.expect("open").forget();
                into.put(message.as_bytes()[0]);
            }
        })
    })
    .await;
    // 20 KiB each: more than the sockets' buffers hold, so that a full inbox is felt by the sender.
    let send = tokio::spawn(async move {
        for n in 0..COUNT {
            server.send(vec![(n % 251) as u8; 20_000]).await.expect("open");
        }
        server
    });
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    // One runs, four wait; what was counted as received is what was read.
    assert!(client.stats().received <= 6, "{:?}", client.stats());
    assert!(!send.is_finished());
    gate.add_permits(COUNT);
    for n in 0..COUNT {
        assert_eq!(seen.next().await, (n % 251) as u8);
    }
    drop(within(send).await.expect("no panic"));
}

#[tokio::test]
async fn a_waiting_handler_does_not_delay_a_pong() {
    let gate = Arc::new(Semaphore::new(0));
    let pass = gate.clone();
    let (_client, mut server, _peer) = connected(|builder| {
        builder.on_message(move |_: Message| {
            let pass = pass.clone();
            async move { drop(pass.acquire().await) }
        })
    })
    .await;
    server.send("stuck").await.expect("open");
    server.send(Message::ping("alive?")).await.expect("open");
    assert_eq!(within(server.receive()).await, Some(Message::pong("alive?")));
    gate.add_permits(1);
}
