//! tokio-tungstenite with its defaults: what most people write by hand.

use super::raw::Raw;
use crate::work::Work;
use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

pub(super) struct Tungstenite(WebSocketStream<TcpStream>);

impl Raw for Tungstenite {
    fn open(stream: TcpStream, _work: Work) -> Self {
        let opened = WebSocketStream::from_raw_socket(stream, Role::Client, None).now_or_never();
        Self(opened.expect("nothing is waited for"))
    }

    async fn receive(&mut self, mut each: impl FnMut(&[u8])) {
        while let Some(message) = self.0.next().await {
            match message.expect("the connection holds") {
                Message::Text(text) => each(text.as_bytes()),
                Message::Binary(bytes) => each(&bytes),
                _ => {}
            }
        }
    }

    async fn echo(&mut self, first: &[u8], mut each: impl FnMut()) {
        self.0.send(Message::Binary(Bytes::copy_from_slice(first))).await.expect("the connection holds");
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
                self.0.feed(Message::Binary(message.clone())).await.expect("the connection holds");
            }
            self.0.flush().await.expect("the connection holds");
        }
        self.0.close(None).await.expect("the connection holds");
        while self.0.next().await.is_some_and(|message| message.is_ok()) {}
    }
}
