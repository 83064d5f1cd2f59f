//! `.xlsb` files (MS-XLSB): one worksheet, record by record.

use std::rc::Rc;

use super::biff::{Styles, Texts, Value, Writer, add_utf16, cut, f64_at, packed_number, u16_at, u32_at};
use super::choice::{self, Listed};
use super::number::DateSystem;
use super::relations::relationships;
use super::zip::{Archive, Unpacking};
use super::{Kind, Limits, Options, Reader, damaged, too_large};
use crate::error::Result;
use crate::limits::{SHEETS, XLSB_RECORD_BYTES};

/// Bytes of output that a piece has at least, if there is as much.
const PIECE: usize = 128 << 10;

/// Records that are looked at for one piece: a table that is formatted far down holds up its caller no longer than
/// others.
const RECORDS: usize = 100_000;

/// One worksheet of a workbook, being read.
pub(super) struct Worksheet {
    archive: Rc<Archive>,
    name: String,
    cells: Cells,
    /// The part with the texts, until all of it is read.
    unread: Option<Records>,
    texts: Texts,
    styles: Styles,
    writer: Writer,
    scratch: String,
    ended: bool,
}

impl Worksheet {
    pub(super) fn open(archive: Rc<Archive>, options: &Options) -> Result<Self> {
        let workbook = relationships(&archive, "")?.into_iter().find(|found| found.kind == "officeDocument");
        let workbook = workbook.ok_or_else(|| damaged("it does not say where its workbook is"))?.target;
        let related = relationships(&archive, &workbook)?;
        let of_kind = |kind: &str| related.iter().find(|found| found.kind == kind).map(|found| &found.target);
        let (mut dates, mut sheets) = (DateSystem::From1900, Vec::new());
        let mut records = Records::open(&archive, &workbook)?;
        while let Some((number, body)) = records.next()? {
            match number {
                // BrtWbProp, §2.4.820.
                153 if body.first().is_some_and(|flags| flags & 1 != 0) => dates = DateSystem::From1904,
                // BrtBundleSh, §2.4.304: its state, an id, the name of a relationship, its own name.
                156 => {
                    let (id, end) = wide_text(body, 8).ok_or_else(|| damaged("its list of worksheets is broken"))?;
                    let (name, _) = wide_text(body, end).ok_or_else(|| damaged("its list of worksheets is broken"))?;
                    if let Some(part) = related.iter().find(|found| found.id == id && found.kind == "worksheet") {
                        if sheets.len() == SHEETS {
                            return Err(damaged("it has more worksheets than are read"));
                        }
                        sheets.push((name, u32_at(body, 0) != Some(0), part.target.clone()));
                    }
                }
                _ => {}
            }
        }
        let listed: Vec<_> = sheets.iter().map(|(name, hidden, _)| Listed { name, hidden: *hidden }).collect();
        let chosen = choice::choose(&listed, options, |at| Cells::open(&archive, &sheets[at].2)?.has_any())?;
        let (name, _, part) = sheets.swap_remove(chosen);
        Ok(Worksheet {
            name,
            cells: Cells::open(&archive, &part)?,
            unread: of_kind("sharedStrings").map(|part| Records::open(&archive, part)).transpose()?,
            texts: Texts::default(),
            styles: of_kind("styles").map(|part| styles(&archive, part)).transpose()?.unwrap_or_default(),
            writer: Writer::new(dates, archive.limits().clone()),
            scratch: String::new(),
            ended: false,
            archive,
        })
    }

    /// Reads some of the texts that are kept apart. Answers whether more are left.
    fn read_texts(&mut self) -> Result<bool> {
        let Some(records) = &mut self.unread else { return Ok(false) };
        for _ in 0..RECORDS {
            match records.next()? {
                // BrtSSTItem, §2.4.769: flags and the text; its looks and readings follow.
                Some((19, body)) => self.texts.add(self.archive.limits(), |out| {
                    let text = wide_bytes(body, 1).ok_or_else(|| damaged("a text is cut off"))?;
                    add_utf16(text.0, out);
                    Ok(())
                })?,
                Some(_) => {}
                None => {
                    self.unread = None;
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

impl Reader for Worksheet {
    fn kind(&self) -> Kind {
        Kind::Xlsb
    }

    fn sheet(&self) -> &str {
        &self.name
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>> {
        if self.ended {
            return Ok(None);
        }
        if self.read_texts()? {
            return Ok(Some(Vec::new()));
        }
        let mut records = 0;
        while self.writer.text.len() < PIECE && records < RECORDS {
            records += 1;
            let Some((cell, body)) = self.cells.next()? else {
                self.writer.text.end();
                self.ended = true;
                break;
            };
            let cut_off = || damaged(&format!("a cell of row {} is cut off", cell.row));
            let format = self.styles.format(cell.style);
            let value = match cell.kind {
                What::Packed => Value::Number(packed_number(u32_at(body, 0).ok_or_else(cut_off)?), format),
                What::Number => Value::Number(f64_at(body, 0).ok_or_else(cut_off)?, format),
                What::Shared => self.texts.get(u32_at(body, 0).ok_or_else(cut_off)?)?,
                What::Text(at) => {
                    self.scratch.clear();
                    add_utf16(wide_bytes(body, at).ok_or_else(cut_off)?.0, &mut self.scratch);
                    let long = cut(&mut self.scratch, 0, self.archive.limits().cell_bytes);
                    Value::Text(&self.scratch, long)
                }
                What::Boolean => Value::Boolean(*body.first().ok_or_else(cut_off)? != 0),
                What::Error => Value::Error(*body.first().ok_or_else(cut_off)?),
                What::Nothing => continue,
            };
            self.writer.cell(cell.row, cell.column, &value, cell.formula)?;
        }
        Ok(Some(self.writer.text.take()))
    }

    fn position(&self) -> u64 {
        let size = self.archive.size();
        if self.ended { size } else { self.cells.records.part.consumed().min(size) }
    }
}

/// What the bytes of a cell are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Nothing,
    Packed,
    Number,
    Shared,
    /// A text, that begins so many bytes further on.
    Text(usize),
    Boolean,
    Error,
}

/// A cell, without its bytes.
#[derive(Clone, Copy)]
struct Cell {
    row: u64,
    column: u32,
    style: u32,
    kind: What,
    formula: bool,
}

/// The cells of one worksheet.
struct Cells {
    records: Records,
    limits: Limits,
    /// Inside the rows.
    within: bool,
    row: u64,
    /// The column of a cell that does not say where it is.
    column: u32,
}

impl Cells {
    fn open(archive: &Rc<Archive>, part: &str) -> Result<Self> {
        let records = Records::open(archive, part)?;
        Ok(Cells { records, limits: archive.limits().clone(), within: false, row: 0, column: 0 })
    }

    /// Whether any cell has anything in it.
    fn has_any(mut self) -> Result<bool> {
        while let Some((cell, _)) = self.next()? {
            if cell.kind != What::Nothing {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next cell or row, and the bytes of its value; `None` at the end, once the part is known to be whole.
    fn next(&mut self) -> Result<Option<(Cell, &[u8])>> {
        let (number, at) = loop {
            let Some((number, body)) = self.records.next()? else {
                return Err(damaged("its worksheet is cut off"));
            };
            match number {
                145 => self.within = true,
                // BrtEndSheetData. What follows the rows is of no interest, only that it is there.
                146 => {
                    self.records.finish()?;
                    return Ok(None);
                }
                // BrtRowHdr, §2.4.725.
                0 if self.within => {
                    let row = u64::from(u32_at(body, 0).ok_or_else(|| damaged("a row is cut off"))?) + 1;
                    if row <= self.row {
                        return Err(damaged(&format!("row {row} stands after row {}", self.row)));
                    }
                    if row > self.limits.sheet_rows {
                        return Err(too_large("The worksheet has too many rows", "sheetRows", self.limits.sheet_rows));
                    }
                    (self.row, self.column) = (row, 0);
                    break (number, 0);
                }
                1..=18 | 62 if self.within && self.row > 0 => {
                    // A short cell stands to the right of the one before it, and does not say so (§2.4.767).
                    let short = (12..=18).contains(&number);
                    let column = if short { Some(self.column) } else { u32_at(body, 0) };
                    self.column = column.ok_or_else(|| damaged(&format!("a cell of row {} is cut off", self.row)))?;
                    break (number, if short { 0 } else { 4 });
                }
                _ => {}
            }
        };
        let (row, column) = (self.row, self.column);
        if number == 0 {
            return Ok(Some((Cell { row, column, style: 0, kind: What::Nothing, formula: false }, &[])));
        }
        self.column = self.column.saturating_add(1);
        let kind = match number {
            2 | 13 => What::Packed,
            5 | 9 | 16 => What::Number,
            7 | 18 => What::Shared,
            6 | 8 | 17 => What::Text(0),
            62 => What::Text(1),
            4 | 10 | 15 => What::Boolean,
            3 | 11 | 14 => What::Error,
            _ => What::Nothing,
        };
        let body = self.records.body();
        let style = u32_at(body, at).unwrap_or(0) & 0xff_ffff;
        let value = body.get(at + 4..).unwrap_or_default();
        Ok(Some((Cell { row, column, style, kind, formula: (8..=11).contains(&number) }, value)))
    }
}

fn styles(archive: &Rc<Archive>, part: &str) -> Result<Styles> {
    let mut styles = Styles::default();
    let mut records = Records::open(archive, part)?;
    let mut within = false;
    while let Some((number, body)) = records.next()? {
        match number {
            // BrtFmt, §2.4.666.
            44 => {
                if let (Some(id), Some((code, _))) = (u16_at(body, 0), wide_text(body, 2)) {
                    styles.describe(id, &code);
                }
            }
            617 => within = true,
            618 => within = false,
            // BrtXF, §2.4.877: what it is derived from, and its number format.
            47 if within => styles.add(u16_at(body, 2).unwrap_or(0))?,
            _ => {}
        }
    }
    Ok(styles)
}

/// The bytes of a text that begins with how many 16-bit units it has (§2.5.169), and where it ends.
fn wide_bytes(body: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let start = at.checked_add(4)?;
    let units = match u32_at(body, at)? {
        // A text that is not there (§2.5.167).
        u32::MAX => 0,
        units => units as usize,
    };
    let end = start.checked_add(units.checked_mul(2)?)?;
    Some((body.get(start..end)?, end))
}

fn wide_text(body: &[u8], at: usize) -> Option<(String, usize)> {
    let (bytes, end) = wide_bytes(body, at)?;
    let mut text = String::new();
    add_utf16(bytes, &mut text);
    Some((text, end))
}

/// The records of a part (§2.1.4), while it is unpacked.
struct Records {
    part: Unpacking,
    window: Vec<u8>,
    at: usize,
    body: std::ops::Range<usize>,
}

impl Records {
    fn open(archive: &Rc<Archive>, part: &str) -> Result<Self> {
        let unpacking = archive.read(part)?.ok_or_else(|| damaged(&format!("its part {part} is missing")))?;
        Ok(Records { part: unpacking, window: Vec::new(), at: 0, body: 0..0 })
    }

    /// The number of the next record, and its bytes; `None` at the end of the part.
    fn next(&mut self) -> Result<Option<(u16, &[u8])>> {
        let Some(first) = self.byte(0)? else { return Ok(None) };
        let cut_off = || damaged("a record is cut off");
        let (mut number, mut header) = (u16::from(first), 1);
        if first & 0x80 != 0 {
            number = u16::from(first & 0x7f) | u16::from(self.byte(1)?.ok_or_else(cut_off)? & 0x7f) << 7;
            header = 2;
        }
        let mut length = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte(header)?.ok_or_else(cut_off)?;
            header += 1;
            length |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        if length > XLSB_RECORD_BYTES {
            return Err(damaged("a record is longer than records of spreadsheets are"));
        }
        if length > 0 {
            self.byte(header + length - 1)?.ok_or_else(cut_off)?;
        }
        let start = self.at + header;
        self.body = start..start + length;
        self.at = start + length;
        Ok(Some((number, &self.window[self.body.clone()])))
    }

    /// The bytes of the record that was read last.
    fn body(&self) -> &[u8] {
        &self.window[self.body.clone()]
    }

    /// Reads the rest of the part without looking at it, to know that it is whole.
    fn finish(&mut self) -> Result<()> {
        loop {
            self.at = self.window.len();
            if !self.more()? {
                return Ok(());
            }
        }
    }

    /// The byte at this distance; `None` past the end.
    fn byte(&mut self, distance: usize) -> Result<Option<u8>> {
        loop {
            if let Some(byte) = self.window.get(self.at + distance) {
                return Ok(Some(*byte));
            }
            if !self.more()? {
                return Ok(None);
            }
        }
    }

    fn more(&mut self) -> Result<bool> {
        self.window.drain(..self.at);
        self.at = 0;
        self.body = 0..0;
        self.part.fill(&mut self.window)
    }
}
