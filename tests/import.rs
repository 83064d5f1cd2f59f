//! What an upload promises, on files as people make them and on files made to do harm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use coupon_pools::code::{Block, Texts};
use coupon_pools::error::{Code, Detail, Error};
use coupon_pools::import::{
    ColumnRef, DateOrder, Encoding, ExpiryColumn, ImportOptions, Importer, LocalTime, Progress, Reason, Report,
    WarningKind,
};
use coupon_pools::limits::{BATCH_EXPIRIES, COLUMNS, REPORT_ROWS, ROW_BYTES, SAMPLE_BYTES};

type Taken = Vec<(String, Option<i64>)>;

/// A time zone without offset, so that instants can be read; 1999 stands for a time that does not exist.
fn utc(time: &LocalTime) -> Option<i64> {
    let days = (1970..i64::from(time.year)).map(|year| 365 + i64::from(leap(year))).sum::<i64>()
        + (1..time.month).map(|month| days_in(i64::from(time.year), month)).sum::<i64>()
        + i64::from(time.day)
        - 1;
    let of_day = (i64::from(time.hour) * 60 + i64::from(time.minute)) * 60_000
        + i64::from(time.second) * 1_000
        + i64::from(time.millis);
    (time.year != 1999).then_some(days * 86_400_000 + of_day)
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: u8) -> i64 {
    match month {
        2 => 28 + i64::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The only normal form the tests need: e and a combining acute accent become one character.
fn nfc(texts: &Texts) -> Texts {
    texts.iter().map(|text| text.replace("e\u{301}", "é")).collect()
}

fn drive(file: &[u8], size: usize, options: &ImportOptions) -> Result<(Vec<Block>, Report), Error> {
    let mut importer = Importer::new(options.clone());
    let mut chunks = file.chunks(size.max(1));
    let mut blocks = Vec::new();
    let mut asked = Vec::new();
    loop {
        match importer.advance()? {
            Progress::More => match chunks.next() {
                Some(chunk) => importer.feed(chunk.to_vec()),
                None => importer.end(),
            },
            Progress::Normalize(texts) => importer.normalized(nfc(&texts)),
            Progress::Instants(times) => {
                asked.extend_from_slice(&times);
                importer.instants(times.iter().map(utc).collect());
            }
            Progress::Block(block) => blocks.push(block),
            Progress::Done => break,
        }
    }
    let questions = asked.len();
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked.len(), questions, "each time is asked once");
    let report = importer.into_report();
    assert_eq!(report.rows, report.taken + report.duplicates_in_file + report.rejected_count);
    assert_eq!(report.taken, blocks.iter().map(|block| block.len() as u64).sum::<u64>());
    assert_eq!(report.reasons.iter().map(|counted| counted.count).sum::<u64>(), report.rejected_count);
    assert_eq!(report.bytes, file.len() as u64);
    for block in &blocks {
        assert!(!block.is_empty() && block.len() <= options.block_codes);
        assert_eq!(block.runs.iter().map(|run| run.count as usize).sum::<usize>(), block.len());
        assert!(block.runs.is_sorted_by_key(|run| (run.expires_at.is_none(), run.expires_at)));
    }
    Ok((blocks, report))
}

fn codes(blocks: &[Block]) -> Taken {
    let mut taken = Vec::new();
    for block in blocks {
        let expiries = block.runs.iter().flat_map(|run| (0..run.count).map(|_| run.expires_at));
        taken.extend(block.codes.iter().map(str::to_owned).zip(expiries));
    }
    taken
}

fn import_with(file: impl AsRef<[u8]>, options: &ImportOptions) -> Result<(Taken, Report), Error> {
    drive(file.as_ref(), 1 << 16, options).map(|(blocks, report)| (codes(&blocks), report))
}

fn import(file: impl AsRef<[u8]>) -> (Taken, Report) {
    import_with(file, &ImportOptions::default()).unwrap()
}

fn names(taken: &Taken) -> Vec<&str> {
    taken.iter().map(|(code, _)| code.as_str()).collect()
}

fn refused(file: impl AsRef<[u8]>) -> Error {
    import_with(file, &ImportOptions::default()).unwrap_err()
}

fn rejected(report: &Report) -> Vec<(u64, Reason)> {
    report.rejected.iter().map(|rejected| (rejected.row, rejected.reason)).collect()
}

fn warned(report: &Report, kind: WarningKind) -> u64 {
    report.warnings.iter().find(|warning| warning.kind == kind).map_or(0, |warning| warning.count)
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

fn day(year: u16, month: u8, day: u8) -> Option<i64> {
    utc(&LocalTime { year, month, day, hour: 0, minute: 0, second: 0, millis: 0 })
}

#[test]
fn a_report_alone_says_the_same_as_a_report_with_blocks() {
    let mut file = String::from("code,expires\n");
    for index in 0..30_000 {
        file.push_str(&format!("C-{},2027-01-{:02}\n", index % 20_000, 1 + index % 28));
    }
    let [whole, alone] = [true, false].map(|wants_blocks| {
        let mut importer = Importer::new(ImportOptions { wants_blocks, ..ImportOptions::default() });
        importer.feed(file.clone().into_bytes());
        importer.end();
        let mut blocks = 0;
        loop {
            match importer.advance().unwrap() {
                Progress::Instants(times) => importer.instants(vec![Some(1); times.len()]),
                Progress::Block(_) => blocks += 1,
                Progress::Done => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(blocks > 0, wants_blocks);
        importer.into_report()
    });
    assert_eq!(whole, alone);
    assert_eq!((alone.rows, alone.taken, alone.duplicates_in_file), (30_000, 20_000, 10_000));
}

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
fn a_damaged_character_costs_its_row_and_no_other() {
    let (taken, report) = import(b"code\nAB\xc3\xa4\nCD\xffEF\nGH\xc3\xb6\n");
    assert_eq!(names(&taken), ["ABä", "GHö"]);
    assert_eq!(rejected(&report), [(3, Reason::Damaged)]);
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
        let options =
            ImportOptions { code_column: Some(column), header: by_index.then_some(true), ..ImportOptions::default() };
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
fn bad_rows_are_reported_with_number_and_reason_and_the_good_ones_taken() {
    let long = "x".repeat(256);
    let text = format!(
        "name,code,expires\na,AB12,2027-01-31\n\nb,,2027-01-31\nc\nd,{long},\ne,E\u{200b}F,\nf,GH34,31.2.2027\ng,1.23E+15,\nh,\"I\nJ\",\ni,KL56,2027-06-30\nj,MN78\n,,\nk,ab12,\nl,\"OP\n"
    );
    let (taken, report) = import(text);
    assert_eq!(names(&taken), ["AB12", "KL56"]);
    assert_eq!(
        rejected(&report),
        [
            (4, Reason::Empty),
            (5, Reason::MissingColumn),
            (6, Reason::TooLong),
            (7, Reason::Invisible),
            (8, Reason::BadDate),
            (9, Reason::RoundedNumber),
            (10, Reason::LineBreak),
            (12, Reason::MissingColumn),
            (15, Reason::UnclosedQuote),
        ]
    );
    assert_eq!(report.rejected[3].value.as_deref(), Some("E\\u{200b}F"));
    assert_eq!((report.duplicates_in_file, report.duplicates[0].row), (1, 14));
}

#[test]
fn only_the_first_bad_rows_are_listed_and_all_are_counted() {
    let mut text = String::from("code,expires\nAB12,\n");
    text.push_str(&"CD34,never\n".repeat(REPORT_ROWS + 7));
    let (_, report) = import(text);
    assert_eq!((report.rejected.len(), report.rejected_count), (REPORT_ROWS, REPORT_ROWS as u64 + 7));
}

#[test]
fn duplicates_are_counted_and_the_first_one_wins() {
    let (taken, report) = import("Spring-1\nSPRING-1\nspring-1\nSpring-2\ncafe\u{301}\nCAFÉ\nÄb\näB\n");
    assert_eq!(names(&taken), ["Spring-1", "Spring-2", "cafe\u{301}", "Äb"], "the text kept is the one uploaded");
    assert_eq!(report.duplicates_in_file, 4);
    let options = ImportOptions { case_sensitive: true, ..ImportOptions::default() };
    let (taken, _) = import_with("Spring-1\nSPRING-1\ncafe\u{301}\ncafé\n", &options).unwrap();
    assert_eq!(names(&taken), ["Spring-1", "SPRING-1", "cafe\u{301}"]);
}

#[test]
fn a_file_of_duplicates_costs_no_more_than_one_without() {
    let block = ImportOptions::default().block_codes;
    let distinct: String = (1..block).map(|number| format!("C{number}\n")).collect();
    let (taken, report) = import([distinct, "C1\n".repeat(400_000), "LAST\n".into()].concat());
    assert_eq!((taken.len(), report.duplicates_in_file), (block, 400_000));
}

#[test]
fn leading_zeros_and_long_numbers_stay_as_they_are() {
    let (taken, _) = import("code\n000123\n00012345678901234567890\n=\"007\"\n\"=\"\"008\"\"\"\n");
    assert_eq!(names(&taken), ["000123", "00012345678901234567890", "007", "008"]);
    let mut text = String::from("code\n");
    for number in 0..50 {
        text.push_str(&format!("{}\n", if number % 10 == 0 { 1_234_500 + number } else { 12_345_600 + number }));
    }
    assert_eq!(warned(&import(text).1, WarningKind::ZerosLost), 1);
}

#[test]
fn white_space_around_codes_is_trimmed_counted_and_told() {
    let (taken, report) = import("code\n AB12 \n\u{a0}CD34\u{2003}\n\"  EF56\"\nGH78\n");
    assert_eq!(names(&taken), ["AB12", "CD34", "EF56", "GH78"]);
    assert_eq!((report.trimmed, warned(&report, WarningKind::Trimmed)), (3, 3));
}

#[test]
fn expiries_are_the_end_of_their_day_and_empty_ones_the_default() {
    let options = ImportOptions { default_expiry: Some(5), ..ImportOptions::default() };
    let text = "code,expires\nA1,2027-12-31\nB2,\nC3,2027-01-01T00:00:00Z\nD4,31.12.2027\nE5,1.1.1999 10:00\n";
    let (taken, report) = import_with(text, &options).unwrap();
    assert_eq!(
        taken,
        [
            ("B2".to_owned(), Some(5)),
            ("C3".to_owned(), day(2027, 1, 1)),
            ("A1".to_owned(), day(2028, 1, 1)),
            ("D4".to_owned(), day(2028, 1, 1)),
        ]
    );
    assert_eq!(rejected(&report), [(6, Reason::BadDate)], "a time that the zone does not have");
}

#[test]
fn dates_that_can_be_read_two_ways_are_not_guessed() {
    let error = refused("code,expires\nA1,05/05/2027\nB2,01/02/2027\n");
    assert_eq!(error.code(), Code::UploadDatesAmbiguous);
    assert_eq!(error.details()[0], ("row", Detail::Number(3.0)));
    let (taken, report) = import("code,expires\nA1,01/02/2027\nB2,13/02/2027\n");
    assert_eq!((taken[0].1, report.format.date_order), (day(2027, 2, 2), Some(DateOrder::Dmy)));
    let (taken, _) = import("code,expires\nA1,01/02/2027\nB2,02/13/2027\n");
    assert_eq!(taken[0].1, day(2027, 1, 3));
    let contradicting = refused("code,expires\nA1,01/02/2027\nB2,02/13/2027\nC3,13/02/2027\n");
    assert_eq!(contradicting.code(), Code::UploadDatesAmbiguous);
    let options = ImportOptions { date_order: Some(DateOrder::Mdy), ..ImportOptions::default() };
    let (taken, report) = import_with("code,expires\nA1,01/02/2027\nB2,13/02/2027\n", &options).unwrap();
    assert_eq!((taken.len(), taken[0].1), (1, day(2027, 1, 3)));
    assert_eq!(rejected(&report), [(3, Reason::BadDate)]);
    let options = ImportOptions {
        expiry_column: Some(ExpiryColumn::Ignore),
        default_expiry: Some(9),
        ..ImportOptions::default()
    };
    assert_eq!(import_with("code,expires\nA1,01/02/2027\n", &options).unwrap().0, [("A1".to_owned(), Some(9))]);
}

#[test]
fn more_expiries_than_a_batch_can_hold_are_refused() {
    let mut text = String::from("code,expires\n");
    for number in 0..=BATCH_EXPIRIES {
        text.push_str(&format!(
            "C{number},2027-01-01T{:02}:{:02}:{:02}Z\n",
            number / 3600,
            number / 60 % 60,
            number % 60
        ));
    }
    assert_eq!(refused(text).code(), Code::UploadTooManyExpiries);
}

#[test]
fn blocks_are_full_in_order_of_expiry_and_stable() {
    let options = ImportOptions { block_codes: 3, ..ImportOptions::default() };
    let text = "code,expires\nA,\nB,2028-01-01\nC,2027-01-01\nD,2027-01-01\nE,\nF,2027-01-01\nG,2027-01-01\n";
    let (blocks, report) = drive(text.as_bytes(), 7, &options).unwrap();
    assert_eq!(blocks.iter().map(Block::len).collect::<Vec<_>>(), [3, 3, 1]);
    assert_eq!(names(&codes(&blocks)), ["C", "B", "A", "D", "F", "E", "G"]);
    assert_eq!(report.preview.iter().map(|row| row.code.as_str()).collect::<String>(), "ABCDEFG");
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

#[test]
fn a_file_of_bad_rows_only_says_why() {
    let error = refused("code,expires\n,2027-01-01\nA,soon\n");
    assert_eq!(error.code(), Code::UploadNothingUsable);
    assert_eq!(
        error.details()[1],
        ("rejected", Detail::List(vec!["row 2: empty".into(), "row 3: bad-date (soon)".into()]))
    );
    assert_eq!(refused("\"").code(), Code::UploadNothingUsable);
}

#[test]
fn rows_and_columns_without_end_are_refused_and_named() {
    for size in [1 << 12, 1 << 16, 1 << 22] {
        let drive = |file: &[u8]| drive(file, size, &ImportOptions::default()).unwrap_err();
        let line = drive(&vec![b'x'; 2 << 20]);
        assert_eq!((line.code(), &line.details()[0]), (Code::UploadRowTooLong, &("row", Detail::Number(1.0))));
        let late = drive(
            &["A1\nB2\n".repeat(SAMPLE_BYTES / 6 + 9), "\"".to_owned(), "x".repeat(ROW_BYTES)].concat().into_bytes(),
        );
        assert_eq!(late.code(), Code::UploadRowTooLong);
        assert_eq!(late.details()[0], ("row", Detail::Number((2 * (SAMPLE_BYTES / 6 + 9) + 1) as f64)));
    }
    assert_eq!(refused(",".repeat(COLUMNS + 1)).code(), Code::UploadTooManyColumns);
}

#[test]
fn random_bytes_never_panic_and_always_add_up() {
    let mut state = 7u64;
    let mut next = |limit: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    let pieces: &[&[u8]] = &[
        b"\"",
        b"\"\"",
        b",",
        b";",
        b"\n",
        b"\r",
        b"\r\n",
        b"A1",
        b"code",
        b"code'",
        b"expires",
        b"2027-01-31",
        b"1/2/2027",
        b"13/2/2027",
        b" ",
        b"'",
        b"=\"1\"",
        b"\xff",
        b"\xc3",
        b"\xa4",
        b"e\xcc\x81",
        b"\t",
        b"\xe2\x80\x8b",
        b"B2",
        b"c3",
        b"31.1.2027 10:00",
        b"1.5E+12",
    ];
    for round in 0..3_000 {
        let file: Vec<u8> = if round % 10 == 0 {
            (0..next(64)).map(|_| next(256) as u8).collect()
        } else {
            (0..next(60)).flat_map(|_| pieces[next(pieces.len() as u64) as usize]).copied().collect()
        };
        let options = ImportOptions {
            header: [None, Some(true), Some(false)][next(3) as usize],
            delimiter: [None, Some(b','), Some(b';')][next(3) as usize],
            code_column: [None, Some(ColumnRef::Index(0))][next(2) as usize].clone(),
            date_order: [None, Some(DateOrder::Dmy)][next(2) as usize],
            block_codes: 1 + next(4) as usize,
            ..ImportOptions::default()
        };
        let whole = drive(&file, 1 << 16, &options);
        for size in [1, 2, 3, 5] {
            assert_eq!(drive(&file, size, &options), whole, "{file:?} in {size}");
        }
    }
}

#[test]
fn the_way_a_file_is_cut_into_chunks_changes_nothing() {
    let fixtures = [
        "\u{feff}Code;Ablaufdatum\r\n\"Ä\"\"1\";31.1.2027\r\n\"B\r\n2\";\r\ne\u{301}3;1.2.2027 10:00\r\nÉ3;\r\n🎁;x\r\n".as_bytes().to_vec(),
        utf16("\u{feff}code\tend date\r\nA1\t2027-01-31\r\n🎁2\t\r\n", u16::to_le_bytes),
        b"code,note\nA1,caf\xe9\nB2,\"x\ny\"\n\nC3\n\"D".to_vec(),
    ];
    for file in &fixtures {
        let whole = drive(file, 1 << 16, &ImportOptions::default()).unwrap();
        for at in 0..=file.len() {
            let mut importer = Importer::new(ImportOptions::default());
            let mut parts = [&file[..at], &file[at..]].into_iter();
            let mut blocks = Vec::new();
            loop {
                match importer.advance().unwrap() {
                    Progress::More => match parts.next() {
                        Some(part) => importer.feed(part.to_vec()),
                        None => importer.end(),
                    },
                    Progress::Normalize(texts) => importer.normalized(nfc(&texts)),
                    Progress::Instants(times) => importer.instants(times.iter().map(utc).collect()),
                    Progress::Block(block) => blocks.push(block),
                    Progress::Done => break,
                }
            }
            assert_eq!((blocks, importer.into_report()), whole, "cut at {at}");
        }
    }
}

#[test]
fn past_the_sample_chunks_change_nothing_either() {
    let mut text = String::from("code,note,expires\r\n");
    let mut number = 0u32;
    while text.len() < SAMPLE_BYTES + 40_000 {
        number += 1;
        let note = ["plain", "\"a, b\"", "\"say \"\"x\"\"\"", "\"two\r\nlines\""][number as usize % 4];
        text.push_str(&format!("C-{number:05},{note},2027-01-{:02}\r\n", number % 28 + 1));
    }
    let file = [text.as_bytes(), b"caf\xe9,,\r\n\"\xe4\",,\r\n"].concat();
    let whole = drive(&file, 1 << 22, &ImportOptions::default()).unwrap();
    assert_eq!(whole.1.format.encoding, Encoding::Windows1252);
    assert_eq!(whole.1.taken, u64::from(number) + 2);
    for size in [13, 1_000, 4_096, 65_536, SAMPLE_BYTES - 1, SAMPLE_BYTES + 1] {
        assert_eq!(drive(&file, size, &ImportOptions::default()).unwrap(), whole, "{size}");
    }
}

#[test]
fn answers_that_were_not_asked_for_end_the_import() {
    let mut importer = Importer::new(ImportOptions::default());
    importer.feed("code,expires\nA1,2027-01-31\n".into());
    importer.end();
    assert!(matches!(importer.advance(), Ok(Progress::Instants(times)) if times.len() == 1));
    importer.instants(vec![]);
    assert_eq!(importer.advance().unwrap_err().code(), Code::Internal);
    assert_eq!(importer.advance().unwrap_err().code(), Code::Internal);
}
