//! The load generator as many clients of a server under test.

use super::{head, prepare, request};
use crate::frames::{Counter, TEXT, masked_frame};
use crate::tally::{Report, Stopwatch};
use crate::work::Swarm;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How many handshakes are under way at a time.
const AT_ONCE: usize = 64;

/// How much is read at once: a message and more.
const READ: usize = 4096;

/// How long it waits before it looks again for what has not come.
const PAUSE: Duration = Duration::from_micros(5);

/// Connects, does what a swarm does until the server leaves, and says how many messages came on all connections,
/// and how long the connecting took.
pub(crate) fn swarm(swarm: Swarm, address: SocketAddr, connections: usize) -> io::Result<Report> {
    let watch = Stopwatch::start();
    let mut streams = Vec::with_capacity(connections);
    while streams.len() < connections {
        let batch = AT_ONCE.min(connections - streams.len());
        let opened: Vec<_> = (0..batch).map(|_| ask(address)).collect::<io::Result<_>>()?;
        for mut stream in opened {
            let answer = head(&mut stream)?;
            assert!(answer.starts_with("HTTP/1.1 101 "), "the server answered {answer}");
            streams.push(stream);
        }
    }
    let connecting = watch.seconds();
    let messages = match swarm {
        Swarm::Broadcast => listen(&mut streams)?,
        Swarm::Idle | Swarm::Accept => {
            streams[0].write_all(&masked_frame(TEXT, b"ready"))?;
            let mut last = Counter::default();
            follow(&mut streams[0], &mut last, |counter| counter.closed)?;
            connections as u64
        }
    };
    Ok(Report { messages, seconds: connecting, ..Report::default() })
}

/// Connects and asks, without waiting for the answer.
fn ask(address: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    prepare(&stream)?;
    stream.write_all(request(address, None).as_bytes())?;
    Ok(stream)
}

/// Takes a message from every connection in turn and then, over the first one, asks for the next. It never sleeps: the core is
/// its own, and to wake it would cost a server that is slower than it, at each write, more than the writing.
fn listen(streams: &mut [TcpStream]) -> io::Result<u64> {
    streams.iter().try_for_each(|stream| stream.set_nonblocking(true))?;
    let mut counters: Vec<_> = streams.iter().map(|_| Counter::default()).collect();
    let next = masked_frame(TEXT, b"next");
    for round in 1.. {
        streams[0].write_all(&next)?;
        for (stream, counter) in streams.iter_mut().zip(&mut counters) {
            follow(stream, counter, |counter| counter.closed || counter.messages >= round)?;
        }
        if counters.iter().all(|counter| counter.closed) {
            break;
        }
    }
    Ok(counters.iter().map(|counter| counter.messages).sum())
}

/// Reads until what came is enough, or the peer has left.
fn follow(stream: &mut TcpStream, counter: &mut Counter, enough: impl Fn(&Counter) -> bool) -> io::Result<()> {
    let mut buffer = [0; READ];
    while !enough(counter) {
        match stream.read(&mut buffer) {
            Ok(0) => counter.closed = true,
            Ok(read) => counter.read(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => pause(),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn pause() {
    let end = Instant::now() + PAUSE;
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}
