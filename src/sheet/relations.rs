//! How the parts of a workbook name each other (ECMA-376 Part 2, §6.5): by an id, a type that is told by its last word,
//! and a target relative to the part that names it.

use std::rc::Rc;

use super::damaged;
use super::xml::{Event, Xml};
use super::zip::Archive;
use crate::error::Result;
use crate::limits::SHEETS;

/// Most relationships of a part that are looked at: a workbook has one for each sheet and some more.
const RELATIONSHIPS: usize = 2 * SHEETS;

/// Longest id, type and target that are looked at, in bytes: types are the longest, with under 200.
const TEXT_BYTES: usize = 1_024;

/// One part that another names.
pub(super) struct Relationship {
    pub(super) id: String,
    /// The last word of its type: `worksheet`, `sharedStrings`.
    pub(super) kind: String,
    /// The name of the part.
    pub(super) target: String,
}

/// What a part names; `part` is empty for the whole file.
pub(super) fn relationships(archive: &Rc<Archive>, part: &str) -> Result<Vec<Relationship>> {
    let (folder, file) = parted(part);
    let name = join(folder, &format!("_rels/{file}.rels"));
    let part = archive.read(&name)?.ok_or_else(|| damaged(&format!("its part {name} is missing")))?;
    let mut xml = Xml::new(part)?;
    let mut found = Vec::new();
    loop {
        match xml.next()? {
            Event::End => return Ok(found),
            Event::Open | Event::Empty if xml.name() == b"Relationship" => {
                let external = xml.attribute("TargetMode")?.is_some_and(|mode| mode == "External");
                let [id, kind, target] = ["Id", "Type", "Target"].map(|name| xml.attribute(name));
                let [id, kind, target] = [id?, kind?, target?].map(Option::unwrap_or_default);
                if external || [&id, &kind, &target].iter().any(|text| text.len() > TEXT_BYTES) {
                    continue;
                }
                if found.len() == RELATIONSHIPS {
                    return Err(damaged("its workbook names more parts than are read"));
                }
                let kind = parted(&kind).1.to_owned();
                found.push(Relationship { id, kind, target: join(folder, &decoded(&target)) });
            }
            _ => {}
        }
    }
}

/// What stands before the last `/`, and what stands behind it.
fn parted(name: &str) -> (&str, &str) {
    let end = name.bytes().rposition(|byte| byte == b'/');
    end.and_then(|end| Some((name.get(..end)?, name.get(end + 1..)?))).unwrap_or(("", name))
}

/// A target as a name of a part: relative to a folder, or from the start.
fn join(folder: &str, target: &str) -> String {
    let from_start = matches!(target.as_bytes(), [b'/' | b'\\', ..]);
    let mut name = if from_start { String::new() } else { folder.to_owned() };
    let mut rest = target;
    while !rest.is_empty() {
        let end = rest.bytes().position(|byte| matches!(byte, b'/' | b'\\')).unwrap_or(rest.len());
        match rest.get(..end).unwrap_or_default() {
            "" | "." => {}
            ".." => name = parted(&name).0.to_owned(),
            part => {
                if !name.is_empty() {
                    name.push('/');
                }
                name.push_str(part);
            }
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    name
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
