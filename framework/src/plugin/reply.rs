//! What a hook may return, and what is made of it.

use super::Json;
use crate::error::{Error, Result};
use crate::message::Message;
use serde::Serialize;

/// What a handler answers: messages to send, and whether later handlers of the same message still run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    pub(crate) messages: Messages,
    pub(crate) stop: bool,
}

/// Nothing and one message are the common cases, and cost no allocation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Messages {
    #[default]
    None,
    One(Message),
    Many(Vec<Message>),
}

impl Reply {
    /// No reply.
    pub fn none() -> Self {
        Self::default()
    }

    /// One message.
    pub fn one(message: impl Into<Message>) -> Self {
        Self { messages: Messages::One(message.into()), stop: false }
    }

    /// The messages in order.
    pub fn into_messages(self) -> Vec<Message> {
        match self.messages {
            Messages::None => Vec::new(),
            Messages::One(message) => vec![message],
            Messages::Many(messages) => messages,
        }
    }

    /// Whether no later handler gets the message.
    pub fn stops(&self) -> bool {
        self.stop
    }
}

/// What a message handler, an `#[on_open]` or an `#[on_error]` hook may return.
///
/// `()` for no reply, anything that is `Into<Message>` (`&str`, `String`, `Vec<u8>`, `Bytes`, `Message`, [`Text`],
/// [`Binary`]), [`Json<T>`], `Option<R>` (`None` is no reply), `Vec<R>` (in order), [`Stop<R>`], `Result<R, E>`.
///
/// [`Text`]: super::Text
/// [`Binary`]: super::Binary
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no reply",
    label = "this hook cannot return this",
    note = "return nothing, `Message`, `&'static str`, `String`, `Vec<u8>`, `Bytes`, `Json<T>` with `T: Serialize`, `Option<reply>`, `Vec<reply>`, `Stop<reply>` or `Result<reply>`",
    note = "for a type of your own, implement `From<YourType> for bristle::Message` or return `Json(value)`"
)]
pub trait IntoReply {
    /// The messages to send.
    ///
    /// # Errors
    /// The handler failed, or its reply cannot be encoded.
    fn into_reply(self) -> Result<Reply>;
}

/// Ends the row: the reply is sent, and no later handler gets the message.
///
/// ```
/// use bristle::prelude::*;
///
/// static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();
///
/// #[on_message(CLIENT, priority = 10)]
/// async fn guard(text: String) -> Option<Stop<&'static str>> {
///     text.starts_with("secret").then_some(Stop("not here"))
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop<R = ()>(pub R);

#[diagnostic::do_not_recommend]
impl<M: Into<Message>> IntoReply for M {
    fn into_reply(self) -> Result<Reply> {
        Ok(Reply::one(self))
    }
}

impl IntoReply for () {
    fn into_reply(self) -> Result<Reply> {
        Ok(Reply::none())
    }
}

impl IntoReply for Reply {
    fn into_reply(self) -> Result<Reply> {
        Ok(self)
    }
}

impl<T: Serialize> IntoReply for Json<T> {
    fn into_reply(self) -> Result<Reply> {
        Ok(Reply::one(self.to_message()?))
    }
}

impl<R: IntoReply> IntoReply for Option<R> {
    fn into_reply(self) -> Result<Reply> {
        self.map_or_else(|| Ok(Reply::none()), R::into_reply)
    }
}

impl<R: IntoReply> IntoReply for Vec<R> {
    fn into_reply(self) -> Result<Reply> {
        let mut stop = false;
        let mut messages = Vec::with_capacity(self.len());
        for reply in self {
            let reply = reply.into_reply()?;
            stop |= reply.stop;
            messages.extend(reply.into_messages());
        }
        Ok(Reply { messages: Messages::Many(messages), stop })
    }
}

impl<R: IntoReply> IntoReply for Stop<R> {
    fn into_reply(self) -> Result<Reply> {
        Ok(Reply { stop: true, ..self.0.into_reply()? })
    }
}

impl<R: IntoReply, E: Into<Error>> IntoReply for Result<R, E> {
    fn into_reply(self) -> Result<Reply> {
        self.map_err(Into::into)?.into_reply()
    }
}

/// What an `#[init]`, `#[shutdown]` or `#[on_close]` hook may return: nothing, or a `Result` of it.
#[diagnostic::on_unimplemented(
    message = "this hook cannot return `{Self}`",
    label = "nothing takes this value",
    note = "return nothing or `Result<()>`: there is nobody to send a reply to"
)]
pub trait IntoOutcome {
    /// Success, or the error.
    ///
    /// # Errors
    /// The hook failed.
    fn into_outcome(self) -> Result<()>;
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Result<()> {
        Ok(())
    }
}

impl<E: Into<Error>> IntoOutcome for Result<(), E> {
    fn into_outcome(self) -> Result<()> {
        self.map_err(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::Text;

    fn sent(reply: impl IntoReply) -> Vec<Message> {
        reply.into_reply().expect("no error").into_messages()
    }

    #[test]
    fn a_vector_of_bytes_is_one_binary_message_and_a_vector_of_strings_is_many() {
        assert_eq!(sent(vec![1_u8, 2]), [Message::binary(vec![1, 2])]);
        assert_eq!(sent(vec!["a", "b"]), [Message::text("a"), Message::text("b")]);
    }

    #[test]
    fn none_and_unit_send_nothing() {
        assert_eq!(sent(()), []);
        assert_eq!(sent(None::<Message>), []);
        assert_eq!(sent(Some(Text("x".into()))), [Message::text("x")]);
    }

    #[test]
    fn stop_keeps_its_reply_and_ends_the_row_also_inside_an_option() {
        let reply = Some(Stop("no")).into_reply().expect("no error");
        assert!(reply.stops());
        assert_eq!(reply.into_messages(), [Message::text("no")]);
    }

    #[test]
    fn an_error_of_any_type_becomes_the_handlers_error() {
        let reply: Result<&str, std::num::ParseIntError> = "x".parse::<u8>().map(|_| "never");
        assert_eq!(reply.into_reply().expect_err("parsing fails").to_string(), "invalid digit found in string");
    }
}
