//! The task of one endpoint connection: reads and handles in place, until its end.

use super::Endpoint;
use super::lifecycle::Lifecycle;
use super::member::{Admission, Member};
use crate::connection::{
    Connection, EventsFuture, HandlerScope, Handshake, Inbox, InboxStages, Inflow, Lane, Link, LinkEnd, LinkEvent,
    Outbox, Role, Transport, WhileDown,
};
use crate::error::Error;
use crate::message::{Message, code};
use crate::target::NODE;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::coop::{consume_budget, has_budget_remaining};
use tokio::time::{Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::{debug, warn};

/// What the session was woken by.
enum Wake {
    /// The node has come nearer to its end.
    Stage,
    Opened(Result<(), Error>),
    /// Handlers ran: look again.
    Handlers,
    Link(LinkEvent),
    /// The end of the node waits, and the peer's time is looked at.
    Look,
}

/// How far the node's end has come for this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Serving,
    /// Nothing is read any more.
    Quiet,
    /// It was told to close. What still arrives is thrown away, but for the peer's close.
    Closing,
    Aborted,
}

pub(super) struct Session {
    endpoint: Endpoint,
    member: Member,
    lifecycle: Arc<Lifecycle>,
    /// `None` once the connection has ended.
    link: Option<Link>,
    inbox: Inbox,
    /// What it receives, counted for the endpoint.
    inflow: Arc<Inflow>,
    /// The last wake was a message, handled in the same poll as whatever comes next.
    handled: bool,
    /// It goes on to its end, also where the connection has ended meanwhile.
    opening: Option<EventsFuture<Result<(), Error>>>,
    stage: Stage,
    /// Done with the next stage. Of a child of the node's own token, so that connections do not share its lock. Kept from poll
    /// to poll: dropped with each, it would take its waker along.
    next_stage: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Held until nothing is left to handle, once the node is quiet.
    busy: Option<TaskTrackerToken>,
    /// How the peer keeps the end of the node waiting, once that has begun.
    patience: Option<Patience>,
    /// How many messages came too late to be handled.
    discarded: usize,
}

impl Session {
    pub(super) fn start(
        endpoint: Endpoint,
        admission: Admission,
        transport: Transport,
        handshake: Handshake,
        lifecycle: Arc<Lifecycle>,
        busy: TaskTrackerToken,
    ) -> Self {
        let limits = endpoint.limits();
        let outbox = Outbox::new(endpoint.id(), limits.outbox_messages, limits.outbox_bytes, WhileDown::Fail);
        outbox.opening();
        let connection = Connection::new(endpoint.id(), Box::new(endpoint.clone()), Arc::new(outbox), handshake);
        connection.observe_latency(endpoint.latency_meter());
        let inflow = Arc::<Inflow>::default();
        let stages = InboxStages {
            callbacks: None,
            handlers: Some(endpoint.handlers().clone()),
            gate: endpoint.gate().clone(),
            key: endpoint.key().cloned(),
        };
        Self {
            inbox: Inbox::new(stages, limits),
            link: Some(Link::start(transport, Role::Server, limits, connection.clone())),
            member: admission.enter(connection, inflow.clone()),
            inflow,
            handled: false,
            opening: None,
            stage: Stage::Serving,
            next_stage: beginning(&lifecycle.quiet),
            busy: Some(busy),
            patience: None,
            discarded: 0,
            endpoint,
            lifecycle,
        }
    }

    pub(super) async fn run(&mut self) {
        let connection = self.connection().clone();
        let peer = connection.handshake().peer.map(tracing::field::display);
        debug!(target: NODE, endpoint = self.endpoint.name(), connection = %connection.id(), peer, "connection opened");
        let scope = HandlerScope::new(self.connection(), Lane::Open);
        self.opening = Some(Box::pin(scope.mark(self.endpoint.handlers().open(&connection))));
        while !self.is_over() {
            if self.stage != Stage::Serving && self.opening.is_none() && self.inbox.is_settled() {
                self.busy = None;
            }
            self.inflow.waits(self.inbox.depth());
            match self.next().await {
                Wake::Stage => self.next_stage(),
                Wake::Handlers => {}
                Wake::Opened(outcome) => self.opened(outcome),
                Wake::Link(LinkEvent::Message(message)) => self.received(&connection, message).await,
                Wake::Link(LinkEvent::Ended(end)) => self.ended(end),
                Wake::Look => self.look(),
            }
        }
        let unhandled = self.inbox.clear() + self.discarded;
        if unhandled > 0 {
            let endpoint = self.endpoint.name();
            warn!(
                target: NODE,
                endpoint, connection = %connection.id(), unhandled, "ended with messages that were not handled"
            );
        }
    }

    /// Handlers before reading: a handler that can go on makes room.
    async fn next(&mut self) -> Wake {
        // Straight after messages that were handled at once nothing but the peer can have more for us. Not beyond the budget: a
        // flood must not starve the other tasks of this thread.
        let straight = std::mem::take(&mut self.handled) && self.inbox.is_empty() && self.opening.is_none();
        if straight
            && has_budget_remaining()
            && let Some(link) = &mut self.link
            && let Some(message) = link.more().await
        {
            return Wake::Link(LinkEvent::Message(message));
        }
        consume_budget().await;
        let read = match self.stage {
            Stage::Serving => self.inbox.has_room(),
            Stage::Quiet => false,
            Stage::Closing | Stage::Aborted => true,
        };
        let Self { next_stage, inbox, opening, link, patience, .. } = self;
        tokio::select! {
            biased;
            () = next_stage => Wake::Stage,
            outcome = opened(opening) => Wake::Opened(outcome),
            () = inbox.run(), if !inbox.is_empty() => Wake::Handlers,
            event = next_event(link, read) => Wake::Link(event),
            () = due(patience) => Wake::Look,
        }
    }

    /// Whether there is nothing left to do. What waits for a gate that the end of the node leaves shut is not.
    fn is_over(&self) -> bool {
        let stopped = matches!(self.stage, Stage::Closing | Stage::Aborted);
        let handled = self.inbox.is_empty() || (stopped && self.inbox.is_settled());
        self.stage == Stage::Aborted || (self.link.is_none() && self.opening.is_none() && handled)
    }

    fn next_stage(&mut self) {
        let lifecycle = &self.lifecycle;
        if lifecycle.aborted.is_cancelled() {
            self.stage = Stage::Aborted;
        } else if lifecycle.closing.is_cancelled() {
            self.stage = Stage::Closing;
            self.next_stage = beginning(&lifecycle.aborted);
            let (code, reason) = lifecycle.farewell();
            self.connection().begin_close(code, reason, true);
            if self.link.is_some() {
                self.patience = Some(Patience::of_close(self.lifecycle.patience));
            }
        } else {
            self.stage = Stage::Quiet;
            self.next_stage = beginning(&lifecycle.closing);
            let patience = lifecycle.patience;
            self.patience = Some(match self.link {
                Some(_) => Patience::of_progress(patience, self.connection().outbox().counts().written),
                None => Patience::of_close(patience),
            });
        }
    }

    fn opened(&mut self, outcome: Result<(), Error>) {
        self.opening = None;
        let connection = self.connection();
        match outcome {
            Err(error) if self.link.is_none() => {
                let (endpoint, error) = (self.endpoint.name(), error.chain());
                debug!(target: NODE, endpoint, connection = %connection.id(), %error, "on_open failed after its connection had ended");
            }
            Ok(()) if self.link.is_none() => {}
            Ok(()) => {
                connection.mark_ready();
                connection.outbox().ready();
            }
            Err(error) => {
                let (endpoint, error) = (self.endpoint.name(), error.chain());
                warn!(
                    target: NODE,
                    endpoint, connection = %connection.id(), %error, "on_open failed: the connection is closed"
                );
                connection.begin_close(code::INTERNAL_ERROR, "on_open failed", false);
            }
        }
    }

    async fn received(&mut self, connection: &Connection, message: Message) {
        let Self { inflow, inbox, link, stage, discarded, .. } = self;
        if *stage != Stage::Serving {
            *discarded += 1;
            return inflow.count(1, message.len() as u64);
        }
        let (mut first, mut bytes) = (Some(message), 0);
        let mut next = || first.take().or_else(|| link.as_mut().and_then(Link::buffered));
        let counted = || next().inspect(|message| bytes += message.len() as u64);
        let messages = inbox.messages(connection, counted).await;
        inflow.count(messages, bytes);
        self.handled = true;
    }

    /// A peer that takes nothing of what waits for it, or does not answer the close, is lost: it must not make an end of
    /// ours an unclean one. Nor must the `on_open` of one that is gone, though it has its time.
    fn look(&mut self) {
        let written = self.connection().outbox().counts();
        let Some(patience) = &mut self.patience else { return };
        let Some(link) = &mut self.link else {
            let (endpoint, connection) = (self.endpoint.name(), self.member.connection().id());
            warn!(target: NODE, endpoint, %connection, "an on_open was cut: the node stops, and its connection is gone");
            (self.opening, self.patience) = (None, None);
            return;
        };
        let reason = match self.stage {
            Stage::Quiet if self.opening.is_some() || written.queued == 0 => return patience.renew(written.written),
            Stage::Quiet if !patience.is_over(written.written) => return,
            Stage::Quiet => "it took nothing of what waits for it",
            _ => "it did not close in time",
        };
        self.patience = None;
        link.give_up(format!("the node stops, and the peer keeps it waiting: {reason}"));
    }

    fn ended(&mut self, LinkEnd { close, .. }: LinkEnd) {
        self.link = None;
        let left = self.stage != Stage::Serving && self.opening.is_some();
        self.patience = left.then(|| Patience::of_close(self.lifecycle.patience));
        self.member.end();
        let connection = self.member.connection();
        let (endpoint, code, reason) = (self.endpoint.name(), close.code, close.reason.as_str());
        debug!(
            target: NODE,
            endpoint, connection = %connection.id(), code, reason, initiator = %close.initiator, "connection closed"
        );
        self.inbox.close(connection, close);
    }

    fn connection(&self) -> &Connection {
        self.member.connection()
    }
}

/// How often progress is looked for within the time that a peer has.
const LOOKS: u32 = 4;

/// How long a peer may keep the end of the node waiting.
struct Patience {
    wake: Pin<Box<Sleep>>,
    interval: Duration,
    /// How many messages it had taken at the last look, and how many looks ago that was.
    written: u64,
    looks: u32,
}

impl Patience {
    /// For a peer that must take what waits for it: its time begins anew with every message that it takes.
    fn of_progress(patience: Duration, written: u64) -> Self {
        let interval = patience / LOOKS;
        Self { wake: Box::pin(sleep(interval)), interval, written, looks: 0 }
    }

    /// For a peer that must close.
    fn of_close(patience: Duration) -> Self {
        Self { wake: Box::pin(sleep(patience)), interval: patience, written: 0, looks: 0 }
    }

    fn renew(&mut self, written: u64) {
        self.wake = Box::pin(sleep(self.interval));
        (self.written, self.looks) = (written, 0);
    }

    /// Whether it has taken nothing for the whole of its time; else it is looked at again.
    fn is_over(&mut self, written: u64) -> bool {
        if written != self.written {
            self.renew(written);
            return false;
        }
        self.wake = Box::pin(sleep(self.interval));
        self.looks += 1;
        self.looks >= LOOKS
    }
}

fn beginning(stage: &CancellationToken) -> Pin<Box<WaitForCancellationFutureOwned>> {
    Box::pin(stage.child_token().cancelled_owned())
}

async fn due(patience: &mut Option<Patience>) {
    match patience {
        Some(patience) => patience.wake.as_mut().await,
        None => pending().await,
    }
}

async fn opened(opening: &mut Option<EventsFuture<Result<(), Error>>>) -> Result<(), Error> {
    match opening {
        Some(future) => future.await,
        None => pending().await,
    }
}

async fn next_event(link: &mut Option<Link>, read: bool) -> LinkEvent {
    match link {
        Some(link) => link.next(read).await,
        None => pending().await,
    }
}
