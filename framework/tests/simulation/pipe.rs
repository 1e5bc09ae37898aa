//! A byte stream in memory that behaves as badly as its plan says: late, in pieces, cut, stalled or swallowed.

use super::chance::Chance;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How one connection behaves.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// How long bytes are under way at most.
    pub(crate) latency: Duration,
    /// How many bytes are under way at most: a full pipe makes the writer wait.
    pub(crate) capacity: usize,
    /// How many bytes one read or write takes at most.
    pub(crate) piece: usize,
    /// What happens once so many bytes were written, client to server and back.
    pub(crate) fault: Option<(usize, Fault)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The transport breaks: who reads gets what is there and then an error, who writes gets one at once. What is under way
    /// may still arrive.
    Reset { arrives: bool },
    /// Half-open: what is written goes nowhere, and nobody hears of it.
    Blackhole,
    /// Nothing arrives for a while.
    Stall(Duration),
}

#[derive(Debug)]
struct Way {
    under_way: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
    /// No more will be written.
    ended: bool,
    /// Nobody will read.
    abandoned: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
    last: Instant,
}

#[derive(Debug)]
struct Line {
    plan: Plan,
    chance: Chance,
    ways: [Way; 2],
    written: usize,
    broken: bool,
    /// Whether what was under way when it broke still arrives.
    arrives: bool,
    swallows: bool,
    stalled_until: Option<Instant>,
}

/// One end of a pipe.
#[derive(Debug)]
pub(crate) struct End {
    line: Arc<Mutex<Line>>,
    side: usize,
    sleep: Option<Pin<Box<Sleep>>>,
}

/// The client's end and the server's.
pub(crate) fn pipe(plan: Plan, chance: Chance) -> (End, End) {
    let way = || Way {
        under_way: VecDeque::new(),
        bytes: 0,
        ended: false,
        abandoned: false,
        reader: None,
        writer: None,
        last: Instant::now(),
    };
    let line = Line {
        plan,
        chance,
        ways: [way(), way()],
        written: 0,
        broken: false,
        arrives: false,
        swallows: false,
        stalled_until: None,
    };
    let line = Arc::new(Mutex::new(line));
    let end = |side| End { line: line.clone(), side, sleep: None };
    (end(0), end(1))
}

impl Line {
    fn wake(&mut self) {
        for way in &mut self.ways {
            way.reader.take().into_iter().chain(way.writer.take()).for_each(Waker::wake);
        }
    }

    fn happen(&mut self, fault: Fault) {
        match fault {
            Fault::Reset { arrives } => (self.broken, self.arrives) = (true, arrives),
            Fault::Blackhole => self.swallows = true,
            Fault::Stall(time) => self.stalled_until = Some(Instant::now() + time),
        }
        self.wake();
    }

    /// How many of `bytes` the line takes now.
    fn write(&mut self, side: usize, bytes: &[u8]) -> usize {
        let Self { plan, chance, ways, written, .. } = self;
        let way = &mut ways[side];
        let room = plan.capacity.saturating_sub(way.bytes);
        let mut count = bytes.len().min(room).min(chance.between(1, plan.piece));
        let due = plan.fault.filter(|(at, _)| *written + count >= *at);
        if let Some((at, _)) = due {
            count = count.min(at.saturating_sub(*written));
        }
        if !self.swallows && count > 0 {
            let delay = chance.pause(plan.latency);
            let arrives = way.last.max(Instant::now() + delay).max(self.stalled_until.unwrap_or(way.last));
            way.last = arrives;
            way.under_way.push_back((arrives, bytes[..count].to_vec()));
        }
        way.bytes += count;
        self.written += count;
        if let Some(reader) = way.reader.take() {
            reader.wake();
        }
        if let Some((_, fault)) = due {
            self.plan.fault = None;
            self.happen(fault);
        }
        count
    }
}

/// Does damage from beside one end.
pub(crate) struct Saboteur {
    line: Arc<Mutex<Line>>,
    side: usize,
}

impl Saboteur {
    /// Lets something happen to the line now.
    pub(crate) fn suffer(&self, fault: Fault) {
        self.line.lock().expect("no panic").happen(fault);
    }

    /// Puts bytes between those that the end wrote.
    pub(crate) fn inject(&self, bytes: &[u8]) {
        let mut line = self.line.lock().expect("no panic");
        let way = &mut line.ways[self.side];
        way.last = way.last.max(Instant::now());
        way.bytes += bytes.len();
        way.under_way.push_back((way.last, bytes.to_vec()));
        line.wake();
    }
}

impl End {
    pub(crate) fn saboteur(&self) -> Saboteur {
        Saboteur { line: self.line.clone(), side: self.side }
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().expect("nothing panics while it holds a line")
    }
}

impl AsyncRead for End {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let side = 1 - self.side;
        let arrives = {
            let mut line = self.lock();
            let (broken, still_arrives) = (line.broken, line.arrives);
            let piece = line.plan.piece;
            let piece = line.chance.between(1, piece);
            let way = &mut line.ways[side];
            match way.under_way.front_mut() {
                // What had arrived before a reset can be read; what was under way cannot.
                Some((arrives, bytes)) if *arrives <= Instant::now() => {
                    let count = bytes.len().min(buffer.remaining()).min(piece);
                    buffer.put_slice(&bytes[..count]);
                    bytes.drain(..count);
                    if bytes.is_empty() {
                        way.under_way.pop_front();
                    }
                    way.bytes -= count;
                    if let Some(writer) = way.writer.take() {
                        writer.wake();
                    }
                    return Poll::Ready(Ok(()));
                }
                front if broken && !(still_arrives && front.is_some()) => {
                    return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
                }
                None if way.ended => return Poll::Ready(Ok(())),
                front => {
                    let arrives = front.map(|(arrives, _)| *arrives);
                    way.reader = Some(cx.waker().clone());
                    arrives
                }
            }
        };
        self.sleep = arrives.map(|arrives| Box::pin(sleep_until(arrives)));
        if let Some(sleep) = &mut self.sleep
            && sleep.as_mut().poll(cx).is_ready()
        {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl AsyncWrite for End {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut line = self.lock();
        let way = &mut line.ways[self.side];
        if way.ended {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        }
        let abandoned = way.abandoned;
        if line.broken || abandoned {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        match line.write(self.side, bytes) {
            0 if line.broken => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            0 => {
                if line.ways[self.side].bytes < line.plan.capacity {
                    // A fault came before the first byte: try again.
                    cx.waker().wake_by_ref();
                }
                line.ways[self.side].writer = Some(cx.waker().clone());
                Poll::Pending
            }
            count => Poll::Ready(Ok(count)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut line = self.lock();
        if !line.swallows {
            line.ways[self.side].ended = true;
            line.wake();
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let mut line = self.lock();
        if line.swallows {
            return;
        }
        line.ways[self.side].ended = true;
        let inbound = &mut line.ways[1 - self.side];
        inbound.abandoned = true;
        // TCP resets a connection that is closed with unread data: the other side may lose what it has not read yet.
        line.broken |= !inbound.under_way.is_empty();
        line.wake();
    }
}
