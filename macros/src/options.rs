//! The options that each attribute knows, with what each of them wants.

use crate::hook::Kind;

/// An option of an attribute.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) wants: Wants,
    /// A value, as it would be written: complaints show it.
    pub(crate) example: &'static str,
}

/// What may stand behind an option's `=`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    Integer,
    /// Of bytes or messages: none would let nothing through.
    Count,
    /// A number that may be zero.
    Limit,
    Bool,
    Url,
    /// A proxy's URL, or `false` for none.
    Proxy,
    Duration,
    Headers,
    Subprotocols,
    Origins,
    Functions,
    Function,
    OneOf(&'static [&'static str]),
}

const ON_FAILURE: &[&str] = &["abort", "disable", "retry"];

const fn known(name: &'static str, wants: Wants, example: &'static str) -> Known {
    Known { name, wants, example }
}

const TIMEOUT: Known = known("timeout", Wants::Duration, r#""30s""#);
const SUBPROTOCOLS: Known = known("subprotocols", Wants::Subprotocols, r#"["chat.v1", "chat.v2"]"#);
const CONTROL_FRAMES: Known = known("control_frames", Wants::Bool, "true");
const COMPRESSION: Known = known("compression", Wants::Bool, "true");
const CLOSE_TIMEOUT: Known = known("close_timeout", Wants::Duration, r#""5s""#);
const MAX_MESSAGE_SIZE: Known = known("max_message_size", Wants::Count, "1_048_576");
const MAX_FRAME_SIZE: Known = known("max_frame_size", Wants::Count, "1_048_576");
const MAX_FRAGMENTS: Known = known("max_fragments", Wants::Count, "16_384");
const CONCURRENT: Known = known("concurrent", Wants::Count, "16");
const KEYED: Known = known("keyed", Wants::Function, "symbol");
const INBOX_MESSAGES: Known = known("inbox_messages", Wants::Count, "256");
const INBOX_BYTES: Known = known("inbox_bytes", Wants::Count, "4_194_304");
const OUTBOX_MESSAGES: Known = known("outbox_messages", Wants::Count, "256");
const OUTBOX_BYTES: Known = known("outbox_bytes", Wants::Count, "4_194_304");

const PING_AFTER: Known = known("ping_after", Wants::Duration, r#""20s""#);
const LOST_AFTER: Known = known("lost_after", Wants::Duration, r#""20s""#);
const WHILE_DOWN: &[&str] = &["hold", "fail", "drop"];

const INIT: &[Known] = &[
    known("order", Wants::Integer, "1"),
    known("after", Wants::Functions, "[other_hook]"),
    TIMEOUT,
    known("on_failure", Wants::OneOf(ON_FAILURE), r#""retry""#),
];
const SHUTDOWN: &[Known] = &[TIMEOUT];
const CLIENT: &[Known] = &[
    known("url", Wants::Url, r#""ws://127.0.0.1:20001/""#),
    known("headers", Wants::Headers, r#"[("Name", "value")]"#),
    SUBPROTOCOLS,
    known("require_subprotocol", Wants::Bool, "true"),
    known("required", Wants::Bool, "true"),
    known("reconnect", Wants::Bool, "false"),
    known("while_down", Wants::OneOf(WHILE_DOWN), r#""hold""#),
    known("keepalive", Wants::Bool, "false"),
    PING_AFTER,
    LOST_AFTER,
    COMPRESSION,
    CONTROL_FRAMES,
    known("connect_timeout", Wants::Duration, r#""10s""#),
    known("proxy", Wants::Proxy, r#""http://proxy:3128""#),
    known("max_redirects", Wants::Limit, "3"),
    known("tcp_keepalive", Wants::Duration, r#""60s""#),
    known("max_head_size", Wants::Count, "65_536"),
    known("max_headers", Wants::Count, "128"),
    CLOSE_TIMEOUT,
    MAX_MESSAGE_SIZE,
    MAX_FRAME_SIZE,
    MAX_FRAGMENTS,
    CONCURRENT,
    KEYED,
    INBOX_MESSAGES,
    INBOX_BYTES,
    OUTBOX_MESSAGES,
    OUTBOX_BYTES,
];
const ENDPOINT: &[Known] = &[
    SUBPROTOCOLS,
    known("origins", Wants::Origins, r#"["https://example.com"]"#),
    CONTROL_FRAMES,
    CLOSE_TIMEOUT,
    known("keepalive", Wants::Bool, "false"),
    PING_AFTER,
    LOST_AFTER,
    COMPRESSION,
    known("max_connections", Wants::Count, "1_024"),
    MAX_MESSAGE_SIZE,
    MAX_FRAME_SIZE,
    MAX_FRAGMENTS,
    CONCURRENT,
    KEYED,
    INBOX_MESSAGES,
    INBOX_BYTES,
    OUTBOX_MESSAGES,
    OUTBOX_BYTES,
];
const OF_CONNECTION: &[Known] = &[known("priority", Wants::Integer, "10")];

impl Kind {
    /// The options that the attribute knows.
    pub(crate) fn options(self) -> &'static [Known] {
        match self {
            Self::Init => INIT,
            Self::Shutdown => SHUTDOWN,
            Self::Client => CLIENT,
            Self::Endpoint => ENDPOINT,
            Self::OnOpen | Self::OnMessage | Self::OnClose => OF_CONNECTION,
            Self::OnError | Self::Route => &[],
        }
    }

    /// How many arguments without a name stand before the options.
    pub(crate) fn leads(self) -> usize {
        match self {
            Self::Init | Self::Shutdown | Self::Client => 0,
            Self::Endpoint | Self::OnOpen | Self::OnMessage | Self::OnClose | Self::OnError => 1,
            Self::Route => 2,
        }
    }

    /// The attribute as it would be written: complaints show it.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::Init => "#[init]",
            Self::Shutdown => "#[shutdown]",
            Self::Client => r#"#[client(url = "ws://127.0.0.1:20001/")]"#,
            Self::Endpoint => r#"#[endpoint("/chat/{room}")]"#,
            Self::OnOpen => "#[on_open(CLIENT)]",
            Self::OnMessage => "#[on_message(CLIENT)]",
            Self::OnClose => "#[on_close(CLIENT)]",
            Self::OnError => "#[on_error(CLIENT)]",
            Self::Route => r#"#[route(GET, "/hello/{name}")]"#,
        }
    }
}

impl Wants {
    /// What the value is, as in "`order` is a whole number".
    pub(crate) fn description(self) -> String {
        match self {
            Self::Integer => "a whole number".to_owned(),
            Self::Count => "one whole number, at least 1".to_owned(),
            Self::Limit => "one whole number".to_owned(),
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Url => "a string".to_owned(),
            Self::Proxy => "a string, or `false`".to_owned(),
            Self::Duration => "a duration in quotes".to_owned(),
            Self::Headers => "a list of pairs of strings".to_owned(),
            Self::Subprotocols | Self::Origins => "a list of strings".to_owned(),
            Self::Functions => "a list of functions, named by path".to_owned(),
            Self::Function => "a function, named by path".to_owned(),
            Self::OneOf(choices) => {
                let choices: Vec<_> = choices.iter().map(|choice| format!("`\"{choice}\"`")).collect();
                format!("one of {}", choices.join(", "))
            }
        }
    }
}
