//! Servers as one would write them by hand.

use super::{Task, crowded};
use crate::clients::SIZE;
use crate::frames::{TEXT, frame};
use crate::tally::{Report, Stopwatch, resident};
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// No request of the load generator is longer.
const REQUEST: usize = 1024;

/// Writes the same encoded frame to every connection in turn; the next one when the last connection has this one.
pub(super) async fn broadcast(task: Task) -> Report {
    let listener = listen().await;
    let mut streams = Vec::with_capacity(task.connections);
    for _ in 0..task.connections {
        let (mut stream, _) = listener.accept().await.expect("a client comes");
        stream.set_nodelay(true).expect("a socket has that option");
        answer(&mut stream).await;
        streams.push(stream);
    }
    let (frame, mut asked) = (frame(TEXT, &[b'x'; SIZE]), [0; REQUEST]);
    let _ = streams[0].read(&mut asked).await.expect("the connection holds");
    let (watch, start, mut sent) = (Stopwatch::start(), Instant::now(), 0);
    while start.elapsed() < task.duration() {
        for stream in &mut streams {
            stream.write_all(&frame).await.expect("the connection holds");
        }
        sent += streams.len() as u64;
        let _ = streams[0].read(&mut asked).await.expect("the connection holds");
    }
    let report = watch.report(sent);
    let cpu = report.cpu * 1e6 / sent as f64;
    report.with("cpu_us", cpu)
}

/// A task for each connection that reads with tokio-tungstenite.
pub(super) async fn tungstenite(task: Task) -> Report {
    let before = resident();
    let listener = listen().await;
    let (watch, asked) = (Stopwatch::start(), Arc::new(Notify::new()));
    let accepting = async {
        loop {
            let (stream, _) = listener.accept().await.expect("a client comes");
            let asked = asked.clone();
            tokio::spawn(async move {
                let mut stream = tokio_tungstenite::accept_async(stream).await.expect("it is a WebSocket client");
                while stream.next().await.is_some_and(|message| message.is_ok()) {
                    asked.notify_one();
                }
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = asked.notified() => {}
    }
    crowded(&watch, before, task.connections)
}

async fn listen() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    println!("{}", listener.local_addr().expect("it is bound"));
    listener
}

async fn answer(stream: &mut TcpStream) {
    let mut request = vec![0; REQUEST];
    let read = stream.read(&mut request).await.expect("the connection holds");
    let request = String::from_utf8_lossy(&request[..read]);
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
    let accept = derive_accept_key(key.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await.expect("the connection holds");
}
