//! What becomes of rows: taken, trimmed, duplicate, rejected.

use coupon_pools::limits::REPORT_ROWS;

use crate::drive::*;

#[test]
fn a_damaged_character_costs_its_row_and_no_other() {
    let (taken, report) = import(b"code\nAB\xc3\xa4\nCD\xffEF\nGH\xc3\xb6\n");
    assert_eq!(names(&taken), ["ABä", "GHö"]);
    assert_eq!(rejected(&report), [(3, Reason::Damaged)]);
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
fn white_space_around_codes_is_trimmed_counted_and_told() {
    let (taken, report) = import("code\n AB12 \n\u{a0}CD34\u{2003}\n\"  EF56\"\nGH78\n");
    assert_eq!(names(&taken), ["AB12", "CD34", "EF56", "GH78"]);
    assert_eq!((report.trimmed, warned(&report, WarningKind::Trimmed)), (3, 3));
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
