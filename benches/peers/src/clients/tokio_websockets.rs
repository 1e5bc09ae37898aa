//! tokio-websockets with its defaults.

use super::raw::Raw;
use crate::work::Work;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, Message, WebSocketStream};

pub(super) struct TokioWebsockets(WebSocketStream<TcpStream>);

impl Raw for TokioWebsockets {
    fn open(stream: TcpStream, _work: Work) -> Self {
        Self(ClientBuilder::new().take_over(stream))
    }

    async fn receive(&mut self, mut each: impl FnMut(&[u8])) {
        while let Some(message) = self.0.next().await {
            let message = message.expect("the connection holds");
            if message.is_text() || message.is_binary() {
                each(message.as_payload());
            }
        }
    }

    async fn echo(&mut self, first: &[u8], mut each: impl FnMut()) {
        self.0.send(Message::binary(Bytes::copy_from_slice(first))).await.expect("the connection holds");
        while let Some(message) = self.0.next().await {
            let message = message.expect("the connection holds");
            if message.is_text() {
                each();
                self.0.send(message).await.expect("the connection holds");
            }
        }
    }

    async fn send(&mut self, message: &[u8], batch: usize, mut more: impl FnMut() -> bool) {
        let message = Bytes::copy_from_slice(message);
        while more() {
            for _ in 0..batch {
                self.0.feed(Message::binary(message.clone())).await.expect("the connection holds");
            }
            self.0.flush().await.expect("the connection holds");
        }
        self.0.send(Message::close(None, "")).await.expect("the connection holds");
        while self.0.next().await.is_some_and(|message| message.is_ok()) {}
    }
}
