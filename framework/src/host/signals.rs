//! The signals that end the process: the first begins the stop, the second skips to its end.

use crate::target::HOST;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tracing::{error, info, warn};

/// A signal that comes sooner after another is the same one again.
const ECHO: Duration = Duration::from_millis(100);

/// After the second signal, how long the process may take to end by itself. A handler that blocks its thread would keep
/// it for ever.
const LAST_WORD: Duration = Duration::from_secs(5);

/// Listens to signals and counts them, on a thread of its own: handlers that block every other thread must not make the
/// process deaf.
pub(crate) struct Signals {
    count: Count,
}

impl Signals {
    /// From here on, signals no longer end the process by themselves.
    ///
    /// # Errors
    /// The system lets nobody listen to them.
    pub(crate) fn listen() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _entered = runtime.enter();
            platform::Listener::new()?
        };
        let count = Count::default();
        let counted = count.clone();
        // It ends with the process.
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || match runtime.block_on(listen(listener, counted)) {})?;
        Ok(Self { count })
    }

    /// Resolves with the first signal, also if it came before.
    pub(crate) fn first(&self) -> impl Future<Output = ()> + Send + 'static {
        self.count.clone().reaches(1)
    }

    /// Resolves with the second one.
    pub(crate) fn second(&self) -> impl Future<Output = ()> + Send + 'static {
        self.count.clone().reaches(2)
    }
}

/// Counts signals for ever, and ends the process where it does not end after the second one.
async fn listen(mut listener: platform::Listener, count: Count) -> Infallible {
    let mut last: Option<Instant> = None;
    loop {
        let signal = if count.number() < 2 {
            listener.next().await
        } else if let Ok(signal) = tokio::time::timeout(LAST_WORD, listener.next()).await {
            signal
        } else {
            error!(target: HOST, "a handler blocks its thread and does not let the process stop: it is ended");
            std::process::exit(1);
        };
        // Some senders signal a process and then its group, which is the same process again.
        if last.replace(Instant::now()).is_some_and(|last| last.elapsed() < ECHO) {
            continue;
        }
        match count.add_one() {
            1 => info!(target: HOST, signal, "stopping; a second signal stops at once"),
            _ => warn!(target: HOST, signal, "stopping at once"),
        }
    }
}

/// How many signals there were.
#[derive(Debug, Clone, Default)]
struct Count(Arc<watch::Sender<usize>>);

impl Count {
    fn number(&self) -> usize {
        *self.0.borrow()
    }

    fn add_one(&self) -> usize {
        self.0.send_modify(|count| *count += 1);
        *self.0.borrow()
    }

    async fn reaches(self, least: usize) {
        let mut seen = self.0.subscribe();
        seen.wait_for(|count| *count >= least).await.expect("the sender is held here");
    }
}

#[cfg(unix)]
mod platform {
    use std::io;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    pub(super) struct Listener {
        interrupt: Signal,
        terminate: Signal,
    }

    impl Listener {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
        }

        pub(super) async fn next(&mut self) -> &'static str {
            tokio::select! {
                _ = self.interrupt.recv() => "SIGINT",
                _ = self.terminate.recv() => "SIGTERM",
            }
        }
    }
}

#[cfg(windows)]
mod platform {
    use std::io;
    use tokio::signal::windows::{CtrlC, ctrl_c};

    pub(super) struct Listener {
        ctrl_c: CtrlC,
    }

    impl Listener {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self { ctrl_c: ctrl_c()? })
        }

        pub(super) async fn next(&mut self) -> &'static str {
            self.ctrl_c.recv().await;
            "ctrl-c"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn who_waits_for_a_signal_also_sees_one_that_came_before() {
        let count = Count::default();
        let (mut early, mut second) = (Box::pin(count.clone().reaches(1)), Box::pin(count.clone().reaches(2)));
        assert!(early.as_mut().now_or_never().is_none());
        assert_eq!(count.add_one(), 1);
        assert!(early.as_mut().now_or_never().is_some());
        assert!(count.clone().reaches(1).now_or_never().is_some());
        assert!(second.as_mut().now_or_never().is_none());
        count.add_one();
        assert!(second.as_mut().now_or_never().is_some());
    }
}
