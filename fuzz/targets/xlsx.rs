#![no_main]

#[path = "../../tests/fuzz/container.rs"]
mod container;
#[path = "../../tests/fuzz/worksheet.rs"]
mod worksheet;
#[path = "../../tests/fuzz/xlsx.rs"]
mod xlsx;

libfuzzer_sys::fuzz_target!(|data: &[u8]| xlsx::check(data));
