//! What the load generator does with established connections.

use crate::frames::{Counter, RSV1, TEXT, close_frame, frame};
use flate2::{Compress, Compression, FlushCompress};
use serde_json::json;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// How much is written at once in a flood: about as much as a busy server's socket takes.
const BULK: usize = 64 * 1024;

/// How many messages are written to one of many connections at once.
const MIN_BULK: usize = 16;

/// How much is read at once.
const READ: usize = 256 * 1024;

/// How many different JSON messages there are.
const VARIETY: usize = 256;

/// Frames that are written over and over, as one buffer.
pub(super) struct Frames {
    bytes: Vec<u8>,
    count: u64,
}

impl Frames {
    fn of(frames: Vec<Vec<u8>>) -> Self {
        Self { count: frames.len() as u64, bytes: frames.concat() }
    }
}

/// Text of one size; less at once where many connections take turns.
pub(super) fn text(size: usize, connections: usize) -> Frames {
    let frame = frame(TEXT, &vec![b'x'; size]);
    let count = (BULK / connections / frame.len()).max(MIN_BULK.min(BULK / frame.len())).max(1);
    Frames::of(vec![frame; count])
}

/// Trades as JSON, 128 bytes each.
pub(super) fn json() -> Frames {
    Frames::of((0..VARIETY).map(|at| frame(TEXT, trade(at).as_bytes())).collect())
}

/// Eight trades in an array, compressed without context takeover, so that the same frame may come again.
pub(super) fn compressed() -> Frames {
    let frames = (0..VARIETY / 8).map(|at| {
        let trades: Vec<_> = (at * 8..at * 8 + 8).map(trade).collect();
        frame(TEXT | RSV1, &deflate(format!("[{}]", trades.join(",")).as_bytes()))
    });
    Frames::of(frames.collect())
}

fn trade(at: usize) -> String {
    let (id, price, amount) = (1_000_000 + at, 20_000.0 + at as f64 / 8.0, 1.0 + at as f64 / 4.0);
    let symbol = ["BTCUSD", "ETHUSD", "LTCUSD"][at % 3];
    let trade = json!({ "id": id, "symbol": symbol, "price": price, "amount": amount, "buyer": at.is_multiple_of(2) });
    let mut text = trade.to_string();
    // JSON allows blanks at the end: every trade has the same size.
    text.extend(std::iter::repeat_n(' ', 128usize.saturating_sub(text.len())));
    text
}

fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::new(3), false);
    let mut out = Vec::with_capacity(plain.len() + 64);
    compress.compress_vec(plain, &mut out, FlushCompress::Sync).expect("there is room for all of it");
    // RFC 7692 §7.2.1: the empty block at the end is left out.
    out.truncate(out.len() - 4);
    out
}

/// Writes `frames` to each connection in turn until the time is over, and closes.
pub(super) fn flood(streams: &mut [TcpStream], frames: &Frames, duration: Duration) -> io::Result<u64> {
    let (start, mut messages) = (Instant::now(), 0);
    while start.elapsed() < duration {
        for stream in &mut *streams {
            stream.write_all(&frames.bytes)?;
            messages += frames.count;
        }
    }
    close(streams)?;
    Ok(messages)
}

/// Tells every peer that this was all.
fn close(streams: &mut [TcpStream]) -> io::Result<()> {
    streams.iter_mut().try_for_each(|stream| stream.write_all(&close_frame()))
}

/// Answers each frame with one of its size until the time is over; then answers with a close frame.
pub(super) fn echo(stream: &mut TcpStream, size: usize, duration: Duration) -> io::Result<u64> {
    let answer = frame(TEXT, &vec![b'x'; size]);
    // Four bytes more: a client's frame carries a mask.
    let mut question = vec![0; answer.len() + 4];
    let (start, mut messages) = (Instant::now(), 0);
    loop {
        stream.read_exact(&mut question)?;
        if start.elapsed() >= duration {
            stream.write_all(&close_frame())?;
            return Ok(messages);
        }
        stream.write_all(&answer)?;
        messages += 1;
    }
}

/// Reads until the peer closes, counts, and answers the close.
pub(super) fn sink(stream: &mut TcpStream) -> io::Result<u64> {
    let mut counter = Counter::default();
    let mut buffer = vec![0; READ];
    while !counter.closed {
        match stream.read(&mut buffer)? {
            0 => return Ok(counter.messages),
            read => counter.read(&buffer[..read]),
        }
    }
    stream.write_all(&close_frame())?;
    Ok(counter.messages)
}

/// Ends the connection as a server does: it is the first to close the socket (RFC 6455 §7.1.1).
pub(super) fn goodbye(stream: &TcpStream) {
    // The peer may have left already.
    let _ = stream.shutdown(Shutdown::Write);
}

/// Reads what still comes until the peer has left.
pub(super) fn until_gone(stream: &mut TcpStream) {
    let mut buffer = [0; 1024];
    while stream.read(&mut buffer).is_ok_and(|read| read > 0) {}
}
