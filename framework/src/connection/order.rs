//! In which order, and how many at a time, one connection's messages are handled.

use crate::message::Message;
use crate::target::CLIENT;
use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tracing::error;

/// How a connection's messages are handled: so many at a time, begun in the order of arrival, and where there are keys
/// one at a time of each. One at a time is the order of arrival, plainly.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) limit: usize,
    pub(super) key: Option<Key>,
}

/// Tells which messages belong together: those with the same number do.
#[derive(Clone)]
pub struct Key(Arc<dyn Fn(&Message) -> u64 + Send + Sync>);

impl Key {
    /// Messages of the same key belong together. Two keys that share a hash do as well, which keeps their order too.
    pub fn new<K: Hash>(key: impl Fn(&Message) -> K + Send + Sync + 'static) -> Self {
        Self(Arc::new(move |message| {
            let mut hasher = DefaultHasher::new();
            key(message).hash(&mut hasher);
            hasher.finish()
        }))
    }

    /// A message's key; those on which the function panics have one.
    fn of(&self, message: &Message) -> u64 {
        catch_unwind(AssertUnwindSafe(|| self.0(message))).unwrap_or_else(|panic| {
            let panic = crate::error::panic_message(&*panic);
            error!(target: CLIENT, %panic, "the function that tells a message's key panicked");
            0
        })
    }
}

impl Order {
    /// The key of a message, where there are keys.
    #[inline]
    pub(super) fn key(&self, message: &Message) -> Option<u64> {
        self.key.as_ref().map(|key| key.of(message))
    }

    /// Which of these may begin next, given the keys of what waits, in order (`None`: it must be alone), and of what runs.
    pub(super) fn next(
        &self,
        waiting: impl Iterator<Item = Turn>,
        running: usize,
        busy: &HashSet<u64>,
    ) -> Option<usize> {
        let mut passed = HashSet::new();
        for (index, turn) in waiting.enumerate() {
            match turn {
                Turn::Alone => return (index == 0 && running == 0).then_some(0),
                _ if running >= self.limit => return None,
                Turn::Any => return Some(index),
                Turn::Of(key) if !busy.contains(&key) && passed.insert(key) => return Some(index),
                Turn::Of(_) => {}
            }
        }
        None
    }
}

/// When something that waits may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Once nothing else runs; what is behind it waits for it.
    Alone,
    /// Whenever there is a place.
    Any,
    /// When nothing of its key runs.
    Of(u64),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Turn::{Alone, Any, Of};

    const SERIAL: Order = Order { limit: 1, key: None };
    const CONCURRENT: Order = Order { limit: 2, key: None };

    fn keyed<K: Hash + 'static>(limit: usize, key: fn(&Message) -> K) -> Order {
        Order { limit, key: Some(Key::new(key)) }
    }

    fn next(order: &Order, waiting: &[Turn], running: usize, busy: &[u64]) -> Option<usize> {
        order.next(waiting.iter().copied(), running, &busy.iter().copied().collect())
    }

    #[test]
    fn the_first_begins_when_there_is_a_place() {
        assert_eq!(next(&SERIAL, &[Any, Any], 0, &[]), Some(0));
        assert_eq!(next(&SERIAL, &[Any], 1, &[]), None);
        assert_eq!(next(&CONCURRENT, &[Any], 1, &[]), Some(0));
        assert_eq!(next(&CONCURRENT, &[Any], 2, &[]), None);
        assert_eq!(next(&CONCURRENT, &[], 0, &[]), None);
    }

    #[test]
    fn a_busy_key_is_passed_over_and_its_own_order_kept() {
        let order = keyed(3, Message::len);
        assert_eq!(next(&order, &[Of(1), Of(2)], 1, &[1]), Some(1));
        assert_eq!(next(&order, &[Of(1), Of(1), Of(2)], 0, &[]), Some(0));
        assert_eq!(next(&order, &[Of(1), Of(1)], 1, &[1]), None);
        assert_eq!(next(&order, &[Of(4)], 3, &[1, 2, 3]), None, "all places are taken");
    }

    #[test]
    fn what_must_be_alone_waits_for_all_before_it_and_holds_up_all_behind_it() {
        for order in [SERIAL, CONCURRENT, keyed(9, Message::len)] {
            assert_eq!(next(&order, &[Alone, Any], 0, &[]), Some(0));
            assert_eq!(next(&order, &[Alone, Any], 1, &[]), None);
            assert_eq!(next(&order, &[Of(1), Alone, Of(2)], 1, &[1]), None);
        }
    }

    #[test]
    fn a_key_that_panics_is_a_key_like_another() {
        let order = keyed(2, |message| message.as_text().expect("text").to_owned());
        let odd = order.key(&Message::binary("x"));
        assert!(odd.is_some() && odd == order.key(&Message::binary("y")));
        assert_ne!(order.key(&Message::text("a")), order.key(&Message::text("b")));
    }
}
