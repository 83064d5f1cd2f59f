//! Decimal numbers as text: all their digits, never through a floating-point number.

/// Digits that a spreadsheet keeps of a number that was typed ("Excel specifications and limits", Microsoft Support:
/// "Number precision: 15 digits").
pub(super) const KEPT: usize = 15;

/// Digits that a floating-point number is printed with at most where it is to be read back the same (IEEE 754).
const PRINTED: usize = 17;

/// Digits of a number in scientific notation, as `General` shows it.
const SHOWN_SCIENTIFIC: usize = 6;

/// Powers of ten past this are no numbers of a spreadsheet (the largest is below 1E+308).
const LARGEST_POWER: i64 = 400;

/// A decimal number: `0.digits` times ten to the power of `point`.
pub(super) struct Decimal {
    pub(super) negative: bool,
    /// Without zeros at either end; none at all for zero.
    pub(super) digits: Vec<u8>,
    point: i64,
    /// Whether it was stored with a power of ten.
    powered: bool,
}

impl Decimal {
    pub(super) fn parse(text: &[u8]) -> Option<Decimal> {
        let (negative, unsigned) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (mantissa, power) = match unsigned.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(at) => (&unsigned[..at], Some(power(&unsigned[at + 1..])?)),
            None => (unsigned, None),
        };
        let dot = mantissa.iter().position(|byte| *byte == b'.');
        let (whole, fraction) = match dot {
            Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
            None => (mantissa, &[][..]),
        };
        let mut digits = [whole, fraction].concat();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        let point = whole.len() as i64 - zeros as i64 + power.unwrap_or(0);
        digits.drain(..zeros);
        trim_zeros(&mut digits);
        let zero = digits.is_empty();
        let negative = negative && !zero;
        (zero || point.abs() <= LARGEST_POWER).then(|| Decimal {
            negative,
            digits,
            point: if zero { 0 } else { point },
            powered: power.is_some(),
        })
    }

    /// The number as a spreadsheet keeps it, if it has a fraction: no more than 15 digits. Whole numbers stay.
    pub(super) fn into_kept(mut self) -> Self {
        if self.is_whole() || self.digits.len() <= KEPT {
            return self;
        }
        self.round(KEPT);
        self
    }

    fn round(&mut self, to: usize) {
        if self.digits.len() <= to {
            return;
        }
        let up = self.digits[to] >= b'5';
        self.digits.truncate(to);
        if up {
            while self.digits.last() == Some(&b'9') {
                self.digits.pop();
            }
            match self.digits.last_mut() {
                Some(last) => *last += 1,
                None => {
                    self.digits.push(b'1');
                    self.point += 1;
                }
            }
        }
        trim_zeros(&mut self.digits);
    }

    pub(super) fn is_whole(&self) -> bool {
        self.digits.is_empty() || self.point >= self.digits.len() as i64
    }

    /// How many digits the whole number has.
    pub(super) fn places(&self) -> usize {
        self.point.max(0) as usize
    }

    /// Whether a program that keeps fewer digits has written this whole number: a spreadsheet cuts what is typed after
    /// 15 digits, a floating-point number is printed with 17 at most, and zeros or a power of ten fill the rest.
    pub(super) fn has_lost_digits(&self) -> bool {
        let (places, significant) = (self.places(), self.digits.len());
        places > KEPT && (self.powered || significant <= KEPT || (places > PRINTED && significant <= PRINTED))
    }

    /// Good enough to choose a section by.
    pub(super) fn approximate(&self) -> f64 {
        let size = self.digits.iter().take(PRINTED).fold(0.0, |sum, digit| sum * 10.0 + f64::from(digit - b'0'));
        let size = size * 10_f64.powi((self.point - self.digits.len().min(PRINTED) as i64) as i32);
        if self.negative { -size } else { size }
    }

    /// All its digits, after its sign.
    pub(super) fn write(&self, out: &mut String) {
        if self.negative {
            out.push('-');
        }
        self.write_digits(out);
    }

    /// All its digits.
    pub(super) fn write_digits(&self, out: &mut String) {
        if self.point <= 0 {
            out.push('0');
        }
        let places = self.point.max(0) as usize;
        out.extend(self.digits.iter().take(places).map(|digit| char::from(*digit)));
        out.extend(std::iter::repeat_n('0', places.saturating_sub(self.digits.len())));
        if !self.is_whole() {
            out.push('.');
            out.extend(std::iter::repeat_n('0', self.point.min(0).unsigned_abs() as usize));
            out.extend(self.digits.iter().skip(places).map(|digit| char::from(*digit)));
        }
    }

    pub(super) fn write_scientific(&self, out: &mut String) {
        let mut rounded = Decimal { digits: self.digits.clone(), ..*self };
        rounded.round(SHOWN_SCIENTIFIC);
        if self.negative {
            out.push('-');
        }
        let mut digits = rounded.digits.iter().map(|digit| char::from(*digit));
        out.push(digits.next().unwrap_or('0'));
        if rounded.digits.len() > 1 {
            out.push('.');
            out.extend(digits);
        }
        let power = if rounded.digits.is_empty() { 0 } else { rounded.point - 1 };
        out.push_str(if power < 0 { "E-" } else { "E+" });
        super::number::pad(power.unsigned_abs(), 2, out);
    }
}

fn power(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Far past every number, and far from overflowing.
    let power = digits.iter().fold(0_i64, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(1 << 40));
    Some(if negative { -power } else { power })
}

fn trim_zeros(digits: &mut Vec<u8>) {
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
}
