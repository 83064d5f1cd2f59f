#![no_main]

#[path = "../../tests/fuzz/container.rs"]
mod container;
#[path = "../../tests/fuzz/worksheet.rs"]
mod worksheet;
#[path = "../../tests/fuzz/xlsb.rs"]
mod xlsb;

libfuzzer_sys::fuzz_target!(|data: &[u8]| xlsb::check(data));
