//! The value that JSON feeds hold.

use serde::Deserialize;

/// A trade, as an exchange's feed has it.
#[derive(Debug, Clone, Deserialize)]
#[expect(dead_code, reason = "what is decoded is looked at by nobody")]
pub(crate) struct Trade {
    id: u64,
    symbol: String,
    price: f64,
    amount: f64,
    buyer: bool,
}
