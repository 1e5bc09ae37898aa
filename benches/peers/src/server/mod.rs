//! The load generator: blocking sockets, one thread, frames written from one buffer. It belongs to none of the libraries.

mod handshake;
mod paced;
mod swarm;
mod work;

pub(crate) use handshake::{EXTENSIONS, head, request};
pub(crate) use swarm::swarm;

use crate::tally::Report;
use crate::work::Work;
use handshake::accept;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Longer than any measurement: it keeps a broken one from hanging.
const GUARD: Duration = Duration::from_secs(60);

/// Serves `connections` connections and says how many messages it sent or received.
pub(crate) fn serve(work: Work, connections: usize, seconds: f64) -> io::Result<Report> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let mut streams = Vec::with_capacity(connections);
    for _ in 0..connections {
        let (mut stream, _) = listener.accept()?;
        prepare(&stream)?;
        accept(&mut stream, work == Work::Compressed)?;
        streams.push(stream);
    }
    let duration = Duration::from_secs_f64(seconds);
    let messages = match work {
        Work::Echo { size } => work::echo(&mut streams[0], size, duration)?,
        Work::Flood { size } => work::flood(&mut streams, &work::text(size, connections), duration)?,
        Work::Json => work::flood(&mut streams, &work::json(), duration)?,
        Work::Compressed => work::flood(&mut streams, &work::compressed(), duration)?,
        Work::Paced { rate } => paced::feed(&mut streams[0], rate, duration)?,
        Work::Sink => work::sink(&mut streams[0])?,
        Work::Idle | Work::Open => connections as u64,
    };
    if !matches!(work, Work::Idle | Work::Open) {
        streams.iter().for_each(work::goodbye);
    }
    streams.iter_mut().for_each(work::until_gone);
    Ok(Report { messages, ..Report::default() })
}

/// No small message waits for others, and nothing waits for ever.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(GUARD))?;
    stream.set_write_timeout(Some(GUARD))
}
