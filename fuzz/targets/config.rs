//! See framework/src/fuzz.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bristle::__fuzz::run("config", input));
