//! A text that cannot become UTF-8 any more ends the connection with the byte that shows it, not with the end of its frame:
//! who waits for that end reads megabytes for nothing, or waits for ever (RFC 6455 §8.1).

use crate::limits::raw_server;
use crate::node_wire::Wire;
use crate::support::{Seen, launch, within};
use bristle::testing::Peer;
use bristle::{Close, Initiator, WebSocketClient};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const MASK: [u8; 4] = [0x5a, 0x17, 0xc3, 0x88];

const FINAL_TEXT: u8 = 0x81;
const TEXT: u8 = 0x01;
const CONTINUATION: u8 = 0x00;

/// The header of a frame with this many bytes, masked where a client sends it, and those of them that come.
fn begun(first: u8, length: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mask_bit = if mask.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first, mask_bit | length];
    bytes.extend(mask.iter().flatten());
    let key = mask.unwrap_or_default();
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// Unfinished messages that no continuation could mend, as they would be sent piece by piece.
fn hopeless(mask: Option<[u8; 4]>) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let frame = |first, length, payload: &[u8]| begun(first, length, payload, mask);
    let (head, tail) = ("κόσμε ".as_bytes(), b"\xed\xa0\x80");
    // What comes later in a frame goes on with the mask where it was.
    let later = |at: usize, bytes: &[u8]| -> Vec<u8> {
        let key = mask.unwrap_or_default();
        bytes.iter().enumerate().map(|(n, byte)| byte ^ key[(at + n) % 4]).collect()
    };
    vec![
        ("the first bytes of a frame", vec![frame(FINAL_TEXT, 100, b"\xff")]),
        ("good text, then a surrogate, in one read", vec![frame(FINAL_TEXT, 100, &[head, tail].concat())]),
        ("the same in two reads", vec![frame(FINAL_TEXT, 100, head), later(head.len(), &tail[..2])]),
        ("a character split over two reads", vec![frame(FINAL_TEXT, 100, b"\xf4"), later(1, b"\x90")]),
        ("a fragment that is not there whole", vec![frame(TEXT, 11, head), frame(CONTINUATION, 100, b"\xc0")]),
        ("a character split over two fragments", vec![frame(TEXT, 1, b"\xe2"), frame(CONTINUATION, 50, b"\x82\x41")]),
        ("a whole fragment of a message that goes on", vec![frame(TEXT, 4, b"ab\xc1c")]),
    ]
}

#[tokio::test]
async fn a_client_says_1007_before_the_frame_ends() {
    for (what, pieces) in hopeless(None) {
        let seen = Arc::new(Seen::new());
        let into = seen.clone();
        let peer = Peer::bind().await.expect("a free port");
        let builder = WebSocketClient::builder(peer.url("/")).without_reconnect().on_close(move |close: Close| {
            into.put(close);
            async {}
        });
        let client = builder.build().expect("good");
        let (outcome, mut stream) = within(async { tokio::join!(client.connect(), raw_server(&peer)) }).await;
        outcome.expect("the peer accepts");
        for piece in pieces {
            stream.write_all(&piece).await.expect("open");
        }
        let mut head = [0; 8];
        within(stream.read_exact(&mut head)).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        let code = u16::from_be_bytes([head[6] ^ head[2], head[7] ^ head[3]]);
        assert_eq!((head[0], code), (0x88, 1007), "{what}");
        drop(stream);
        let close = seen.next().await;
        assert_eq!((close.code, close.initiator), (1007, Initiator::Local), "{what}");
    }
}

mod echo {
    use bristle::prelude::*;

    #[endpoint("/echo")]
    static ECHO: OnceCell<Endpoint> = OnceCell::new();

    #[on_message(ECHO)]
    async fn echo(message: Message) -> Message {
        message
    }
}

#[tokio::test]
async fn an_endpoint_says_1007_before_the_frame_ends_and_waits_for_what_can_still_be_text() {
    let node = launch("it::fail_fast::echo", "").await;
    for (what, pieces) in hopeless(Some(MASK)) {
        let mut wire = Wire::open(&node, "/echo").await;
        for piece in pieces {
            wire.send(piece).await;
        }
        let (opcode, payload) = wire.frame().await;
        assert_eq!((opcode, payload.get(..2)), (8, Some(&1007_u16.to_be_bytes()[..])), "{what}");
    }
    let text = "€ 😀 κόσμε";
    let frame = begun(FINAL_TEXT, text.len() as u8, text.as_bytes(), Some(MASK));
    let mut wire = Wire::open(&node, "/echo").await;
    for byte in frame {
        wire.send([byte]).await;
    }
    assert_eq!(wire.frame().await, (1, text.as_bytes().to_vec()));
    // The same in fragments of one byte, each of them a part of a character.
    for (at, byte) in text.bytes().enumerate() {
        let end = if at + 1 == text.len() { 0x80 } else { 0 };
        let first = end | if at == 0 { TEXT } else { CONTINUATION };
        wire.send(begun(first, 1, &[byte], Some(MASK))).await;
    }
    assert_eq!(wire.frame().await, (1, text.as_bytes().to_vec()));
    drop(wire);
    within(node.stop()).await.expect("a clean stop");
}
