//! `.xlsb`, `.xls` and `.ods` files that are broken, made to do harm, or not to be read by anybody.
#![cfg(feature = "spreadsheets")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "fuzz/container.rs"]
mod container;

use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

use container::{archive, compound};
use coupon_pools::error::{Class, Code, Error};
use coupon_pools::sheet::{Limits, Options, SheetRef, open};

fn read_with(file: Vec<u8>, options: &Options) -> Result<Vec<u8>, Error> {
    let mut reader = open(Rc::new(file), options)?;
    let mut text = Vec::new();
    while let Some(piece) = reader.next()? {
        text.extend_from_slice(&piece);
    }
    Ok(text)
}

fn read(file: Vec<u8>) -> Result<Vec<u8>, Error> {
    read_with(file, &Options::default())
}

fn code(outcome: &Result<Vec<u8>, Error>) -> Option<Code> {
    outcome.as_ref().err().map(Error::code)
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sheets").join(name)).unwrap()
}

const WHOLE: &[&str] = &[
    "sheetjs/files/codes.xlsb",
    "sheetjs/files/codes-sst.xlsb",
    "sheetjs/files/codes.xls",
    "sheetjs/files/codes-biff5.xls",
    "libreoffice/files/codes.xls",
    "sheetjs/files/codes.ods",
    "libreoffice/files/codes.ods",
];

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused_or_read_as_the_whole_one() {
    for name in WHOLE {
        let file = fixture(name);
        let whole = read(file.clone()).unwrap();
        for length in (0..file.len()).step_by(file.len() / 211) {
            match read(file[..length].to_vec()) {
                Ok(text) => assert_eq!(text, whole, "{name} cut at {length}"),
                Err(error) => assert_eq!(error.code().class(), Class::UploadError, "{name} cut at {length}: {error}"),
            }
        }
    }
}

#[test]
fn a_file_with_a_flipped_bit_is_refused_or_read() {
    for name in WHOLE {
        let file = fixture(name);
        for at in (0..file.len()).step_by(file.len() / 499) {
            let mut flipped = file.clone();
            flipped[at] ^= 1 << (at % 8);
            if let Err(error) = read(flipped) {
                assert_eq!(error.code().class(), Class::UploadError, "{name} at {at}: {error}");
            }
        }
    }
}

/// An `.ods` file with these rows.
fn ods(rows: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content><office:body><office:spreadsheet><table:table table:name=\"A\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    ods_of(&content)
}

fn ods_of(content: &str) -> Vec<u8> {
    let kind = b"application/vnd.oasis.opendocument.spreadsheet";
    archive(&[("mimetype", kind), ("content.xml", content.as_bytes())])
}

fn row(repeats: &str, cell: &str) -> String {
    format!("<table:table-row table:number-rows-repeated=\"{repeats}\">{cell}</table:table-row>")
}

const CELL: &str = "<table:table-cell office:value-type=\"string\"><text:p>AB12</text:p></table:table-cell>";

#[test]
fn rows_that_are_repeated_stand_there_as_often() {
    let text = read(ods(&(row("2", CELL) + &row("3", "<table:table-cell/>") + &row("1", CELL)))).unwrap();
    assert_eq!(text, b"AB12\nAB12\n\n\n\nAB12\n");
    let twice = CELL.replace("<table:table-cell ", "<table:table-cell table:number-columns-repeated=\"2\" ");
    assert_eq!(read(ods(&row("1", &twice))).unwrap(), b"AB12\x1fAB12\n");
}

#[test]
fn blank_repeats_cost_nothing_and_filled_ones_count_as_if_they_were_written() {
    let all = u64::MAX.to_string();
    let blank = format!("<table:table-cell table:number-columns-repeated=\"{all}\"/>");
    assert_eq!(read(ods(&(row("1", &(CELL.to_owned() + &blank)) + &row(&all, &blank)))).unwrap(), b"AB12\n");
    assert_eq!(code(&read(ods(&row(&all, CELL)))), Some(Code::UploadTooLarge));
    assert_eq!(code(&read(ods(&(row(&all, &blank) + &row("1", CELL))))), Some(Code::UploadTooLarge));
    let wide = CELL.replace("<table:table-cell ", "<table:table-cell table:number-columns-repeated=\"99999\" ");
    assert_eq!(code(&read(ods(&row("1", &wide)))), Some(Code::UploadTooManyColumns));
    // A million rows of 30 kB each would be 30 GB.
    let long = CELL.replace("AB12", &"x".repeat(30_000));
    assert_eq!(code(&read(ods(&row("1000000", &long)))), Some(Code::UploadTooLarge));
    assert_eq!(code(&read(ods(&row("-1", CELL)))), Some(Code::UploadDamaged));
}

#[test]
fn long_texts_are_cut_and_marked() {
    let options = Options { limits: Limits { cell_bytes: 5, ..Limits::default() }, ..Options::default() };
    let text = read_with(ods(&row("1", &CELL.replace("AB12", "äöüß"))), &options).unwrap();
    assert_eq!(text, "\x1eLäö\n".as_bytes());
    let spaces = CELL.replace("AB12", "A<text:s text:c=\"4000000000\"/>B");
    assert!(read_with(ods(&row("1", &spaces)), &options).unwrap().starts_with(b"\x1eLA    \n"));
}

#[test]
fn remarks_pictures_and_tables_within_cells_are_no_part_of_them() {
    let cell = CELL.replace(
        "<text:p>",
        "<office:annotation><text:p>not this</text:p></office:annotation><table:table><table:table-row/></table:table><text:p>",
    );
    assert_eq!(read(ods(&row("1", &cell))).unwrap(), b"AB12\n");
}

#[test]
fn names_that_are_made_up_are_refused() {
    let content = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaa\">]><x>&a;</x>";
    assert_eq!(code(&read(ods_of(content))), Some(Code::UploadDamaged));
}

#[test]
fn files_with_a_password_are_told() {
    let manifest = b"<manifest><file-entry><encryption-data/></file-entry></manifest>";
    let kind = b"application/vnd.oasis.opendocument.spreadsheet";
    let file = archive(&[("mimetype", kind), ("META-INF/manifest.xml", manifest), ("content.xml", b"\xff\xfe")]);
    assert_eq!(code(&read(file)), Some(Code::UploadEncrypted));
    assert_eq!(code(&read(compound("EncryptedPackage", b""))), Some(Code::UploadEncrypted));
    // The start of a workbook, and that what follows is not to be read.
    let stream = b"\x09\x08\x10\0\0\x06\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\x2f\0\x02\0\0\0";
    assert_eq!(code(&read(compound("Workbook", stream))), Some(Code::UploadEncrypted));
}

#[test]
fn what_is_no_workbook_is_told_by_its_kind() {
    for file in [compound("WordDocument", b""), compound("Workbook", b"\x09\0\x04\0\0\0\0\0")] {
        assert_eq!(code(&read(file)), Some(Code::UploadSpreadsheet));
    }
    assert_eq!(code(&read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec())), Some(Code::UploadDamaged));
}

#[test]
fn chains_in_a_circle_end() {
    let mut file = compound("Workbook", &[0; 4_096]);
    // Every sector is followed by the one at 3.
    file[512 + 8..1_024].chunks_exact_mut(4).for_each(|number| number.copy_from_slice(&3_u32.to_le_bytes()));
    // The stream says it is as long as a file can be.
    file[1_024 + 128 + 120..1_024 + 128 + 124].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(code(&read(file.clone())), Some(Code::UploadDamaged));
    // And so is the directory itself.
    file[48..52].copy_from_slice(&3_u32.to_le_bytes());
    assert_eq!(code(&read(file)), Some(Code::UploadDamaged));
}

#[test]
fn a_record_that_says_it_is_huge_is_refused_before_room_is_made_for_it() {
    let parts = |sheet: &[u8]| {
        let related = |kind: &str, target: &str| {
            format!("<Relationships><Relationship Id=\"r1\" Type=\"x/{kind}\" Target=\"{target}\"/></Relationships>")
        };
        archive(&[
            ("_rels/.rels", related("officeDocument", "xl/workbook.bin").as_bytes()),
            ("xl/_rels/workbook.bin.rels", related("worksheet", "s.bin").as_bytes()),
            ("xl/workbook.bin", b"\x9c\x01\x16\0\0\0\0\x01\0\0\0\x02\0\0\0r\x001\0\x01\0\0\0A\0"),
            ("xl/s.bin", sheet),
        ])
    };
    let good = b"\x91\x01\0\x00\x04\0\0\0\0\x06\x0e\0\0\0\0\0\0\0\0\x01\0\0\0A\0\x92\x01\0";
    assert_eq!(read(parts(good)).unwrap(), b"A\n");
    let huge = b"\x91\x01\0\x00\x04\0\0\0\0\x06\xff\xff\xff\x7f\0\0\0\0";
    for sheet in [None, Some(SheetRef::Number(1))] {
        let options = Options { sheet, ..Options::default() };
        assert_eq!(code(&read_with(parts(huge), &options)), Some(Code::UploadDamaged));
    }
    // Nor is a worksheet whole that has no end.
    assert_eq!(code(&read(parts(&good[..good.len() - 3]))), Some(Code::UploadDamaged));
}
