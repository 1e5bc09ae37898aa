//! The client against servers of other people, which are installed on the way; `bash .ci/run` runs all of them.

mod closing;
mod handshake;
mod messages;
mod peers;
mod restart;
mod support;
