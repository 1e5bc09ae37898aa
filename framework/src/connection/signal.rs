//! A signal for one task.

use futures_util::task::AtomicWaker;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

/// Wakes the one task that waits for it, now or later. As a `tokio::sync::Notify` that only one task waits for, in less memory
/// and time: every connection looks at two of them each time it wakes.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    given: AtomicBool,
    waiter: AtomicWaker,
}

impl Signal {
    /// Gives the signal; given twice before it was taken, it is one.
    pub(crate) fn give(&self) {
        self.given.store(true, Ordering::Release);
        self.waiter.wake();
    }

    /// Waits for the signal and takes it. For one task at a time. Cancel-safe: a signal that was not returned stays.
    pub(crate) fn taken(&self) -> impl Future<Output = ()> {
        poll_fn(|context| {
            // First the waker, or a signal that is given in between would wake nobody.
            self.waiter.register(context.waker());
            if self.given.swap(false, Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::sync::Arc;
    use std::time::Duration;

    #[tokio::test]
    async fn a_signal_given_before_anybody_waits_is_kept_and_taken_once() {
        let signal = Signal::default();
        signal.give();
        signal.give();
        signal.taken().await;
        assert!(
            signal.taken().now_or_never().is_none(),
            "a close that was ordered twice must not be one of the next connection"
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_waiter_is_woken_by_every_signal_however_they_race() {
        let (signal, back) = (Arc::new(Signal::default()), Arc::new(Signal::default()));
        let (theirs, answer) = (signal.clone(), back.clone());
        let task = tokio::spawn(async move {
            for _ in 0..10_000 {
                theirs.taken().await;
                answer.give();
            }
        });
        let rounds = async {
            for _ in 0..10_000 {
                signal.give();
                back.taken().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), rounds).await.expect("a lost signal is a close that never comes");
        task.await.expect("it ends with the rounds");
    }
}
