//! yawc with its defaults; compression is switched on for the feed that needs it.

use super::raw::Raw;
use crate::server::EXTENSIONS;
use crate::work::Work;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use yawc::close::CloseCode;
use yawc::{Frame, OpCode, Options, Role, WebSocket};

pub(super) struct Yawc(WebSocket<TcpStream>);

impl Raw for Yawc {
    fn open(stream: TcpStream, work: Work) -> Self {
        let opened = match work {
            Work::Compressed => {
                let options = Options::default().with_balanced_compression();
                WebSocket::from_stream_with_extensions(stream, Role::Client, Some(EXTENSIONS), options)
            }
            _ => WebSocket::from_stream(stream, Role::Client, Options::default()),
        };
        Self(opened.expect("the options are right"))
    }

    async fn receive(&mut self, mut each: impl FnMut(&[u8])) {
        while let Some(frame) = self.0.next().await {
            if matches!(frame.opcode(), OpCode::Text | OpCode::Binary) {
                each(frame.payload());
            }
        }
    }

    async fn echo(&mut self, first: &[u8], mut each: impl FnMut()) {
        self.0.send(Frame::binary(Bytes::copy_from_slice(first))).await.expect("the connection holds");
        while let Some(frame) = self.0.next().await {
            if frame.opcode() == OpCode::Text {
                each();
                self.0.send(Frame::text(frame.into_payload())).await.expect("the connection holds");
            }
        }
    }

    async fn send(&mut self, message: &[u8], batch: usize, mut more: impl FnMut() -> bool) {
        let message = Bytes::copy_from_slice(message);
        while more() {
            for _ in 0..batch {
                self.0.feed(Frame::binary(message.clone())).await.expect("the connection holds");
            }
            self.0.flush().await.expect("the connection holds");
        }
        self.0.send(Frame::close(CloseCode::Normal, "")).await.expect("the connection holds");
        while self.0.next().await.is_some() {}
    }
}
