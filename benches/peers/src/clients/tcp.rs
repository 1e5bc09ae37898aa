//! The physical limit: a socket, and frames that nobody takes apart.

use super::raw::Raw;
use crate::frames::{BINARY, Counter, TEXT, frame, masked_close_frame, masked_frame};
use crate::tally;
use crate::work::Work;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How much is read at once.
const READ: usize = 256 * 1024;

/// How much of the stream's end is looked at: a close frame.
const END: usize = 4;

pub(super) struct Tcp(TcpStream);

impl Raw for Tcp {
    fn open(stream: TcpStream, _work: Work) -> Self {
        Self(stream)
    }

    /// Reads without looking, and counts by the length of the first frame, since all have the same.
    async fn receive(&mut self, _each: impl FnMut(&[u8])) {
        // The first bytes are the last ones of the read before: the end may come in pieces.
        let mut buffer = vec![0; END + READ];
        let (mut total, mut frame) = (0, 0);
        loop {
            let read = self.0.read(&mut buffer[END..]).await.expect("the connection holds");
            assert!(read > 0, "the server says goodbye");
            if total == 0 {
                frame = length_of_first(&buffer[END..END + read]);
            }
            total += read;
            buffer.copy_within(read..END + read, 0);
            if ended(&buffer[..END]) {
                break;
            }
        }
        tally::add(((total - END) / frame) as u64);
    }

    async fn echo(&mut self, first: &[u8], mut each: impl FnMut()) {
        let question = masked_frame(BINARY, first);
        let mut answer = vec![0; frame(TEXT, first).len()];
        loop {
            self.0.write_all(&question).await.expect("the connection holds");
            let mut read = 0;
            while read < answer.len() {
                read += self.0.read(&mut answer[read..]).await.expect("the connection holds");
                if ended(&answer[..read]) {
                    return;
                }
            }
            each();
        }
    }

    async fn send(&mut self, message: &[u8], batch: usize, mut more: impl FnMut() -> bool) {
        let batch = masked_frame(BINARY, message).repeat(batch);
        while more() {
            self.0.write_all(&batch).await.expect("the connection holds");
        }
        self.0.write_all(&masked_close_frame()).await.expect("the connection holds");
        let mut answer = [0; END];
        self.0.read_exact(&mut answer).await.expect("the server answers");
    }
}

/// Whether the server's close frame is the end of what was read; no payload of ours has such bytes in it.
fn ended(read: &[u8]) -> bool {
    read.ends_with(&crate::frames::close_frame())
}

fn length_of_first(read: &[u8]) -> usize {
    let mut counter = Counter::default();
    let whole = |end: &usize| {
        counter.read(&read[end - 1..*end]);
        counter.messages == 1
    };
    (1..=read.len()).find(whole).expect("the first read holds a frame")
}
