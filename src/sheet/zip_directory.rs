//! The directory of a ZIP archive (APPNOTE.TXT 6.3.10, §4.3): which parts it has, and where.
//!
//! It stands at the end of the file, and what stands before the first part is of no account: the places that the
//! directory names are counted from where it would have to begin.

use super::{Source, damaged};
use crate::error::Result;
use crate::limits::SHEET_PARTS;

/// Longest directory that is read, in bytes: of as many parts as there may be, each of a long name.
const DIRECTORY_BYTES: u64 = 16 << 20;

/// The end of the directory, without its comment (§4.3.16), and the longest comment.
const END: usize = 22;
const COMMENT: usize = 0xffff;

/// The end of a directory of 64 bits, and what says where it is (§4.3.14, §4.3.15).
const END_64: usize = 56;
const LOCATOR_64: usize = 20;

/// What stands before each part's name (§4.3.12, §4.3.7).
const ENTRY: usize = 46;
pub(super) const LOCAL_HEADER: usize = 30;

/// What a part says of itself.
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    /// Bytes that it takes, and those it unpacks to.
    pub(super) packed: u64,
    pub(super) size: u64,
    /// Where its header begins.
    pub(super) begin: u64,
}

/// The whole directory, as it stands in the file.
pub(super) struct Directory {
    bytes: Vec<u8>,
    count: u64,
    /// Whether `count` is only its lowest 16 bits.
    short: bool,
    /// What stands before the archive.
    before: u64,
}

impl Directory {
    /// Finds and reads it. Costs its size, and 64 kB.
    pub(super) fn read(source: &dyn Source) -> Result<Directory> {
        let size = source.size();
        let tail = read(source, size - size.min((END + COMMENT) as u64), size)?;
        let tail_at = size - tail.len() as u64;
        let found = memchr::memrchr_iter(b'P', &tail).find_map(|at| {
            let end = Fields(tail.get(at..at + END)?);
            let fits = at + END + usize::from(end.u16(20)) <= tail.len();
            (end.0.starts_with(b"PK\x05\x06") && fits).then_some((at, end))
        });
        let (at, end) = found.ok_or_else(|| damaged("the list of its parts is not at its end"))?;
        let (mut count, mut length, mut offset) =
            (u64::from(end.u16(10)), u64::from(end.u32(12)), u64::from(end.u32(16)));
        let mut ends = tail_at + at as u64;
        let mut short = true;
        let locator = at.checked_sub(LOCATOR_64).map(|at| Fields(&tail[at..at + LOCATOR_64]));
        if let Some(locator) = locator.filter(|locator| locator.0.starts_with(b"PK\x06\x07")) {
            // Where it says, or right before: then something stands before the archive.
            let near = ends.saturating_sub((LOCATOR_64 + END_64) as u64);
            let places = [locator.u64(8), near];
            let wide = places.into_iter().find_map(|place| {
                let bytes = read(source, place, place.checked_add(END_64 as u64).filter(|end| *end <= size)?).ok()?;
                bytes.starts_with(b"PK\x06\x06").then_some((place, bytes))
            });
            let (place, wide) = wide.ok_or_else(cannot_be_read)?;
            let wide = Fields(&wide);
            (count, length, offset) = (wide.u64(32), wide.u64(40), wide.u64(48));
            (ends, short) = (place, false);
        }
        let start = ends.checked_sub(length).filter(|_| length <= DIRECTORY_BYTES).ok_or_else(cannot_be_read)?;
        let before = start.checked_sub(offset).ok_or_else(cannot_be_read)?;
        Ok(Directory { bytes: read(source, start, ends)?, count, short, before })
    }

    /// Each part.
    pub(super) fn for_each(&self, mut each: impl FnMut(Entry<'_>)) -> Result<()> {
        let mut rest = self.bytes.as_slice();
        let mut count = 0;
        while !rest.is_empty() {
            let (entry, after) = self.entry(rest).ok_or_else(cannot_be_read)?;
            count += 1;
            if count > SHEET_PARTS as u64 {
                return Err(damaged("it has more parts than a spreadsheet can have"));
            }
            each(entry);
            rest = after;
        }
        let counted = if self.short { count & 0xffff } else { count };
        if counted == self.count { Ok(()) } else { Err(cannot_be_read()) }
    }

    fn entry<'a>(&self, rest: &'a [u8]) -> Option<(Entry<'a>, &'a [u8])> {
        let (fields, rest) = rest.split_at_checked(ENTRY)?;
        let fields = Fields(fields);
        if !fields.0.starts_with(b"PK\x01\x02") {
            return None;
        }
        let (name, rest) = rest.split_at_checked(fields.u16(28).into())?;
        let (mut extra, rest) = rest.split_at_checked(fields.u16(30).into())?;
        let (_, rest) = rest.split_at_checked(fields.u16(32).into())?;
        let [size, packed, begin] = [24, 20, 42].map(|at| fields.u32(at));
        let mut wide = &[][..];
        while let Some((head, after)) = extra.split_at_checked(4) {
            let head = Fields(head);
            let (body, after) = after.split_at_checked(head.u16(2).into())?;
            if head.u16(0) == 1 {
                wide = body;
            }
            extra = after;
        }
        // Those that do not fit stand there, in this order (§4.5.3).
        let mut widened = |number: u32| {
            if number != u32::MAX {
                return Some(u64::from(number));
            }
            let (number, after) = wide.split_at_checked(8)?;
            wide = after;
            Some(Fields(number).u64(0))
        };
        let (size, packed, begin) = (widened(size)?, widened(packed)?, widened(begin)?);
        let begin = begin.checked_add(self.before)?;
        let (flags, method, crc) = (fields.u16(8), fields.u16(10), fields.u32(16));
        Some((Entry { name, flags, method, crc, packed, size, begin }, rest))
    }
}

/// Where the bytes of a part begin: behind its own header, whose lengths may differ from the directory's.
pub(super) fn bytes_of_part(source: &dyn Source, begin: u64) -> Result<Option<u64>> {
    let Some(end) = begin.checked_add(LOCAL_HEADER as u64).filter(|end| *end <= source.size()) else { return Ok(None) };
    let header = read(source, begin, end)?;
    let fields = Fields(&header);
    let skipped = u64::from(fields.u16(26)) + u64::from(fields.u16(28));
    Ok(header.starts_with(b"PK\x03\x04").then_some(end + skipped))
}

fn read(source: &dyn Source, start: u64, end: u64) -> Result<Vec<u8>> {
    let mut bytes = vec![0; (end - start) as usize];
    source.read(start, &mut bytes)?;
    Ok(bytes)
}

fn cannot_be_read() -> crate::error::Error {
    damaged("the list of its parts cannot be read")
}

/// Numbers at their places, the lowest byte first.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn number(&self, at: usize, width: usize) -> u64 {
        self.0[at..at + width].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn u16(&self, at: usize) -> u16 {
        self.number(at, 2) as u16
    }

    fn u32(&self, at: usize) -> u32 {
        self.number(at, 4) as u32
    }

    fn u64(&self, at: usize) -> u64 {
        self.number(at, 8)
    }
}
