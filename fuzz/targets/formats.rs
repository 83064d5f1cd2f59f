#![no_main]

#[path = "../../tests/fuzz/formats.rs"]
mod formats;

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::check(data));
