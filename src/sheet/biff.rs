//! What the records of `.xls` (MS-XLS) and `.xlsb` files (MS-XLSB) have in common: numbers, errors, texts.

use super::number::{DateSystem, show};
use super::number_format::NumberFormat;
use super::text::{Mark, SheetText};
use super::{Limits, damaged, too_large, too_many_columns};
use crate::error::Result;
use crate::limits::{SHEET_FORMATS, SHEET_STYLES};

/// Longest code of a number format, in bytes: Excel takes 255 characters.
const CODE_BYTES: usize = 1_024;

/// Whole numbers from here on are not all told apart.
const INEXACT: f64 = 9_007_199_254_740_992.0;

/// Numbers below this are whole in 64 bits.
const LARGEST: f64 = 1e19;

/// Ten decimals: a second is 0.00001157 of a day.
const DECIMALS: f64 = 1e10;

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

pub(super) fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    Some(f64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

/// A number in four bytes: 30 bits of a whole one or of a floating-point one, perhaps times 100 (MS-XLS, §2.5.217).
pub(super) fn packed_number(bits: u32) -> f64 {
    let number =
        if bits & 2 == 0 { f64::from_bits(u64::from(bits & !3) << 32) } else { f64::from(bits.cast_signed() >> 2) };
    if bits & 1 == 0 { number } else { number / 100.0 }
}

/// Appends text of 16-bit units. Halves of characters are replaced, for the import to report.
pub(super) fn add_utf16(bytes: &[u8], out: &mut String) {
    let units = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    out.extend(char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

/// A number as text: whole ones with every digit, others with as many decimals as dates need for their seconds. Numbers
/// without a name have no digits at all.
pub(super) fn decimal(number: f64) -> String {
    let (mut size, mut power) = (number.abs(), 0);
    let minus = if number < 0.0 { "-" } else { "" };
    if !size.is_finite() {
        return "#NUM!".to_owned();
    }
    while size >= LARGEST {
        size /= 10.0;
        power += 1;
    }
    if power > 0 {
        return format!("{minus}{}E+{power}", size as u64);
    }
    let whole = size.trunc();
    let mut decimals = ((size - whole) * DECIMALS).round() as u64;
    if decimals == 0 && whole == 0.0 && size > 0.0 {
        // Next to nothing, and not nothing.
        decimals = 1;
    }
    let whole = whole as u64 + decimals / DECIMALS as u64;
    let decimals = decimals % DECIMALS as u64;
    if decimals == 0 {
        return format!("{minus}{whole}");
    }
    let mut text = format!("{minus}{whole}.{decimals:010}");
    text.truncate(text.trim_end_matches('0').len());
    text
}

/// How an error value is shown (MS-XLS, §2.5.10).
pub(super) fn error_name(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0f => "#VALUE!",
        0x17 => "#REF!",
        0x1d => "#NAME?",
        0x24 => "#NUM!",
        _ => "#N/A",
    }
}

/// What a cell holds.
pub(super) enum Value<'a> {
    Number(f64, &'a NumberFormat),
    /// A text, and whether it was too long and is cut.
    Text(&'a str, bool),
    Boolean(bool),
    Error(u8),
}

/// Writes cells as sheet text.
pub(super) struct Writer {
    pub(super) text: SheetText,
    dates: DateSystem,
    shown: String,
    limits: Limits,
}

impl Writer {
    pub(super) fn new(dates: DateSystem, limits: Limits) -> Self {
        Writer { text: SheetText::new(), dates, shown: String::new(), limits }
    }

    /// Writes the cell in this row, from 1, and column, from 0.
    pub(super) fn cell(&mut self, row: u64, column: u32, value: &Value<'_>, formula: bool) -> Result<()> {
        self.shown.clear();
        let calculated = formula.then_some(Mark::Formula);
        let (mark, shown) = match value {
            // An empty text is what a formula gives that finds nothing.
            Value::Text("", _) => return Ok(()),
            Value::Text(text, long) => (if *long { Some(Mark::TooLong) } else { calculated }, *text),
            Value::Boolean(value) => (Some(Mark::Boolean), if *value { "TRUE" } else { "FALSE" }),
            Value::Error(code) => (Some(Mark::Error), error_name(*code)),
            Value::Number(number, format) => {
                let mark = show(&decimal(*number), format, self.dates, &mut self.shown);
                let mark = match mark {
                    // A long number that was calculated is one of 15 digits and what came of it.
                    Some(Mark::LongNumber) if formula => Some(Mark::Scientific),
                    Some(Mark::LongNumber) if number.abs() >= INEXACT => Some(Mark::Number),
                    mark => mark.or(calculated),
                };
                (mark, self.shown.as_str())
            }
        };
        if column as usize >= self.limits.columns {
            return Err(too_many_columns(row, self.limits.columns));
        }
        if row > self.limits.sheet_rows {
            return Err(too_large("The worksheet has too many rows", "sheetRows", self.limits.sheet_rows));
        }
        if !self.text.cell(row, column, mark, shown) {
            return Err(damaged(&format!("the cells of row {row} are not in order")));
        }
        Ok(())
    }
}

/// The number formats of a workbook.
#[derive(Default)]
pub(super) struct Styles {
    /// The number of the format, by the number of the style.
    styles: Vec<u16>,
    /// In the order of their numbers.
    formats: Vec<(u16, NumberFormat)>,
    general: NumberFormat,
}

impl Styles {
    /// Takes a format that the file describes: it wins over a built-in one of the same number.
    pub(super) fn describe(&mut self, format: u16, code: &str) {
        if self.formats.len() == SHEET_FORMATS || code.len() > CODE_BYTES {
            return;
        }
        let described = (format, NumberFormat::parse(code));
        match self.place(format) {
            Ok(at) => self.formats[at] = described,
            Err(at) => self.formats.insert(at, described),
        }
    }

    fn place(&self, format: u16) -> std::result::Result<usize, usize> {
        self.formats.binary_search_by(|(other, _)| other.cmp(&format))
    }

    /// Takes the next style. The formats are described before.
    pub(super) fn add(&mut self, format: u16) -> Result<()> {
        if self.styles.len() == SHEET_STYLES {
            return Err(damaged("it has more cell formats than a spreadsheet can have"));
        }
        if let Err(at) = self.place(format) {
            self.formats.insert(at, (format, NumberFormat::builtin(u32::from(format))));
        }
        self.styles.push(format);
        Ok(())
    }

    /// The number format of a style.
    pub(super) fn format(&self, style: u32) -> &NumberFormat {
        let format = self.styles.get(style as usize);
        format.and_then(|format| self.place(*format).ok()).map_or(&self.general, |at| &self.formats[at].1)
    }
}

/// Texts that are kept apart from the cells, in one buffer: they cost their bytes and four more each.
#[derive(Default)]
pub(super) struct Texts {
    texts: String,
    ends: Vec<u32>,
    /// Numbers of those that were too long, in order.
    long: Vec<u32>,
}

impl Texts {
    /// Adds the text that `write` appends, cut at the limit for cells.
    pub(super) fn add(&mut self, limits: &Limits, write: impl FnOnce(&mut String) -> Result<()>) -> Result<()> {
        let start = self.texts.len();
        write(&mut self.texts)?;
        if cut(&mut self.texts, start, limits.cell_bytes) {
            self.long.push(self.ends.len() as u32);
        }
        self.ends.push(self.texts.len() as u32);
        let limit = limits.shared_strings_bytes.min(u32::MAX as usize);
        if self.texts.len() + 4 * self.ends.len() > limit {
            return Err(too_large("The texts of the workbook take too many bytes", "sharedStringsBytes", limit as u64));
        }
        Ok(())
    }

    /// A text by its number.
    pub(super) fn get(&self, number: u32) -> Result<Value<'_>> {
        let index = number as usize;
        let Some(end) = self.ends.get(index) else {
            return Err(damaged(&format!("a cell shows text number {number}, and there are only {}", self.ends.len())));
        };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        let text = self.texts.get(start as usize..*end as usize).unwrap_or_default();
        Ok(Value::Text(text, self.long.binary_search(&number).is_ok()))
    }
}

/// Cuts what stands behind `start` to so many bytes, between two characters. Answers whether there was more.
pub(super) fn cut(text: &mut String, start: usize, bytes: usize) -> bool {
    let mut end = start + bytes;
    if text.len() <= end {
        return false;
    }
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_numbers_are_whole_or_not_and_perhaps_hundredths() {
        for (bits, number) in [
            (0x3ff0_0000, 1.0),
            (0x3ff0_0001, 0.01),
            (12 << 2 | 2, 12.0),
            (12_345 << 2 | 3, 123.45),
            ((-7_i32 << 2 | 2).cast_unsigned(), -7.0),
        ] {
            assert_eq!(packed_number(bits), number, "{bits:#x}");
        }
    }

    #[test]
    fn numbers_are_written_as_a_file_of_text_would_have_them() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (42.0, "42"),
            (-7.5, "-7.5"),
            (0.1, "0.1"),
            (9.99, "9.99"),
            (47_664.770_833_333_336, "47664.7708333333"),
            (0.999_999_999_99, "1"),
            (1e-300, "0.0000000001"),
            (4_111_222_233_334_444.0, "4111222233334444"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (1e20, "1000000000000000000E+2"),
            (f64::INFINITY, "#NUM!"),
        ] {
            assert_eq!(decimal(number), text);
        }
    }

    #[test]
    fn numbers_that_a_cell_cannot_tell_apart_are_no_codes() {
        let format = NumberFormat::parse("0");
        let written = |number: f64, formula: bool| {
            let mut writer = Writer::new(DateSystem::From1900, Limits::default());
            writer.cell(1, 0, &Value::Number(number, &format), formula).unwrap();
            writer.text.end();
            String::from_utf8(writer.text.take()).unwrap()
        };
        assert_eq!(written(4_111_222_233_334_444.0, false), "\x1el4111222233334444\n");
        assert_eq!(written(4_111_222_233_334_444.0, true), "\x1eS4111222233334444\n");
        assert_eq!(written(9_007_199_254_740_994.0, false), "\x1eN9007199254740994\n");
        assert_eq!(written(42.0, true), "\x1ef42\n");
    }
}
