//! A number as a file stores it, and its format -> what a person sees in the cell, or why that is no code.
//!
//! A code is what the user sees where that can be known. So whole numbers are taken digit by digit from the text that
//! the file holds and never pass through a floating-point number: those of up to 15 digits are exact in every
//! spreadsheet, and a format such as `00000000` gives leading zeros back. Longer ones are taken only if the file
//! stores digits that no spreadsheet would have kept; see [`show`].

use super::decimal::{Decimal, KEPT};
use super::number_format::{NumberFormat, Piece, Shows};
use super::text::Mark;

/// Days from 1970-01-01 back to day 0 of serial dates: 1899-12-30, from March 1900 on.
const DAY_0_OF_1900: i64 = -25_569;

/// Days from 1970-01-01 back to day 0 of serial dates in workbooks that count from 1904.
const DAY_0_OF_1904: i64 = -24_107;

/// Serial dates end before this day of the year 10000, counted from 1900.
const LAST_DAY: i64 = 2_958_466;

/// From which year a workbook counts its days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateSystem {
    /// Day 1 is 1900-01-01, and 1900 has a 29 February that never was.
    #[default]
    From1900,
    /// Day 0 is 1904-01-01.
    From1904,
}

/// Writes what a person sees of a stored number, and answers what it is unless it is a code like any text.
///
/// `stored` is the number as the file holds it, such as `42`, `1.5E-3`. The marks: [`Mark::Date`] where the format
/// shows a date; [`Mark::Scientific`] for scientific notation and for whole numbers whose digits past the 15th are
/// all zeros, or past the 17th, as programs write that have lost them; [`Mark::LongNumber`] for other whole numbers of
/// more than 15 digits; [`Mark::Number`] for fractions, prices, percentages, and for grouped digits, whose
/// separator is the reader's own. Costs no more than the length of the text.
pub fn show(stored: &str, format: &NumberFormat, dates: DateSystem, out: &mut String) -> Option<Mark> {
    let stored = stored.trim_ascii();
    if is_short_whole(stored) && format.is_general() {
        out.push_str(stored);
        return None;
    }
    let Some(number) = Decimal::parse(stored.as_bytes()).map(Decimal::into_kept) else {
        out.push_str(stored);
        return Some(Mark::Number);
    };
    let known = match format.date() {
        Some((date, time)) => show_date(&number, (date, time), dates, out),
        None => show_whole(&number, format, out),
    };
    known.unwrap_or_else(|| {
        number.write(out);
        Some(Mark::Number)
    })
}

/// Writes what is seen of a whole number, and answers what it is; `None`, and nothing, where that cannot be known.
fn show_whole(number: &Decimal, format: &NumberFormat, out: &mut String) -> Option<Option<Mark>> {
    let chosen = format.choose(number.approximate()).filter(|_| number.is_whole())?;
    if matches!(chosen.shows, Shows::Scientific) || number.has_lost_digits() {
        number.write_scientific(out);
        return Some(Some(Mark::Scientific));
    }
    let minus = number.negative && chosen.minus?;
    match chosen.shows {
        Shows::General => number.write(out),
        Shows::Whole { pieces, grouped } if !(*grouped && shown_digits(pieces, number) > 3) => {
            write_pieces(pieces, number, minus, out);
        }
        _ => return None,
    }
    Some((number.places() > KEPT).then_some(Mark::LongNumber))
}

/// `0`, or up to 15 digits that do not begin with one: nearly every number there is.
fn is_short_whole(stored: &str) -> bool {
    let digits = stored.as_bytes();
    (1..=KEPT).contains(&digits.len())
        && (digits[0] != b'0' || digits.len() == 1)
        && digits.iter().all(u8::is_ascii_digit)
}

/// How many digits a format of these pieces shows, zeros that it adds included.
fn shown_digits(pieces: &[Piece], number: &Decimal) -> usize {
    let first = pieces.iter().position(|piece| *piece == Piece::Zero).unwrap_or(pieces.len());
    let least = pieces[first..].iter().filter(|piece| !matches!(piece, Piece::Literal(_))).count();
    number.places().max(least)
}

/// Digits go to the places from the right; the first place takes all that are left.
fn write_pieces(pieces: &[Piece], number: &Decimal, minus: bool, out: &mut String) {
    let mut shown = String::new();
    if minus {
        shown.push('-');
    }
    let digit = |place: usize| char::from(number.digits.get(place).copied().unwrap_or(b'0'));
    let places = number.places();
    let mut left = pieces.iter().filter(|piece| matches!(piece, Piece::Zero | Piece::Digit | Piece::Space)).count();
    let mut given = 0;
    for piece in pieces {
        match piece {
            Piece::Literal(text) => shown.push_str(text),
            Piece::Number => number.write_digits(&mut shown),
            Piece::Zero | Piece::Digit | Piece::Space => {
                left -= 1;
                let due = places.saturating_sub(left);
                match piece {
                    _ if due > given => shown.extend((given..due).map(digit)),
                    Piece::Zero => shown.push('0'),
                    Piece::Space => shown.push(' '),
                    _ => {}
                }
                given = given.max(due);
            }
        }
    }
    // Spaces at the ends align numbers in a column and are not part of them.
    out.push_str(shown.trim_ascii());
}

/// The same for a date, a time of day, or both.
fn show_date(
    number: &Decimal,
    (date, time): (bool, bool),
    dates: DateSystem,
    out: &mut String,
) -> Option<Option<Mark>> {
    let serial = number.approximate();
    let (mut day, mut second) = (serial.floor() as i64, ((serial - serial.floor()) * 86_400.0).round() as u64);
    if time && second == 86_400 {
        (day, second) = (day + 1, 0);
    }
    // Day 0 of 1900 is a time without a day.
    let has_day = day > 0 || dates == DateSystem::From1904;
    if number.negative || day >= LAST_DAY || (date && !has_day) {
        return None;
    }
    if has_day {
        let (year, month, day) = match (dates, day) {
            (DateSystem::From1900, 60) => (1900, 2, 29),
            (DateSystem::From1900, 1..60) => civil(day + DAY_0_OF_1900 + 1),
            (DateSystem::From1900, _) => civil(day + DAY_0_OF_1900),
            (DateSystem::From1904, _) => civil(day + DAY_0_OF_1904),
        };
        join([(year, 4), (month, 2), (day, 2)], '-', out);
        if time {
            out.push('T');
        }
    }
    if time {
        join([(second / 3_600, 2), (second / 60 % 60, 2), (second % 60, 2)], ':', out);
    }
    Some(Some(if has_day { Mark::Date } else { Mark::Number }))
}

fn join(numbers: [(u64, u32); 3], between: char, out: &mut String) {
    for (place, (number, width)) in numbers.into_iter().enumerate() {
        if place > 0 {
            out.push(between);
        }
        pad(number, width, out);
    }
}

/// Year, month and day of a day counted from 1970-01-01: Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `civil_from_days`, for days after the year 0.
fn civil(days: i64) -> (u64, u64, u64) {
    let days = (days + 719_468) as u64;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (year, day) = (year + era * 400, day - (153 * month + 2) / 5 + 1);
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

/// A number with zeros in front up to this width.
pub(super) fn pad(number: u64, width: u32, out: &mut String) {
    let mut places = 10_u64.pow(width - 1);
    while number / places >= 10 {
        places *= 10;
    }
    while places > 0 {
        out.push(char::from(b'0' + (number / places % 10) as u8));
        places /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(stored: &str, format: &str) -> (Option<Mark>, String) {
        let mut out = String::new();
        let mark = show(stored, &NumberFormat::parse(format), DateSystem::From1900, &mut out);
        (mark, out)
    }

    #[track_caller]
    fn check(mark: Option<Mark>, rows: &[(&str, &str, &str)]) {
        for (stored, format, text) in rows {
            assert_eq!(shown(stored, format), (mark, (*text).to_owned()), "{stored} as {format}");
        }
    }

    #[test]
    fn a_whole_number_is_a_code_as_it_is_shown() {
        check(
            None,
            &[
                ("0", "General", "0"),
                ("42", "General", "42"),
                (" 42 ", "General", "42"),
                ("999999999999999", "General", "999999999999999"),
                ("007", "General", "7"),
                ("-5", "General", "-5"),
                ("-0", "General", "0"),
                ("1234.0", "General", "1234"),
                ("1.5E3", "General", "1500"),
                ("1.5e+3", "General", "1500"),
                ("+7", "General", "7"),
                ("123", "@", "123"),
                ("123", "0", "123"),
                ("123", "00000000", "00000123"),
                ("123456789", "00000000", "123456789"),
                ("0", "00000000", "00000000"),
                ("0", "#", ""),
                ("123456", "000-000", "123-456"),
                ("1234567", "000-000", "1234-567"),
                ("7", "000-000", "000-007"),
                ("1234", "###-####", "-1234"),
                ("12", "0000\\-00", "0000-12"),
                ("42", "\"SPRING-\"0000", "SPRING-0042"),
                ("42", "\"X\"General\"Y\"", "X42Y"),
                ("42", "0000;[Red]-0000", "0042"),
                ("-42", "0000;[Red]-0000", "-0042"),
                ("-42", "0000", "-0042"),
                ("-42", "0;\"M\"0", "M42"),
                ("0", "0;-0;\"none\"0", "none0"),
                ("5551234", "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "555-1234"),
                ("2125551234", "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "(212) 555-1234"),
                ("999", "#,##0", "999"),
                ("7", "_-* #0_-", "7"),
                ("7", "?0", "7"),
                ("7", "[$-409]0000", "0007"),
                ("123.00000000000001", "General", "123"),
                ("122.99999999999999999", "0000", "0123"),
            ],
        );
    }

    #[test]
    fn fractions_prices_and_grouped_digits_are_no_codes() {
        check(
            Some(Mark::Number),
            &[
                ("12.5", "General", "12.5"),
                ("12.5", "0", "12.5"),
                ("0.10000000000000001", "General", "0.1"),
                ("-0.002", "General", "-0.002"),
                ("12", "0.00", "12"),
                ("12", "0%", "12"),
                ("12", "$0", "12"),
                ("12", "[$€-407]0", "12"),
                ("12", "0 \"€\"", "12"),
                ("12", "# ?/?", "12"),
                ("1234", "#,##0", "1234"),
                ("12", "#,##0000", "12"),
                ("12000", "0,", "12000"),
                ("12", "*-0", "12"),
                ("12", "\"nothing\"", "12"),
                ("12", ";;;", "12"),
                ("12", "[DBNum1]0", "12"),
                ("12", "[$-2000401]0", "12"),
                ("-12", "[<100]00;0", "-12"),
                ("150", "[<100]00", "150"),
                ("NaN", "General", "NaN"),
                ("", "General", ""),
                ("1E999", "General", "1E999"),
                ("1,5", "General", "1,5"),
                ("12", "0k", "12"),
            ],
        );
    }

    #[test]
    fn digits_that_are_lost_are_never_made_up() {
        check(
            Some(Mark::Scientific),
            &[
                ("1.23457E+15", "General", "1.23457E+15"),
                ("1.2345678901234501E+19", "0", "1.23457E+19"),
                ("1E+20", "General", "1E+20"),
                ("1234567890123450", "0", "1.23457E+15"),
                ("12345678901234500000", "General", "1.23457E+19"),
                ("12345678901234567000", "General", "1.23457E+19"),
                ("9999999999999990", "General", "1E+16"),
                ("123", "0.00E+00", "1.23E+02"),
                ("0", "0E+0", "0E+00"),
                ("-123", "0E+0", "-1.23E+02"),
            ],
        );
        check(
            Some(Mark::LongNumber),
            &[
                ("1234567890123456", "General", "1234567890123456"),
                ("12345678901234567891", "General", "12345678901234567891"),
                ("9007199254740993", "0", "9007199254740993"),
                ("1234567890123456", "0000-0000-0000-0000", "1234-5678-9012-3456"),
                ("1234567890123456", "000000000000000000", "001234567890123456"),
            ],
        );
    }

    #[test]
    fn dates_are_iso_texts() {
        check(
            Some(Mark::Date),
            &[
                ("1", "yyyy-mm-dd", "1900-01-01"),
                ("59", "yyyy-mm-dd", "1900-02-28"),
                ("60", "yyyy-mm-dd", "1900-02-29"),
                ("61", "yyyy-mm-dd", "1900-03-01"),
                ("46082", "d.m.yy", "2026-03-01"),
                ("46082.4375", "d.m.yy", "2026-03-01"),
                ("46082.999999", "d.m.yy", "2026-03-01"),
                ("46082.4375", "d.m.yy h:mm", "2026-03-01T10:30:00"),
                ("46082", "d.m.yy h:mm", "2026-03-01T00:00:00"),
                ("46082.999999", "yyyy h:mm:ss", "2026-03-02T00:00:00"),
                ("46082.5", "h:mm", "2026-03-01T12:00:00"),
                ("4.6082E4", "yyyy", "2026-03-01"),
                ("2958465", "yyyy", "9999-12-31"),
                ("45351", "yyyy", "2024-02-29"),
            ],
        );
        check(
            Some(Mark::Number),
            &[
                ("0", "yyyy", "0"),
                ("-1", "yyyy", "-1"),
                ("2958466", "yyyy", "2958466"),
                ("0.5", "h:mm", "12:00:00"),
                ("1E300", "yyyy", &format!("1{}", "0".repeat(300))),
            ],
        );
    }

    #[test]
    fn workbooks_may_count_from_1904() {
        let from_1904 = |stored: &str| {
            let mut out = String::new();
            let mark = show(stored, &NumberFormat::parse("yyyy-mm-dd"), DateSystem::From1904, &mut out);
            (mark, out)
        };
        assert_eq!(from_1904("0"), (Some(Mark::Date), "1904-01-01".to_owned()));
        assert_eq!(from_1904("44620"), (Some(Mark::Date), "2026-03-01".to_owned()));
    }
}
