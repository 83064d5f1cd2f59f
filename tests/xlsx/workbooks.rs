//! Which worksheet is read, and where a workbook keeps it.

use coupon_pools::error::{Code, Detail};
use coupon_pools::sheet::{Options, SheetRef};

use crate::book::*;

const ONE: &str = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>";
const TWO: &str = "<row r=\"1\"><c r=\"A1\"><v>2</v></c></row>";
const BLANK: &str = "<row r=\"1\"><c r=\"A1\" s=\"0\"/></row><row r=\"2\"/>";

/// The name of the worksheet that is read, or the code of the error and the worksheets that it lists.
fn chosen(book: &Book, options: &Options) -> Result<String, (Code, Vec<String>)> {
    read_with(book.file(), options).map(|(name, _)| name).map_err(|error| {
        let listed = error.details().iter().find_map(|(name, detail)| match detail {
            Detail::List(list) if *name == "sheets" => Some(list.clone()),
            _ => None,
        });
        (error.code(), listed.unwrap_or_default())
    })
}

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_only_worksheet_with_anything_in_it_is_read() {
    let any = Options::default();
    let book = Book::new(BLANK).and("Second", "", ONE).and("Third", "", "").and("Hidden", "state=\"hidden\"", TWO);
    assert_eq!(chosen(&book, &any), Ok("Second".into()));
    let book = book.and("Fourth", "state=\"visible\"", TWO);
    assert_eq!(chosen(&book, &any), Err((Code::UploadSheetUnknown, list(&["Second", "Fourth"]))));
    assert_eq!(chosen(&Book::new(BLANK).and("B", "", ""), &any), Err((Code::UploadEmpty, Vec::new())));
    let book = Book::new(BLANK).and("Secret", "state=\"veryHidden\"", ONE);
    assert_eq!(chosen(&book, &any), Err((Code::UploadSheetUnknown, list(&["Secret"]))));
}

#[test]
fn a_worksheet_is_named_or_numbered() {
    let names = ["Codes", "Größe & <Mehr>", "日本 \"1\"", "CODES 2", "Codes 2"];
    let book = names[1..].iter().fold(Book::new(ONE), |book, name| book.and(name, "", TWO));
    let book = book.and("Hidden", "state=\"hidden\"", ONE);
    for name in names.iter().chain(&["Hidden"]) {
        assert_eq!(chosen(&book, &named(name)), Ok((*name).to_owned()));
    }
    assert_eq!(chosen(&book, &named("codes")), Ok("Codes".into()));
    for (number, name) in (1..).zip(names.iter().chain(&["Hidden"])) {
        let options = Options { sheet: Some(SheetRef::Number(number)), ..Options::default() };
        assert_eq!(chosen(&book, &options), Ok((*name).to_owned()));
    }
    let all: Vec<String> = list(&names).into_iter().chain(["Hidden".to_owned()]).collect();
    for number in [0, 7, u64::MAX] {
        let options = Options { sheet: Some(SheetRef::Number(number)), ..Options::default() };
        assert_eq!(chosen(&book, &options), Err((Code::UploadSheetMissing, all.clone())));
    }
    assert_eq!(chosen(&book, &named("Nothing")), Err((Code::UploadSheetMissing, all)));
}

#[test]
fn charts_have_sheets_of_their_own_that_are_none_of_ours() {
    let mut parts = Book::new(ONE).and("Chart", "", TWO).parts();
    for part in &mut parts {
        if part.name == "xl/_rels/workbook.xml.rels" {
            let text = String::from_utf8(miniz_oxide::inflate::decompress_to_vec(&part.packed).unwrap()).unwrap();
            let changed =
                text.replace("/worksheet\" Target=\"worksheets/sheet2", "/chartsheet\" Target=\"chartsheets/sheet2");
            assert_ne!(text, changed);
            *part = Part::new(&part.name, changed);
        }
    }
    assert_eq!(read(zip(&parts, Form::default())).unwrap(), "1\n");
    let error = read_with(zip(&parts, Form::default()), &named("Chart")).unwrap_err();
    assert_eq!(error.code(), Code::UploadSheetMissing);
}

#[test]
fn parts_may_be_named_in_every_way_that_programs_write() {
    let parts = Book::new(ONE).parts();
    for (target, name) in [
        ("/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
        ("../xl/./worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
        ("worksheets\\sheet1.xml", "xl\\worksheets\\sheet1.xml"),
        ("Worksheets/Sheet1.xml", "xl/worksheets/sheet1.XML"),
        ("worksheets/sheet%201.xml", "xl/worksheets/sheet 1.xml"),
        ("/worksheets/sheet1.xml", "/worksheets/sheet1.xml"),
    ] {
        let renamed: Vec<Part> = parts
            .iter()
            .map(|part| match part.name.as_str() {
                "xl/_rels/workbook.xml.rels" => {
                    let text = miniz_oxide::inflate::decompress_to_vec(&part.packed).unwrap();
                    Part::new(&part.name, String::from_utf8(text).unwrap().replace("worksheets/sheet1.xml", target))
                }
                "xl/worksheets/sheet1.xml" => Part { name: name.into(), ..part.clone() },
                _ => part.clone(),
            })
            .collect();
        assert_eq!(read(zip(&renamed, Form::default())).ok().as_deref(), Some("1\n"), "{target}");
    }
}

#[test]
fn the_file_may_be_packed_in_every_way_that_programs_do() {
    let book = Book::new(ONE);
    for descriptors in [false, true] {
        for zip64 in [false, true] {
            let form = Form { descriptors, zip64 };
            assert_eq!(read(Book { form, ..book.clone() }.file()).unwrap(), "1\n", "{descriptors} {zip64}");
        }
    }
    let mut behind = b"#!/bin/sh\n".to_vec();
    behind.extend(book.file());
    assert_eq!(read(behind).unwrap(), "1\n", "something stands before it");
}

#[test]
fn other_archives_are_named() {
    let kind = |names: &[&str]| {
        let parts: Vec<Part> = names.iter().map(|name| Part::stored(name, "x")).collect();
        let error = read(zip(&parts, Form::default())).unwrap_err();
        assert_eq!(error.code(), Code::UploadSpreadsheet, "{names:?}");
        match error.details() {
            [("kind", Detail::Text(kind))] => kind.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(kind(&["codes.csv"]), "zip");
    assert_eq!(kind(&[]), "zip");
    assert_eq!(kind(&["codes.xlsx", "inner.zip"]), "zip");
    assert_eq!(kind(&["_rels/.rels", "word/document.xml"]), "docx");
    assert_eq!(kind(&["Index/Document.iwa"]), "numbers");
}
