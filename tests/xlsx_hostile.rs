//! Spreadsheets made to do harm are refused with a stable code, after little of them was read, and while little is
//! held.
//!
//! No clock: what is measured is how many bytes are unpacked and read before a reader says no, and how much memory it
//! holds at most, by an allocator that counts.
#![cfg(feature = "xlsx")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::rc::Rc;

use coupon_pools::error::{Code, Detail, Error};
use coupon_pools::sheet::{Limits, Options, open};

#[allow(dead_code)]
#[path = "xlsx/book.rs"]
mod book;
mod counting;

use book::*;
use counting::{MB, MEMORY, ONE, counted};

struct Outcome {
    result: Result<usize, Error>,
    /// Bytes held at most, more than before.
    held: usize,
}

/// Reads a file to its end or to a refusal; answers the size of its sheet text.
fn outcome(file: Vec<u8>, options: &Options) -> Outcome {
    let file = Rc::new(file);
    let (result, held) = counted(|| {
        open(file, options).and_then(|mut reader| {
            let mut size = 0;
            while let Some(piece) = reader.next()? {
                size += piece.len();
            }
            Ok(size)
        })
    });
    Outcome { result, held }
}

#[track_caller]
fn refused(file: Vec<u8>, code: Code, option: Option<&str>) {
    let Outcome { result, held } = outcome(file, &Options::default());
    let error = result.expect_err("the file is to be refused");
    assert_eq!(error.code(), code, "{error}");
    let named = error.details().iter().find_map(|(name, detail)| match detail {
        Detail::Text(text) if *name == "option" => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(named, option, "{error}");
    assert!(held < MEMORY, "{held} bytes were held");
}

/// A part of `count` times the same bytes between a start and an end, packed as small as it gets, and never held: what
/// is packed with a full flush stands for itself and can be written again and again.
fn repeated(name: &str, start: &str, again: &str, count: usize, end: &str) -> Part {
    use miniz_oxide::deflate::core::{
        CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
    };
    let mut state = CompressorOxide::new(create_comp_flags_from_zip_params(9, 0, 0));
    let mut pack = |bytes: &[u8], flush| {
        let mut packed = Vec::new();
        compress_to_output(&mut state, bytes, flush, |out| {
            packed.extend_from_slice(out);
            true
        });
        packed
    };
    let per = MB / again.len();
    let many = again.repeat(per);
    let rest = again.repeat(count % per) + end;
    let mut packed = pack(start.as_bytes(), TDEFLFlush::Full);
    packed.extend(pack(many.as_bytes(), TDEFLFlush::Full).repeat(count / per));
    packed.extend(pack(rest.as_bytes(), TDEFLFlush::Finish));
    let mut crc = rawzip::Crc32::new();
    crc.update(start.as_bytes());
    (0..count / per).for_each(|_| crc.update(many.as_bytes()));
    crc.update(rest.as_bytes());
    let size = (start.len() + again.len() * count + end.len()) as u64;
    Part { name: name.into(), packed, method: 8, flags: 0, size, crc: crc.checksum() }
}

fn with(part: Part) -> Vec<u8> {
    let mut parts = Book::new("<row><c t=\"s\"><v>0</v></c></row>").with_strings(&["<t>A</t>"]).parts();
    let old = parts.iter_mut().find(|old| old.name == part.name).unwrap();
    *old = part;
    zip(&parts, Form::default())
}

const SHEET: &str = "xl/worksheets/sheet1.xml";
const TEXTS: &str = "xl/sharedStrings.xml";

#[test]
fn half_a_megabyte_that_unpacks_to_half_a_gigabyte_is_refused() {
    let _one = ONE.lock();
    let bombs = [
        repeated(SHEET, "<worksheet><sheetData><row>", "<c/>", 127_000_000, "</row></sheetData></worksheet>"),
        repeated(
            SHEET,
            "<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>",
            "A",
            510_000_000,
            "</t></is></c></row></sheetData></worksheet>",
        ),
        repeated(SHEET, "<worksheet><!--", " ", 510_000_000, "--></worksheet>"),
        repeated(TEXTS, "<sst>", "<si><t>AAAAAAAAAA</t></si>", 20_000_000, "</sst>"),
        repeated("xl/styles.xml", "<styleSheet><x>", "<y/>", 127_000_000, "</x></styleSheet>"),
        repeated("xl/workbook.xml", "<workbook>", "<y/>", 127_000_000, "</workbook>"),
    ];
    for bomb in bombs {
        assert!(bomb.packed.len() < 2 * MB && bomb.size > 480 << 20, "{} {}", bomb.packed.len(), bomb.size);
        refused(with(bomb), Code::UploadTooLarge, Some("limits.expansion"));
    }
}

#[test]
fn a_bomb_that_says_it_is_small_is_refused_once_it_is_not() {
    let _one = ONE.lock();
    let bomb = repeated(SHEET, "<worksheet><sheetData>", "<row/>", 85_000_000, "</sheetData></worksheet>");
    refused(with(Part { size: 100, ..bomb }), Code::UploadDamaged, None);
}

#[test]
fn what_says_it_is_larger_than_everything_is_not_begun() {
    let _one = ONE.lock();
    let mut part = Part::new(SHEET, sheet("<row><c><v>1</v></c></row>"));
    part.size = 3 << 30;
    refused(with(part), Code::UploadTooLarge, Some("limits.expandedBytes"));
}

#[test]
fn limits_can_be_raised_for_a_file_that_is_known() {
    let _one = ONE.lock();
    let count = 6_000_000;
    let file = with(repeated(
        SHEET,
        "<worksheet><sheetData><row><c><v>1</v></c>",
        "<c/>",
        count,
        "</row></sheetData></worksheet>",
    ));
    refused(file.clone(), Code::UploadTooLarge, Some("limits.expansion"));
    let options = Options { limits: Limits { expansion: 5_000, ..Limits::default() }, ..Options::default() };
    assert_eq!(outcome(file, &options).result, Ok(2));
}

#[test]
fn a_cell_of_a_hundred_megabytes_is_cut_and_never_held() {
    let _one = ONE.lock();
    // Random letters: nothing about the file is a bomb but this cell.
    let mut state = 1_u64;
    let text: String = (0..100 * MB)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'A' + (state >> 33) as u8 % 26)
        })
        .collect();
    for part in [
        Part::stored(
            SHEET,
            format!(
                "<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>{text}</t></is></c></row></sheetData></worksheet>"
            ),
        ),
        Part::stored(
            SHEET,
            format!("<worksheet><sheetData><row><c t=\"str\"><v>{text}</v></c></row></sheetData></worksheet>"),
        ),
        Part::stored(TEXTS, format!("<sst><si><t>{text}</t></si></sst>")),
    ] {
        let Outcome { result, held } = outcome(with(part), &Options::default());
        assert_eq!(result, Ok(Limits::default().cell_bytes + "^L\n".len()));
        assert!(held < MEMORY, "{held} bytes were held");
    }
}

#[test]
fn too_many_rows_columns_texts_and_formats_are_refused() {
    let _one = ONE.lock();
    let rows = |rows: &str| Book::new(rows).file();
    refused(rows("<row r=\"1048577\"><c><v>1</v></c></row>"), Code::UploadTooLarge, Some("limits.sheetRows"));
    refused(rows("<row r=\"1\"><c r=\"ZZZZ1\"><v>1</v></c></row>"), Code::UploadTooManyColumns, None);
    let wide = format!("<row r=\"1\">{}</row>", "<c><v>1</v></c>".repeat(1_000_000));
    refused(rows(&wide), Code::UploadTooManyColumns, None);

    let endless: String = (0..1_048_577).map(|_| "<row><c><v>1</v></c></row>").collect();
    let stored = Part::stored(SHEET, sheet(&endless));
    refused(with(stored), Code::UploadTooLarge, Some("limits.sheetRows"));

    let texts: String = (0..400_000).map(|number| format!("<si><t>{number:0>400}</t></si>")).collect();
    let options =
        Options { limits: Limits { shared_strings_bytes: 10 * MB, ..Limits::default() }, ..Options::default() };
    let Outcome { result, held } = outcome(with(Part::stored(TEXTS, format!("<sst>{texts}</sst>"))), &options);
    assert_eq!(code_of(result), Some(Code::UploadTooLarge));
    assert!(held < MEMORY, "{held} bytes were held");

    let formats: String =
        (0..70_000).map(|number| format!("<numFmt numFmtId=\"{number}\" formatCode=\"0\"/>")).collect();
    let part = Part::new("xl/styles.xml", format!("<styleSheet><numFmts>{formats}</numFmts></styleSheet>"));
    refused(with(part), Code::UploadDamaged, None);
    let styles = "<xf numFmtId=\"1\"/>".repeat(70_000);
    let part = Part::new("xl/styles.xml", format!("<styleSheet><cellXfs>{styles}</cellXfs></styleSheet>"));
    refused(with(part), Code::UploadDamaged, None);
}

#[test]
fn a_directory_of_more_parts_than_there_can_be_is_refused() {
    let _one = ONE.lock();
    let parts: Vec<Part> = (0..70_000).map(|number| Part::stored(&number.to_string(), "")).collect();
    refused(zip(&parts, Form { zip64: true, ..Form::default() }), Code::UploadDamaged, None);
}

/// Formats far down and far to the right cost nothing: neither memory nor output.
#[test]
fn a_table_that_is_formatted_to_the_last_row_is_not_held() {
    let _one = ONE.lock();
    let rows: String = (1..=1_048_576)
        .map(|row| {
            if row % 1_000 == 1 {
                format!("<row r=\"{row}\"><c r=\"A{row}\"><v>{row}</v></c></row>")
            } else {
                format!("<row r=\"{row}\"><c r=\"XFD{row}\" s=\"0\"/></row>")
            }
        })
        .collect();
    let Outcome { result, held } = outcome(with(Part::new(SHEET, sheet(&rows))), &Options::default());
    assert_eq!(
        result,
        Ok(1_048_001
            + (1..=1_048_576).filter(|row| row % 1_000 == 1).map(|row: usize| row.to_string().len()).sum::<usize>())
    );
    assert!(held < 4 * MB, "{held} bytes were held");
}
