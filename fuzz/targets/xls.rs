#![no_main]

#[path = "../../tests/fuzz/container.rs"]
mod container;
#[path = "../../tests/fuzz/worksheet.rs"]
mod worksheet;
#[path = "../../tests/fuzz/xls.rs"]
mod xls;

libfuzzer_sys::fuzz_target!(|data: &[u8]| xls::check(data));
