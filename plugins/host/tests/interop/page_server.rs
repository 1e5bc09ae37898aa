//! Serves one page to a browser, and hears from the page how it went.

use crate::peers::scripts;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An HTTP server that knows just what the page asks for.
pub(crate) struct PageServer {
    listener: TcpListener,
    page: Vec<u8>,
}

impl PageServer {
    pub(crate) async fn bind() -> Self {
        let page = std::fs::read(scripts().join("page.html")).expect("the page is there");
        Self { listener: TcpListener::bind("127.0.0.1:0").await.expect("a free port"), page }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("it is bound")
    }

    /// Serves until the page posts its result. A browser opens more connections than it uses: what says nothing, or
    /// asks for anything else, is not waited for.
    pub(crate) async fn result(self) -> String {
        let (sender, mut result) = tokio::sync::mpsc::channel(1);
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    let (sender, page) = (sender.clone(), self.page.clone());
                    let stream = accepted.expect("a connection").0;
                    tokio::spawn(async move {
                        if let Some(posted) = answer(stream, &page).await {
                            let _ = sender.send(posted).await;
                        }
                    });
                }
                posted = result.recv() => return posted.expect("a sender is held here"),
            }
        }
    }
}

/// Answers one request. What it posted, if it did.
async fn answer(mut stream: TcpStream, page: &[u8]) -> Option<String> {
    let mut request = Vec::new();
    loop {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() < length.unwrap_or(0) {
            continue;
        }
        let posted = head.starts_with("POST /result ").then(|| body.to_owned());
        let content = if head.starts_with("GET /?") { page } else { b"" };
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            content.len()
        );
        stream.write_all(&[answer.as_bytes(), content].concat()).await.ok()?;
        return posted;
    }
}
