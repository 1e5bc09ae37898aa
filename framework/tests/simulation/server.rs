//! The servers of a simulation: tungstenite's own, so that what it takes for a protocol error is not our opinion.

use super::chance::Chance;
use super::log::Log;
use super::pipe::{End, Fault, Saboteur};
use super::world::Fate;
use bristle::testing::accept_key;
use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use std::future::pending;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::tungstenite::{Error, Message};

/// How a server ends a connection, if it does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Farewell {
    /// By a close frame.
    Close(Option<u16>),
    /// By closing the transport.
    Gone,
    /// By bytes that are no frames.
    Garbage(Vec<u8>),
    /// By something that happens to the line.
    Fault(Fault),
}

/// What a server does.
pub(crate) struct Script {
    chance: Chance,
    /// How long between two of its messages at most.
    pace: Duration,
    messages: usize,
    farewell: Option<Farewell>,
    /// How long it waits before it reads on.
    reading: Duration,
}

impl Script {
    pub(crate) fn new(mut chance: Chance, gentle: bool, healed: bool) -> Self {
        let codes = [1000, 1001, 1002, 1003, 1008, 1011, 1012, 1013, 3000, 4004];
        let farewell = match chance.between(0, 11) {
            _ if healed => None,
            0..4 => Some(Farewell::Close(chance.percent(90).then(|| chance.of(&codes)))),
            _ if gentle => None,
            4..6 => Some(Farewell::Gone),
            // Reserved bits: other bytes might be a message.
            6 => Some(Farewell::Garbage((0..chance.between(1, 40)).map(|_| chance.next() as u8 | 0x70).collect())),
            7 => Some(Farewell::Fault(chance.of(&[
                Fault::Reset { arrives: true },
                Fault::Reset { arrives: false },
                Fault::Blackhole,
            ]))),
            _ => None,
        };
        let slow = !gentle && !healed && chance.percent(25);
        let reading = if slow { chance.pause(Duration::from_millis(500)) } else { Duration::ZERO };
        let pace = chance.pause(Duration::from_millis(1500));
        let messages = if chance.percent(20) { 0 } else { chance.between(1, 60) };
        Self { chance, pace, messages, farewell, reading }
    }
}

pub(crate) async fn run(mut end: End, number: usize, fate: Fate, script: Script, log: Log) {
    let Some(key) = request(&mut end).await else { return };
    if let Fate::Answer(bytes) = fate {
        let _ = end.write_all(bytes.as_bytes()).await;
        let _ = end.shutdown().await;
        return;
    }
    log.answered(number);
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\
         X-Number: {number}\r\n\r\n",
        accept_key(&key)
    );
    if end.write_all(answer.as_bytes()).await.is_err() {
        return;
    }
    let outcome = serve(end, number, script, &log).await;
    match outcome {
        Ok(why) => log.note(format_args!("server {number} ended: {why}")),
        Err(error) => log.note(format_args!("server {number} ended: {error}")),
    }
}

/// The request's key.
async fn request(end: &mut End) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        if end.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    let key = text.lines().find_map(|line| line.strip_prefix("Sec-Websocket-Key: "))?;
    Some(key.to_owned())
}

/// Reads and writes at the same time: a server that stops reading while it writes would wait for a client that does.
async fn serve(end: End, number: usize, script: Script, log: &Log) -> Result<&'static str, Error> {
    let saboteur = end.saboteur();
    let reading = script.reading;
    let socket = WebSocketStream::from_raw_socket(end, Role::Server, None).await;
    let (mut sink, mut stream) = socket.split();
    let read = async {
        while let Some(message) = stream.next().await {
            log.arrived(number, message?);
            sleep(reading).await;
        }
        Ok("the client closed")
    };
    tokio::select! {
        biased;
        outcome = read => outcome,
        outcome = write(&mut sink, saboteur, number, script, log) => outcome,
    }
}

async fn write(
    sink: &mut SplitSink<WebSocketStream<End>, Message>,
    saboteur: Saboteur,
    number: usize,
    mut script: Script,
    log: &Log,
) -> Result<&'static str, Error> {
    for sent in 0..script.messages {
        sleep(script.chance.pause(script.pace)).await;
        let padding = "x".repeat(script.chance.up_to(1000));
        let text = format!("{number}:{sent}:{padding}");
        // Before it is sent: it may arrive and be handled before sending it returns.
        log.sent(number, sent);
        if script.chance.percent(15) {
            sink.feed(Message::Ping(text.as_bytes()[..text.len().min(100)].to_vec().into())).await?;
        }
        let binary = script.chance.percent(30);
        sink.send(if binary { Message::binary(text) } else { Message::text(text) }).await?;
    }
    sleep(script.chance.pause(script.pace * 4)).await;
    if let Some(farewell) = script.farewell {
        log.note(format_args!("server {number}: {farewell:?}"));
        match farewell {
            Farewell::Gone => return Ok("gone"),
            Farewell::Garbage(bytes) => saboteur.inject(&bytes),
            Farewell::Fault(fault) => saboteur.suffer(fault),
            Farewell::Close(code) => {
                let frame = code.map(|code| CloseFrame { code: code.into(), reason: "enough".into() });
                sink.send(Message::Close(frame)).await?;
            }
        }
    }
    pending().await
}
