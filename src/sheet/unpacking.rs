//! One part of an archive, unpacked piece by piece.

use std::ops::Range;
use std::rc::Rc;

use fdeflate::Decompressor;

use super::crc::Crc;
use super::damaged;
use super::zip::{Archive, Part};
use crate::error::{Error, Result};

/// Packed bytes that are read at once: a read of a browser's file takes a fraction of a millisecond, whatever its size.
const READ: usize = 256 << 10;

/// Unpacked bytes that later ones may repeat (RFC 1951, §2), room for the next piece, and as much of that as is worth
/// a look at more input.
const HISTORY: usize = 32 << 10;
const ROOM: usize = 224 << 10;
const LEAST_ROOM: usize = 64 << 10;

/// How a stream would begin and end around the deflated bytes of a part (RFC 1950, §2.2): what unpacks them expects it.
const HEADER: [u8; 2] = [0x78, 0x01];
const TRAILER: [u8; 4] = [0; 4];

/// A part that is being read.
pub(super) struct Unpacking {
    archive: Rc<Archive>,
    name: String,
    /// Where in the file the next packed bytes are, and where they end.
    at: u64,
    end: u64,
    input: Vec<u8>,
    used: usize,
    /// None for a part that is not packed.
    inflating: Option<Box<Inflating>>,
    made: u64,
    size: u64,
    crc: Crc,
    expected: u32,
    ended: bool,
}

struct Inflating {
    state: Decompressor,
    /// What was unpacked last, up to `end`.
    out: Vec<u8>,
    end: usize,
}

impl Inflating {
    fn new() -> Self {
        let mut state = Decompressor::new();
        // A part has a checksum of another kind.
        state.ignore_adler32();
        let mut inflating = Inflating { state, out: vec![0; HISTORY + ROOM], end: 0 };
        // Only the stream's own header can be wrong in a header.
        let _ = inflating.state.read(&HEADER, &mut inflating.out, 0, false);
        inflating
    }

    /// Appends what this input unpacks to, or as much as there is room for. Answers how much of the input was used;
    /// `None` if it cannot be unpacked.
    fn unpack(&mut self, input: &[u8], into: &mut Vec<u8>) -> Option<usize> {
        if self.out.len() - self.end < LEAST_ROOM {
            self.out.copy_within(self.end - HISTORY..self.end, 0);
            self.end = HISTORY;
        }
        let (used, made) = self.state.read(input, &mut self.out, self.end, false).ok()?;
        into.extend_from_slice(&self.out[self.end..self.end + made]);
        self.end += made;
        Some(used)
    }
}

impl Unpacking {
    /// Begins to read a part, which stands in this range of the file.
    pub(super) fn new(archive: Rc<Archive>, part: &Part, range: Range<u64>, deflated: bool) -> Self {
        Unpacking {
            archive,
            name: part.name.clone(),
            at: range.start,
            end: range.end,
            input: Vec::new(),
            used: 0,
            inflating: deflated.then(|| Box::new(Inflating::new())),
            made: 0,
            size: part.size,
            crc: Crc::new(),
            expected: part.crc,
            ended: false,
        }
    }

    /// Packed bytes that were read so far.
    pub(super) fn consumed(&self) -> u64 {
        self.archive.consumed()
    }

    /// Appends the next bytes, at most 256 kB; answers `false` at the end, once length and checksum are as the directory
    /// says.
    pub(super) fn fill(&mut self, into: &mut Vec<u8>) -> Result<bool> {
        while !self.ended {
            if self.used == self.input.len() && self.at < self.end {
                self.read()?;
            }
            let before = into.len();
            let packed = self.unpack(into)?;
            let made = &into[before..];
            self.made += made.len() as u64;
            self.crc.add(made);
            self.archive.count(packed, made.len() as u64)?;
            if self.made > self.size || self.ended && (self.made < self.size || self.crc.sum() != self.expected) {
                return Err(damaged(&format!("its part {} is not what the list of its parts says", self.name)));
            }
            if !made.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn read(&mut self) -> Result<()> {
        let length = usize::try_from(self.end - self.at).unwrap_or(READ).min(READ);
        self.input.resize(length, 0);
        self.archive.read_at(self.at, &mut self.input)?;
        self.at += length as u64;
        self.used = 0;
        if self.at == self.end && self.inflating.is_some() {
            self.input.extend_from_slice(&TRAILER);
        }
        Ok(())
    }

    /// Answers how many packed bytes were used.
    fn unpack(&mut self, into: &mut Vec<u8>) -> Result<u64> {
        let input = &self.input[self.used..];
        let before = into.len();
        let used = match &mut self.inflating {
            Some(inflating) => inflating.unpack(input, into),
            None => {
                into.extend_from_slice(input);
                Some(input.len())
            }
        };
        let used = used.ok_or_else(|| self.cannot_be_unpacked())?;
        self.used += used;
        let left = self.used < self.input.len() || self.at < self.end;
        self.ended = match &self.inflating {
            Some(inflating) => inflating.state.is_done(),
            None => !left,
        };
        // Nothing used and nothing made would be so for ever.
        if !self.ended && used == 0 && into.len() == before && (self.used < self.input.len() || !left) {
            return Err(self.cannot_be_unpacked());
        }
        Ok(used as u64)
    }

    #[cold]
    fn cannot_be_unpacked(&self) -> Error {
        damaged(&format!("its part {} cannot be unpacked", self.name))
    }
}
