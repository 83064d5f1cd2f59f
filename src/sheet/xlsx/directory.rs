//! What a workbook is made of: its worksheets, and where they and their texts and formats are.

use std::rc::Rc;

use super::cells::{Found, Kind};
use super::{cells_of, part_of};
use crate::error::Result;
use crate::limits::SHEETS;
use crate::sheet::number::DateSystem;
use crate::sheet::relations::{Relationship, relationships};
use crate::sheet::xml::{Event, Xml};
use crate::sheet::zip::Archive;
use crate::sheet::{Options, choice, damaged};

/// Longest name of a worksheet, in bytes: Excel takes 31 characters.
const NAME_BYTES: usize = 1_024;

/// The list of a workbook's worksheets, and what they share.
pub(super) struct Directory {
    sheets: Vec<Listed>,
    pub(super) strings: Option<String>,
    pub(super) styles: Option<String>,
    pub(super) dates: DateSystem,
}

/// A worksheet.
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) part: String,
    hidden: bool,
}

impl Directory {
    pub(super) fn read(archive: &Rc<Archive>) -> Result<Self> {
        let workbook = relationships(archive, "")?
            .into_iter()
            .find(|found| found.kind == "officeDocument")
            .ok_or_else(|| damaged("it does not say where its workbook is"))?
            .target;
        let related = relationships(archive, &workbook)?;
        let of_kind = |kind: &str| related.iter().find(|found| found.kind == kind).map(|found| found.target.clone());
        let mut directory = Directory {
            sheets: Vec::new(),
            strings: of_kind("sharedStrings"),
            styles: of_kind("styles"),
            dates: DateSystem::From1900,
        };
        let mut xml = part_of(archive, &workbook)?;
        let mut within = false;
        loop {
            let event = xml.next()?;
            match (event, xml.depth()) {
                (Event::End, _) => return Ok(directory),
                (Event::Open, 1) if xml.name() != b"workbook" => return Err(damaged("its workbook is none")),
                (Event::Open, 2) => within = xml.name() == b"sheets",
                _ => {}
            }
            if matches!(event, Event::Open | Event::Empty) {
                match xml.name() {
                    b"workbookPr" if is_true(&xml, "date1904")? => directory.dates = DateSystem::From1904,
                    b"sheet" if within => directory.add(&xml, &related)?,
                    _ => {}
                }
            }
        }
    }

    /// Adds what is a worksheet: charts and macros have sheets of their own.
    fn add(&mut self, xml: &Xml, related: &[Relationship]) -> Result<()> {
        if self.sheets.len() == SHEETS {
            return Err(damaged("it has more worksheets than are read"));
        }
        let id = xml.attribute("id")?.unwrap_or_default();
        let Some(Relationship { kind, target, .. }) = related.iter().find(|found| found.id == id) else {
            return Err(damaged("it lists a worksheet and does not say where it is"));
        };
        if kind == "worksheet" {
            let name = xml.attribute("name")?.unwrap_or_default();
            if name.len() > NAME_BYTES {
                return Err(damaged("a worksheet has a name that is longer than names are"));
            }
            let hidden = xml.attribute("state")?.is_some_and(|state| state != "visible");
            self.sheets.push(Listed { name, part: target.clone(), hidden });
        }
        Ok(())
    }

    /// Finds the worksheet that is to be read, and says whether its first cell is a text that is kept apart.
    pub(super) fn choose(&self, archive: &Rc<Archive>, options: &Options) -> Result<(&Listed, bool)> {
        let listed: Vec<_> =
            self.sheets.iter().map(|sheet| choice::Listed { name: &sheet.name, hidden: sheet.hidden }).collect();
        let mut kinds = vec![None; listed.len()];
        let chosen = choice::choose(&listed, options, |at| {
            kinds[at] = first_kind(archive, &self.sheets[at])?;
            Ok(kinds[at].is_some())
        })?;
        let sheet = &self.sheets[chosen];
        let kind = if options.sheet.is_some() { first_kind(archive, sheet)? } else { kinds[chosen] };
        Ok((sheet, kind == Some(Kind::SharedText)))
    }
}

/// What the first cell with anything in it holds; `None` if there is no such cell.
fn first_kind(archive: &Rc<Archive>, sheet: &Listed) -> Result<Option<Kind>> {
    let mut cells = cells_of(archive, sheet)?;
    loop {
        match cells.next(&mut { usize::MAX })? {
            Found::Cell(cell) => return Ok(Some(cell.kind)),
            Found::End => return Ok(None),
            Found::Nothing => {}
        }
    }
}

fn is_true(xml: &Xml, name: &str) -> Result<bool> {
    Ok(matches!(xml.attribute(name)?.as_deref(), Some("1" | "true" | "on")))
}
