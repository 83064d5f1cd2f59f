//! Any number in any format: what is taken as a code has just the digits of the number.

use coupon_pools::sheet::number::{DateSystem, show};
use coupon_pools::sheet::number_format::NumberFormat;
use coupon_pools::sheet::text::Mark;

/// The number, a line break, the code of the format.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (stored, code) = text.split_once('\n').unwrap_or((text, "0000"));
    let format = NumberFormat::parse(code);
    for dates in [DateSystem::From1900, DateSystem::From1904] {
        let mut shown = String::new();
        let mark = show(stored, &format, dates, &mut shown);
        assert!(shown.len() <= stored.len().max(400) + code.len() * 2 + 40, "{} bytes", shown.len());
        match mark {
            None | Some(Mark::LongNumber) => {
                // Letters of the format may be digits of its own, so the number's stand among them, in order.
                let mut digits = shown.bytes().filter(u8::is_ascii_digit);
                let whole = whole_digits(stored);
                assert!(whole.bytes().all(|digit| digits.any(|found| found == digit)), "{stored:?} as {shown:?}");
            }
            Some(Mark::Date | Mark::Scientific | Mark::Number) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// The digits of a number without fraction and power of ten, as a file stores most; else none.
fn whole_digits(stored: &str) -> &str {
    let digits = stored.trim_ascii().trim_start_matches('0');
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits } else { "" }
}
