//! `.xlsx` and `.xlsm` files (ECMA-376, transitional and strict): one worksheet, piece by piece.

mod cells;
mod directory;
mod strings;
mod styles;

use std::rc::Rc;

use self::cells::{Cell, Cells, Found};
use self::directory::{Directory, Listed};
use self::strings::Strings;
use self::styles::Styles;
use super::iso_date::iso_date;
use super::number::{DateSystem, show};
use super::text::{Mark, SheetText};
use super::xml::{Xml, into_text};
use super::zip::Archive;
use super::{Kind, Options, Reader, damaged};
use crate::error::Result;

/// Bytes of output that a piece has at least, if there is as much.
const PIECE: usize = 128 << 10;

/// Tags that are looked at for one piece: a table that is formatted far down holds up its caller no longer than others.
const TAGS: usize = 100_000;

/// Shared texts that are read for one piece.
const TEXTS: usize = 50_000;

/// One worksheet of a workbook, being read.
pub(super) struct Workbook {
    archive: Rc<Archive>,
    sheet: String,
    cells: Cells,
    strings: Strings,
    /// Texts are read before the rows are.
    preparing: bool,
    styles: Styles,
    dates: DateSystem,
    text: SheetText,
    shown: String,
    ended: bool,
}

impl Workbook {
    pub(super) fn open(archive: Rc<Archive>, options: &Options) -> Result<Self> {
        let directory = Directory::read(&archive)?;
        let (listed, preparing) = directory.choose(&archive, options)?;
        let open = |part: &Option<String>| match part {
            Some(part) => part_of(&archive, part).map(Some),
            None => Ok(None),
        };
        let styles = open(&directory.styles)?.map(Styles::read).transpose()?.unwrap_or_default();
        let strings = Strings::new(open(&directory.strings)?, options.limits.clone());
        let cells = cells_of(&archive, listed)?;
        Ok(Workbook {
            sheet: listed.name.clone(),
            cells,
            strings,
            preparing,
            styles,
            dates: directory.dates,
            text: SheetText::new(),
            shown: String::new(),
            ended: false,
            archive,
        })
    }

    fn write(&mut self, cell: Cell) -> Result<()> {
        let Workbook { cells, strings, styles, dates, text, shown, .. } = self;
        let value = cells.value();
        shown.clear();
        let formula = cell.formula.then_some(Mark::Formula);
        let (mark, what) = match cell.kind {
            // An empty text is a result; an empty number is none yet.
            _ if value.is_empty() && cell.stored && cell.kind == cells::Kind::FormulaText => return Ok(()),
            _ if value.is_empty() => (Some(Mark::NoResult), ""),
            cells::Kind::SharedText => {
                let (what, long) = strings.get(value)?;
                (if long { Some(Mark::TooLong) } else { formula }, what)
            }
            _ if cell.long => (Some(Mark::TooLong), text_of(value, shown)),
            cells::Kind::Text | cells::Kind::FormulaText => (formula, text_of(value, shown)),
            cells::Kind::Boolean => (Some(Mark::Boolean), if value.trim_ascii() == b"0" { "FALSE" } else { "TRUE" }),
            cells::Kind::Error => (Some(Mark::Error), text_of(value, shown)),
            cells::Kind::Date => {
                let stored = into_text(std::mem::take(value));
                let whole_days = matches!(styles.format(cell.style).date(), Some((true, false)));
                (Some(iso_date(&stored, whole_days, shown)), shown.as_str())
            }
            cells::Kind::Number => {
                let Ok(stored) = std::str::from_utf8(value) else { return Err(damaged("a number is none")) };
                let mark = show(stored, styles.format(cell.style), *dates, shown);
                // A long number that was calculated is one of 15 digits and what came of it.
                let mark = match (mark, formula) {
                    (Some(Mark::LongNumber), Some(_)) => Some(Mark::Scientific),
                    (mark, formula) => mark.or(formula),
                };
                (mark, shown.as_str())
            }
        };
        if what.is_empty() && mark == Some(Mark::Formula) {
            return Ok(());
        }
        if !text.cell(cell.row, cell.column, mark, what) {
            return Err(damaged(&format!("the cells of row {} are not in order", cell.row)));
        }
        Ok(())
    }
}

impl Reader for Workbook {
    fn kind(&self) -> Kind {
        Kind::Xlsx
    }

    fn sheet(&self) -> &str {
        &self.sheet
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>> {
        if self.ended {
            return Ok(None);
        }
        if self.preparing {
            self.preparing = self.strings.read(TEXTS)?;
            return Ok(Some(Vec::new()));
        }
        let mut tags = TAGS;
        while self.text.len() < PIECE {
            match self.cells.next(&mut tags)? {
                Found::Cell(cell) => self.write(cell)?,
                Found::Nothing => break,
                Found::End => {
                    self.text.end();
                    self.ended = true;
                    break;
                }
            }
        }
        Ok(Some(self.text.take()))
    }

    fn position(&self) -> u64 {
        if self.ended { self.archive.size() } else { self.cells.xml().part().consumed().min(self.archive.size()) }
    }
}

/// The markup of a part that another part names.
fn part_of(archive: &Rc<Archive>, name: &str) -> Result<Xml> {
    let part = archive.read(name)?.ok_or_else(|| damaged(&format!("its part {name} is missing")))?;
    Xml::new(part)
}

fn cells_of(archive: &Rc<Archive>, sheet: &Listed) -> Result<Cells> {
    Ok(Cells::new(part_of(archive, &sheet.part)?, archive.limits().clone()))
}

/// Text that may be damaged: then its characters are replaced, for the import to report.
fn text_of<'a>(value: &'a [u8], shown: &'a mut String) -> &'a str {
    match std::str::from_utf8(value) {
        Ok(text) => text,
        Err(_) => {
            shown.push_str(&String::from_utf8_lossy(value));
            shown
        }
    }
}
