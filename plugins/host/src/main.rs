//! The binary: everything is in the framework, and the plugins are in the library beside.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The binary must name its own library, or the linker drops what only the library names.
    host::plugins();
    bristle::main()
}
