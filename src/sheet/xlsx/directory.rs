//! What a workbook is made of: its worksheets, and where they and their texts and formats are.
//!
//! Parts name each other by relationships (ECMA-376 Part 2, §6.5): an id, a type that is told by its last word, and a
//! target relative to the part that names it.

use std::rc::Rc;

use super::cells::{Found, Kind};
use super::{cells_of, part_of};
use crate::error::Result;
use crate::limits::SHEETS;
use crate::sheet::number::DateSystem;
use crate::sheet::xml::{Event, Xml};
use crate::sheet::zip::Archive;
use crate::sheet::{Options, choice, damaged};

/// Most relationships of a part that are looked at: a workbook has one for each sheet and some more.
const RELATIONSHIPS: usize = 2 * SHEETS;

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

struct Relationship {
    id: String,
    /// The last word of its type: `worksheet`, `sharedStrings`.
    kind: String,
    target: String,
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

/// What a part names; `part` is empty for the whole file.
fn relationships(archive: &Rc<Archive>, part: &str) -> Result<Vec<Relationship>> {
    let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
    let mut xml = part_of(archive, &join(folder, &format!("_rels/{file}.rels")))?;
    let mut found = Vec::new();
    loop {
        match xml.next()? {
            Event::End => return Ok(found),
            Event::Open | Event::Empty if xml.name() == b"Relationship" => {
                let external = xml.attribute("TargetMode")?.is_some_and(|mode| mode == "External");
                let [id, kind, target] = ["Id", "Type", "Target"].map(|name| xml.attribute(name));
                if external {
                    continue;
                }
                if found.len() == RELATIONSHIPS {
                    return Err(damaged("its workbook names more parts than are read"));
                }
                let kind = kind?.unwrap_or_default();
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                let target = join(folder, &decoded(&target?.unwrap_or_default()));
                found.push(Relationship { id: id?.unwrap_or_default(), kind, target });
            }
            _ => {}
        }
    }
}

/// A target as a name of a part: relative to a folder, or from the start.
fn join(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let whole = if target.starts_with('/') { target } else { format!("{folder}/{target}") };
    let mut parts = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Targets are addresses: `sheet%201.xml`.
fn decoded(target: &str) -> String {
    let mut bytes = Vec::with_capacity(target.len());
    let mut rest = target.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = match rest {
            [b'%', high, low, ..] => char::from(*high).to_digit(16).zip(char::from(*low).to_digit(16)),
            _ => None,
        };
        match hex {
            Some((high, low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &rest[3..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn is_true(xml: &Xml, name: &str) -> Result<bool> {
    Ok(matches!(xml.attribute(name)?.as_deref(), Some("1" | "true" | "on")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_relative_or_absolute() {
        for (folder, target, part) in [
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "./../xl/sharedStrings.xml", "xl/sharedStrings.xml"),
            ("xl", "worksheets\\sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "worksheets/sheet%201%.xml", "xl/worksheets/sheet 1%.xml"),
            ("", "xl/workbook.xml", "xl/workbook.xml"),
            ("", "../../xl/workbook.xml", "xl/workbook.xml"),
        ] {
            assert_eq!(join(folder, &decoded(target)), part, "{target}");
        }
    }
}
