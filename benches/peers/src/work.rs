//! What the load generator does with each connection, and what is in its messages.

use std::fmt;
use std::str::FromStr;

/// What the load generator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Sends back a frame for each that comes, of `size` bytes.
    Echo { size: usize },
    /// Sends text messages of `size` bytes as fast as they are taken.
    Flood { size: usize },
    /// The same with JSON of about 128 bytes.
    Json,
    /// JSON in arrays of about 1 KiB, compressed.
    Compressed,
    /// Sends `rate` messages each second, each with the time at which it was due.
    Paced { rate: u64 },
    /// Reads and counts.
    Sink,
    /// Does nothing until the peers leave.
    Idle,
    /// The same, for peers that measure how fast they connect.
    Open,
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Echo { size } => write!(f, "echo:{size}"),
            Self::Flood { size } => write!(f, "flood:{size}"),
            Self::Json => write!(f, "json"),
            Self::Compressed => write!(f, "compressed"),
            Self::Paced { rate } => write!(f, "paced:{rate}"),
            Self::Sink => write!(f, "sink"),
            Self::Idle => write!(f, "idle"),
            Self::Open => write!(f, "open"),
        }
    }
}

impl FromStr for Work {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, number) = text.split_once(':').unwrap_or((text, "0"));
        let number: u64 = number.parse().map_err(|_| format!("`{text}`: what stands behind the colon is no number"))?;
        let size = number as usize;
        Ok(match name {
            "echo" => Self::Echo { size },
            "flood" => Self::Flood { size },
            "json" => Self::Json,
            "compressed" => Self::Compressed,
            "paced" => Self::Paced { rate: number },
            "sink" => Self::Sink,
            "idle" => Self::Idle,
            "open" => Self::Open,
            _ => return Err(format!("`{text}` is no work of the load generator")),
        })
    }
}

/// What the load generator does as the clients of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Swarm {
    /// Reads one message on every connection, asks for the next one, until the server closes.
    Broadcast,
    /// Connects, and leaves once the server has looked at its memory.
    Idle,
    /// Connects as fast as it can.
    Accept,
}

impl Swarm {
    /// What the command line calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Broadcast => "broadcast",
            Self::Idle => "idle",
            Self::Accept => "accept",
        }
    }
}
