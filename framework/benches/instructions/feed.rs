//! The other side of a counted client: blocking, in the parent's process, so that nothing of it is counted.

use crate::socket::{SIZE, accept, frame};
use std::io::{BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

/// What the feed does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Load {
    /// Sends JSON of 128 bytes.
    Flood,
    /// Sends one, and the next one when an answer has come.
    Echo,
    /// Reads.
    Sink,
}

/// How many frames are written at once.
const BULK: usize = 512;

/// A client's header: two bytes, two more of length, four of mask.
const MASKED: usize = SIZE + 8;

/// A thread that serves one connection.
pub(crate) struct Feed {
    port: u16,
    thread: JoinHandle<u64>,
}

impl Feed {
    pub(crate) fn start(load: Load, messages: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it is bound").port();
        Self { port, thread: thread::spawn(move || serve(&listener, load, messages)) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How many messages it sent or took.
    pub(crate) fn end(self) -> u64 {
        self.thread.join().expect("the client behaves")
    }
}

fn serve(listener: &TcpListener, load: Load, messages: u64) -> u64 {
    let (mut stream, frame) = (accept(listener), frame());
    let mut taken = [0; MASKED];
    match load {
        Load::Flood => {
            let bulk = frame.repeat(BULK);
            let mut left = messages as usize;
            while left > 0 {
                let now = left.min(BULK);
                stream.write_all(&bulk[..now * frame.len()]).expect("the client reads");
                left -= now;
            }
        }
        Load::Echo => {
            for _ in 0..messages {
                stream.write_all(&frame).expect("the client reads");
                stream.read_exact(&mut taken).expect("the client answers");
            }
        }
        Load::Sink => {
            let mut reader = BufReader::with_capacity(1 << 16, &stream);
            (0..messages).for_each(|_| reader.read_exact(&mut taken).expect("the client sends"));
        }
    }
    // Close code 1000; then whatever the client still says.
    stream.write_all(&[0x88, 2, 0x03, 0xe8]).expect("the client reads");
    stream.shutdown(std::net::Shutdown::Write).expect("it is connected");
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
    messages
}
