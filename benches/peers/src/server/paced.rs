//! A feed of so many messages a second, each at its time, with that time in it.

use crate::clock;
use crate::frames::{BINARY, close_frame, frame};
use std::io::{self, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The size of a message; its first eight bytes are the time at which it was due.
pub(super) const SIZE: usize = 128;

/// Writes one frame at each due time. It spins: the core is its own, and no timer is that exact. A frame that is late,
/// because the socket was full, keeps its due time, so that waiting counts as latency.
pub(super) fn feed(stream: &mut TcpStream, rate: u64, duration: Duration) -> io::Result<u64> {
    let mut bytes = frame(BINARY, &[0; SIZE]);
    let payload = bytes.len() - SIZE;
    let (start, total) = (clock::now(), (rate as f64 * duration.as_secs_f64()) as u64);
    for message in 0..total {
        let due = start + message * 1_000_000_000 / rate;
        while clock::now() < due {
            std::hint::spin_loop();
        }
        bytes[payload..payload + 8].copy_from_slice(&due.to_be_bytes());
        stream.write_all(&bytes)?;
    }
    stream.write_all(&close_frame())?;
    Ok(total)
}
