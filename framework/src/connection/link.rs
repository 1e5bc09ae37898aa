//! One connection from handshake to end: reads, answers pings, does the closing handshake, watches its time.

use super::awake::Moment;
use super::decoder::ReadError;
use super::handle::close_frame;
use super::keepalive::{Liveness, Verdict, after};
use super::reader::Reader;
use super::wire::Role;
use super::writer::{Outcome, Writer, WriterEnd};
use super::{Connection, EventsFuture, Limits, Transport};
use crate::message::{Close, Initiator, Kind, Message, code};
use futures_util::FutureExt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Poll, ready};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_util::task::AbortOnDropHandle;

/// How long we read on, and throw away, after the last frame was sent: closing a socket with unread data resets it,
/// and the peer would never see why (RFC 6455 §7.1.1 lets the server close first).
const LINGER: Duration = Duration::from_secs(1);

/// What happens on a link.
#[derive(Debug)]
pub(crate) enum LinkEvent {
    /// A message for the handlers.
    Message(Message),
    /// The connection has ended.
    Ended(Ended),
}

/// How a connection ended, and whether somebody on our side wanted it.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) close: Close,
    /// Somebody ordered the close or sent a close frame.
    pub(crate) asked: bool,
}

/// What began the end.
#[derive(Debug)]
enum Cause {
    /// We were asked to close.
    Asked,
    /// The peer sent a close frame.
    Peer,
    /// The peer broke a rule or a limit: our close code and the reason.
    Violation(u16, String),
    /// The transport broke.
    Broken(String),
}

/// Drives one connection. Whoever owns it calls `next` until it yields `Ended`.
pub(crate) struct Link {
    connection: Connection,
    role: Role,
    control_frames: bool,
    close_timeout: Duration,
    /// `None` once nothing more is read.
    reader: Option<Reader>,
    /// `None` once the task was joined.
    writer: Option<AbortOnDropHandle<WriterEnd>>,
    half: Option<super::TransportWrite>,
    cause: Option<Cause>,
    /// The peer broke a rule, perhaps while something else had begun the end: nothing that follows means anything.
    violated: bool,
    /// The peer's close frame.
    received: Option<Message>,
    /// Our close frame, once it was written.
    sent: Option<Message>,
    deadline: Option<Pin<Box<Sleep>>>,
    /// The watch over a silent peer, unless it is switched off, and when it looks next.
    liveness: Option<(Liveness, Pin<Box<Sleep>>)>,
    /// Whether the last call of `next` read.
    reading: bool,
    finishing: Option<EventsFuture>,
}

impl Link {
    /// Starts the writer. The outbox must have been told that a connection is opening.
    pub(crate) fn start(transport: Transport, role: Role, limits: &Limits, connection: Connection) -> Self {
        let Transport { read, write, buffers, read_ahead } = transport;
        let compression = connection.handshake().deflate;
        let writer = Writer {
            half: write,
            buffers,
            outbox: connection.outbox().clone(),
            role,
            connection: connection.number(),
            deflater: compression.map(|agreed| agreed.deflater(role)),
        };
        Self {
            role,
            control_frames: limits.control_frames,
            close_timeout: limits.close_timeout,
            reader: Some(Reader::new(read, read_ahead, role, limits, compression.as_ref())),
            writer: Some(AbortOnDropHandle::new(tokio::spawn(writer.run()))),
            half: None,
            cause: None,
            violated: false,
            received: None,
            sent: None,
            deadline: None,
            liveness: limits.keepalive.map(|times| {
                let liveness = Liveness::new(times, Moment::now());
                let sleep = Box::pin(sleep_until(liveness.first_look()));
                (liveness, sleep)
            }),
            reading: true,
            finishing: None,
            connection,
        }
    }

    /// The next event; with `read` unset nothing is read, so that TCP slows the peer. Cancel-safe.
    pub(crate) async fn next(&mut self, read: bool) -> LinkEvent {
        if read
            && !self.reading
            && let Some((liveness, _)) = &mut self.liveness
        {
            liveness.resumed(Instant::now());
        }
        self.reading = read;
        loop {
            if let Some(finishing) = &mut self.finishing {
                finishing.await;
                self.connection.outbox().down();
                self.connection.mark_closed();
                return LinkEvent::Ended(self.ended());
            }
            let closing = self.deadline.is_some();
            tokio::select! {
                biased;
                () = passed(&mut self.deadline) => self.expired(),
                () = self.connection.close_ordered(), if !closing => self.ordered(),
                end = join(&mut self.writer) => self.writer_ended(end),
                message = read_next(&mut self.reader), if read && !self.over() => {
                    if let Some(message) = self.took(message) {
                        return LinkEvent::Message(message);
                    }
                }
                () = due(&mut self.liveness), if read && !closing => self.look(),
            }
        }
    }

    /// The next message, straight after another one and in the same poll: by then everything else was asked, and has the task's
    /// waker, which it must not give back when a `select!` drops its future; so only reading is tried. `None` where that is not
    /// enough: the task was woken, and nobody knows by what, or the end has begun. Cancel-safe.
    pub(crate) fn more(&mut self) -> impl Future<Output = Option<Message>> {
        let mut tried = false;
        poll_fn(move |context| {
            if std::mem::replace(&mut tried, true) {
                return Poll::Ready(None);
            }
            while !self.over() && self.deadline.is_none() && self.finishing.is_none() {
                let Some(reader) = &mut self.reader else { break };
                if let Poll::Ready(message) = reader.poll_next(context) {
                    if let Some(message) = self.took(message) {
                        return Poll::Ready(Some(message));
                    }
                } else if pin!(due(&mut self.liveness)).poll(context).is_ready() {
                    self.look();
                } else {
                    return Poll::Pending;
                }
            }
            Poll::Ready(None)
        })
    }

    /// The next message that was read already, whole; never waits.
    #[inline(always)]
    pub(crate) fn buffered(&mut self) -> Option<Message> {
        while !self.over() && self.finishing.is_none() {
            let message = match self.reader.as_mut()?.buffered()? {
                // Most are handed on, and need no second look.
                Ok(message) if matches!(message.kind(), Kind::Text | Kind::Binary) => Some(message),
                other => self.took(other),
            };
            if message.is_some() {
                return message;
            }
        }
        None
    }

    /// Gives the peer up, unless the end has begun.
    pub(crate) fn give_up(&mut self, reason: String) {
        if self.finishing.is_none() {
            self.cause.get_or_insert(Cause::Broken(reason));
            self.finish(Duration::ZERO);
        }
    }

    fn ordered(&mut self) {
        self.cause.get_or_insert(Cause::Asked);
        self.limit(self.close_timeout);
    }

    /// The close took too long.
    fn expired(&mut self) {
        if self.connection.outbox().stop_waiting_for_on_open() {
            // It was our own `on_open` that took so long: the peer is told all the same.
            self.deadline = Some(Box::pin(sleep_until(Instant::now() + LINGER)));
        } else {
            self.finish(Duration::ZERO);
        }
    }

    /// Asks a silent peer, or gives it up.
    fn look(&mut self) {
        let (Some((liveness, sleep)), Some(reader)) = (&mut self.liveness, &mut self.reader) else { return };
        let next = match liveness.look(Moment::now(), reader.heard()) {
            Verdict::Wait(next) => next,
            Verdict::Ping(next) => {
                reader.rest();
                self.connection.send_probe();
                next
            }
            Verdict::Lost => {
                self.cause.get_or_insert(Cause::Broken("the peer is silent: it did not answer a ping".to_owned()));
                return self.finish(Duration::ZERO);
            }
        };
        sleep.as_mut().reset(next);
    }

    #[inline(never)]
    fn took(&mut self, message: Result<Message, ReadError>) -> Option<Message> {
        match message {
            Ok(message) => match message.kind() {
                Kind::Text | Kind::Binary => return Some(message),
                Kind::Ping => {
                    self.connection.outbox().pong(message.clone().into_bytes());
                    return self.control_frames.then_some(message);
                }
                Kind::Pong => {
                    // The answer to a probe is nobody's message.
                    let answered = self.connection.probe_answered(message.as_bytes());
                    return (self.control_frames && !answered).then_some(message);
                }
                Kind::Close => self.peer_closes(message),
            },
            Err(error) => match error.close_code() {
                Some(code) => self.violation(code, error.to_string()),
                None => {
                    let reason = error.to_string();
                    // After both close frames an end of the transport is how it should be.
                    self.cause.get_or_insert(Cause::Broken(reason));
                    self.finish(Duration::ZERO);
                }
            },
        }
        None
    }

    fn peer_closes(&mut self, message: Message) {
        self.cause.get_or_insert(Cause::Peer);
        if self.sent.is_some() {
            self.received = Some(message);
            return self.finish(LINGER);
        }
        // RFC 6455 §5.5.1: the answer carries the same code.
        let (code, reason) = message.as_close().unwrap_or((code::NORMAL, ""));
        self.connection.outbox().order_close(close_frame(code, reason), false, false);
        self.received = Some(message);
        self.limit(self.close_timeout);
    }

    fn violation(&mut self, code: u16, reason: String) {
        // What was sent before the peer went wrong is not its loss: the answers to what it did right among it.
        self.connection.outbox().order_close(close_frame(code, &reason), true, false);
        self.cause.get_or_insert(Cause::Violation(code, reason));
        self.violated = true;
        self.limit(self.close_timeout);
        if self.sent.is_some() {
            self.finish(LINGER);
        }
    }

    fn writer_ended(&mut self, end: WriterEnd) {
        self.half = Some(end.half);
        match end.outcome {
            Outcome::CloseSent(frame) => {
                self.sent = Some(frame);
                self.cause.get_or_insert(Cause::Asked);
                if self.violated || self.received.is_some() {
                    self.finish(LINGER);
                } else {
                    self.limit(self.close_timeout);
                }
            }
            Outcome::Failed(error) => {
                self.cause.get_or_insert(Cause::Broken(format!("writing failed: {error}")));
                // The peer may have said why before it went: read what it left.
                self.limit(LINGER);
            }
            Outcome::Stopped => self.finish(Duration::ZERO),
        }
    }

    /// Whether nothing that follows is to be read here: a peer that sent its close frame may shut the transport, and
    /// that must not keep our answer from being written.
    fn over(&self) -> bool {
        self.violated || self.received.is_some()
    }

    /// Sets the time by which the end must come, if none is set.
    fn limit(&mut self, time: Duration) {
        self.deadline.get_or_insert_with(|| Box::pin(sleep_until(after(Instant::now(), time))));
    }

    /// Stops the writer, shuts the transport down and reads on for `linger` until the peer has closed it too.
    fn finish(&mut self, linger: Duration) {
        self.connection.outbox().stop_writer(self.connection.number());
        let (reader, writer, half) = (self.reader.take(), self.writer.take(), self.half.take());
        let server = self.role == Role::Server;
        self.finishing = Some(Box::pin(async move {
            let half = match writer {
                Some(writer) => writer.await.ok().map(|end| end.half),
                None => half,
            };
            let _ = timeout(linger, async {
                let mut reader = reader;
                // The server closes first (RFC 6455 §7.1.1), so that it, not the client, keeps the port waiting.
                let mut half = half;
                if server && let Some(half) = &mut half {
                    let _ = half.shutdown().await;
                }
                if let Some(reader) = &mut reader {
                    reader.discard().await;
                }
                if !server && let Some(half) = &mut half {
                    let _ = half.shutdown().await;
                }
            })
            .await;
        }));
    }

    fn ended(&mut self) -> Ended {
        let received = self.received.as_ref().map(|frame| {
            let (code, reason) = frame.as_close().unwrap_or((code::NO_STATUS, ""));
            (code, reason.to_owned())
        });
        let sent =
            self.sent.as_ref().and_then(|frame| frame.as_close().map(|(code, reason)| (code, reason.to_owned())));
        let asked = matches!(self.cause, Some(Cause::Asked)) && !self.connection.was_given_up();
        let (initiator, (code, reason)) = match self.cause.take() {
            Some(Cause::Asked) => {
                let unanswered = (code::ABNORMAL, "the peer did not take the close frame in time".to_owned());
                (Initiator::Local, received.or(sent).unwrap_or(unanswered))
            }
            Some(Cause::Violation(code, reason)) => (Initiator::Local, (code, reason)),
            Some(Cause::Peer) => (Initiator::Remote, received.unwrap_or((code::NO_STATUS, String::new()))),
            Some(Cause::Broken(reason)) => match received {
                Some(close) => (Initiator::Remote, close),
                None => (Initiator::Transport, (code::ABNORMAL, reason)),
            },
            None => (Initiator::Transport, (code::ABNORMAL, "the connection was abandoned".into())),
        };
        let mut close = Close::new(initiator, code, reason);
        close.was_ready = self.connection.was_ready();
        Ended { close, asked }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.connection.outbox().stop_writer(self.connection.number());
        self.connection.mark_closed();
    }
}

// By polling, and not as `async fn`, whose future would hold what it awaits beside what it was given: ten thousand idle
// connections have each of them.
fn join(writer: &mut Option<AbortOnDropHandle<WriterEnd>>) -> impl Future<Output = WriterEnd> {
    poll_fn(|context| {
        let Some(handle) = writer else { return Poll::Pending };
        let end = ready!(handle.poll_unpin(context)).expect("the writer neither panics nor is aborted");
        *writer = None;
        Poll::Ready(end)
    })
}

fn passed(deadline: &mut Option<Pin<Box<Sleep>>>) -> impl Future<Output = ()> {
    poll_fn(|context| deadline.as_mut().map_or(Poll::Pending, |sleep| sleep.as_mut().poll(context)))
}

fn due(liveness: &mut Option<(Liveness, Pin<Box<Sleep>>)>) -> impl Future<Output = ()> {
    poll_fn(|context| liveness.as_mut().map_or(Poll::Pending, |(_, sleep)| sleep.as_mut().poll(context)))
}

fn read_next(reader: &mut Option<Reader>) -> impl Future<Output = Result<Message, ReadError>> {
    poll_fn(|context| reader.as_mut().map_or(Poll::Pending, |reader| reader.poll_next(context)))
}
