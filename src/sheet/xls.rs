//! `.xls` files of Excel 5 to 2003 (MS-XLS): one worksheet, record by record.
//!
//! The workbook is one stream: first what its worksheets share, then each of them. It is held in memory, and so is a list
//! of the worksheet's cells, because their order is that of no row or column in particular.

use super::biff::{Styles, Texts, Value, Writer, add_utf16, cut, f64_at, packed_number, u16_at, u32_at};
use super::choice::{self, Listed};
use super::number::DateSystem;
use super::ole::Compound;
use super::zip::encrypted;
use super::{Kind, Limits, Options, Reader, Source, damaged, too_large, unreadable};
use crate::error::Result;
use crate::limits::{GATHERED_BYTES, SHEETS, XLS_CELLS};

/// Bytes of output that a piece has at least, if there is as much.
const PIECE: usize = 128 << 10;

/// The bytes of a record's number and length.
const HEADER: usize = 4;

/// The record that goes on with the one before it (Continue, §2.4.58).
const CONTINUE: u16 = 0x003c;

/// One worksheet of a workbook, being read.
pub(super) struct Worksheet {
    size: u64,
    name: String,
    shared: Shared,
    cells: Vec<Place>,
    /// How many of them are written.
    at: usize,
    writer: Writer,
    limits: Limits,
    scratch: String,
    ended: bool,
}

/// What a workbook's worksheets share.
struct Shared {
    stream: Vec<u8>,
    texts: Texts,
    styles: Styles,
    bytes: Bytes,
}

/// How texts are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bytes {
    /// In 16-bit units, or in bytes where all are below 256, as a flag says: since Excel 97.
    Flagged,
    /// In bytes of Windows-1252.
    Western,
    /// In bytes of another code page: only ASCII is known.
    Other,
}

/// Where a cell is, and its record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    row: u16,
    column: u16,
    record: u32,
}

impl Worksheet {
    pub(super) fn open(source: &dyn Source, options: &Options) -> Result<Self> {
        let size = source.size();
        if size > GATHERED_BYTES {
            return Err(too_large("The file is larger than old Excel files are", "gatheredBytes", GATHERED_BYTES));
        }
        let stream = workbook(source)?;
        let globals = Globals::read(&stream, &options.limits)?;
        let listed: Vec<_> =
            globals.sheets.iter().map(|sheet| Listed { name: &sheet.name, hidden: sheet.hidden }).collect();
        let chosen = choice::choose(&listed, options, |at| has_any(&stream, globals.sheets[at].start))?;
        let cells = places(&stream, globals.sheets[chosen].start)?;
        Ok(Worksheet {
            size,
            name: globals.sheets[chosen].name.clone(),
            writer: Writer::new(globals.dates, options.limits.clone()),
            shared: Shared { texts: globals.texts, styles: globals.styles, bytes: globals.bytes, stream },
            cells,
            at: 0,
            limits: options.limits.clone(),
            scratch: String::new(),
            ended: false,
        })
    }

    fn write(&mut self, place: Place) -> Result<()> {
        let (row, column) = (u64::from(place.row) + 1, u32::from(place.column));
        let cut_off = || damaged(&format!("a cell of row {row} is cut off"));
        let start = place.record as usize;
        let Shared { stream, texts, styles, bytes } = &self.shared;
        let (number, body) = record(stream, start).ok_or_else(cut_off)?;
        // The place of the value and of the style before it: in a row of numbers, that of this one.
        let at = match number {
            0x00bd => usize::from(place.column.saturating_sub(u16_at(body, 2).unwrap_or(0))) * 6 + 4,
            _ => 4,
        };
        let format = styles.format(u16_at(body, at).ok_or_else(cut_off)?.into());
        let at = at + 2;
        let mut formula = false;
        self.scratch.clear();
        let value = match number {
            // Number, RK and MulRk, LabelSst (§2.4.180, §2.4.220, §2.4.175, §2.4.149).
            0x0203 => Value::Number(f64_at(body, at).ok_or_else(cut_off)?, format),
            0x027e | 0x00bd => Value::Number(packed_number(u32_at(body, at).ok_or_else(cut_off)?), format),
            0x00fd => texts.get(u32_at(body, at).ok_or_else(cut_off)?)?,
            // Label and RString (§2.4.148): a text of its own.
            0x0204 | 0x00d6 => {
                let mut pieces = Pieces { stream, part: &body[at..], next: start + HEADER + body.len() };
                pieces.text(*bytes, true, &mut self.scratch).ok_or_else(cut_off)?;
                let long = cut(&mut self.scratch, 0, self.limits.cell_bytes);
                Value::Text(&self.scratch, long)
            }
            // BoolErr (§2.4.24): a value, and which of the two it is.
            0x0205 => match (body.get(at), body.get(at + 1)) {
                (Some(value), Some(0)) => Value::Boolean(*value != 0),
                (Some(code), Some(_)) => Value::Error(*code),
                _ => return Err(cut_off()),
            },
            // Formula (§2.4.127): its result is a number, or says of what kind it is (§2.5.133).
            _ => {
                formula = true;
                let result = body.get(at..at + 8).ok_or_else(cut_off)?;
                match (u16_at(result, 6), result[0]) {
                    (Some(0xffff), 0) => {
                        if !result_text(stream, start, *bytes, &mut self.scratch) {
                            return Ok(());
                        }
                        let long = cut(&mut self.scratch, 0, self.limits.cell_bytes);
                        Value::Text(&self.scratch, long)
                    }
                    (Some(0xffff), 1) => Value::Boolean(result[2] != 0),
                    (Some(0xffff), 2) => Value::Error(result[2]),
                    (Some(0xffff), _) => Value::Text("", false),
                    _ => Value::Number(f64_at(result, 0).ok_or_else(cut_off)?, format),
                }
            }
        };
        self.writer.cell(row, column, &value, formula)
    }
}

impl Reader for Worksheet {
    fn kind(&self) -> Kind {
        Kind::Xls
    }

    fn sheet(&self) -> &str {
        &self.name
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>> {
        if self.ended {
            return Ok(None);
        }
        while self.writer.text.len() < PIECE {
            let Some(place) = self.cells.get(self.at).copied() else {
                self.writer.text.end();
                self.ended = true;
                break;
            };
            self.at += 1;
            // Where a program wrote a cell twice, the last one counts.
            let again =
                self.cells.get(self.at).is_some_and(|next| (next.row, next.column) == (place.row, place.column));
            if !again {
                self.write(place)?;
            }
        }
        Ok(Some(self.writer.text.take()))
    }

    fn position(&self) -> u64 {
        let all = self.cells.len().max(1) as u64;
        if self.ended { self.size } else { self.size * self.at as u64 / all }
    }
}

/// The stream with the workbook.
fn workbook(source: &dyn Source) -> Result<Vec<u8>> {
    let mut file = vec![0; source.size() as usize];
    source.read(0, &mut file)?;
    let compound = Compound::open(&file).ok_or_else(|| damaged("its directory cannot be read"))?;
    if compound.has("encryptedpackage") {
        return Err(encrypted());
    }
    match ["workbook", "book"].into_iter().find(|name| compound.has(name)) {
        Some(name) => compound.stream(name).ok_or_else(|| damaged("its workbook is cut off")),
        None => Err(unreadable("ole")),
    }
}

/// The record that starts here: its number and bytes.
fn record(stream: &[u8], at: usize) -> Option<(u16, &[u8])> {
    let start = at.checked_add(HEADER)?;
    let length = usize::from(u16_at(stream, at + 2)?);
    Some((u16_at(stream, at)?, stream.get(start..start + length)?))
}

/// The records from here on: where each starts, its number and bytes.
fn records(stream: &[u8], mut at: usize) -> impl Iterator<Item = (usize, u16, &[u8])> {
    std::iter::from_fn(move || {
        let (number, body) = record(stream, at)?;
        let start = at;
        at += HEADER + body.len();
        Some((start, number, body))
    })
}

/// A worksheet in the list.
struct Sheet {
    name: String,
    hidden: bool,
    start: usize,
}

/// What stands before the worksheets.
struct Globals {
    sheets: Vec<Sheet>,
    texts: Texts,
    styles: Styles,
    dates: DateSystem,
    bytes: Bytes,
}

impl Globals {
    fn read(stream: &[u8], limits: &Limits) -> Result<Self> {
        let mut globals = Globals {
            sheets: Vec::new(),
            texts: Texts::default(),
            styles: Styles::default(),
            dates: DateSystem::From1900,
            bytes: Bytes::Flagged,
        };
        // The formats may stand behind the styles that name them.
        let mut styles = Vec::new();
        let mut whole = false;
        for (start, number, body) in records(stream, 0) {
            let pieces = |at: usize| Pieces {
                stream,
                part: body.get(at..).unwrap_or_default(),
                next: start + HEADER + body.len(),
            };
            match number {
                // BOF (§2.4.21): 6 for Excel 97 and later, 5 for the two before.
                0x0809 if start == 0 => match u16_at(body, 0) {
                    Some(0x0600) => {}
                    Some(0x0500) => globals.bytes = Bytes::Other,
                    _ => return Err(unreadable("xls")),
                },
                _ if start == 0 => return Err(unreadable("xls")),
                // FilePass (§2.4.117): whatever the method, what follows cannot be read.
                0x002f => return Err(encrypted()),
                // CodePage (§2.4.52): 1252, and how Excel for Windows writes that.
                0x0042 if globals.bytes == Bytes::Other && matches!(u16_at(body, 0), Some(1_252 | 0x8001)) => {
                    globals.bytes = Bytes::Western;
                }
                // Date1904 (§2.4.77).
                0x0022 if u16_at(body, 0) == Some(1) => globals.dates = DateSystem::From1904,
                // Format (§2.4.126).
                0x041e => {
                    let mut code = String::new();
                    let read = pieces(2).text(globals.bytes, globals.bytes == Bytes::Flagged, &mut code);
                    if let (Some(id), Some(())) = (u16_at(body, 0), read) {
                        globals.styles.describe(id, &code);
                    }
                }
                // XF (§2.4.353): a font, and a number format.
                0x00e0 => styles.push(u16_at(body, 2).unwrap_or(0)),
                // BoundSheet8 (§2.4.28): where it starts, its state and type, its name.
                0x0085 => {
                    if globals.sheets.len() == SHEETS {
                        return Err(damaged("it has more worksheets than are read"));
                    }
                    let mut name = String::new();
                    let read = pieces(6).text(globals.bytes, false, &mut name);
                    let (Some(start), Some(state), Some(kind), Some(())) =
                        (u32_at(body, 0), body.get(4), body.get(5), read)
                    else {
                        return Err(damaged("its list of worksheets is broken"));
                    };
                    if *kind == 0 {
                        globals.sheets.push(Sheet { name, hidden: state & 3 != 0, start: start as usize });
                    }
                }
                // SST (§2.4.265): two counts, and the texts.
                0x00fc => {
                    let mut pieces = pieces(8);
                    for _ in 0..u32_at(body, 4).unwrap_or(0) {
                        globals.texts.add(limits, |out| {
                            pieces.text(Bytes::Flagged, true, out).ok_or_else(|| damaged("its texts are cut off"))
                        })?;
                    }
                }
                // EOF (§2.4.103).
                0x000a => {
                    whole = true;
                    break;
                }
                _ => {}
            }
        }
        if !whole {
            return Err(damaged("its workbook is cut off"));
        }
        for format in styles {
            globals.styles.add(format)?;
        }
        Ok(globals)
    }
}

/// Calls `each` with where a record of a worksheet's cells starts, its number and its bytes, until that says stop.
fn scan(stream: &[u8], start: usize, mut each: impl FnMut(usize, u16, &[u8]) -> Result<bool>) -> Result<()> {
    let mut depth = 0_usize;
    for (start, number, body) in records(stream, start) {
        match number {
            // Charts within the worksheet have a beginning and an end of their own.
            0x0809 => depth += 1,
            0x000a if depth <= 1 => return Ok(()),
            0x000a => depth -= 1,
            0x0006 | 0x00bd | 0x00d6 | 0x00fd | 0x0203 | 0x0204 | 0x0205 | 0x027e
                if depth == 1 && !each(start, number, body)? =>
            {
                return Ok(());
            }
            _ if depth == 0 => break,
            _ => {}
        }
    }
    Err(damaged("a worksheet is cut off"))
}

fn has_any(stream: &[u8], start: usize) -> Result<bool> {
    let mut any = false;
    scan(stream, start, |_, _, _| {
        any = true;
        Ok(false)
    })?;
    Ok(any)
}

/// Where the cells of a worksheet are, in the order of rows and columns.
fn places(stream: &[u8], start: usize) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    scan(stream, start, |start, number, body| {
        let (Some(row), Some(first)) = (u16_at(body, 0), u16_at(body, 2)) else {
            return Err(damaged("a cell is cut off"));
        };
        // A row of numbers: six bytes each, and the last column.
        let count = if number == 0x00bd { (body.len().saturating_sub(6) / 6) as u16 } else { 1 };
        if places.len() + usize::from(count) > XLS_CELLS {
            return Err(too_large("The worksheet has too many cells", "cells", XLS_CELLS as u64));
        }
        let columns = (0..count).map_while(|further| first.checked_add(further));
        places.extend(columns.map(|column| Place { row, column, record: start as u32 }));
        Ok(true)
    })?;
    if !places.is_sorted() {
        places.sort_unstable();
    }
    Ok(places)
}

/// The text that a formula gave: in a record behind it, with others between them (String, §2.4.268). `false` if there is
/// none.
fn result_text(stream: &[u8], formula: usize, bytes: Bytes, out: &mut String) -> bool {
    for (start, number, body) in records(stream, formula).skip(1) {
        match number {
            0x0207 => {
                let mut pieces = Pieces { stream, part: body, next: start + HEADER + body.len() };
                return pieces.text(bytes, true, out).is_some();
            }
            // The formula of a table or of several cells, or more of one.
            0x0221 | 0x0236 | 0x04bc | CONTINUE => {}
            _ => return false,
        }
    }
    false
}

/// The bytes of a record and of those that go on with it.
struct Pieces<'a> {
    stream: &'a [u8],
    part: &'a [u8],
    /// Where the next record starts.
    next: usize,
}

impl<'a> Pieces<'a> {
    /// Goes on to the next record, if nothing is left of this one.
    fn refill(&mut self) -> Option<()> {
        while self.part.is_empty() {
            let (number, body) = record(self.stream, self.next)?;
            if number != CONTINUE {
                return None;
            }
            self.part = body;
            self.next += HEADER + body.len();
        }
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        self.refill()?;
        let (first, rest) = self.part.split_first()?;
        self.part = rest;
        Some(*first)
    }

    fn number(&mut self, bytes: u32) -> Option<usize> {
        (0..bytes).try_fold(0, |number, place| Some(number | usize::from(self.byte()?) << (8 * place)))
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.part.split_at(count.min(self.part.len()));
        self.part = rest;
        Some(taken)
    }

    fn skip(&mut self, mut count: usize) -> Option<()> {
        while count > 0 {
            self.refill()?;
            count -= self.take(count)?.len();
        }
        Some(())
    }

    /// Appends a text that begins with its length, in two bytes (`long`) or in one (§2.5.293, §2.5.294). `None` if it is
    /// cut off.
    fn text(&mut self, bytes: Bytes, long: bool, out: &mut String) -> Option<()> {
        let mut left = self.number(if long { 2 } else { 1 })?;
        if bytes != Bytes::Flagged {
            while left > 0 {
                self.refill()?;
                let taken = self.take(left)?;
                left -= taken.len();
                out.extend(taken.iter().map(|byte| letter(*byte, bytes)));
            }
            return Some(());
        }
        let mut flags = self.byte()?;
        let looks = if flags & 8 == 0 { 0 } else { self.number(2)? * 4 };
        let reading = if flags & 4 == 0 { 0 } else { self.number(4)? };
        while left > 0 {
            if self.part.is_empty() {
                // Where a text goes on, it says again how it is written.
                self.refill()?;
                flags = self.byte()?;
            }
            let width = 1 + usize::from(flags & 1);
            let taken = self.take((left * width).min(self.part.len() / width * width))?;
            if taken.is_empty() && !self.part.is_empty() {
                return None;
            }
            left -= taken.len() / width;
            if width == 2 {
                add_utf16(taken, out);
            } else {
                out.extend(taken.iter().map(|byte| char::from(*byte)));
            }
        }
        self.skip(looks)?;
        self.skip(reading)
    }
}

/// A byte of a text of Excel 5 or 95. What is not known is replaced, for the import to report.
fn letter(byte: u8, bytes: Bytes) -> char {
    match byte {
        0..=0x7f => char::from(byte),
        0xa0..=0xff if bytes == Bytes::Western => char::from(byte),
        _ => char::REPLACEMENT_CHARACTER,
    }
}
