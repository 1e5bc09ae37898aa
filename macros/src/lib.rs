//! The attributes of bristle: tokens in, tokens out.
//!
//! Each attribute leaves its item as it is and registers it: `args` reads the attribute, `item` the item, `check`
//! makes a `hook` of both or complains, and `expand` writes the registration. Use them through the crate `bristle`,
//! whose tests run what the examples here show.

use proc_macro::TokenStream;

mod args;
mod check;
mod complaints;
mod declared;
mod expand;
mod hook;
mod item;
mod options;
mod paths;
mod route;
mod signature;
mod text;
mod value;

use hook::Kind;

/// Runs a function at launch, before any message is delivered.
///
/// ```
/// use bristle::prelude::*;
///
/// #[init]
/// async fn database(plugin: Plugin) -> Result<()> {
///     info!("{} begins", plugin.name());
///     Ok(())
/// }
///
/// #[init(after = [database], timeout = "30s", on_failure = "retry")]
/// async fn cache() {}
/// ```
///
/// The function takes `Plugin` and `Config<T>`, and returns nothing or a `Result<()>`.
///
/// | option | is | default |
/// |---|---|---|
/// | `after = [path, path]` | hooks that must have succeeded before | none |
/// | `order = 1` | the coarse tier: all hooks of a lower one come first | `0` |
/// | `timeout = "30s"` | how long one run may take, in `ms`, `s`, `m` or `h` | the runtime's |
/// | `on_failure = "retry"` | `"abort"` the launch, `"disable"` this plugin, or `"retry"` the hook | `"abort"` |
#[proc_macro_attribute]
pub fn init(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Init, args, item)
}

/// Runs a function when the program stops, in the reverse order of `#[init]`.
///
/// ```
/// use bristle::prelude::*;
///
/// #[shutdown(timeout = "5s")]
/// async fn flush(plugin: Plugin) -> Result<()> {
///     info!("{} ends", plugin.name());
///     Ok(())
/// }
/// ```
///
/// The function takes `Plugin` and `Config<T>`, and returns nothing or a `Result<()>`.
///
/// | option | is | default |
/// |---|---|---|
/// | `timeout = "5s"` | how long it may take, in `ms`, `s`, `m` or `h` | the runtime's |
#[proc_macro_attribute]
pub fn shutdown(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Shutdown, args, item)
}

/// Declares a WebSocket client: opened at launch, kept open, and stored in the static.
///
/// ```
/// use bristle::prelude::*;
///
/// #[client(url = "wss://example.org/feed", headers = [("Authorization", "Bearer …")], required = true)]
/// static FEED: OnceCell<WebSocketClient> = OnceCell::new();
///
/// #[on_message(FEED)]
/// async fn received(text: String) {
///     info!(text);
/// }
/// ```
///
/// The static is a `once_cell::sync::OnceCell` or a `std::sync::OnceLock`. The configuration may set every option,
/// in `[plugins.NAME.clients.STATIC]`, and wins over the attribute.
///
/// Times go from 1 ms to a day, bytes from 1 to 4 GiB, messages, frames and connections from 1 to 16,777,216.
///
/// | option | is |
/// |---|---|
/// | `url = "ws://…"` | the address, `ws` or `wss` |
/// | `headers = [("Name", "value")]` | sent with the handshake; a name may stand twice |
/// | `subprotocols = ["a", "b"]` | offered in this order |
/// | `require_subprotocol = true` | the connection fails if the peer chooses none of them |
/// | `required = true` | the launch fails if the first attempt does |
/// | `reconnect = false` | a connection that ended stays closed |
/// | `while_down = "hold"` | what becomes of messages without a connection: `"hold"`, `"fail"` or `"drop"` |
/// | `keepalive = false`, `ping_after = "20s"`, `lost_after = "20s"` | when a silent peer is asked and given up |
/// | `control_frames = true` | handlers get pings and pongs, too |
/// | `connect_timeout = "10s"` | for the whole handshake |
/// | `proxy = "http://proxy:3128"` | the proxy to go through; `false` for none, whatever the environment says |
/// | `max_redirects = 3` | how many redirects an attempt follows |
/// | `tcp_keepalive = "60s"` | after how much silence TCP asks whether the peer is there |
/// | `max_head_size = 65_536`, `max_headers = 128` | of the answer to the handshake: its bytes and headers |
/// | `close_timeout = "5s"` | for the closing handshake |
/// | `compression = true` | messages are compressed where the peer can do it, too (RFC 7692); the configuration may give a table |
/// | `max_message_size`, `max_frame_size`, `max_fragments` | of one message, in bytes and frames |
/// | `concurrent = 16` | how many messages of a connection are handled at a time: one by default, in the order of arrival |
/// | `keyed = symbol` | of those that this function of a `&Message` gives the same value, one at a time, in order |
/// | `inbox_messages`, `inbox_bytes` | what may wait for the handlers |
/// | `outbox_messages`, `outbox_bytes` | what may wait for the socket |
#[proc_macro_attribute]
pub fn client(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Client, args, item)
}

/// Declares a WebSocket endpoint of the node, stored in the static.
///
/// ```
/// use bristle::prelude::*;
///
/// #[endpoint("/chat/{room}", max_connections = 1_000)]
/// static CHAT: OnceCell<Endpoint> = OnceCell::new();
///
/// #[on_message(CHAT)]
/// async fn said(message: Message) -> Message {
///     message
/// }
/// ```
///
/// A parameter of the path stands in braces and ends its segment; `{*rest}` takes everything that is left. The
/// configuration may set every option, in `[plugins.NAME.endpoints.STATIC]`, and wins over the attribute.
///
/// Times go from 1 ms to a day, bytes from 1 to 4 GiB, messages, frames and connections from 1 to 16,777,216.
///
/// | option | is |
/// |---|---|
/// | `subprotocols = ["a", "b"]` | spoken, the preferred one first: the first of them that the peer offers is agreed |
/// | `control_frames = true` | handlers get pings and pongs, too |
/// | `close_timeout = "5s"` | for the closing handshake |
/// | `origins = ["https://example.com"]` | the web pages that may connect; all by default |
/// | `keepalive = false`, `ping_after = "20s"`, `lost_after = "20s"` | when a silent peer is asked and given up |
/// | `max_connections = 1_000` | at the same time |
/// | `compression = true` | messages are compressed where the peer can do it, too (RFC 7692); the configuration may give a table |
/// | `max_message_size`, `max_frame_size`, `max_fragments` | of one message, in bytes and frames |
/// | `concurrent = 16` | how many messages of a connection are handled at a time: one by default, in the order of arrival |
/// | `keyed = symbol` | of those that this function of a `&Message` gives the same value, one at a time, in order |
/// | `inbox_messages`, `inbox_bytes` | what may wait for the handlers |
/// | `outbox_messages`, `outbox_bytes` | what may wait for each socket |
#[proc_macro_attribute]
pub fn endpoint(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Endpoint, args, item)
}

/// Runs a function whenever a connection of the slot opens, also after a reconnect. What it returns is sent.
///
/// ```
/// use bristle::prelude::*;
///
/// static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();
///
/// #[on_open(CLIENT)]
/// async fn hello() -> &'static str {
///     "hello"
/// }
/// ```
///
/// The slot is the path of a static, of this plugin or another: `#[on_open(other_plugin::FEED)]`. With the option
/// `priority = 10`, it runs before hooks of a lower one; the default is 0.
#[proc_macro_attribute]
pub fn on_open(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::OnOpen, args, item)
}

/// Runs a function for the messages of a slot that its arguments fit. What it returns is sent.
///
/// ```
/// use bristle::prelude::*;
///
/// static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();
///
/// #[on_message(CLIENT)]
/// async fn parrot(message: Message) -> Message {
///     message
/// }
///
/// #[on_message(CLIENT, priority = 10)]
/// async fn guard(text: String) -> Option<Stop<&'static str>> {
///     text.starts_with("secret").then_some(Stop("not here"))
/// }
/// ```
///
/// The slot is the path of a static, of this plugin or another: `#[on_message(other_plugin::FEED)]`. One function may
/// serve several slots, with an attribute for each. With the option `priority = 10`, it runs before handlers of a
/// lower one; the default is 0.
#[proc_macro_attribute]
pub fn on_message(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::OnMessage, args, item)
}

/// Runs a function whenever a connection of the slot has ended.
///
/// ```
/// use bristle::prelude::*;
///
/// static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();
///
/// #[on_close(CLIENT)]
/// async fn closed(close: Close) {
///     info!("closed: {close}");
/// }
/// ```
///
/// The slot is the path of a static, of this plugin or another: `#[on_close(other_plugin::FEED)]`. With the option
/// `priority = 10`, it runs before hooks of a lower one; the default is 0.
#[proc_macro_attribute]
pub fn on_close(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::OnClose, args, item)
}

/// Runs a function when a handler of the slot failed or panicked; without a slot, for every handler of this plugin.
///
/// ```
/// use bristle::prelude::*;
///
/// static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();
///
/// #[on_error(CLIENT)]
/// async fn apologise(error: HandlerError) -> String {
///     format!("{} went wrong", error.handler())
/// }
///
/// #[on_error]
/// async fn count() {}
/// ```
///
/// What it returns is sent.
#[proc_macro_attribute]
pub fn on_error(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::OnError, args, item)
}

/// Serves an HTTP route of the node by a function with the arguments and return values of an axum handler.
///
/// ```
/// use bristle::prelude::*;
///
/// #[route(GET, "/hello/{name}")]
/// async fn hello(Path(name): Path<String>) -> String {
///     format!("hello {name}")
/// }
/// ```
///
/// The method is `GET`, `POST`, `PUT`, `DELETE`, `PATCH`, `HEAD` or `OPTIONS`. A parameter of the path stands in
/// braces and ends its segment; `{*rest}` takes everything that is left. The body, where it is taken, is the last
/// argument.
#[proc_macro_attribute]
pub fn route(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Route, args, item)
}

/// The item as it came, and beside it a registration or the complaints: never both.
///
/// An item with a mistake loses its other attributes of ours, whose expansions could only repeat the complaint.
fn attribute(kind: Kind, args: TokenStream, item: TokenStream) -> TokenStream {
    let mut complaints = complaints::Complaints::default();
    let item = item::Item::read(item.into());
    let span = proc_macro2::Span::call_site();
    let args = args::Args::read(kind, span, args.into(), &mut complaints);
    let mut tokens;
    match check::hook(&args, &item, &mut complaints) {
        Some(hook) => {
            tokens = item.with_attributes(|_| true);
            tokens.extend(expand::registration(&hook));
        }
        None => {
            check::siblings(&item, &mut complaints);
            tokens = item.with_attributes(|attribute| Kind::of(attribute).is_none());
            tokens.extend(complaints.into_tokens());
        }
    }
    tokens.into()
}
