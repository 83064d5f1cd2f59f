//! What `make fuzz` throws at the core, as ordinary tests: every input to start from, every fixture, and every input
//! that once broke something. The checks are shared with the fuzzer (`fuzz/`), one module a target.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(feature = "spreadsheets")]
mod container;
mod csv;
mod encoding;
mod formats;
#[cfg(feature = "spreadsheets")]
mod ods;
mod tags;
#[cfg(feature = "spreadsheets")]
mod worksheet;
#[cfg(feature = "spreadsheets")]
mod xls;
#[cfg(feature = "spreadsheets")]
mod xlsb;
#[cfg(feature = "spreadsheets")]
mod xlsx;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// The files in `folder`, by name. Fails if there are none: a moved folder must not turn a test into nothing.
fn files(folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn check(check: fn(&[u8]), folders: &[&str]) {
    for folder in folders {
        for (path, bytes) in files(folder) {
            let outcome = catch_unwind(AssertUnwindSafe(|| check(&bytes)));
            assert!(outcome.is_ok(), "{} broke it; the reason stands above", path.display());
        }
    }
}

#[test]
fn files_of_codes() {
    check(csv::check, &["fuzz/inputs/csv", "fixtures/csv/files", "fixtures/exports/files"]);
}

#[test]
fn encodings() {
    check(encoding::check, &["fuzz/inputs/encoding", "fixtures/csv/files"]);
}

#[test]
fn templates() {
    check(tags::check, &["fuzz/inputs/tags"]);
}

#[test]
fn number_formats() {
    check(formats::check, &["fuzz/inputs/formats"]);
}

#[test]
#[cfg(feature = "spreadsheets")]
fn spreadsheets() {
    check(xlsx::check, &["fuzz/inputs/xlsx"]);
    check(ods::check, &["fuzz/inputs/ods"]);
    check(xlsb::check, &["fuzz/inputs/xlsb"]);
    check(xls::check, &["fuzz/inputs/xls"]);
    for program in ["libreoffice", "openpyxl", "sheetjs", "xlsxwriter"] {
        check(worksheet::check_file, &[&format!("fixtures/sheets/{program}/files")]);
    }
}
