//! Parts of a spreadsheet file: its ZIP directory, and one part after the other, unpacked piece by piece.
//!
//! The directory is believed in nothing that costs memory or time: how much a part unpacks to is counted while it is
//! unpacked, and a part that ends with another length or checksum than the directory says is refused.

use std::cell::Cell;
use std::rc::Rc;

pub(super) use super::unpacking::Unpacking;
use super::xml::into_text;
use super::zip_directory::{Directory, LOCAL_HEADER, bytes_of_part};
use super::{Limits, Source, damaged, too_large};
use crate::error::{Code, Error, Result};
use crate::limits::SHEET_FREE_BYTES;

/// Longest name of a part that is kept: those that are read are under 100 bytes.
const NAME_BYTES: usize = 512;

/// How a part is packed: not at all, or deflated (§4.4.5).
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// The flag of a part that has a password (§4.4.4).
const ENCRYPTED: u16 = 1;

/// The parts of a file.
pub(super) struct Archive {
    source: Rc<dyn Source>,
    parts: Vec<Part>,
    /// Where each part begins, and how long it is packed.
    places: Vec<(u64, u64)>,
    limits: Limits,
    /// Bytes read and unpacked so far, of all parts.
    packed: Cell<u64>,
    expanded: Cell<u64>,
}

/// What the directory says of a part.
pub(super) struct Part {
    pub(super) name: String,
    method: u16,
    flags: u16,
    pub(super) crc: u32,
    packed: u64,
    pub(super) size: u64,
    begin: u64,
}

impl Archive {
    /// Reads the directory. Costs its size, and a search for its end from the end of the file.
    pub(super) fn open(source: Rc<dyn Source>, limits: &Limits) -> Result<Archive> {
        let mut parts = Vec::new();
        let mut places = Vec::new();
        Directory::read(&*source)?.for_each(|entry| {
            places.push((entry.begin, entry.packed));
            if entry.name.len() <= NAME_BYTES {
                parts.push(Part {
                    name: part_name(entry.name),
                    method: entry.method,
                    flags: entry.flags,
                    crc: entry.crc,
                    packed: entry.packed,
                    size: entry.size,
                    begin: entry.begin,
                });
            }
        })?;
        Ok(Archive { source, parts, places, limits: limits.clone(), packed: Cell::new(0), expanded: Cell::new(0) })
    }

    /// The names of its parts, in lower case and with `/`.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|part| part.name.as_str())
    }

    /// Whether it has a part with this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn find(&self, name: &str) -> Option<&Part> {
        let name = part_name(name.as_bytes());
        self.parts.iter().find(|part| part.name == name)
    }

    /// The size of the file in bytes.
    pub(super) fn size(&self) -> u64 {
        self.source.size()
    }

    /// What the file may hold at most.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Begins to read a part; `None` if there is none with this name.
    pub(super) fn read(self: &Rc<Self>, name: &str) -> Result<Option<Unpacking>> {
        let Some(part) = self.find(name) else { return Ok(None) };
        if part.flags & ENCRYPTED != 0 {
            return Err(encrypted());
        }
        if !matches!(part.method, STORED | DEFLATED) {
            let what = format!("its part {} is packed in a way that spreadsheets do not use", part.name);
            return Err(damaged(&what));
        }
        if part.size > self.limits.expanded_bytes {
            return Err(self.too_much());
        }
        if self.is_shared(part.begin) {
            return Err(damaged(&format!("its part {} overlaps another", part.name)));
        }
        let place = bytes_of_part(&*self.source, part.begin)?.and_then(|at| Some((at, at.checked_add(part.packed)?)));
        let (at, end) = place
            .filter(|(_, end)| *end <= self.size())
            .ok_or_else(|| damaged(&format!("its part {} cannot be read", part.name)))?;
        Ok(Some(Unpacking::new(self.clone(), part, at..end, part.method == DEFLATED)))
    }

    /// Reads packed bytes.
    pub(super) fn read_at(&self, at: u64, into: &mut [u8]) -> Result<()> {
        self.source.read(at, into)
    }

    /// Packed bytes that were used so far, of all parts.
    pub(super) fn consumed(&self) -> u64 {
        self.packed.get()
    }

    /// Whether the part that begins here has bytes in common with another: that is how a small file pretends to hold a
    /// large one.
    fn is_shared(&self, begin: u64) -> bool {
        let end = |(begin, packed): (u64, u64)| begin.saturating_add(LOCAL_HEADER as u64).saturating_add(packed);
        let Some(own) = self.places.iter().find(|place| place.0 == begin) else { return false };
        self.places.iter().filter(|place| place.0 < end(*own) && begin < end(**place)).count() > 1
    }

    /// Counts what was unpacked, and refuses what no spreadsheet unpacks to.
    pub(super) fn count(&self, packed: u64, expanded: u64) -> Result<()> {
        self.packed.set(self.packed.get() + packed);
        self.expanded.set(self.expanded.get() + expanded);
        let expanded = self.expanded.get();
        if expanded > self.limits.expanded_bytes {
            return Err(self.too_much());
        }
        if expanded > SHEET_FREE_BYTES && expanded / self.limits.expansion.max(1) > self.packed.get() {
            let what = "The spreadsheet unpacks to far more bytes than one with codes in it does";
            return Err(too_large(what, "expansion", self.limits.expansion));
        }
        Ok(())
    }

    fn too_much(&self) -> Error {
        too_large("The spreadsheet unpacks to too many bytes", "expandedBytes", self.limits.expanded_bytes)
    }
}

/// Names are compared without case, and some programs write backslashes (ECMA-376 Part 2, §6.2.2.3).
fn part_name(name: &[u8]) -> String {
    let start = name.iter().position(|byte| !matches!(byte, b'/' | b'\\')).unwrap_or(name.len());
    let letter = |byte: &u8| if *byte == b'\\' { b'/' } else { byte.to_ascii_lowercase() };
    into_text(name[start..].iter().map(letter).collect())
}

pub(super) fn encrypted() -> Error {
    Error::new(
        Code::UploadEncrypted,
        "The spreadsheet is protected by a password. Save it without one (in Excel: File, Info, Protect Workbook) and upload that.",
    )
}
