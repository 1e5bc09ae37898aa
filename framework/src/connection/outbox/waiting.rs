//! Senders that wait for room: in their order, each with a place that is reserved for it before it is woken.

use super::*;

impl Outbox {
    /// Waits until the message is queued, or refused for good. Cancel-safe: a cancelled call has queued nothing.
    pub(super) async fn wait(
        &self,
        mut message: Message,
        via: Via,
        mut receipt: Option<oneshot::Sender<Result<(), SendError>>>,
    ) -> Result<(), SendError> {
        let _waits = handler_waits();
        loop {
            let mut waiting = {
                let mut state = self.lock();
                if state.passes(via) { None } else { Some(Waiting::new(self, &mut state, message.len())) }
            };
            let Some(waiting) = &mut waiting else { return self.wait_in_on_open(message, via, receipt).await };
            waiting.called().await;
            let mut state = self.lock();
            waiting.give_back(&mut state);
            match self.offer(&mut state, message, via, &mut receipt) {
                Ok(outcome) => return outcome,
                // What it was called for is no more: it lines up again.
                Err(back) => message = back,
            }
        }
    }

    /// As `wait`, of an `on_open`, which passes all others and waits only for what it sent itself.
    async fn wait_in_on_open(
        &self,
        mut message: Message,
        via: Via,
        mut receipt: Option<oneshot::Sender<Result<(), SendError>>>,
    ) -> Result<(), SendError> {
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            match self.offer(&mut self.lock(), message, via, &mut receipt) {
                Ok(outcome) => return outcome,
                Err(back) => message = back,
            }
            room.await;
        }
    }

    /// Reserves places for those that wait, as many as fit, and calls them.
    pub(super) fn grant(&self, state: &mut State) {
        self.room.notify_waiters();
        while let Some(ticket) = state.waiting.pop_front_if(|next| self.fits(state.messages, state.bytes, next.size)) {
            state.messages += 1;
            state.bytes += ticket.size;
            ticket.granted.store(true, Ordering::Relaxed);
            ticket.called.notify_one();
        }
    }

    /// Calls all that wait: for what they wait may never come.
    pub(super) fn dismiss(&self, state: &mut State) {
        self.room.notify_waiters();
        for ticket in state.waiting.drain(..) {
            ticket.called.notify_one();
        }
    }
}

/// A place in the line, given up when the sender's future is dropped.
pub(super) struct Waiting<'a> {
    outbox: &'a Outbox,
    ticket: Arc<Ticket>,
    /// It was not called yet.
    in_line: bool,
}

impl<'a> Waiting<'a> {
    fn new(outbox: &'a Outbox, state: &mut State, size: usize) -> Self {
        let ticket = Arc::new(Ticket { size, granted: AtomicBool::new(false), called: Notify::new() });
        state.waiting.push_back(ticket.clone());
        Self { outbox, ticket, in_line: true }
    }

    async fn called(&mut self) {
        self.ticket.called.notified().await;
        self.in_line = false;
    }

    /// Gives the reserved place back, to be taken under the same lock.
    fn give_back(&self, state: &mut State) -> bool {
        let granted = self.ticket.granted.swap(false, Ordering::Relaxed);
        if granted {
            state.messages -= 1;
            state.bytes -= self.ticket.size;
        }
        granted
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.outbox.lock();
        if self.give_back(&mut state) {
            self.outbox.grant(&mut state);
        } else if self.in_line {
            state.waiting.retain(|ticket| !Arc::ptr_eq(ticket, &self.ticket));
        }
    }
}
