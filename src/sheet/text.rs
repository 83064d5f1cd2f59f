//! Sheet text: one worksheet as UTF-8 lines, on its way from a reader of spreadsheets to the import.
//!
//! One line a row of the sheet, from row 1 on and without gaps, so that a line's number is the row's number in the
//! spreadsheet. Fields are parted by [`SEPARATOR`]; one that holds it, a quote or a line break is quoted as in CSV.
//! Nothing is written for empty cells at the end of a row or for rows after the last one with data: a table that is
//! formatted far down and far to the right costs nothing.
//!
//! A cell whose text is what a person sees and typed is written as it is. Any other starts with [`SIGN`] and the
//! letter of its [`Mark`], then the text as the spreadsheet shows it. So the reader of a file says what a cell is,
//! and the import alone decides what becomes of it.
//!
//! ```
//! use coupon_pools::sheet::text::{Mark, SheetText, unmark};
//!
//! let mut sheet = SheetText::new();
//! assert!(sheet.cell(1, 0, None, "Code"));
//! assert!(sheet.cell(3, 0, None, "A \"B\""));
//! assert!(sheet.cell(3, 2, Some(Mark::Date), "2026-03-01"));
//! sheet.end();
//! assert_eq!(sheet.take(), b"Code\n\n\"A \"\"B\"\"\"\x1f\x1f\x1eD2026-03-01\n");
//! assert_eq!(unmark(b"\x1eD2026-03-01"), (Some(Mark::Date), &b"2026-03-01"[..]));
//! ```

/// Parts the fields of a line: a character that no keyboard has.
pub const SEPARATOR: u8 = 0x1f;

/// Starts a field that is more than its text; the letter of a [`Mark`] follows.
pub const SIGN: u8 = 0x1e;

macro_rules! marks {
    ($($(#[doc = $doc:literal])+ $variant:ident = $letter:literal,)+) => {
        /// What a cell is, where it is more than text that a person typed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Mark {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Mark {
            /// Every one there is.
            pub const ALL: &'static [Mark] = &[$(Mark::$variant,)+];

            /// Its letter in sheet text.
            pub const fn letter(self) -> u8 {
                match self { $(Mark::$variant => $letter,)+ }
            }

            /// The mark with this letter.
            pub const fn of(letter: u8) -> Option<Mark> {
                match letter { $($letter => Some(Mark::$variant),)+ _ => None }
            }
        }
    };
}

marks! {
    /// A number in scientific notation, or one whose digits are lost. No code.
    Scientific = b'S',
    /// A date or a time, as `2026-03-01` or `2026-03-01T10:30:00`, without zone. An expiry, but no code.
    Date = b'D',
    /// `TRUE` or `FALSE`. No code.
    Boolean = b'B',
    /// An error value such as `#REF!`. No code.
    Error = b'E',
    /// A formula whose result the file does not hold. No code.
    NoResult = b'F',
    /// A number with more digits than a cell stores, or whose shown form cannot be known: a fraction, a price, a
    /// percentage. No code.
    Number = b'N',
    /// Text longer than a cell may be; only its start is given. No code.
    TooLong = b'L',
    /// A formula with a stored text or whole number: taken, with a warning.
    Formula = b'f',
    /// A whole number of more than 15 digits that the file stores with all of them: taken, with a warning.
    LongNumber = b'l',
    /// A whole number in a file that does not say how it is shown, so that zeros in front may be missing: taken, with
    /// a warning.
    BareNumber = b'n',
    /// Text that itself begins with [`SIGN`].
    Text = b'T',
}

/// The mark and the text of a field, its quotes already removed. [`Mark::Text`] says no more than that the text
/// begins with the sign, so it is answered as no mark.
pub fn unmark(field: &[u8]) -> (Option<Mark>, &[u8]) {
    let [SIGN, letter, text @ ..] = field else { return (None, field) };
    match Mark::of(*letter) {
        Some(Mark::Text) => (None, text),
        Some(mark) => (Some(mark), text),
        None => (None, field),
    }
}

/// Writes sheet text, cell by cell in the order of the sheet. Holds what was not [taken](Self::take) yet.
#[derive(Debug, Default)]
pub struct SheetText {
    out: Vec<u8>,
    /// The row being written, from 1; 0 before the first cell.
    row: u64,
    /// Separators written in this row.
    column: u32,
}

impl SheetText {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes the cell in `row` (from 1) and `column` (from 0). An empty text without a mark writes nothing. Answers
    /// `false`, and writes nothing, if a cell at this place or after it was written before. Costs a byte for each
    /// row and column skipped: who reads a file bounds both.
    #[must_use]
    pub fn cell(&mut self, row: u64, column: u32, mark: Option<Mark>, text: &str) -> bool {
        if row == 0 || row < self.row || (row == self.row && column <= self.column) {
            return false;
        }
        if text.is_empty() && mark.is_none() {
            return true;
        }
        if row > self.row {
            // Each row skipped and the one before it end here; row 1 has none before it.
            let ends = (row - self.row.max(1)) as usize;
            self.out.resize(self.out.len() + ends, b'\n');
            (self.row, self.column) = (row, 0);
        }
        self.out.resize(self.out.len() + (column - self.column) as usize, SEPARATOR);
        self.column = column;
        let mark = mark.or_else(|| (text.as_bytes().first() == Some(&SIGN)).then_some(Mark::Text));
        let quoted = text.bytes().any(|byte| matches!(byte, SEPARATOR | b'"' | b'\n' | b'\r'));
        if quoted {
            self.out.push(b'"');
        }
        if let Some(mark) = mark {
            self.out.extend_from_slice(&[SIGN, mark.letter()]);
        }
        if !quoted {
            self.out.extend_from_slice(text.as_bytes());
            return true;
        }
        for byte in text.bytes() {
            self.out.push(byte);
            if byte == b'"' {
                self.out.push(byte);
            }
        }
        self.out.push(b'"');
        true
    }

    /// Ends the last line.
    pub fn end(&mut self) {
        if self.row > 0 {
            self.out.push(b'\n');
        }
    }

    /// How many bytes wait to be taken.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether none do.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// What was written since this was asked last; it may end in the middle of a line.
    pub fn take(&mut self) -> Vec<u8> {
        let room = Vec::with_capacity(self.out.len());
        std::mem::replace(&mut self.out, room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cells: &[(u64, u32, Option<Mark>, &str)]) -> String {
        let mut sheet = SheetText::new();
        for (row, column, mark, text) in cells {
            assert!(sheet.cell(*row, *column, *mark, text), "{row} {column}");
        }
        sheet.end();
        String::from_utf8(sheet.take()).unwrap()
    }

    #[test]
    fn a_line_is_a_row_and_empty_ends_cost_nothing() {
        assert_eq!(
            written(&[(2, 1, None, "A"), (2, 2, None, ""), (4, 0, None, "B"), (9, 9, None, "")]),
            "\n\x1fA\n\nB\n"
        );
        assert_eq!(written(&[(1, 0, None, "A"), (1, 1, None, "B"), (2, 0, None, "C")]), "A\x1fB\nC\n");
        assert_eq!(written(&[]), "");
    }

    #[test]
    fn what_would_break_a_line_is_quoted_with_its_mark_inside() {
        assert_eq!(written(&[(1, 0, None, "a\nb"), (1, 1, Some(Mark::Formula), "\"")]), "\"a\nb\"\x1f\"\x1ef\"\"\"\n");
        assert_eq!(written(&[(1, 0, None, "\x1f")]), "\"\x1f\"\n");
        assert_eq!(written(&[(1, 0, Some(Mark::NoResult), "")]), "\x1eF\n");
    }

    #[test]
    fn text_that_looks_marked_is_told_apart() {
        assert_eq!(written(&[(1, 0, None, "\x1eS1")]), "\x1eT\x1eS1\n");
        assert_eq!(unmark(b"\x1eT\x1eS1"), (None, &b"\x1eS1"[..]));
        assert_eq!(unmark(b"\x1e?"), (None, &b"\x1e?"[..]));
        assert_eq!(unmark(b""), (None, &b""[..]));
        for mark in Mark::ALL.iter().copied().filter(|mark| *mark != Mark::Text) {
            assert_eq!(unmark(&[SIGN, mark.letter(), b'x']), (Some(mark), &b"x"[..]));
        }
    }

    #[test]
    fn cells_out_of_order_are_refused() {
        let mut sheet = SheetText::new();
        assert!(sheet.cell(2, 3, None, "A"));
        assert!(!sheet.cell(2, 3, None, "B"));
        assert!(!sheet.cell(2, 2, None, "B"));
        assert!(!sheet.cell(1, 9, None, "B"));
        assert!(!sheet.cell(0, 9, None, "B"));
        assert!(sheet.cell(2, 4, None, "B"));
    }
}
