//! `.ods` files (OpenDocument 1.2 and 1.3, OASIS; ISO/IEC 26300): one worksheet, piece by piece.
//!
//! These files hold beside each value the text that people see, so a code is that text. They also repeat: one row may
//! stand for a million. Repeats of blank rows and cells cost nothing, those with anything in them count as if they
//! were written out.

use std::rc::Rc;

use super::choice::{self, Listed};
use super::iso_date::iso_date;
use super::number::{DateSystem, show};
use super::number_format::NumberFormat;
use super::text::{Mark, SheetText};
use super::xml::{Event, Xml, into_text};
use super::zip::{Archive, encrypted};
use super::{Kind, Limits, Options, Reader, damaged, too_large, too_many_columns};
use crate::error::{Code, Error, Result};
use crate::limits::{ROW_BYTES, SHEETS};

/// Bytes of output that a piece has at least, if there is as much.
const PIECE: usize = 128 << 10;

/// Rows that are looked at for one piece: a table that is formatted far down holds up its caller no longer than others.
const ROWS: usize = 10_000;

/// Most digits of a number whose shown text is compared with its stored one: the longest code.
const DIGITS: usize = 255;

/// Where in the markup a table stands: in the document's content, its body, and the spreadsheet in it.
const TABLE_DEPTH: usize = 4;

/// One worksheet, being read.
pub(super) struct Worksheet {
    archive: Rc<Archive>,
    name: String,
    table: Table,
    text: SheetText,
    /// The row that is being written, how often still, and its number.
    row: Row,
    left: u64,
    at: u64,
    written: u64,
    ended: bool,
}

impl Worksheet {
    pub(super) fn open(archive: Rc<Archive>, options: &Options) -> Result<Self> {
        refuse_encrypted(&archive)?;
        let tables = tables(&archive, options)?;
        let listed: Vec<_> = tables.iter().map(|table| Listed { name: &table.name, hidden: table.hidden }).collect();
        let chosen = choice::choose(&listed, options, |at| Ok(tables[at].filled))?;
        let mut table = Table::new(&archive)?;
        for _ in 0..=chosen {
            table.enter()?.ok_or_else(|| damaged("a worksheet is gone"))?;
        }
        Ok(Worksheet {
            name: tables[chosen].name.clone(),
            archive,
            table,
            text: SheetText::new(),
            row: Row::default(),
            left: 0,
            at: 0,
            written: 0,
            ended: false,
        })
    }

    /// Reads the next row; `false` at the end of the worksheet.
    fn read(&mut self) -> Result<bool> {
        self.at = self.at.saturating_add(std::mem::take(&mut self.left));
        let Some(repeats) = self.table.row(self.at.saturating_add(1), &mut self.row)? else { return Ok(false) };
        self.left = repeats;
        if self.row.cells.is_empty() {
            return Ok(true);
        }
        let limits = self.archive.limits();
        if self.at.saturating_add(repeats) > limits.sheet_rows {
            return Err(too_large("The worksheet has too many rows", "sheetRows", limits.sheet_rows));
        }
        let bytes = (self.row.text.len() + self.row.cells.len()) as u64;
        self.written = self.written.saturating_add(bytes.saturating_mul(repeats));
        if self.written > limits.expanded_bytes {
            let what = "The worksheet repeats its rows to too many bytes";
            return Err(too_large(what, "expandedBytes", limits.expanded_bytes));
        }
        Ok(true)
    }

    /// Writes the row once more.
    fn write(&mut self) -> Result<()> {
        self.at += 1;
        self.left -= 1;
        for cell in &self.row.cells {
            if !self.text.cell(self.at, cell.column, cell.mark, &self.row.text[cell.start..cell.end]) {
                return Err(damaged(&format!("the cells of row {} are not in order", self.at)));
            }
        }
        Ok(())
    }
}

impl Reader for Worksheet {
    fn kind(&self) -> Kind {
        Kind::Ods
    }

    fn sheet(&self) -> &str {
        &self.name
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>> {
        if self.ended {
            return Ok(None);
        }
        let mut rows = 0;
        while self.text.len() < PIECE && rows < ROWS {
            if self.left > 0 && !self.row.cells.is_empty() {
                self.write()?;
            } else if !self.read()? {
                self.table.xml.finish()?;
                self.text.end();
                self.ended = true;
                break;
            }
            rows += 1;
        }
        Ok(Some(self.text.take()))
    }

    fn position(&self) -> u64 {
        let size = self.archive.size();
        if self.ended { size } else { self.table.xml.part().consumed().min(size) }
    }
}

/// A password makes every part unreadable but the list that says so.
fn refuse_encrypted(archive: &Rc<Archive>) -> Result<()> {
    let Some(part) = archive.read("META-INF/manifest.xml")? else { return Ok(()) };
    let mut xml = Xml::new(part)?;
    loop {
        match xml.next()? {
            Event::Open | Event::Empty if xml.name() == b"encryption-data" => return Err(encrypted()),
            Event::End => return Ok(()),
            _ => {}
        }
    }
}

/// A worksheet in the list.
struct Found {
    name: String,
    hidden: bool,
    filled: bool,
}

/// The file's worksheets. Reads all of it, because it has no list: whether one has anything in it is found out only
/// where that decides.
fn tables(archive: &Rc<Archive>, options: &Options) -> Result<Vec<Found>> {
    let mut table = Table::new(archive)?;
    let mut found = Vec::new();
    while let Some((name, hidden)) = table.enter()? {
        if found.len() == SHEETS {
            return Err(damaged("it has more worksheets than are read"));
        }
        let (mut row, mut filled) = (Row::default(), false);
        while !filled && options.sheet.is_none() && table.row(1, &mut row)?.is_some() {
            filled = !row.cells.is_empty();
        }
        table.leave()?;
        found.push(Found { name, hidden, filled });
    }
    Ok(found)
}

/// A cell with anything in it.
struct Cell {
    column: u32,
    mark: Option<Mark>,
    start: usize,
    end: usize,
}

/// A row's cells, and their texts.
#[derive(Default)]
struct Row {
    cells: Vec<Cell>,
    text: String,
}

/// The tables of the content, one after the other.
struct Table {
    xml: Xml,
    limits: Limits,
    /// Names of the styles whose tables are hidden.
    hidden: Vec<String>,
    value: Vec<u8>,
}

impl Table {
    fn new(archive: &Rc<Archive>) -> Result<Self> {
        let part = archive.read("content.xml")?.ok_or_else(|| damaged("it has no content"))?;
        let limits = archive.limits().clone();
        Ok(Table { xml: Xml::new(part)?, limits, hidden: Vec::new(), value: Vec::new() })
    }

    /// Goes on to the next table: its name, and whether it is hidden.
    fn enter(&mut self) -> Result<Option<(String, bool)>> {
        let mut style = None;
        loop {
            match (self.xml.next()?, self.xml.depth()) {
                (Event::End, _) => return Ok(None),
                (Event::Open, TABLE_DEPTH) if self.xml.name() == b"table" => {
                    let name = self.xml.attribute("name")?.unwrap_or_default();
                    let style = self.xml.attribute("style-name")?.unwrap_or_default();
                    return Ok(Some((name, self.hidden.contains(&style))));
                }
                (Event::Open, TABLE_DEPTH) => self.xml.skip()?,
                (Event::Open, 3) if self.xml.name() == b"style" => style = self.xml.attribute("name")?,
                (Event::Empty, 3)
                    if self.xml.name() == b"table-properties"
                        && self.xml.attribute("display")?.as_deref() == Some("false") =>
                {
                    self.hidden.extend(style.take());
                }
                _ => {}
            }
        }
    }

    /// Goes on to the end of the table.
    fn leave(&mut self) -> Result<()> {
        while self.xml.depth() >= TABLE_DEPTH {
            self.xml.next()?;
        }
        Ok(())
    }

    /// Reads the next row, whose number this is, and says how often it stands there; `None` at the end of the table.
    fn row(&mut self, number: u64, row: &mut Row) -> Result<Option<u64>> {
        row.cells.clear();
        row.text.clear();
        loop {
            match self.xml.next()? {
                Event::Open => match self.xml.name() {
                    b"table-row" => {
                        let repeats = self.repeats("number-rows-repeated")?;
                        self.cells(number, row)?;
                        return Ok(Some(repeats));
                    }
                    b"table-header-rows" | b"table-rows" | b"table-row-group" => {}
                    _ => self.xml.skip()?,
                },
                Event::Empty if self.xml.name() == b"table-row" => {
                    return self.repeats("number-rows-repeated").map(Some);
                }
                Event::Close if self.xml.depth() < TABLE_DEPTH => return Ok(None),
                Event::End => return Ok(None),
                _ => {}
            }
        }
    }

    fn repeats(&self, attribute: &str) -> Result<u64> {
        let Some(text) = self.xml.attribute(attribute)? else { return Ok(1) };
        let repeats =
            text.trim().parse().map_err(|_| damaged("it repeats something a number of times that is none"))?;
        Ok(std::cmp::max(repeats, 1))
    }

    fn cells(&mut self, number: u64, row: &mut Row) -> Result<()> {
        let outside = self.xml.depth() - 1;
        let mut column = 0_u64;
        loop {
            let event = self.xml.next()?;
            match event {
                Event::Open | Event::Empty if matches!(self.xml.name(), b"table-cell" | b"covered-table-cell") => {
                    let repeats = self.repeats("number-columns-repeated")?;
                    let start = row.text.len();
                    let mark = self.cell(event == Event::Open, &mut row.text)?;
                    let end = row.text.len();
                    if row.text.len() > ROW_BYTES {
                        return Err(too_long(number));
                    }
                    if end > start || mark.is_some() {
                        if column.saturating_add(repeats) > self.limits.columns as u64 {
                            return Err(too_many_columns(number, self.limits.columns));
                        }
                        let columns = column as u32..(column + repeats) as u32;
                        row.cells.extend(columns.map(|column| Cell { column, mark, start, end }));
                    }
                    column = column.saturating_add(repeats);
                }
                Event::Open => self.xml.skip()?,
                Event::Close if self.xml.depth() == outside => return Ok(()),
                Event::End => return Err(damaged("its markup ends in the middle")),
                _ => {}
            }
        }
    }

    /// Reads the cell whose tag was just read, up to its end, and appends what is seen in it.
    fn cell(&mut self, open: bool, out: &mut String) -> Result<Option<Mark>> {
        let stored = Stored::read(&self.xml)?;
        self.value.clear();
        let long = open && self.paragraphs()?;
        let value = into_text(std::mem::take(&mut self.value));
        let mark = if long { Some(Mark::TooLong) } else { stored.mark(&value) };
        match (&stored, mark) {
            (Stored { kind: StoredKind::Date, value: date, .. }, Some(Mark::Date)) => {
                // A midnight is how some programs write a day.
                let whole_day = date.contains("T00:00:00");
                let mark = iso_date(date, whole_day, out);
                return Ok(Some(mark));
            }
            (Stored { kind: StoredKind::Number, value: number, .. }, _) if value.is_empty() => {
                return Ok(bare(number, out));
            }
            _ => out.push_str(if value.is_empty() { &stored.value } else { &value }),
        }
        self.value = value.into_bytes();
        Ok(mark)
    }

    /// The text of a cell, a line for each paragraph. Answers whether it is too long, and is cut.
    fn paragraphs(&mut self) -> Result<bool> {
        let outside = self.xml.depth() - 1;
        let (mut first, mut long) = (true, false);
        loop {
            let event = self.xml.next()?;
            match event {
                Event::Open | Event::Empty if self.xml.name() == b"p" => {
                    if !std::mem::take(&mut first) {
                        self.value.push(b'\n');
                    }
                    if event == Event::Open {
                        long |= self.paragraph()?;
                    }
                }
                // Remarks, pictures, tables within the cell.
                Event::Open => self.xml.skip()?,
                Event::Close if self.xml.depth() == outside => return Ok(long),
                Event::End => return Err(damaged("its markup ends in the middle")),
                _ => {}
            }
        }
    }

    /// White space counts as one space, and not at the start (OpenDocument 1.2, part 1, §6.1.2); more of it has tags.
    fn paragraph(&mut self) -> Result<bool> {
        let outside = self.xml.depth() - 1;
        let mut after_space = true;
        let mut piece = Vec::new();
        let mut long = false;
        loop {
            let event = self.xml.next()?;
            match event {
                Event::Text => {
                    piece.clear();
                    self.xml.add_text(&mut piece)?;
                    for byte in &piece {
                        let space = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
                        if !(space && after_space) {
                            self.value.push(if space { b' ' } else { *byte });
                        }
                        after_space = space;
                    }
                }
                Event::Open | Event::Empty => {
                    match self.xml.name() {
                        b"s" => {
                            let count = self.xml.attribute("c")?.and_then(|count| count.trim().parse().ok());
                            let count = std::cmp::min(count.unwrap_or(1), self.limits.cell_bytes + 1);
                            self.value.resize(self.value.len() + count, b' ');
                        }
                        b"tab" => self.value.push(b'\t'),
                        b"line-break" => self.value.push(b'\n'),
                        b"annotation" | b"note" | b"frame" if event == Event::Open => {
                            self.xml.skip()?;
                            continue;
                        }
                        _ => continue,
                    }
                    after_space = false;
                }
                Event::Close if self.xml.depth() == outside => return Ok(long),
                Event::Close => {}
                Event::End => return Err(damaged("its markup ends in the middle")),
            }
            if self.value.len() > self.limits.cell_bytes {
                // Cut where a character begins.
                let mut end = self.limits.cell_bytes;
                while end > 0 && self.value[end] & 0xc0 == 0x80 {
                    end -= 1;
                }
                self.value.truncate(end);
                long = true;
            }
        }
    }
}

/// What a cell's tag says about its value (§19.385 and following).
struct Stored {
    kind: StoredKind,
    value: String,
    formula: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum StoredKind {
    Nothing,
    Text,
    Number,
    /// A price or a percentage.
    Amount,
    Date,
    Time,
    Boolean,
    Error,
}

impl Stored {
    fn read(xml: &Xml) -> Result<Self> {
        let mut stored = Stored { kind: StoredKind::Nothing, value: String::new(), formula: false };
        let mut is_error = false;
        let mut value = "";
        for attribute in xml.attributes() {
            match attribute {
                // LibreOffice says in an attribute of its own, with the same name, that a text is an error.
                (b"value-type", b"error") => is_error = true,
                (b"value-type", kind) if stored.kind == StoredKind::Nothing => {
                    (stored.kind, value) = match kind {
                        b"float" => (StoredKind::Number, "value"),
                        b"currency" | b"percentage" => (StoredKind::Amount, "value"),
                        b"date" => (StoredKind::Date, "date-value"),
                        b"time" => (StoredKind::Time, "time-value"),
                        b"boolean" => (StoredKind::Boolean, "boolean-value"),
                        _ => (StoredKind::Text, "string-value"),
                    };
                }
                (b"formula", _) => stored.formula = true,
                _ => {}
            }
        }
        if !value.is_empty() {
            stored.value = xml.attribute(value)?.unwrap_or_default();
        }
        if is_error {
            stored.kind = StoredKind::Error;
        }
        Ok(stored)
    }

    /// What the cell is; `shown` is the text that people see.
    fn mark(&self, shown: &str) -> Option<Mark> {
        let nothing = shown.is_empty() && self.value.is_empty();
        let mark = match self.kind {
            StoredKind::Nothing | StoredKind::Text if nothing && self.formula => Some(Mark::NoResult),
            StoredKind::Nothing | StoredKind::Text => None,
            StoredKind::Number => number(&self.value, shown),
            StoredKind::Amount => Some(Mark::Number),
            StoredKind::Date | StoredKind::Time => Some(Mark::Date),
            StoredKind::Boolean => Some(Mark::Boolean),
            StoredKind::Error => Some(Mark::Error),
        };
        match (mark, self.formula) {
            // A long number that was calculated is one of 15 digits and what came of it.
            (Some(Mark::LongNumber), true) => Some(Mark::Scientific),
            (None, true) => Some(Mark::Formula),
            (mark, _) => mark,
        }
    }
}

/// What a number is that is stored and shown like this. It is a code if the shown text has just its digits, with zeros
/// in front or letters and hyphens around.
fn number(stored: &str, shown: &str) -> Option<Mark> {
    let short = stored.len() <= 15 && stored.bytes().all(|byte| byte.is_ascii_digit());
    if short && shown == stored {
        return None;
    }
    let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
    let dress = |letter: char| letter.is_alphabetic() || matches!(letter, '-' | '_');
    let plain = shown.chars().all(|letter| letter.is_ascii_digit() || dress(letter)) && !shown.starts_with('-');
    if plain && (1..=DIGITS).contains(&digits.len()) {
        let mut padded = String::new();
        let format = NumberFormat::parse(&"0".repeat(digits.len()));
        let mark = show(stored, &format, DateSystem::From1900, &mut padded);
        if mark == Some(Mark::Scientific) || padded == digits && matches!(mark, None | Some(Mark::LongNumber)) {
            return mark;
        }
    }
    let exponent = shown.split_once(['E', 'e']).is_some_and(|(front, back)| {
        front.ends_with(|letter: char| letter.is_ascii_digit()) && back.starts_with(['+', '-'])
    });
    Some(if exponent { Mark::Scientific } else { Mark::Number })
}

/// A number whose shown text the file does not hold.
fn bare(stored: &str, out: &mut String) -> Option<Mark> {
    let mark = show(stored, &NumberFormat::default(), DateSystem::From1900, out);
    mark.or(Some(Mark::BareNumber))
}

fn too_long(row: u64) -> Error {
    Error::new(Code::UploadRowTooLong, format!("Row {row} is longer than {ROW_BYTES} bytes."))
        .with("row", row)
        .with("limit", ROW_BYTES)
}
