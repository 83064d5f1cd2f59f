//! Expiries as people and shops write them.
//!
//! Read are ISO 8601 dates and times (`2027-01-31`, `2027-01-31T23:59:59.999Z`, a space for the `T`, `+01:00`),
//! `31.1.2027` (dots: the day comes first) and `31/1/2027` or `1/31/2027` (also with dashes), whose order has to be
//! known. A time may follow each, with `AM` or `PM`. Years have four digits. Nothing is guessed: a date that
//! does not exist is no date.

use serde::Serialize;

use crate::pool::forecast::DAY;
use crate::record::{record, words};

/// Which comes first in dates with slashes or dashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DateOrder {
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
}

/// A time on the wall, to be resolved in the pool's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalTime {
    /// 1970 to 10000 (the end of the year 9999).
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999.
    pub millis: u16,
}

words!(DateOrder { Dmy = "dmy", Mdy = "mdy" });
record!(to LocalTime { year, month, day, hour, minute, second, millis });

impl LocalTime {
    /// All of it in one number that orders as the times do.
    pub(super) fn packed(self) -> u64 {
        [(self.month, 4), (self.day, 5), (self.hour, 5), (self.minute, 6), (self.second, 6)]
            .iter()
            .fold(u64::from(self.year), |packed, &(part, bits)| packed << bits | u64::from(part))
            << 10
            | u64::from(self.millis)
    }
}

/// What a text says as an expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// An instant: it came with its offset. Milliseconds since 1970.
    Instant(i64),
    /// A time that depends on the pool's time zone.
    Local(LocalTime),
}

/// What a text says, or why it cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Read. The order is given if the text can be read with that one alone and needs one.
    Read(Expiry, Option<DateOrder>),
    /// Both orders give a date, and not the same one.
    Ambiguous,
    /// No date.
    Bad,
}

/// Reads `text`, trimmed, as an expiry.
pub(super) fn read(text: &str, order: Option<DateOrder>) -> Reading {
    let mut bytes = Cursor(text.as_bytes());
    let Some((first, first_digits)) = bytes.number(4) else { return Reading::Bad };
    let Some(separator) = bytes.next() else { return Reading::Bad };
    let Some((second, second_digits)) = bytes.number(2) else { return Reading::Bad };
    if bytes.next() != Some(separator) {
        return Reading::Bad;
    }
    let Some((third, third_digits)) = bytes.number(4) else { return Reading::Bad };
    let digits = (first_digits, third_digits);
    let Some(time) = Time::read(bytes) else { return Reading::Bad };
    let at = |year, month, day| expiry(year, month, day, &time);
    let read = |expiry: Option<Expiry>| expiry.map_or(Reading::Bad, |expiry| Reading::Read(expiry, None));
    match (separator, digits) {
        (b'-', (4, 2)) if second_digits == 2 => read(at(first, second, third)),
        (b'/', (4, 1..=2)) => read(at(first, second, third)),
        (b'.', (1..=2, 4)) => read(at(third, second, first)),
        (b'/' | b'-', (1..=2, 4)) => {
            let (dmy, mdy) = (at(third, second, first), at(third, first, second));
            match (order, dmy, mdy) {
                (Some(DateOrder::Dmy), dmy, _) => read(dmy),
                (Some(DateOrder::Mdy), _, mdy) => read(mdy),
                (None, Some(dmy), Some(mdy)) if dmy == mdy => Reading::Read(dmy, None),
                (None, Some(_), Some(_)) => Reading::Ambiguous,
                (None, Some(dmy), None) => Reading::Read(dmy, Some(DateOrder::Dmy)),
                (None, None, Some(mdy)) => Reading::Read(mdy, Some(DateOrder::Mdy)),
                (None, None, None) => Reading::Bad,
            }
        }
        _ => Reading::Bad,
    }
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn next(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.0.first() == Some(&byte);
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    /// A number of at most `most` digits, and how many there were.
    fn number(&mut self, most: usize) -> Option<(u16, usize)> {
        let digits = self.0.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        let value = self.0[..digits].iter().fold(0, |value, byte| value * 10 + u16::from(byte - b'0'));
        self.0 = &self.0[digits..];
        (digits > 0).then_some((value, digits))
    }

    fn pair(&mut self) -> Option<u16> {
        self.number(2).and_then(|(value, digits)| (digits == 2).then_some(value))
    }
}

/// The part after a date: nothing, or a time of day.
#[derive(Default)]
struct Time {
    /// Whether nothing follows: then the end of the day is meant.
    is_end_of_day: bool,
    hour: u16,
    minute: u16,
    second: u16,
    millis: u16,
    /// Minutes east of Greenwich.
    offset: Option<i64>,
}

impl Time {
    fn read(mut bytes: Cursor<'_>) -> Option<Time> {
        if bytes.0.is_empty() {
            return Some(Time { is_end_of_day: true, ..Time::default() });
        }
        if !bytes.skip(b'T') && !bytes.skip(b't') {
            // Some programs write "31/01/2027, 23:59".
            bytes.skip(b',');
            if !bytes.skip(b' ') {
                return None;
            }
        }
        let (mut hour, _) = bytes.number(2)?;
        if !bytes.skip(b':') {
            return None;
        }
        let minute = bytes.pair()?;
        let mut second = 0;
        let mut millis = 0;
        if bytes.skip(b':') {
            second = bytes.pair()?;
            if bytes.skip(b'.') || bytes.skip(b',') {
                let (value, digits) = bytes.number(3)?;
                millis = value * [100, 10, 1][digits - 1];
                while bytes.0.first().is_some_and(u8::is_ascii_digit) {
                    bytes.next();
                }
            }
        }
        let space = bytes.skip(b' ');
        if let Some([half @ (b'A' | b'P' | b'a' | b'p'), b'M' | b'm']) = bytes.0.first_chunk::<2>() {
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12 + if half.eq_ignore_ascii_case(&b'p') { 12 } else { 0 };
            bytes.0 = &bytes.0[2..];
        } else if space && bytes.0.is_empty() {
            return None;
        }
        let offset = offset(bytes)?;
        if hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute, second, millis) != (0, 0, 0)) {
            return None;
        }
        // ISO 8601 writes the end of a day as 24:00.
        let is_end_of_day = hour == 24;
        Some(Time { is_end_of_day, hour: hour % 24, minute, second, millis, offset })
    }
}

/// `None` for nonsense, `Some(None)` for nothing, else minutes east of Greenwich.
fn offset(mut bytes: Cursor<'_>) -> Option<Option<i64>> {
    match bytes.0 {
        [] => return Some(None),
        [b'Z' | b'z'] | b"UTC" | b"GMT" => return Some(Some(0)),
        _ => {}
    }
    let sign = match bytes.next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = bytes.pair()?;
    let minutes = if bytes.0.is_empty() {
        0
    } else {
        bytes.skip(b':');
        bytes.pair()?
    };
    (bytes.0.is_empty() && hours <= 14 && minutes <= 59)
        .then_some(Some(sign * (i64::from(hours) * 60 + i64::from(minutes))))
}

fn expiry(year: u16, month: u16, day: u16, time: &Time) -> Option<Expiry> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    let (year, month, day) = match (time.is_end_of_day, month) {
        (false, _) => (year, month, day),
        (true, _) if day < days_in(year, month) => (year, month, day + 1),
        (true, 12) => (year + 1, 1, 1),
        (true, _) => (year, month + 1, 1),
    };
    Some(match time.offset {
        Some(offset) => {
            let minutes = i64::from(time.hour) * 60 + i64::from(time.minute) - offset;
            let of_day = (minutes * 60 + i64::from(time.second)) * 1_000 + i64::from(time.millis);
            Expiry::Instant(days_since_1970(year, month, day) * 86_400_000 + of_day)
        }
        None => Expiry::Local(LocalTime {
            year,
            month: month as u8,
            day: day as u8,
            hour: time.hour as u8,
            minute: time.minute as u8,
            second: time.second as u8,
            millis: time.millis,
        }),
    })
}

fn days_in(year: u16, month: u16) -> u16 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": `days_from_civil`.
fn days_since_1970(year: u16, month: u16, day: u16) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Howard Hinnant, the same source: `civil_from_days`. `millis` is not before 1970.
fn civil(millis: i64) -> LocalTime {
    let (days, of_day) = (millis / DAY + 719_468, millis % DAY);
    let (era, day) = (days / 146_097, days % 146_097);
    let of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    LocalTime {
        year: (of_era + era * 400 + i64::from(month <= 2)) as u16,
        month: month as u8,
        day: day as u8,
        hour: (of_day / 3_600_000) as u8,
        minute: (of_day / 60_000 % 60) as u8,
        second: (of_day / 1_000 % 60) as u8,
        millis: (of_day % 1_000) as u16,
    }
}

/// Reads an ISO 8601 date or time, as options are written; `None` if it is neither, or needs an order of day and month.
pub fn parse_iso(text: &str) -> Option<Expiry> {
    match read(text.trim(), None) {
        Reading::Read(expiry, None) => Some(expiry),
        _ => None,
    }
}

/// Writes an instant as ISO 8601 in UTC, as [`parse_iso`] reads it. Instants before 1970 are written as 1970.
pub fn format_iso(millis: i64) -> String {
    let LocalTime { year, month, day, hour, minute, second, millis } = civil(millis.max(0));
    let fraction = if millis == 0 { String::new() } else { format!(".{millis:03}") };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(year: u16, month: u8, day: u8, hour: u8, minute: u8, second: u8, millis: u16) -> Reading {
        Reading::Read(Expiry::Local(LocalTime { year, month, day, hour, minute, second, millis }), None)
    }

    fn instant(millis: i64) -> Reading {
        Reading::Read(Expiry::Instant(millis), None)
    }

    #[test]
    fn a_date_alone_means_the_end_of_that_day() {
        assert_eq!(read("2027-01-31", None), time(2027, 2, 1, 0, 0, 0, 0));
        assert_eq!(read("31.12.2027", None), time(2028, 1, 1, 0, 0, 0, 0));
        assert_eq!(read("28.2.2028", None), time(2028, 2, 29, 0, 0, 0, 0));
        assert_eq!(read("2027/1/5", None), time(2027, 1, 6, 0, 0, 0, 0));
        assert_eq!(read("31.12.9999", None), time(10_000, 1, 1, 0, 0, 0, 0));
    }

    #[test]
    fn times_are_instants_only_with_an_offset() {
        assert_eq!(read("2027-01-31 23:59", None), time(2027, 1, 31, 23, 59, 0, 0));
        assert_eq!(read("2027-01-31T23:59:58.5", None), time(2027, 1, 31, 23, 59, 58, 500));
        assert_eq!(read("31.1.2027 7:05", None), time(2027, 1, 31, 7, 5, 0, 0));
        assert_eq!(read("2027-01-31T24:00", None), time(2027, 2, 1, 0, 0, 0, 0));
        assert_eq!(read("1970-01-02T00:00:00Z", None), instant(86_400_000));
        assert_eq!(read("2027-01-31T23:59:59.999123+01:00", None), instant(1_801_436_399_999));
        for same in ["2027-01-31 22:59:59 UTC", "2027-01-31 22:59:59 +0000", "2027-01-31T17:59:59-05"] {
            assert_eq!(read(same, None), instant(1_801_436_399_000), "{same}");
        }
    }

    #[test]
    fn halves_of_the_day_are_read() {
        let at = |text| read(text, Some(DateOrder::Mdy));
        assert_eq!(at("12/31/2026 11:59 PM"), time(2026, 12, 31, 23, 59, 0, 0));
        assert_eq!(at("12/31/2026 12:00:00 AM"), time(2026, 12, 31, 0, 0, 0, 0));
        assert_eq!(at("12/31/2026 12:30pm"), time(2026, 12, 31, 12, 30, 0, 0));
        assert_eq!(at("12/31/2026 13:30pm"), Reading::Bad);
    }

    #[test]
    fn slashes_and_dashes_need_an_order_unless_one_alone_fits() {
        assert_eq!(read("01/02/2027", None), Reading::Ambiguous);
        assert_eq!(read("1-2-2027", None), Reading::Ambiguous);
        assert_eq!(read("01/02/2027", Some(DateOrder::Dmy)), time(2027, 2, 2, 0, 0, 0, 0));
        assert_eq!(read("01/02/2027", Some(DateOrder::Mdy)), time(2027, 1, 3, 0, 0, 0, 0));
        assert!(matches!(read("13/02/2027", None), Reading::Read(_, Some(DateOrder::Dmy))));
        assert!(matches!(read("02/13/2027", None), Reading::Read(_, Some(DateOrder::Mdy))));
        assert_eq!(read("05/05/2027", None), time(2027, 5, 6, 0, 0, 0, 0));
        assert_eq!(read("13/02/2027", Some(DateOrder::Mdy)), Reading::Bad);
    }

    #[test]
    fn dates_that_do_not_exist_or_could_mean_anything_are_bad() {
        for text in [
            "",
            "31.2.2027",
            "29.02.2027",
            "2027-13-01",
            "2027-00-10",
            "2027-01-32",
            "1.1.27",
            "01/02/27",
            "27-01-31",
            "2027-1-5",
            "20270131",
            "soon",
            "2027-01-31x",
            "2027-01-31 ",
            "2027-01-31 25:00",
            "2027-01-31 23:60",
            "2027-01-31T23:59:60Z",
            "2027-01-31T23:59+99:00",
            "2027-01-31T",
            "2027-01.31",
            "0027-01-31",
            "31.12.20271",
            "1.1.1969",
        ] {
            assert_eq!(read(text, None), Reading::Bad, "{text}");
        }
    }

    #[test]
    fn packed_times_order_as_times_do() {
        let first = LocalTime { year: 2027, month: 1, day: 31, hour: 23, minute: 59, second: 59, millis: 999 };
        let next = LocalTime { year: 2027, month: 2, day: 1, hour: 0, minute: 0, second: 0, millis: 0 };
        assert!(first.packed() < next.packed());
    }

    #[test]
    fn the_end_of_a_day_is_the_start_of_the_next_for_ever() {
        let (mut text, mut days) = ("1970-01-01".to_owned(), 0);
        while let Reading::Read(Expiry::Local(next), None) = read(&text, None) {
            days += 1;
            assert_eq!(days_since_1970(next.year, u16::from(next.month), u16::from(next.day)), days);
            text = format!("{:04}-{:02}-{:02}", next.year, next.month, next.day);
        }
        assert_eq!(text, "10000-01-01");
    }

    #[test]
    fn instants_are_written_as_they_are_read() {
        for at in [0, 1, 951_782_400_000, 1_801_436_399_999, 4_102_444_800_000, 253_402_300_799_999] {
            assert_eq!(parse_iso(&format_iso(at)), Some(Expiry::Instant(at)), "{}", format_iso(at));
        }
        assert_eq!(format_iso(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(parse_iso("13/02/2027"), None, "options are not written in an order that has to be guessed");
    }
}
