//! The task behind a client: carries out what the session decides, and reads and handles in place.

mod act;
mod report;

use super::callbacks::Callbacks;
use super::session::{Action, Event, Phase, Session, Then};
use super::shared::{Shared, Wanted};
use super::status::Status;
use super::transport::dial;
use super::{Binding, ConnectError, ConnectionState, Reconnect};
use crate::connection::{
    Connection, Events, HandlerScope, Handshake, Inbox, InboxStages, Lane, Link, LinkEnd, LinkEvent, Role, Transport,
    awake,
};
use crate::error::Error;
use crate::message::{Close, code};
use crate::target::CLIENT;
use futures_channel::mpsc;
use futures_util::{FutureExt, StreamExt};
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;
use tokio::task::coop::{consume_budget, has_budget_remaining};
use tokio::time::Instant;
use tracing::{debug, error, info, warn};

type Answer = oneshot::Sender<Result<(), ConnectError>>;
type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What a handle asks of the supervisor.
#[derive(Debug)]
pub(crate) enum Command {
    Start {
        keep_trying: bool,
        reply: Answer,
    },
    Reconnect {
        reply: Answer,
    },
    Close {
        code: u16,
        reason: String,
        reply: oneshot::Sender<()>,
    },
    /// Stop reading, and say when nothing is left to handle.
    Quiesce {
        reply: oneshot::Sender<()>,
    },
}

/// What the supervisor was woken by.
enum Wake {
    Command(Command),
    End(Wanted),
    Opened(Result<(), Error>),
    /// Handlers ran, or one began to wait for us: look again.
    Handlers,
    /// The `on_open` of a connection that is gone came to its end.
    Leftover(Result<(), Error>),
    Link(LinkEvent),
    Dialled(Box<Result<(Transport, Handshake), ConnectError>>),
    Elapsed,
}

/// Where the `on_open` of the current connection is.
enum Opening {
    No,
    /// It waits for the handlers of what the last connection received.
    Due,
    Running(Boxed<Result<(), Error>>),
}

pub(crate) struct Supervisor {
    shared: Arc<Shared>,
    commands: mpsc::UnboundedReceiver<Command>,
    session: Session,
    inbox: Inbox,
    callbacks: Arc<Callbacks>,
    handlers: Option<Arc<dyn Events>>,
    dial: Option<Boxed<Result<(Transport, Handshake), ConnectError>>>,
    link: Option<Link>,
    connection: Option<Connection>,
    opening: Opening,
    /// The `on_open` of a connection that ended meanwhile: it goes on to its end, beside whatever comes.
    leftover: Option<Boxed<Result<(), Error>>>,
    wait: Option<Boxed<()>>,
    /// `connect` and `reconnect` calls that wait for the attempt under way.
    waiters: Vec<Answer>,
    /// `close` calls that wait for the end.
    closers: Vec<oneshot::Sender<()>>,
    quiesce: Vec<oneshot::Sender<()>>,
    /// Nothing is handled any more: the runtime stops.
    quiet: bool,
    /// The runtime has closed it: no `reconnect` opens it again.
    over: bool,
    failure: Option<ConnectError>,
    /// What `close_with` was given.
    farewell: (u16, String),
    opened_at: Instant,
    /// The last wake was a message, handled in the same poll as whatever comes next.
    handled: bool,
    /// Whether it was logged that it is down.
    down_logged: bool,
    dropped: bool,
}

impl Supervisor {
    pub(crate) fn new(
        shared: Arc<Shared>,
        commands: mpsc::UnboundedReceiver<Command>,
        reconnect: Option<Reconnect>,
        callbacks: Callbacks,
        binding: Binding,
    ) -> Self {
        let closed = shared.status.borrow().state == ConnectionState::Closed;
        let callbacks = Arc::new(callbacks);
        let stages = InboxStages {
            callbacks: (!callbacks.is_empty()).then(|| callbacks.clone() as Arc<dyn Events>),
            handlers: binding.handlers.clone(),
            gate: binding.gate,
            key: binding.key,
        };
        Self {
            inbox: Inbox::new(stages, &shared.limits),
            session: Session::new(reconnect, closed),
            handlers: binding.handlers,
            shared,
            commands,
            callbacks,
            dial: None,
            link: None,
            connection: None,
            opening: Opening::No,
            leftover: None,
            wait: None,
            waiters: Vec::new(),
            closers: Vec::new(),
            quiesce: Vec::new(),
            quiet: false,
            over: false,
            failure: None,
            farewell: (code::NORMAL, String::new()),
            opened_at: Instant::now(),
            handled: false,
            down_logged: false,
            dropped: false,
        }
    }

    #[expect(clippy::manual_async_fn, reason = "its future would hold the supervisor twice: as given, and as used")]
    pub(crate) fn run(mut self) -> impl Future<Output = ()> {
        async move { self.supervise().await }
    }

    async fn supervise(&mut self) {
        let _end = End(self.shared.clone());
        loop {
            if self.dropped && self.session.phase() == Phase::Closed && self.link.is_none() && self.inbox.is_empty() {
                break;
            }
            self.begin_on_open();
            self.shared.counters.inflow.waits(self.inbox.depth());
            if self.inbox.is_settled() {
                // Whoever waits is told by the drop.
                self.quiesce.clear();
            }
            match self.next().await {
                Wake::End(Wanted::Abort) => {
                    self.abort();
                    break;
                }
                wake => self.woken(wake).await,
            }
        }
    }

    /// Waits for whatever comes next. Commands first, handlers before reading: a handler that can go on makes room.
    async fn next(&mut self) -> Wake {
        // Straight after messages that were handled at once nothing but the peer can have more for us. Not beyond the budget: a
        // flood must not starve the other tasks of this thread.
        let straight =
            std::mem::take(&mut self.handled) && self.inbox.is_empty() && matches!(self.opening, Opening::No);
        if straight
            && has_budget_remaining()
            && let Some(link) = &mut self.link
            && let Some(message) = link.more().await
        {
            return Wake::Link(LinkEvent::Message(message));
        }
        consume_budget().await;
        let Self { shared, commands, inbox, dial, link, opening, leftover, wait, .. } = self;
        // What comes after the stop has begun is read only for the sake of the closing handshake.
        let read = if self.quiet { matches!(self.session.phase(), Phase::Closing(_)) } else { inbox.has_room() };
        let blocked = matches!(opening, Opening::Due);
        tokio::select! {
            biased;
            wanted = shared.ending.wanted(self.dropped) => Wake::End(wanted),
            Some(command) = commands.next() => Wake::Command(command),
            result = opened(opening) => Wake::Opened(result),
            () = inbox.run(), if !inbox.is_empty() => Wake::Handlers,
            () = shared.outbox.handler_waits().began(), if blocked => Wake::Handlers,
            result = maybe(leftover) => Wake::Leftover(result),
            event = next_event(link, read) => Wake::Link(event),
            outcome = maybe(dial) => Wake::Dialled(Box::new(outcome)),
            () = maybe(wait) => Wake::Elapsed,
        }
    }

    async fn woken(&mut self, wake: Wake) {
        match wake {
            Wake::End(Wanted::Abort) | Wake::Handlers => {}
            Wake::Command(command) => {
                self.shared.room.add_permits(1);
                self.command(command);
            }
            Wake::End(Wanted::Close) => {
                self.dropped = true;
                self.step(Event::Close);
            }
            Wake::Opened(Ok(())) => self.ready(),
            Wake::Opened(Err(error)) => {
                self.opening = Opening::No;
                self.failure = Some(ConnectError::OnOpen(self.log_on_open(error)));
                self.farewell = (code::INTERNAL_ERROR, "on_open failed".to_owned());
                self.step(Event::OpenFailed);
                if let Some(connection) = &self.connection {
                    // Also where a close is under way that waits for it.
                    connection.begin_close(code::INTERNAL_ERROR, "on_open failed", false);
                }
            }
            Wake::Leftover(result) => {
                self.leftover = None;
                if let Err(error) = result {
                    debug!(
                        target: CLIENT,
                        client = %self.shared.name, error = %error.chain(),
                        "on_open failed after its connection had ended"
                    );
                }
            }
            Wake::Link(LinkEvent::Message(_)) if self.quiet => {}
            Wake::Link(LinkEvent::Message(message)) => {
                let Self { inbox, link, connection, .. } = self;
                if let (Some(connection), Some(link)) = (connection, link) {
                    let mut first = Some(message);
                    let mut bytes = 0;
                    let mut next = || first.take().or_else(|| link.buffered());
                    let counted = || next().inspect(|message| bytes += message.len() as u64);
                    let taken = inbox.messages(connection, counted).await;
                    self.shared.counters.inflow.count(taken, bytes);
                    self.handled = true;
                }
            }
            Wake::Link(LinkEvent::Ended(end)) => self.ended(end),
            Wake::Dialled(outcome) => {
                self.dial = None;
                self.dialled(*outcome);
            }
            Wake::Elapsed => {
                self.wait = None;
                self.step(Event::Elapsed);
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Start { keep_trying, reply } => {
                self.waiters.push(reply);
                self.step(Event::Start { keep_trying });
            }
            // Nobody could ever close what is opened now.
            Command::Reconnect { reply } if self.over || self.shared.ending.is_dropped() => {
                let _ = reply.send(Err(ConnectError::Closed));
            }
            Command::Reconnect { reply } => {
                self.waiters.push(reply);
                self.farewell = (code::NORMAL, String::new());
                // A close that is under way is no longer what is wanted: whoever waits for it would wait for ever.
                self.closers.clear();
                self.step(Event::Reconnect);
            }
            Command::Close { code, reason, reply } => {
                self.farewell = (code, reason);
                self.over |= self.quiet;
                self.closers.push(reply);
                self.step(Event::Close);
                if self.session.phase() == Phase::Closed {
                    self.closers.clear();
                }
            }
            Command::Quiesce { reply } => {
                self.quiet = true;
                self.quiesce.push(reply);
            }
        }
    }

    /// Begins `on_open`, once what the last connection received has been handled. A handler that itself waits for
    /// this client is not waited for.
    fn begin_on_open(&mut self) {
        if !matches!(self.opening, Opening::Due)
            || !(self.inbox.is_settled() || self.shared.outbox.handler_waits().any())
        {
            return;
        }
        let connection = self.connection.clone().expect("there is one while it opens");
        let (callbacks, handlers) = (self.callbacks.clone(), self.handlers.clone());
        let scope = HandlerScope::new(&connection, Lane::Open);
        self.opening = Opening::Running(Box::pin(scope.mark(async move {
            callbacks.open(&connection).await?;
            if let Some(handlers) = handlers {
                handlers.open(&connection).await?;
            }
            Ok(())
        })));
    }

    fn ready(&mut self) {
        self.opening = Opening::No;
        if let Some(connection) = &self.connection {
            connection.mark_ready();
        }
        self.shared.outbox.ready();
        self.publish();
    }

    fn ended(&mut self, LinkEnd { mut close, asked }: LinkEnd) {
        self.link = None;
        if let Opening::Running(on_open) = std::mem::replace(&mut self.opening, Opening::No)
            && self.leftover.replace(on_open).is_some()
        {
            warn!(
                target: CLIENT,
                client = %self.shared.name, "an on_open was cut: its connection is gone, and so is the next one"
            );
        }
        *self.shared.current.lock().expect("nothing panics while it holds it") = None;
        let then = self.session.policy().cloned().unwrap_or_default().after_close(&close);
        self.went_down(asked);
        let lasted = if close.was_ready { self.opened_at.elapsed() } else { Duration::ZERO };
        close.retry_in = self.step(Event::Ended { asked, lasted, then });
        self.log_down(&close);
        if let Some(connection) = self.connection.take() {
            self.inbox.close(&connection, close);
        }
        self.publish();
    }
}

/// Whatever ends the task, as the end of tokio's runtime: nobody may wait for a client that nobody runs.
struct End(Arc<Shared>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.room.close();
        self.0.outbox.shut();
        self.0.enter(ConnectionState::Closed, false);
        self.0.leave();
    }
}

// By polling, and not as `async fn`, whose future would hold what it awaits beside what it was given: ten thousand idle clients
// have each of them.
fn opened(opening: &mut Opening) -> impl Future<Output = Result<(), Error>> {
    poll_fn(|context| match opening {
        Opening::Running(future) => future.as_mut().poll(context),
        Opening::No | Opening::Due => Poll::Pending,
    })
}

async fn next_event(link: &mut Option<Link>, read: bool) -> LinkEvent {
    match link {
        Some(link) => link.next(read).await,
        None => pending().await,
    }
}

fn maybe<F: Future + Unpin>(future: &mut Option<F>) -> impl Future<Output = F::Output> {
    poll_fn(|context| match future {
        Some(future) => future.poll_unpin(context),
        None => Poll::Pending,
    })
}
