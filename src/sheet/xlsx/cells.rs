//! The cells of a worksheet, one after the other (ECMA-376 Part 1, §18.3.1).

use super::strings::{add_within, has_escapes, rich_text, unescape};
use crate::error::Result;
use crate::sheet::xml::{Event, Xml, into_text};
use crate::sheet::xml_text::plain_length;
use crate::sheet::{Limits, damaged, too_large, too_many_columns};

/// What kind of value a cell holds (§18.18.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    /// The number of a text that is kept apart.
    SharedText,
    Text,
    /// The text of a formula's result.
    FormulaText,
    Boolean,
    Error,
    /// A date as ISO text.
    Date,
}

/// A cell with anything in it. Its value is [`Cells::value`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    /// From 1.
    pub(super) row: u64,
    /// From 0.
    pub(super) column: u32,
    pub(super) kind: Kind,
    pub(super) style: u32,
    /// Whether a formula stands in it.
    pub(super) formula: bool,
    /// Whether a value does, be it an empty text.
    pub(super) stored: bool,
    /// Whether its value is cut, being too long.
    pub(super) long: bool,
}

/// The cells of one worksheet.
pub(super) struct Cells {
    xml: Xml,
    limits: Limits,
    /// Inside the element that holds the rows.
    within: bool,
    row: u64,
    /// The column of the next cell that does not say where it is.
    column: u32,
    value: Vec<u8>,
}

impl Cells {
    pub(super) fn new(xml: Xml, limits: Limits) -> Self {
        Cells { xml, limits, within: false, row: 0, column: 0, value: Vec::new() }
    }

    /// The next cell with anything in it, looking at no more than `count` tags for it.
    pub(super) fn next(&mut self, count: &mut usize) -> Result<Found> {
        while *count > 0 {
            *count -= 1;
            if self.within
                && let Some(cell) = self.plain_cell()
            {
                return Ok(Found::Cell(cell));
            }
            let event = self.xml.next()?;
            match event {
                Event::Open | Event::Empty if self.within => match self.xml.name() {
                    b"c" => {
                        if let Some(cell) = self.cell(event == Event::Empty)? {
                            return Ok(Found::Cell(cell));
                        }
                    }
                    b"row" => self.begin_row()?,
                    _ if event == Event::Open => self.xml.skip()?,
                    _ => {}
                },
                Event::Open => match (self.xml.depth(), self.xml.name()) {
                    (1, b"worksheet") => {}
                    (1, _) => return Err(damaged("its worksheet is none")),
                    (2, b"sheetData") => self.within = true,
                    _ => self.xml.skip()?,
                },
                Event::Close if self.within && self.xml.depth() == 1 => {
                    // What follows the rows is of no interest, only that it is there.
                    self.xml.finish()?;
                    return Ok(Found::End);
                }
                Event::End => return Ok(Found::End),
                _ => {}
            }
        }
        Ok(Found::Nothing)
    }

    /// The value of the cell that was found last, as the file holds it.
    pub(super) fn value(&mut self) -> &mut Vec<u8> {
        &mut self.value
    }

    fn begin_row(&mut self) -> Result<()> {
        let mut row = self.row + 1;
        for (name, value) in self.xml.attributes() {
            if name == b"r" {
                row = number(value).ok_or_else(|| damaged("a row has a number that is none"))?;
                break;
            }
        }
        if row <= self.row {
            return Err(damaged(&format!("row {row} stands after row {}", self.row)));
        }
        if row > self.limits.sheet_rows {
            return Err(too_large("The worksheet has too many rows", "sheetRows", self.limits.sheet_rows));
        }
        (self.row, self.column) = (row, 0);
        Ok(())
    }

    /// The next cell if it looks as nearly every one does, `<c r="A1" s="1" t="s"><v>1</v></c>`, at a fraction of the
    /// cost; `None`, with nothing read, if it looks in any way different, be it wrong.
    #[inline]
    fn plain_cell(&mut self) -> Option<Cell> {
        let found = self.xml.unread();
        let mut rest = found.strip_prefix(b"<c r=\"")?;
        let (letters, after) = counted(rest, u8::is_ascii_uppercase, 26, b'A' - 1)?;
        let (row, after) = counted(after, u8::is_ascii_digit, 10, b'0')?;
        rest = after.strip_prefix(b"\"")?;
        let mut style = 0;
        if let Some(after) = rest.strip_prefix(b" s=\"") {
            (style, rest) = counted(after, u8::is_ascii_digit, 10, b'0')?;
            rest = rest.strip_prefix(b"\"")?;
        }
        let mut kind = Kind::Number;
        if let Some(after) = rest.strip_prefix(b" t=\"s\"") {
            (kind, rest) = (Kind::SharedText, after);
        }
        rest = rest.strip_prefix(b"><v>")?;
        let (value, after) = rest.split_at_checked(plain_length(rest)?)?;
        rest = after.strip_prefix(b"</v></c>")?;
        let column = letters - 1;
        let fits = u64::from(row) == self.row && column >= self.column && (column as usize) < self.limits.columns;
        if !fits || value.is_empty() || value.len() > self.limits.cell_bytes {
            return None;
        }
        self.value.clear();
        self.value.extend_from_slice(value);
        let length = found.len() - rest.len();
        self.xml.pass(length);
        self.column = column + 1;
        Some(Cell { row: self.row, column, kind, style, formula: false, stored: true, long: false })
    }

    /// Reads the cell whose tag was just read, up to its end. `None` if nothing is in it.
    #[inline]
    fn cell(&mut self, empty: bool) -> Result<Option<Cell>> {
        let mut column = self.column;
        let (mut style, mut kind) = (0, Kind::Number);
        for attribute in self.xml.attributes() {
            match attribute {
                (b"r", place) => {
                    let (found, row) = place_of(place).ok_or_else(|| damaged("a cell's place is none"))?;
                    if row != self.row {
                        return Err(damaged(&format!("a cell of row {row} stands in row {}", self.row)));
                    }
                    column = found;
                }
                (b"s", number) => style = self::number(number).unwrap_or(0) as u32,
                (b"t", name) => kind = kind_of(name)?,
                _ => {}
            }
        }
        if column < self.column {
            return Err(damaged(&format!("the cells of row {} are not in order", self.row)));
        }
        self.column = column.saturating_add(1);
        self.value.clear();
        if empty {
            return Ok(None);
        }
        let mut cell = Cell { row: self.row, column, kind, style, formula: false, stored: false, long: false };
        self.content(&mut cell)?;
        if matches!(cell.kind, Kind::Text | Kind::FormulaText) && has_escapes(&self.value) {
            self.value = unescape(&into_text(std::mem::take(&mut self.value))).into_bytes();
        }
        if self.value.is_empty() && !cell.formula {
            return Ok(None);
        }
        if column as usize >= self.limits.columns {
            return Err(too_many_columns(self.row, self.limits.columns));
        }
        Ok(Some(cell))
    }

    fn content(&mut self, cell: &mut Cell) -> Result<()> {
        if let Some(text) = self.xml.plain_child(b"<v>", b"</v>", self.limits.cell_bytes) {
            cell.stored = true;
            self.value.extend_from_slice(text);
            if self.xml.closes(b"</c>") {
                return Ok(());
            }
        }
        let outside = self.xml.depth() - 1;
        loop {
            match self.xml.next()? {
                Event::Open => match self.xml.name() {
                    b"v" => {
                        cell.stored = true;
                        self.stored(cell)?;
                    }
                    b"f" => {
                        cell.formula = true;
                        self.xml.skip()?;
                    }
                    b"is" => cell.long |= rich_text(&mut self.xml, self.limits.cell_bytes, &mut self.value)?,
                    _ => self.xml.skip()?,
                },
                Event::Empty => {
                    cell.formula |= self.xml.name() == b"f";
                    cell.stored |= self.xml.name() == b"v";
                }
                Event::Close if self.xml.depth() == outside => break,
                Event::Text | Event::Close => {}
                Event::End => return Err(damaged("its worksheet ends in a cell")),
            }
        }
        Ok(())
    }

    /// The text of a stored value, up to the end of its element.
    #[inline]
    fn stored(&mut self, cell: &mut Cell) -> Result<()> {
        let outside = self.xml.depth() - 1;
        loop {
            match self.xml.next()? {
                Event::Text => cell.long |= add_within(&mut self.xml, self.limits.cell_bytes, &mut self.value)?,
                Event::Close if self.xml.depth() == outside => return Ok(()),
                Event::Open => self.xml.skip()?,
                _ => {}
            }
        }
    }

    /// The markup that is read.
    pub(super) fn xml(&self) -> &Xml {
        &self.xml
    }
}

/// What reading on came to.
pub(super) enum Found {
    /// A cell with anything in it.
    Cell(Cell),
    /// None yet.
    Nothing,
    /// None any more: the worksheet is whole.
    End,
}

fn kind_of(name: &[u8]) -> Result<Kind> {
    Ok(match name {
        b"n" => Kind::Number,
        b"s" => Kind::SharedText,
        b"inlineStr" => Kind::Text,
        b"str" => Kind::FormulaText,
        b"b" => Kind::Boolean,
        b"e" => Kind::Error,
        b"d" => Kind::Date,
        _ => return Err(damaged("a cell is of a type that spreadsheets do not have")),
    })
}

/// `AB12` -> 27 and 12.
#[inline]
fn place_of(place: &[u8]) -> Option<(u32, u64)> {
    let letters = place.iter().take_while(|letter| letter.is_ascii_alphabetic()).count();
    // XFD is the last that Excel has.
    if !(1..=4).contains(&letters) {
        return None;
    }
    let column =
        place[..letters].iter().fold(0, |sum, letter| sum * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    Some((column - 1, number(&place[letters..])?))
}

/// The number that stands at the start of these bytes in digits of this base, and what follows it; none of more than
/// seven digits, so that it cannot be too large.
#[inline]
fn counted(bytes: &[u8], is_digit: fn(&u8) -> bool, base: u32, zero: u8) -> Option<(u32, &[u8])> {
    let count = bytes.iter().take(8).take_while(|byte| is_digit(byte)).count();
    if !(1..8).contains(&count) || base == 26 && count > 3 {
        return None;
    }
    let (digits, rest) = bytes.split_at(count);
    Some((digits.iter().fold(0, |number, digit| number * base + u32::from(digit - zero)), rest))
}

#[inline]
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u64::from(digit - b'0')))
}
