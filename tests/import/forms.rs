//! What a file may look like: encodings, headers, delimiters, columns.

use crate::drive::*;

#[test]
fn a_list_of_codes_one_a_line_needs_nothing_more() {
    for text in ["AB12CD\nEF34GH", "AB12CD\r\nEF34GH\r\n", "AB12CD\rEF34GH\r", "\n\nAB12CD\n\n\nEF34GH\n  \n"] {
        let (taken, report) = import(text);
        assert_eq!(names(&taken), ["AB12CD", "EF34GH"], "{text:?}");
        assert!(!report.format.header && report.format.delimiter.is_none());
    }
    assert_eq!(names(&import("SUMMER").0), ["SUMMER"]);
}

#[test]
fn every_usual_encoding_is_accepted() {
    let text = "Code;Größe\r\nÄÖ-1;x\r\nEF34GH;y\r\n";
    let western: Vec<u8> = text.chars().map(|character| character as u8).collect();
    for (bytes, encoding) in [
        (text.as_bytes().to_vec(), Encoding::Utf8),
        (["\u{feff}", text].concat().into_bytes(), Encoding::Utf8),
        (utf16(text, u16::to_le_bytes), Encoding::Utf16Le),
        (utf16(&["\u{feff}", text].concat(), u16::to_le_bytes), Encoding::Utf16Le),
        (utf16(text, u16::to_be_bytes), Encoding::Utf16Be),
        (utf16(&["\u{feff}", text].concat(), u16::to_be_bytes), Encoding::Utf16Be),
        (western, Encoding::Windows1252),
    ] {
        let (taken, report) = import(&bytes);
        assert_eq!(names(&taken), ["ÄÖ-1", "EF34GH"], "{encoding:?}");
        assert_eq!(report.format.encoding, encoding);
        assert_eq!(report.format.columns, ["Code", "Größe"]);
        assert_eq!(warned(&report, WarningKind::EncodingGuessed), u64::from(encoding == Encoding::Windows1252));
    }
}

#[test]
fn headers_are_known_in_any_case_spacing_and_several_languages() {
    for header in [
        "code",
        "CODE",
        "Coupon Code",
        "coupon_code",
        "couponCode",
        " Voucher-Code ",
        "Promo code",
        "Discount Code",
        "Gutscheincode",
        "Code promo",
        "Código",
        "\"Coupon Code\"",
    ] {
        let (taken, report) = import(format!("name,{header},note\nAnna,AB12,x\nBert,CD34,y\n"));
        assert_eq!(names(&taken), ["AB12", "CD34"], "{header}");
        assert!(report.format.header && report.format.code_column == 1);
    }
    for header in
        ["expires_at", "Expires At", "Expiration Date", "valid until", "End date", "Ablaufdatum", "Gültig bis"]
    {
        let (taken, _) = import(format!("code,{header}\nAB12,2027-01-31\n"));
        assert_eq!(taken, [("AB12".to_owned(), day(2027, 2, 1))], "{header}");
    }
}

#[test]
fn every_usual_delimiter_is_found() {
    for delimiter in [',', ';', '\t', '|'] {
        let text = "code,expires,note\nAB12,2027-01-31,x\nCD34,,\"y,z\"\n".replace(',', &delimiter.to_string());
        let (taken, report) = import(text);
        assert_eq!(taken, [("AB12".to_owned(), day(2027, 2, 1)), ("CD34".to_owned(), None)]);
        assert_eq!(report.format.delimiter, Some(delimiter));
    }
    let (taken, report) = import("sep=;\r\ncode;price\r\nAB12;10,50\r\nCD34;9,00\r\n");
    assert_eq!((names(&taken), report.format.delimiter), (vec!["AB12", "CD34"], Some(';')));
}

#[test]
fn a_comma_inside_some_codes_of_a_list_is_part_of_them_and_is_told() {
    let (taken, report) = import("AB12\nSAVE,10\nCD34\nEF56\n");
    assert_eq!(names(&taken), ["AB12", "SAVE,10", "CD34", "EF56"]);
    assert_eq!(warned(&report, WarningKind::DelimiterInCodes), 1);
    assert_eq!(names(&import("code\nSAVE,10\nSAVE,20\n").0), ["SAVE,10", "SAVE,20"]);
}

#[test]
fn quotes_commas_and_line_breaks_in_other_columns_do_no_harm() {
    let (taken, report) = import("note,code\r\n\"a \"\"b\"\", c\r\nd\",AB12\r\n,CD34\r\n\"x\"y,\"E\"\"F\"\r\n");
    assert_eq!(names(&taken), ["AB12", "CD34", "E\"F"]);
    assert_eq!(report.rejected_count, 0);
}

#[test]
fn a_file_without_header_is_read_by_the_look_of_its_columns() {
    let (taken, report) = import("1,anna@example.com,K7TR-2B9X,2027-01-31\n2,bert@example.com,Q4WE-8M1Z,2027-02-28\n");
    assert_eq!(names(&taken), ["K7TR-2B9X", "Q4WE-8M1Z"]);
    assert_eq!(taken[0].1, day(2027, 2, 1));
    assert_eq!((report.format.code_column, report.format.expiry_column), (2, Some(3)));
    assert_eq!(warned(&report, WarningKind::ExpiryGuessed), 1);
}

#[test]
fn two_columns_that_could_be_the_codes_are_asked_about() {
    let error = refused("AB12CD,ZZ98YX\nEF34GH,WW76VU\n");
    assert_eq!(error.code(), Code::UploadColumnUnknown);
    assert_eq!(error.details()[0], ("columns", Detail::List(vec!["column 1".into(), "column 2".into()])));
    let file = "Erste;Zweite\nAB12CD;ZZ98YX\nEF34GH;WW76VU\n";
    assert_eq!(refused(file).code(), Code::UploadColumnUnknown);
    for column in [ColumnRef::Index(1), ColumnRef::Name("zweite".into())] {
        let by_index = matches!(column, ColumnRef::Index(_));
        let options = ImportOptions {
            code_column: Some(column),
            header: by_index.then_some(Header::First),
            ..ImportOptions::default()
        };
        assert_eq!(names(&import_with(file, &options).unwrap().0), ["ZZ98YX", "WW76VU"]);
    }
}

#[test]
fn a_column_that_is_named_and_not_there_is_refused_with_those_that_are() {
    for options in [
        ImportOptions { code_column: Some(ColumnRef::Name("kod".into())), ..ImportOptions::default() },
        ImportOptions { code_column: Some(ColumnRef::Index(2)), ..ImportOptions::default() },
        ImportOptions {
            expiry_column: Some(ExpiryColumn::At(ColumnRef::Name("until".into()))),
            ..ImportOptions::default()
        },
    ] {
        let error = import_with("code,note\nAB12,x\n", &options).unwrap_err();
        assert_eq!(error.code(), Code::UploadColumnMissing);
        assert_eq!(error.details()[1], ("columns", Detail::List(vec!["code".into(), "note".into()])));
    }
}

#[test]
fn files_that_are_no_text_say_what_they_are() {
    for (file, code) in [
        (&b"PK\x03\x04\x14\0\x06\0\x08\0[Content_Types].xml"[..], Code::UploadSpreadsheet),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", Code::UploadSpreadsheet),
        (b"%PDF-1.4\n", Code::UploadNotText),
        (b"<!DOCTYPE html><html>", Code::UploadNotText),
        (b"AB12\0\0\x01\x02CD34", Code::UploadNotText),
        (&[0; 100], Code::UploadNotText),
        (&[1, 2, 3, 4, 5, 6, 7, 8], Code::UploadNotText),
        (b"", Code::UploadEmpty),
        (b"\n\r\n  \n", Code::UploadEmpty),
        (b"\xef\xbb\xbf", Code::UploadEmpty),
        (b"code\n", Code::UploadEmpty),
    ] {
        assert_eq!(refused(file).code(), code, "{file:?}");
    }
    let options = ImportOptions { encoding: Some(Encoding::Utf8), ..ImportOptions::default() };
    assert_eq!(import_with(b"caf\xe9 1\n", &options).unwrap_err().code(), Code::UploadEncoding);
    let options = ImportOptions { delimiter: Some(b'"'), ..ImportOptions::default() };
    assert_eq!(import_with("A", &options).unwrap_err().code(), Code::InvalidArgument);
}
