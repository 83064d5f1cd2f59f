//! Parts of a spreadsheet file: its ZIP directory, and one part after the other, unpacked piece by piece.
//!
//! The directory is believed in nothing that costs memory or time: how much a part unpacks to is counted while it is
//! unpacked, and a part that ends with another length or checksum than the directory says is refused.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use rawzip::{CompressionMethod, ReaderAt, ZipArchive, ZipArchiveEntryWayfinder, ZipLocator};

use super::crc::Crc;
use super::{Limits, Source, damaged, too_large};
use crate::error::{Code, Error, Result};
use crate::limits::{SHEET_FREE_BYTES, SHEET_PARTS};

/// Longest name of a part that is kept: those that are read are under 100 bytes.
const NAME_BYTES: usize = 512;

/// The shortest header before a part's bytes (APPNOTE.TXT 6.3.10, §4.3.7).
const LOCAL_HEADER: u64 = 30;

/// Packed bytes that are read at once: a read of a browser's file takes a fraction of a millisecond, whatever its size.
const READ: usize = 256 << 10;

/// Unpacked bytes that later ones may repeat: 32 kB, and as much again for the next piece.
const WINDOW: usize = 64 << 10;

/// The parts of a file.
pub(super) struct Archive {
    zip: ZipArchive<Seeking>,
    parts: Vec<Part>,
    /// Where each part begins, and how long it is packed.
    places: Vec<(u64, u64)>,
    limits: Limits,
    /// Bytes read and unpacked so far, of all parts.
    packed: Cell<u64>,
    expanded: Cell<u64>,
}

struct Part {
    name: String,
    method: CompressionMethod,
    encrypted: bool,
    crc: u32,
    size: u64,
    begin: u64,
    found: ZipArchiveEntryWayfinder,
}

/// The source as the reader of the directory wants it; it keeps the source's own error.
struct Seeking {
    source: Rc<dyn Source>,
    failure: RefCell<Option<Error>>,
}

impl ReaderAt for Seeking {
    fn read_at(&self, into: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let left = self.source.size().saturating_sub(offset);
        let length = into.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.source.read(offset, &mut into[..length]).map_err(|error| {
            *self.failure.borrow_mut() = Some(error);
            std::io::Error::from(std::io::ErrorKind::Other)
        })?;
        Ok(length)
    }
}

impl Seeking {
    fn error(&self, what: &str) -> Error {
        self.failure.borrow_mut().take().unwrap_or_else(|| damaged(what))
    }
}

impl Archive {
    /// Reads the directory. Costs its size, and a search for its end from the end of the file.
    pub(super) fn open(source: Rc<dyn Source>, limits: &Limits) -> Result<Archive> {
        let size = source.size();
        let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
        let seeking = Seeking { source, failure: RefCell::new(None) };
        let zip = ZipLocator::new()
            .locate_in_reader(seeking, &mut buffer, size)
            .map_err(|(seeking, _)| seeking.error("the list of its parts is not at its end"))?;
        let mut parts = Vec::new();
        let mut places = Vec::new();
        let mut entries = zip.entries(&mut buffer);
        while let Some(entry) =
            entries.next_entry().map_err(|_| zip.get_ref().error("the list of its parts cannot be read"))?
        {
            places.push((entry.local_header_offset(), entry.compressed_size_hint()));
            if places.len() > SHEET_PARTS {
                return Err(damaged("it has more parts than a spreadsheet can have"));
            }
            let name = entry.file_path().as_bytes();
            if name.len() <= NAME_BYTES {
                parts.push(Part {
                    name: part_name(&String::from_utf8_lossy(name)),
                    method: entry.compression_method(),
                    encrypted: entry.flags().is_encrypted(),
                    crc: entry.crc32(),
                    size: entry.uncompressed_size_hint(),
                    begin: entry.local_header_offset(),
                    found: entry.wayfinder(),
                });
            }
        }
        Ok(Archive { zip, parts, places, limits: limits.clone(), packed: Cell::new(0), expanded: Cell::new(0) })
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
        let name = part_name(name);
        self.parts.iter().find(|part| part.name == name)
    }

    /// The size of the file in bytes.
    pub(super) fn size(&self) -> u64 {
        self.zip.get_ref().source.size()
    }

    /// What the file may hold at most.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Begins to read a part; `None` if there is none with this name.
    pub(super) fn read(self: &Rc<Self>, name: &str) -> Result<Option<Unpacking>> {
        let Some(part) = self.find(name) else { return Ok(None) };
        if part.encrypted {
            return Err(encrypted());
        }
        let deflated = match part.method {
            CompressionMethod::STORE => false,
            CompressionMethod::DEFLATE => true,
            _ => {
                return Err(damaged(&format!(
                    "its part {} is packed in a way that spreadsheets do not use",
                    part.name
                )));
            }
        };
        if part.size > self.limits.expanded_bytes {
            return Err(self.too_much());
        }
        if self.is_shared(part.begin) {
            return Err(damaged(&format!("its part {} overlaps another", part.name)));
        }
        let entry = self.zip.get_entry(part.found).map_err(|_| self.broken(&part.name))?;
        let (at, end) = entry.compressed_data_range();
        if end > self.size() {
            return Err(self.broken(&part.name));
        }
        Ok(Some(Unpacking {
            archive: self.clone(),
            name: part.name.clone(),
            at,
            end,
            input: Vec::new(),
            used: 0,
            inflating: deflated.then(|| Box::new(Inflating::new())),
            made: 0,
            size: part.size,
            crc: Crc::new(),
            expected: part.crc,
            ended: false,
        }))
    }

    /// Whether the part that begins here has bytes in common with another: that is how a small file pretends to hold a
    /// large one.
    fn is_shared(&self, begin: u64) -> bool {
        let end = |(begin, packed): (u64, u64)| begin.saturating_add(LOCAL_HEADER).saturating_add(packed);
        let Some(own) = self.places.iter().find(|place| place.0 == begin) else { return false };
        self.places.iter().filter(|place| place.0 < end(*own) && begin < end(**place)).count() > 1
    }

    /// Counts what was unpacked, and refuses what no spreadsheet unpacks to.
    fn count(&self, packed: u64, expanded: u64) -> Result<()> {
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

    fn broken(&self, name: &str) -> Error {
        self.zip.get_ref().error(&format!("its part {name} cannot be read"))
    }
}

/// Names are compared without case, and some programs write backslashes (ECMA-376 Part 2, §6.2.2.3).
fn part_name(name: &str) -> String {
    name.trim_start_matches(['/', '\\']).replace('\\', "/").to_ascii_lowercase()
}

pub(super) fn encrypted() -> Error {
    Error::new(
        Code::UploadEncrypted,
        "The spreadsheet is protected by a password. Save it without one (in Excel: File, Info, Protect Workbook) and upload that.",
    )
}

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
    /// Packed bytes that were read so far.
    pub(super) fn consumed(&self) -> u64 {
        self.archive.packed.get()
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
        self.archive.zip.get_ref().source.read(self.at, &mut self.input)?;
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
