#![no_main]

#[path = "../../tests/fuzz/csv.rs"]
mod csv;
#[path = "../../tests/fuzz/encoding.rs"]
mod encoding;

libfuzzer_sys::fuzz_target!(|data: &[u8]| encoding::check(data));
