//! Numbers that tell clients, endpoints and connections apart, unique in the process.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Which client or endpoint it is. Unique in the process, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnerId(u64);

/// Which connection it is: every reconnect makes a new one. Unique in the process, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u64);

macro_rules! ids {
    ($($id:ident),*) => {$(
        impl $id {
            pub(crate) fn next() -> Self {
                Self(NEXT.fetch_add(1, Ordering::Relaxed))
            }

            /// The number.
            pub fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}
ids!(OwnerId, ConnectionId);
