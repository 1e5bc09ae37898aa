//! sockudo-ws with its defaults.

use super::raw::Raw;
use crate::work::Work;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use sockudo_ws::{Config, Message, WebSocketStream};
use tokio::net::TcpStream;

pub(super) struct Sockudo(WebSocketStream<TcpStream>);

impl Raw for Sockudo {
    fn open(stream: TcpStream, _work: Work) -> Self {
        Self(WebSocketStream::client(stream, Config::default()))
    }

    async fn receive(&mut self, mut each: impl FnMut(&[u8])) {
        while let Some(message) = self.0.next().await {
            match message.expect("the connection holds") {
                Message::Text(payload) | Message::Binary(payload) => each(&payload),
                Message::Close(_) => return,
                _ => {}
            }
        }
    }

    async fn echo(&mut self, first: &[u8], mut each: impl FnMut()) {
        self.0.send(Message::Binary(Bytes::copy_from_slice(first))).await.expect("the connection holds");
        while let Some(message) = self.0.next().await {
            let message = message.expect("the connection holds");
            match message {
                Message::Text(_) => {
                    each();
                    self.0.send(message).await.expect("the connection holds");
                }
                Message::Close(_) => return,
                _ => {}
            }
        }
    }

    async fn send(&mut self, message: &[u8], batch: usize, mut more: impl FnMut() -> bool) {
        let message = Bytes::copy_from_slice(message);
        while more() {
            for _ in 0..batch {
                self.0.feed(Message::Binary(message.clone())).await.expect("the connection holds");
            }
            self.0.flush().await.expect("the connection holds");
        }
        self.0.close(1000, "").await.expect("the connection holds");
        while self.0.next().await.is_some_and(|message| message.is_ok()) {}
    }
}
