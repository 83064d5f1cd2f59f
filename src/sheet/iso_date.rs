//! Dates that a file stores as ISO 8601 text.

use super::text::Mark;

/// Writes a stored date as sheet text has it, without fractions of a second and zone; `whole_days` leaves the time out.
/// Answers [`Mark::Number`] for what is no date.
pub(super) fn iso_date(stored: &str, whole_days: bool, out: &mut String) -> Mark {
    let stored = stored.trim_ascii();
    let fits = |at: usize, pattern: &[u8]| {
        let found = stored.as_bytes().get(at..at + pattern.len()).unwrap_or_default();
        let alike = |(byte, wanted): (&u8, &u8)| if *wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
        found.len() == pattern.len() && found.iter().zip(pattern).all(alike)
    };
    let (day, minute, second) = (fits(0, b"0000-00-00"), fits(10, b"T00:00"), fits(16, b":00"));
    let end = if minute && second { 19 } else { 10 + 6 * usize::from(minute) };
    let rest = stored.as_bytes().get(end..).unwrap_or_default();
    let is_rest = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'Z');
    if !day || !rest.iter().all(is_rest) || (!rest.is_empty() && !minute) {
        out.push_str(stored);
        return Mark::Number;
    }
    out.push_str(stored.get(..if whole_days { 10 } else { end }).unwrap_or_default());
    if minute && !second && !whole_days {
        out.push_str(":00");
    }
    Mark::Date
}
