//! fastwebsockets, with a `BufWriter` where it floods: it has no buffer for what it writes.

use super::raw::Raw;
use crate::work::Work;
use fastwebsockets::{Frame, OpCode, Payload, Role, WebSocket};
use tokio::io::BufWriter;
use tokio::net::TcpStream;

/// What the buffer before the socket holds: a batch of messages.
const WRITE_BUFFER: usize = 64 * 1024;

pub(super) struct Fast(WebSocket<BufWriter<TcpStream>>);

impl Raw for Fast {
    fn open(stream: TcpStream, work: Work) -> Self {
        let buffer = if work == Work::Sink { WRITE_BUFFER } else { 0 };
        Self(WebSocket::after_handshake(BufWriter::with_capacity(buffer, stream), Role::Client))
    }

    async fn receive(&mut self, mut each: impl FnMut(&[u8])) {
        loop {
            let frame = self.0.read_frame().await.expect("the connection holds");
            match frame.opcode {
                OpCode::Text | OpCode::Binary => each(&frame.payload),
                OpCode::Close => return,
                _ => {}
            }
        }
    }

    async fn echo(&mut self, first: &[u8], mut each: impl FnMut()) {
        let first = Frame::binary(Payload::Borrowed(first));
        self.0.write_frame(first).await.expect("the connection holds");
        self.0.flush().await.expect("the connection holds");
        loop {
            let frame = self.0.read_frame().await.expect("the connection holds");
            if frame.opcode == OpCode::Close {
                return;
            }
            each();
            self.0.write_frame(frame).await.expect("the connection holds");
            self.0.flush().await.expect("the connection holds");
        }
    }

    async fn send(&mut self, message: &[u8], batch: usize, mut more: impl FnMut() -> bool) {
        while more() {
            for _ in 0..batch {
                let frame = Frame::binary(Payload::Borrowed(message));
                self.0.write_frame(frame).await.expect("the connection holds");
            }
            self.0.flush().await.expect("the connection holds");
        }
        self.0.write_frame(Frame::close(1000, b"")).await.expect("the connection holds");
        self.0.flush().await.expect("the connection holds");
        while self.0.read_frame().await.is_ok_and(|frame| frame.opcode != OpCode::Close) {}
    }
}
