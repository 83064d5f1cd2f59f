//! Compound files (MS-CFB): a file system in a file, in which old Excel files keep their workbook.

use super::biff::{add_utf16, u16_at, u32_at};

/// From here on, numbers of sectors mean something else (§2.1).
const LAST_SECTOR: u32 = 0xffff_fffa;

/// Length of a sector for short streams (§2.4).
const MINI_SECTOR: usize = 64;

/// Streams shorter than this are kept in such sectors (§2.2).
const MINI_STREAM: usize = 4_096;

/// Length of an entry of the directory (§2.6.1).
const ENTRY: usize = 128;

/// Sectors of the table of chains that the header names; more are in a chain of their own (§2.5).
const TABLE_IN_HEADER: usize = 109;

/// A compound file: sectors, chained by a table. Every chain is followed no further than the file is long.
pub(super) struct Compound<'a> {
    file: &'a [u8],
    /// How long a sector is, as a power of two.
    shift: u32,
    chains: Vec<u32>,
    mini_chains: Vec<u32>,
    mini_stream: Vec<u8>,
    entries: Vec<Entry>,
}

struct Entry {
    /// In lower case.
    name: String,
    start: u32,
    size: usize,
}

impl<'a> Compound<'a> {
    /// Reads the directory; `None` if it cannot be read.
    pub(super) fn open(file: &'a [u8]) -> Option<Self> {
        let shift = u32::from(u16_at(file, 30)?);
        if !matches!(shift, 9 | 12) {
            return None;
        }
        let mut compound = Compound {
            file,
            shift,
            chains: Vec::new(),
            mini_chains: Vec::new(),
            mini_stream: Vec::new(),
            entries: Vec::new(),
        };
        for sector in compound.table()? {
            let numbers = compound.sector(sector)?.chunks_exact(4);
            compound.chains.extend(numbers.filter_map(|number| u32_at(number, 0)));
        }
        let directory = compound.chain(u32_at(file, 48)?, usize::MAX)?;
        let mut entries = directory.chunks_exact(ENTRY).filter_map(entry);
        // The first is the directory's own, and names the short streams.
        let root = entries.next()?;
        compound.entries = entries.collect();
        if u32_at(file, 64)? > 0 {
            compound.mini_stream = compound.chain(root.start, root.size)?;
            let table = compound.chain(u32_at(file, 60)?, usize::MAX)?;
            compound.mini_chains = table.chunks_exact(4).filter_map(|number| u32_at(number, 0)).collect();
        }
        Some(compound)
    }

    /// Whether there is a stream with this name, in lower case.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    /// The bytes of the stream with this name, in lower case; `None` if it is not there or is cut off.
    pub(super) fn stream(&self, name: &str) -> Option<Vec<u8>> {
        let Entry { start, size, .. } = *self.entries.iter().find(|entry| entry.name == name)?;
        let bytes = if size < MINI_STREAM { self.mini_chain(start, size)? } else { self.chain(start, size)? };
        (bytes.len() == size).then_some(bytes)
    }

    /// The sectors that hold the table of chains, each once.
    fn table(&self) -> Option<Vec<u32>> {
        let most = (self.file.len() >> self.shift) + 1;
        let header = self.file.get(76..76 + 4 * TABLE_IN_HEADER)?;
        let mut sectors: Vec<u32> = header.chunks_exact(4).filter_map(|number| u32_at(number, 0)).collect();
        let mut next = u32_at(self.file, 68)?;
        let mut followed = 0;
        while next < LAST_SECTOR {
            followed += 1;
            if followed > most {
                return None;
            }
            // The last number in each is that of the next.
            sectors.extend(self.sector(next)?.chunks_exact(4).filter_map(|number| u32_at(number, 0)));
            next = sectors.pop()?;
        }
        sectors.retain(|sector| *sector < LAST_SECTOR);
        (sectors.len() <= most).then_some(sectors)
    }

    fn sector(&self, number: u32) -> Option<&'a [u8]> {
        let start = (number as usize).checked_add(1)?.checked_mul(1 << self.shift)?;
        let end = start.checked_add(1 << self.shift)?.min(self.file.len());
        self.file.get(start..end)
    }

    /// The bytes of a chain, at most so many; `None` if it leads nowhere, or in a circle.
    fn chain(&self, start: u32, size: usize) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut sector = start;
        while sector < LAST_SECTOR && bytes.len() < size {
            if bytes.len() > self.file.len() {
                return None;
            }
            bytes.extend_from_slice(self.sector(sector)?);
            sector = *self.chains.get(sector as usize)?;
        }
        bytes.truncate(size);
        Some(bytes)
    }

    fn mini_chain(&self, start: u32, size: usize) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(size);
        let mut sector = start;
        while sector < LAST_SECTOR && bytes.len() < size {
            let start = (sector as usize).checked_mul(MINI_SECTOR)?;
            let end = start.checked_add(MINI_SECTOR)?.min(self.mini_stream.len());
            bytes.extend_from_slice(self.mini_stream.get(start..end)?);
            sector = *self.mini_chains.get(sector as usize)?;
        }
        bytes.truncate(size);
        Some(bytes)
    }
}

fn entry(bytes: &[u8]) -> Option<Entry> {
    let length = usize::from(u16_at(bytes, 64)?).saturating_sub(2).min(64);
    let mut name = String::new();
    add_utf16(bytes.get(..length)?, &mut name);
    Some(Entry { name: name.to_ascii_lowercase(), start: u32_at(bytes, 116)?, size: u32_at(bytes, 120)? as usize })
}
