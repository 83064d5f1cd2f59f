//! What spreadsheets do to codes, as it looks in a text file that one of them wrote.
//!
//! Codes are never repaired: `1.23E+15` has lost its digits for good, and of a number that was `00123` nobody knows
//! whether it was not `0123`. So the first is refused, and of the second people are told.

use super::report::excerpt;

/// Error values as Excel and LibreOffice Calc write them in English, German, French, Spanish, Italian, Portuguese and
/// Dutch, without the `#`. A list and no rule, because `#SALE!` may be a code.
const ERRORS: &[&str] = &[
    "N/A",
    "NV",
    "N/D",
    "NULL!",
    "DIV/0!",
    "VALUE!",
    "REF!",
    "NAME?",
    "NUM!",
    "SPILL!",
    "CALC!",
    "WERT!",
    "BEZUG!",
    "ZAHL!",
    "NUL!",
    "VALEUR!",
    "NOM?",
    "NOMBRE!",
    "¡NULO!",
    "¡DIV/0!",
    "¡VALOR!",
    "¡REF!",
    "¿NOMBRE?",
    "¡NUM!",
    "VALORE!",
    "RIF!",
    "NOME?",
    "VALOR!",
    "WAARDE!",
    "VERW!",
    "NAAM?",
    "GETAL!",
];

/// Digits of the longest number whose length is looked at: longer ones lose more than zeros.
const DIGITS: usize = 24;

/// Digits of the shortest: among shorter numbers every length is common.
const FEWEST_DIGITS: usize = 5;

/// Whether a program made this of a long number: `1.23457E+15`, `1,2e+05`, `1E+12`, `123.4E+12`. Without the `+` only
/// numbers with a fraction are meant: `5E10` may be a code.
pub(super) fn is_rounded_number(code: &str) -> bool {
    let Some((mantissa, exponent)) = code.split_once(['E', 'e']) else { return false };
    let (plus, exponent) = exponent.strip_prefix('+').map_or((false, exponent), |exponent| (true, exponent));
    let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let parts = mantissa.split_once(['.', ',']);
    let (whole, fraction) = parts.unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (plus || parts.is_some())
        && (1..=3).contains(&whole.len())
        && digits(whole)
        && digits(fraction)
        && (1..=3).contains(&exponent.len())
        && digits(exponent)
}

/// Whether this is what a spreadsheet shows in place of a value: `#REF!`, `Err:502`, or a row of `#` where a column is
/// too narrow.
pub(super) fn is_error_value(code: &str) -> bool {
    if let Some(number) = code.strip_prefix("Err:") {
        return number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    }
    let Some(name) = code.strip_prefix('#') else { return false };
    ERRORS.contains(&name) || (name.len() >= 2 && name.bytes().all(|byte| byte == b'#'))
}

/// Watches whether codes are numbers of one length of which some are short, as if zeros in front were dropped: of
/// numbers of n digits, one in ten starts with a zero, one in a hundred with two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    /// Every code so far is a number without a zero in front.
    possible: bool,
    /// How many codes have so many digits.
    counts: Vec<u64>,
    /// The first code of each length, with its row.
    firsts: Vec<(u64, String)>,
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers { possible: true, counts: Vec::new(), firsts: Vec::new() }
    }
}

/// Codes that seem to lack zeros.
pub(super) struct Short {
    pub(super) count: u64,
    pub(super) row: u64,
    pub(super) code: String,
}

impl Numbers {
    /// Whether it is worth while to see another code: once one is no number, it is not.
    #[inline]
    pub(super) fn are_possible(&self) -> bool {
        self.possible
    }

    /// Looks at a code.
    pub(super) fn see(&mut self, row: u64, bytes: &[u8]) {
        if !self.possible
            || bytes.len() > DIGITS
            || bytes.first() == Some(&b'0')
            || !bytes.iter().all(u8::is_ascii_digit)
        {
            *self = Numbers { possible: false, ..Numbers::default() };
            return;
        }
        self.counts.resize(DIGITS + 1, 0);
        if self.counts[bytes.len()] == 0 {
            self.firsts.push((row, excerpt(&String::from_utf8_lossy(bytes))));
        }
        self.counts[bytes.len()] += 1;
    }

    /// The codes that look like a number short of zeros: some are shorter than the longest, and no more of them than
    /// dropped zeros explain (two and a half times their share, and a few in a small file).
    pub(super) fn short(&self) -> Option<Short> {
        let longest = self.counts.iter().rposition(|count| *count > 0).filter(|longest| *longest >= FEWEST_DIGITS)?;
        let all: u64 = self.counts.iter().sum();
        let short = all - self.counts[longest];
        let mut share = all * 5 / 2;
        for digits in (0..longest).rev() {
            share /= 10;
            if self.counts[..=digits].iter().sum::<u64>() > share + 3 {
                return None;
            }
        }
        let first = self.firsts.iter().filter(|(_, code)| code.len() < longest).min()?;
        (short * 4 < all).then(|| Short { count: short, row: first.0, code: first.1.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_numbers_are_told_from_codes() {
        for number in [
            "1.23457E+15",
            "1,23457E+15",
            "1.2E+05",
            "1.23457e+15",
            "1E+12",
            "1.23457E15",
            "-1.2E+10",
            "1.2e+100",
            "123.4E+12",
            "1.E+05",
        ] {
            assert!(is_rounded_number(number), "{number}");
        }
        for code in
            ["1E15", "5E10", "E+15", "1.2E", "1.2E+", "SAVE+10", "1234E+05", "1.2E-05", "1.2.3E+5", "12E5A", "E"]
        {
            assert!(!is_rounded_number(code), "{code}");
        }
    }

    #[test]
    fn error_values_are_told_from_codes() {
        for value in ["#REF!", "#N/A", "#BEZUG!", "#¿NOMBRE?", "########", "Err:502"] {
            assert!(is_error_value(value), "{value}");
        }
        for code in ["#SALE!", "#10", "##", "REF!", "Err:5", "Err:ABC", "#"] {
            assert!(!is_error_value(code), "{code}");
        }
    }

    fn short(codes: impl IntoIterator<Item = u64>) -> Option<(u64, u64, String)> {
        let mut numbers = Numbers::default();
        for (row, code) in (2..).zip(codes) {
            numbers.see(row, code.to_string().as_bytes());
        }
        numbers.short().map(|short| (short.count, short.row, short.code))
    }

    /// Numbers below `end` in no order.
    fn random(count: u64, end: u64) -> impl Iterator<Item = u64> {
        (0..count).map(move |number| (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) % end)
    }

    #[test]
    fn numbers_of_one_length_that_lost_their_zeros_are_noticed_in_files_of_any_size() {
        for count in [30, 1_000, 100_000] {
            let all: Vec<_> = random(count, 10_000_000_000).collect();
            let lost = all.iter().filter(|number| **number < 1_000_000_000).count() as u64;
            let first = all.iter().position(|number| *number < 1_000_000_000).unwrap();
            assert_eq!(short(all.clone()), Some((lost, first as u64 + 2, all[first].to_string())), "{count}");
        }
    }

    #[test]
    fn numbers_that_lost_nothing_are_left_in_peace() {
        assert_eq!(short(random(1_000, 9_000_000_000).map(|number| number + 1_000_000_000)), None, "one length");
        assert_eq!(short((0..1_000).map(|number| 1 + number * number % 99_991)), None, "every length");
        assert_eq!(short((0..1_000).map(|number| if number % 2 == 0 { 12_345 } else { 123_456 } + number)), None);
        assert_eq!(short([1, 22, 333, 4_444]), None, "short numbers");
        let mut numbers = Numbers::default();
        for (row, code) in ["12345678", "1234567", "00123456", "1234567"].iter().cycle().take(400).enumerate() {
            numbers.see(row as u64, code.as_bytes());
        }
        assert!(numbers.short().is_none(), "a zero in front says that zeros were kept");
    }
}
