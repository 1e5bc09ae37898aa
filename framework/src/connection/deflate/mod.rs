//! permessage-deflate (RFC 7692): what the handshake agrees, which frames it marks, and the deflating itself.

mod codec;
mod header;
mod negotiate;
mod options;

pub(super) use codec::{Deflater, InflateError, Inflater, deflated_limit};
pub(crate) use negotiate::{Agreed, accept, agreed, offer};
pub use options::Compression;
pub(crate) use options::CompressionOption;

/// The extension's name, and the only one that is known here.
const NAME: &str = "permessage-deflate";
