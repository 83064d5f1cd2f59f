//! Files made to do harm are refused with a stable code, after little of them was read, and while little is held.
//!
//! No clock: what is measured is how many bytes an import is fed before it says no, and how much memory it holds at
//! most, by an allocator that counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod counting;

use coupon_pools::code::Texts;
use coupon_pools::error::{Code, Detail, Error};
use coupon_pools::import::{ImportLimits, ImportOptions, Importer, Progress, Sheet};

use counting::{MB, MEMORY, ONE, counted};

/// As much of an offending part as may be read: the longest row, and a chunk.
const OFFENCE: usize = 2 * MB + (128 << 10);

struct Outcome {
    result: Result<u64, Error>,
    /// Bytes fed.
    fed: usize,
    /// Bytes held at most, more than before.
    held: usize,
}

/// Imports what `piece` gives, chunk by chunk, until the end of it or a refusal.
fn import(options: ImportOptions, mut piece: impl FnMut(usize) -> Option<Vec<u8>>) -> Outcome {
    let ((result, fed), held) = counted(|| {
        let mut importer = Importer::new(options);
        let mut fed = 0;
        let mut number = 0;
        let result = loop {
            match importer.advance() {
                Ok(Progress::More) => match piece(number) {
                    Some(chunk) => {
                        fed += chunk.len();
                        number += 1;
                        importer.feed(chunk);
                    }
                    None => importer.end(),
                },
                Ok(Progress::Normalize(texts)) => importer.normalized(Texts::clone(&texts)),
                Ok(Progress::Instants(times)) => {
                    importer.instants((0..times.len()).map(|at| Some(fed as i64 * 1_000 + at as i64)).collect());
                }
                Ok(Progress::Block(_) | Progress::Rejected(_)) => {}
                Ok(Progress::Done) => break Ok(importer.report().rows),
                Err(error) => break Err(error),
            }
            assert!(fed < 256 * MB, "it reads on and on");
        };
        (result, fed)
    });
    Outcome { result, fed, held }
}

/// A file that starts with `start` and goes on with `rest` again and again for ever, in chunks.
fn endless(start: &str, rest: &str) -> impl FnMut(usize) -> Option<Vec<u8>> {
    let (start, rest) = (start.as_bytes().to_vec(), rest.as_bytes().repeat((64 << 10) / rest.len() + 1));
    move |number| Some(if number == 0 && !start.is_empty() { start.clone() } else { rest.clone() })
}

fn refused(name: &str, code: Code, good: usize, piece: impl FnMut(usize) -> Option<Vec<u8>>) -> Error {
    let outcome = import(ImportOptions { wants_rejected: true, ..ImportOptions::default() }, piece);
    let error = outcome.result.expect_err(name);
    assert_eq!(error.code(), code, "{name}: {error}");
    assert!(outcome.fed <= good + OFFENCE, "{name}: read {} bytes past what is good", outcome.fed - good);
    assert!(outcome.held < MEMORY, "{name}: held {} bytes", outcome.held);
    error
}

/// Good rows, a few megabytes of them.
fn good() -> String {
    let mut text = String::from("code,expires,note\n");
    for number in 0..100_000 {
        text.push_str(&format!("CODE-{number:06},2027-01-{:02},note\n", number % 28 + 1));
    }
    text
}

#[test]
fn a_quote_that_is_never_closed_is_refused_where_it_stands() {
    let _one = ONE.lock();
    for rest in ["x", "AB12\n", "AB12,x\r\n", "\"\"", "\"\"\n"] {
        let start = endless("code,note\n\"", rest);
        refused("at the start", Code::UploadRowTooLong, 0, start);
        let start = good();
        let error = refused("far down", Code::UploadRowTooLong, start.len(), endless(&(start + "A,,\""), rest));
        let of = |name: &str| error.details().iter().find(|detail| detail.0 == name).map(|detail| detail.1.clone());
        assert_eq!(of("row"), Some(Detail::Number(100_002.0)));
        assert_eq!(of("option"), Some(Detail::Text("limits.rowBytes".to_owned())));
    }
}

#[test]
fn rows_without_end_are_refused() {
    let _one = ONE.lock();
    for rest in ["x", "é", " ", "x "] {
        refused("a line", Code::UploadRowTooLong, 0, endless("", rest));
        let start = good();
        refused("a line far down", Code::UploadRowTooLong, start.len(), endless(&start, rest));
    }
    let wide = |number: usize| {
        Some(
            (0..64 << 10)
                .map(|at| if number + at == 0 { 0xff } else { [0xfe, 0x41, 0][(at > 1) as usize + at % 2] })
                .collect(),
        )
    };
    let outcome = import(ImportOptions::default(), wide);
    assert_eq!(outcome.result.unwrap_err().code(), Code::UploadRowTooLong, "UTF-16");
    assert!(outcome.fed <= 2 * OFFENCE && outcome.held < MEMORY);
}

#[test]
fn columns_without_end_are_refused() {
    let _one = ONE.lock();
    for rest in [",", "a,", "\"\",", "\"a\"\"b\",", ";", "1;", "\t", "|"] {
        refused("from the start", Code::UploadTooManyColumns, 0, endless("", rest));
        let rest = rest.replace([';', '\t', '|'], ",");
        let start = good();
        refused("far down", Code::UploadTooManyColumns, start.len(), endless(&start, &rest));
    }
}

#[test]
fn blank_lines_without_end_are_an_empty_file() {
    let _one = ONE.lock();
    for rest in ["\n", "\r\n", " \n"] {
        refused("blank", Code::UploadEmpty, 8 * MB, endless("", rest));
    }
}

#[test]
fn expiries_without_end_are_refused() {
    let _one = ONE.lock();
    let piece = |number: usize| {
        let row = |at: usize| {
            let at = number * 1_000 + at;
            format!(
                "C{at},2027-{:02}-{:02} {:02}:{:02}\n",
                at / 40_320 % 12 + 1,
                at / 1_440 % 28 + 1,
                at / 60 % 24,
                at % 60
            )
        };
        Some(
            (if number == 0 { "code,expires\n" } else { "" }.to_owned() + &(0..1_000).map(row).collect::<String>())
                .into_bytes(),
        )
    };
    refused("expiries", Code::UploadTooManyExpiries, 0, piece);
}

#[test]
fn bytes_that_are_no_text_are_refused_before_anything_is_taken() {
    let _one = ONE.lock();
    let mut state = 1u64;
    let mut random = |least: u8| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as u8).max(least)
    };
    for least in [0, 1, 2] {
        let bytes: Vec<u8> = (0..64 << 10).map(|_| random(least)).collect();
        refused("random", Code::UploadNotText, 0, |_| Some(bytes.clone()));
    }
}

#[test]
fn a_wide_table_is_looked_at_without_much_memory() {
    let _one = ONE.lock();
    let row = |number: usize| format!("CODE-{number}{}\n", ",".repeat(1_000));
    // Blank lines first make the sample a large one.
    let head = "\n".repeat(2 * MB + 1) + "code" + &",".repeat(1_000) + "\n";
    let file = head + &(0..4_000).map(row).collect::<String>();
    let outcome = import(ImportOptions::default(), |number| (number == 0).then(|| file.clone().into_bytes()));
    assert_eq!(outcome.result, Ok(4_000));
    assert!(outcome.held < file.len() * 2 + 24 * MB, "held {} bytes", outcome.held);
}

#[test]
fn rejected_rows_without_end_are_written_and_not_held() {
    let _one = ONE.lock();
    for rest in ["1.23457E+15\n", "A\u{200b},\n", "\"A\nB\"\n"] {
        let mut piece = endless("code\nGOOD-1\n", rest);
        let options = ImportOptions { wants_rejected: true, ..ImportOptions::default() };
        let outcome = import(options, |number| if number < 100 { piece(number) } else { None });
        assert!(outcome.result.unwrap() > 400_000);
        assert!(outcome.held < 8 * MB, "{rest:?}: held {} bytes", outcome.held);
    }
}

#[test]
fn rejected_rows_that_come_while_others_wait_for_the_host_are_not_held_either() {
    let _one = ONE.lock();
    let mut piece = endless("code,expires\nGOOD-1,1.2.2027\n", "1.5E+15,\n");
    let options = ImportOptions { wants_rejected: true, ..ImportOptions::default() };
    let outcome = import(options, |number| if number < 100 { piece(number) } else { None });
    assert!(outcome.result.unwrap() > 400_000);
    assert!(outcome.held < 8 * MB, "held {} bytes", outcome.held);
}

#[test]
fn codes_without_end_are_refused_when_they_would_take_too_much_memory() {
    let _one = ONE.lock();
    let codes = |number: usize| {
        Some((0..5_000).map(|at| format!("CODE-{:012}\n", number * 5_000 + at)).collect::<String>().into_bytes())
    };
    let limits = ImportLimits { dedupe_bytes: 24 * MB, ..ImportLimits::default() };
    let outcome = import(ImportOptions { limits, ..ImportOptions::default() }, codes);
    let error = outcome.result.unwrap_err();
    assert_eq!(error.code(), Code::UploadTooManyCodes, "{error}");
    assert!(outcome.held < 24 * MB + 8 * MB, "held {} bytes", outcome.held);
    assert!(outcome.fed > 8 * MB, "and no sooner: {} bytes", outcome.fed);
}

#[test]
fn a_raised_limit_lets_through_what_it_names() {
    let _one = ONE.lock();
    let row = format!("AB12,\"{}\"\n", "x".repeat(3 * MB));
    let wide = format!("CD34{}\n", ",".repeat(2_000));
    for (file, limits) in [
        (row, ImportLimits { row_bytes: 4 * MB, ..ImportLimits::default() }),
        (wide, ImportLimits { columns: 3_000, ..ImportLimits::default() }),
    ] {
        let file = format!("code,note\n{file}");
        let run = |limits| {
            let sheetless = ImportOptions { limits, ..ImportOptions::default() };
            import(sheetless, |number| (number == 0).then(|| file.clone().into_bytes())).result
        };
        assert!(run(ImportLimits::default()).is_err());
        assert_eq!(run(limits), Ok(1));
    }
}

#[test]
fn sheet_text_is_held_to_the_same_limits() {
    let _one = ONE.lock();
    let options = || ImportOptions {
        sheet: Some(Sheet { kind: "xlsx".into(), name: "Codes".into() }),
        ..ImportOptions::default()
    };
    for (rest, code) in
        [("x", Code::UploadRowTooLong), ("\u{1f}", Code::UploadTooManyColumns), ("\n", Code::UploadEmpty)]
    {
        let outcome = import(options(), endless("", rest));
        assert_eq!(outcome.result.unwrap_err().code(), code);
        assert!(outcome.held < MEMORY && outcome.fed < 10 * MB, "{} {}", outcome.held, outcome.fed);
    }
}
