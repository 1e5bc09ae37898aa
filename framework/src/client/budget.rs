//! How fast the whole process may dial, so that its clients do not all fall upon a server that comes back.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One attempt each millisecond in the long run.
const PACE: Duration = Duration::from_millis(1);

/// How many attempts may start at once after a quiet time.
const BURST: u32 = 256;

static PROCESS: Budget = Budget(Mutex::new(None));

/// When the next attempt may start, as if attempts came at an even pace: they may run ahead of it by a burst. An attempt
/// that hangs holds nobody up.
struct Budget(Mutex<Option<Instant>>);

impl Budget {
    /// Takes a place; how long to wait for it.
    fn reserve(&self, now: Instant) -> Duration {
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = next.map_or(now, |next| next.max(now));
        *next = Some(due + PACE);
        due.duration_since(now).saturating_sub(PACE * (BURST - 1))
    }
}

/// Waits for a place in the process's budget. Cancelled, the place is forfeit.
pub(super) async fn turn() {
    let wait = PROCESS.reserve(Instant::now());
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_starts_at_once_and_the_rest_at_an_even_pace() {
        let budget = Budget(Mutex::new(None));
        let now = Instant::now();
        let waits: Vec<_> = (0..BURST + 3).map(|_| budget.reserve(now)).collect();
        assert!(waits[..BURST as usize].iter().all(Duration::is_zero));
        assert_eq!(waits[BURST as usize..], [PACE, PACE * 2, PACE * 3]);
        assert!(budget.reserve(now + Duration::from_secs(1)).is_zero());
    }
}
