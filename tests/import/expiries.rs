//! What is read as an expiry, and blocks in the order of expiries.

use coupon_pools::limits::BATCH_EXPIRIES;

use crate::drive::*;

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
    let Imported { blocks, report, .. } = drive(text.as_bytes(), 7, &options).unwrap();
    assert_eq!(blocks.iter().map(Block::len).collect::<Vec<_>>(), [3, 3, 1]);
    assert_eq!(names(&codes(&blocks)), ["C", "B", "A", "D", "F", "E", "G"]);
    assert_eq!(report.preview.iter().filter_map(|row| row.code.as_deref()).collect::<String>(), "ABCDEFG");
}
