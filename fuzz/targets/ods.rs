#![no_main]

#[path = "../../tests/fuzz/container.rs"]
mod container;
#[path = "../../tests/fuzz/ods.rs"]
mod ods;
#[path = "../../tests/fuzz/worksheet.rs"]
mod worksheet;

libfuzzer_sys::fuzz_target!(|data: &[u8]| ods::check(data));
