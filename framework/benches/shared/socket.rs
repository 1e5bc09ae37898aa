//! The other side of a measured client: a blocking socket that can shake hands, and a frame for it.

use bristle::testing::accept_key;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

/// The size of every message.
pub(crate) const SIZE: usize = 128;

/// Takes a client's connection and answers its handshake.
pub(crate) fn accept(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().expect("a client comes");
    stream.set_nodelay(true).expect("a socket has that option");
    let mut reader = BufReader::new(stream.try_clone().expect("a socket can be cloned"));
    let mut key = String::new();
    for line in reader.by_ref().lines() {
        let line = line.expect("the client speaks HTTP");
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("sec-websocket-key") => key = value.to_owned(),
            _ if line.is_empty() => break,
            _ => {}
        }
    }
    let accept = accept_key(&key);
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).expect("the client reads");
    stream
}

/// A text message of JSON, padded with blanks.
pub(crate) fn frame() -> Vec<u8> {
    let json = r#"{"id":1000017,"symbol":"BTCUSD","price":20002.125,"amount":5.25,"buyer":true}"#;
    let mut frame = vec![0x81, 126, 0, SIZE as u8];
    frame.extend_from_slice(format!("{json:SIZE$}").as_bytes());
    frame
}
