//! Files that are not whole, or not what they say they are: each is refused, and none is read as something else.

use coupon_pools::error::Code;
use coupon_pools::sheet::Options;

use crate::book::*;

const ROWS: &str = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" s=\"1\"><v>7</v></c></row>\
                    <row r=\"3\"><c r=\"A3\" t=\"inlineStr\"><is><t>C&amp;D</t></is></c></row>";
const TEXT: &str = "AB\u{1f}007\n\nC&D\n";

fn book() -> Book {
    Book::new(ROWS).with_strings(&["<t>AB</t>"]).with_formats(&["000"])
}

/// The same file with the content of one part changed.
fn with(name: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    let mut parts = book().parts();
    let part = parts.iter_mut().find(|part| part.name == name).unwrap();
    let text = String::from_utf8(miniz_oxide::inflate::decompress_to_vec(&part.packed).unwrap()).unwrap();
    *part = Part::new(name, change(text));
    zip(&parts, Form::default())
}

#[test]
fn a_file_that_is_cut_off_is_refused_wherever_it_ends() {
    let file = book().file();
    assert_eq!(read(file.clone()).unwrap(), TEXT);
    for length in 0..file.len() {
        let error = read(file[..length].to_vec()).unwrap_err();
        assert_eq!(error.code(), Code::UploadDamaged, "{length} of {}", file.len());
    }
}

#[test]
fn a_bit_that_is_turned_changes_nothing_or_is_noticed() {
    let file = book().file();
    let (mut same, mut refused) = (0, 0);
    for place in 0..file.len() * 8 {
        let mut turned = file.clone();
        turned[place / 8] ^= 1 << (place % 8);
        match read(turned) {
            Ok(text) => {
                assert_eq!(text, TEXT, "bit {place}");
                same += 1;
            }
            Err(error) => {
                let code = error.code();
                let expected = matches!(
                    code,
                    Code::UploadDamaged | Code::UploadSpreadsheet | Code::UploadEncrypted | Code::UploadTooLarge
                );
                assert!(expected, "bit {place}: {error}");
                refused += 1;
            }
        }
    }
    assert!(same > 100 && refused > 1_000, "{same} {refused}");
}

#[test]
fn random_bytes_are_no_spreadsheet() {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    for length in (0..4_000).step_by(7) {
        let mut file: Vec<u8> = b"PK\x03\x04".to_vec();
        file.extend((0..length).map(|_| next()));
        if length % 2 == 0 {
            // An end of the directory that says anything.
            file.extend(b"PK\x05\x06");
            file.extend((0..16).map(|_| next() % 64));
            file.extend([0, 0]);
        }
        assert!(read(file).is_err(), "{length}");
    }
}

#[test]
fn markup_that_is_none_is_refused() {
    let sheet = "xl/worksheets/sheet1.xml";
    let damaged: &[(&str, &dyn Fn(String) -> String)] = &[
        ("cut off", &|text| text.split_once("</sheetData>").unwrap().0.to_owned()),
        ("cut in a tag", &|text| text.split_once("r=\"3\"").unwrap().0.to_owned()),
        ("cut in a comment", &|text| text.replace("</sheetData>", "<!-- ")),
        ("cut in CDATA", &|text| text.replace("C&amp;D", "<![CDATA[ ")),
        ("closed too often", &|text| text.replace("<sheetData>", "</worksheet></x><sheetData>")),
        ("a tag in a tag", &|text| text.replace("<row r=\"3\">", "<row r=\"3\" <c>")),
        ("no name", &|text| text.replace("<row r=\"3\">", "< r=\"3\">")),
        ("no value", &|text| text.replace("<row r=\"3\">", "<row r>")),
        ("no quotes", &|text| text.replace("<row r=\"3\">", "<row r=3>")),
        ("a stray &", &|text| text.replace("&amp;", "&")),
        ("an unknown character", &|text| text.replace("&amp;", "&nbsp;")),
        ("no character", &|text| text.replace("&amp;", "&#xD800;")),
        ("a null", &|text| text.replace("&amp;", "&#0;")),
        ("another root", &|text| text.replace("worksheet", "chartsheet")),
        ("a type", &|text| text.replace("<worksheet", "<!DOCTYPE worksheet><worksheet")),
        ("entities", &|text| {
            text.replace("<worksheet", "<!DOCTYPE x [<!ENTITY a \"A\"><!ENTITY b \"&a;&a;\">]><worksheet")
                .replace("&amp;", "&b;")
        }),
        ("files of others", &|text| text.replace("<worksheet", "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><worksheet")),
        ("a long tag", &|text| text.replace("<row r=\"3\">", &format!("<row r=\"3\" x=\"{}\">", "x".repeat(400_000)))),
        ("nothing", &|_| String::new()),
    ];
    for (what, change) in damaged {
        let outcome = read(with(sheet, change));
        assert_eq!(code_of(outcome), Some(Code::UploadDamaged), "{what}");
    }
    for (what, change) in [
        ("UTF-16", (|text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()) as fn(String) -> Vec<u8>),
        ("UTF-16 with a mark", |text| {
            [vec![0xfe, 0xff], text.encode_utf16().flat_map(u16::to_be_bytes).collect()].concat()
        }),
        ("another", |text| text.replace("UTF-8", "ISO-8859-1").into_bytes()),
    ] {
        let mut parts = book().parts();
        let part = parts.iter_mut().find(|part| part.name == sheet).unwrap();
        *part = Part::new(sheet, change(crate::book::sheet(ROWS)));
        assert_eq!(code_of(read(zip(&parts, Form::default()))), Some(Code::UploadEncoding), "{what}");
    }
}

#[test]
fn deep_nesting_is_nothing_special() {
    let deep = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
    assert_eq!(
        read(with("xl/worksheets/sheet1.xml", |text| text.replace("</sheetData>", &format!("{deep}</sheetData>"))))
            .unwrap(),
        TEXT
    );
    assert_eq!(
        read(with("xl/workbook.xml", |text| text.replace("<sheets>", &format!("{deep}<sheets>")))).unwrap(),
        TEXT
    );
}

#[test]
fn bytes_that_are_no_text_reach_the_import_which_reports_their_row() {
    let mut parts = book().parts();
    let name = "xl/worksheets/sheet1.xml";
    let part = parts.iter_mut().find(|part| part.name == name).unwrap();
    let mut content = sheet(ROWS).into_bytes();
    let place = content.windows(7).position(|bytes| bytes == b"C&amp;D").unwrap();
    content[place] = 0xff;
    *part = Part::new(name, content);
    assert_eq!(read(zip(&parts, Form::default())).unwrap(), TEXT.replace('C', "\u{fffd}"));
}

#[test]
fn names_past_every_length_are_refused_or_passed_over() {
    let long = "x".repeat(2_000);
    let outcome = read(with("xl/workbook.xml", |text| text.replace("name=\"Codes\"", &format!("name=\"{long}\""))));
    assert_eq!(code_of(outcome), Some(Code::UploadDamaged));
    let many = format!("<Relationship Id=\"{long}\" Type=\"{long}\" Target=\"{long}\"/>").repeat(20);
    let outcome = read(with("xl/_rels/workbook.xml.rels", |text| {
        text.replace("<Relationships>", &format!("<Relationships>{many}"))
    }));
    assert_eq!(outcome.unwrap(), TEXT);
}

#[test]
fn parts_that_are_missing_are_named() {
    for missing in [
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/styles.xml",
        "xl/sharedStrings.xml",
        "xl/worksheets/sheet1.xml",
    ] {
        let parts: Vec<Part> = book().parts().into_iter().filter(|part| part.name != missing).collect();
        let error = read(zip(&parts, Form::default())).unwrap_err();
        assert_eq!(error.code(), Code::UploadDamaged);
        assert!(error.message().contains(missing), "{error}");
    }
}

#[test]
fn what_the_directory_says_of_a_part_must_be_so() {
    let changed = |change: fn(&mut Part)| {
        let mut parts = book().parts();
        change(parts.iter_mut().find(|part| part.name == "xl/worksheets/sheet1.xml").unwrap());
        code_of(read(zip(&parts, Form::default())))
    };
    assert_eq!(changed(|part| part.size -= 1), Some(Code::UploadDamaged));
    assert_eq!(changed(|part| part.size += 1), Some(Code::UploadDamaged));
    assert_eq!(changed(|part| part.crc ^= 1), Some(Code::UploadDamaged));
    assert_eq!(changed(|part| part.method = 0), Some(Code::UploadDamaged));
    assert_eq!(changed(|part| part.method = 93), Some(Code::UploadDamaged));
    assert_eq!(changed(|part| part.packed.truncate(9)), Some(Code::UploadDamaged));
    assert_eq!(changed(|part| part.flags = 1), Some(Code::UploadEncrypted));
    assert_eq!(changed(|_| ()), None);
}

/// David Fifield, "A better zip bomb" (2019): parts that share their bytes.
#[test]
fn parts_that_share_bytes_are_refused() {
    let parts = book().parts();
    let mut file = zip(&parts, Form::default());
    // The directory's entry of the shared texts is made to point at the part of the worksheet.
    let place_of = |file: &[u8], name: &str| {
        let found = file.windows(name.len()).rposition(|bytes| bytes == name.as_bytes()).unwrap();
        found - 46 + 42
    };
    let (texts, sheet) = (place_of(&file, "xl/sharedStrings.xml"), place_of(&file, "xl/worksheets/sheet1.xml"));
    let offset: [u8; 4] = file[sheet..sheet + 4].try_into().unwrap();
    file[texts..texts + 4].copy_from_slice(&offset);
    let error = read_with(file, &Options::default()).unwrap_err();
    assert_eq!(error.code(), Code::UploadDamaged);
    assert!(error.message().contains("overlaps"), "{error}");
}
