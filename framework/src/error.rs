//! The error of hooks and handlers: any `std::error::Error`, by `?`.

use std::error::Error as StdError;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// `Result` with [`Error`] as its default error: what a hook or a handler returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong in a hook or a handler.
///
/// It takes every `std::error::Error` by `?` and keeps its chain of sources, so that hooks and handlers need no
/// error type of their own. It is no `std::error::Error` itself: that would forbid the `?`.
///
/// ```
/// fn parse(text: &str) -> bristle::Result<u16> {
///     if text.is_empty() {
///         return Err(bristle::Error::msg("a port is needed, as in `20001`"));
///     }
///     Ok(text.parse()?)
/// }
/// assert_eq!(parse("x").unwrap_err().to_string(), "invalid digit found in string");
/// ```
pub struct Error(Box<dyn StdError + Send + Sync>);

impl Error {
    /// An error that is only a sentence.
    pub fn msg(message: impl Into<String>) -> Self {
        Self(message.into().into())
    }

    /// The error itself, for `downcast_ref` and `source`.
    pub fn inner(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }

    /// The sentence and those of all its sources, outermost first, joined by `: `.
    pub fn chain(&self) -> String {
        // The text is somebody else's code, and it is asked for where a panic would end more than one handler.
        catch_unwind(AssertUnwindSafe(|| chain(&*self.0)))
            .unwrap_or_else(|panic| format!("an error whose text panicked: {}", panic_message(&*panic)))
    }
}

/// An error's sentence and those of all its sources, joined by `: `.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The whole chain: it is what `main` prints of an error that it returns.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain())
    }
}

/// What a panic said, from what `catch_unwind` caught.
pub(crate) fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a value that is no text".to_owned())
}
