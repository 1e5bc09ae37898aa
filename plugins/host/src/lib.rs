//! The roll call: the plugins that are linked into the host.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

use echo as _;
use greeter as _;
use relay as _;

bristle::roll_call!();
