//! One part of an archive, unpacked piece by piece.

use std::ops::Range;
use std::rc::Rc;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::crc::Crc;
use super::damaged;
use super::zip::{Archive, Part};
use crate::error::Result;

/// Packed bytes that are read at once: a read of a browser's file takes a fraction of a millisecond, whatever its size.
const READ: usize = 256 << 10;

/// Unpacked bytes that later ones may repeat: 32 kB, and as much again for the next piece.
const WINDOW: usize = 64 << 10;

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
    state: DecompressorOxide,
    window: [u8; WINDOW],
    place: usize,
}

impl Inflating {
    fn new() -> Self {
        Inflating { state: DecompressorOxide::new(), window: [0; WINDOW], place: 0 }
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
        Ok(())
    }

    /// Answers how many packed bytes were used.
    fn unpack(&mut self, into: &mut Vec<u8>) -> Result<u64> {
        let input = &self.input[self.used..];
        let Some(Inflating { state, window, place }) = self.inflating.as_deref_mut() else {
            let length = input.len();
            into.extend_from_slice(input);
            self.used += length;
            self.ended = self.at == self.end;
            return Ok(length as u64);
        };
        let more = if self.at < self.end { TINFL_FLAG_HAS_MORE_INPUT } else { 0 };
        let (status, used, made) = decompress(state, input, window, *place, more);
        into.extend_from_slice(&window[*place..*place + made]);
        *place = (*place + made) % WINDOW;
        self.used += used;
        match status {
            TINFLStatus::Done => self.ended = true,
            TINFLStatus::HasMoreOutput => {}
            TINFLStatus::NeedsMoreInput if self.at < self.end => {}
            _ => return Err(damaged(&format!("its part {} cannot be unpacked", self.name))),
        }
        Ok(used as u64)
    }
}
