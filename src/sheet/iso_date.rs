//! Dates that a file stores as ISO 8601 text.

use super::text::Mark;

/// Writes a stored date as sheet text has it, without fractions of a second and zone; `whole_days` leaves the time out.
/// Answers [`Mark::Number`] for what is no date.
pub(super) fn iso_date(stored: &str, whole_days: bool, out: &mut String) -> Mark {
    let stored = stored.trim();
    let fits = |text: &str, pattern: &str| {
        text.len() == pattern.len()
            && text.bytes().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                wanted => byte == wanted,
            })
    };
    let (day, time) = stored.split_once('T').unwrap_or((stored, ""));
    let time = time.strip_suffix('Z').unwrap_or(time);
    let time = time.split_once('.').map_or(time, |(time, _)| time);
    if !fits(day, "0000-00-00") || !(time.is_empty() || fits(time, "00:00:00") || fits(time, "00:00")) {
        out.push_str(stored);
        return Mark::Number;
    }
    out.push_str(day);
    if !time.is_empty() && !whole_days {
        out.push('T');
        out.push_str(time);
        if time.len() == "00:00".len() {
            out.push_str(":00");
        }
    }
    Mark::Date
}
