//! Codes that a spreadsheet damaged: never repaired, never taken in silence.

use crate::drive::*;

fn warning(report: &Report, kind: WarningKind) -> Option<(u64, Option<u64>, Option<&str>)> {
    let warning = report.warnings.iter().find(|warning| warning.kind == kind)?;
    Some((warning.count, warning.row, warning.value.as_deref()))
}

#[test]
fn leading_zeros_and_long_numbers_stay_as_they_are() {
    let (taken, _) = import("code\n000123\n00012345678901234567890\n=\"007\"\n\"=\"\"008\"\"\"\n");
    assert_eq!(names(&taken), ["000123", "00012345678901234567890", "007", "008"]);
}

#[test]
fn numbers_that_were_rounded_are_rejected_and_it_is_said_what_to_do() {
    for (file, delimiter) in [
        ("code\n1.23457E+15\nAB12CD\n1.2e+05\nEF34GH\n5E10\nSAVE.10\n1.5E15\n", None),
        ("code;note\n1,23457E+15;x\nAB12CD;x\n1,2e+05;x\nEF34GH;x\n5E10;x\nSAVE.10;x\n1,5E15;x\n", Some(';')),
        ("code,note\n\"1,23457E+15\",x\nAB12CD,x\n\"1,2e+05\",x\nEF34GH,x\n5E10,x\nSAVE.10,x\n1.5E15,x\n", Some(',')),
    ] {
        let (taken, report) = import(file);
        assert_eq!(report.format.delimiter, delimiter);
        assert_eq!(names(&taken), ["AB12CD", "EF34GH", "5E10", "SAVE.10"], "{file}");
        let rounded = Reason::RoundedNumber;
        assert_eq!(rejected(&report), [(2, rounded), (4, rounded), (8, rounded)]);
        assert!(report.reasons[0].advice.contains("format the column as text"), "{}", report.reasons[0].advice);
    }
}

#[test]
fn rounded_numbers_with_a_decimal_comma_are_not_two_columns() {
    let error = refused("1,23457E+15\n1,23458E+15\n9,1E+12\n");
    assert_eq!(error.code(), Code::UploadNothingUsable);
    let Detail::List(shown) = detail(&error, "rejected") else { panic!("{error:?}") };
    assert_eq!(shown[0], "row 1: rounded-number (1,23457E+15)");
}

#[test]
fn error_values_are_no_codes() {
    let (taken, report) = import("code\nAB12\n#REF!\n#SALE\n########\n#N/A\nErr:508\n#NV\n");
    assert_eq!(names(&taken), ["AB12", "#SALE"]);
    assert!(rejected(&report).iter().all(|(_, reason)| *reason == Reason::ErrorCell));
    assert_eq!(report.rejected_count, 5);
}

/// Numbers of ten digits with zeros in front, as a spreadsheet writes them.
fn without_zeros(rows: u64) -> (String, u64) {
    let numbers = (1..=rows).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 10_000_000_000);
    let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
    let lost = numbers.iter().filter(|number| number.len() < 10).count() as u64;
    (format!("code\n{}\n", numbers.join("\n")), lost)
}

#[test]
fn zeros_that_a_column_lost_are_counted_and_shown_however_far_down_they_are() {
    for rows in [60, 50_000] {
        let (file, lost) = without_zeros(rows);
        let first = file.lines().zip(1..).skip(1).find(|(line, _)| line.len() < 10).unwrap();
        let (taken, report) = import(&file);
        assert_eq!(taken.len() as u64, rows, "they are taken as they are");
        assert_eq!(warning(&report, WarningKind::ZerosLost), Some((lost, Some(first.1), Some(first.0))));
    }
    let long = "1234567890\n".to_owned()
        + &(1..4_000).map(|number| format!("{}\n", 1_000_000_000 + number)).collect::<String>();
    assert_eq!(warning(&import(&long).1, WarningKind::ZerosLost), None);
    let (_, report) = import(long + "123456789\n");
    assert_eq!(warning(&report, WarningKind::ZerosLost), Some((1, Some(4_001), Some("123456789"))));
}

#[test]
fn one_zero_in_front_says_that_none_was_lost() {
    let (file, _) = without_zeros(5_000);
    assert_eq!(warning(&import(file + "0012345678\n").1, WarningKind::ZerosLost), None);
}
