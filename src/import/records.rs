//! UTF-8 text -> records and their fields, at any chunk boundary.
//!
//! A record whose fields are bare or plainly quoted is found with `memchr` and its fields are ranges of the chunk:
//! nothing is copied. Every other record (doubled quotes, text after a closing quote) goes through `csv_core`.
//! A record that a chunk cuts in two is joined in a buffer that never grows past one record's limit.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use memchr::{memchr, memchr2, memchr3};

use super::options::{NO_DELIMITER, past};
use crate::error::{Code, Error, Result};

/// How often an unclosed quote at the end of a file is answered by starting again on the next line: bounds the
/// work on a file made to provoke it.
const RECOVERIES: u32 = 64;

/// Where one record ends, or that more bytes are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// The record goes on past the end of what was given.
    Incomplete,
    /// A record of so many bytes, line end included.
    Record { length: usize },
    /// A quote that is never closed. Only the first line, of so many bytes, is given up.
    Unclosed { length: usize },
}

/// Splits records into fields.
pub(super) struct Splitter {
    delimiter: u8,
    /// How many fields of each record are wanted; the others are only counted.
    wanted: usize,
    /// How many fields a record may have.
    most: usize,
    fields: Vec<(u32, u32)>,
    count: usize,
    general: Reader,
    scratch: Vec<u8>,
    ends: Vec<usize>,
    in_scratch: bool,
    recoveries: u32,
}

impl Splitter {
    /// A splitter that keeps the first `wanted` fields of each record, and refuses records of more than `most`.
    pub(super) fn new(delimiter: u8, wanted: usize, most: usize) -> Self {
        Splitter {
            delimiter,
            wanted,
            most,
            fields: Vec::new(),
            count: 0,
            general: ReaderBuilder::new().delimiter(delimiter).build(),
            scratch: Vec::new(),
            ends: Vec::new(),
            in_scratch: false,
            recoveries: 0,
        }
    }

    /// Finds the record at the start of `text`, which is not empty. `last` says that nothing follows `text`.
    #[inline]
    pub(super) fn split(&mut self, text: &[u8], last: bool) -> Result<Split> {
        self.fields.clear();
        self.count = 0;
        self.in_scratch = false;
        let mut at = 0;
        loop {
            let start;
            let end;
            if text.get(at) == Some(&b'"') {
                start = at + 1;
                let Some(length) = memchr(b'"', &text[start..]) else {
                    return if last { Ok(self.unclosed(text)) } else { self.incomplete() };
                };
                end = start + length;
                at = end + 1;
            } else {
                start = at;
                let rest = &text[start..];
                let found = if self.delimiter == NO_DELIMITER {
                    memchr2(b'\n', b'\r', rest)
                } else {
                    memchr3(self.delimiter, b'\n', b'\r', rest)
                };
                end = match found {
                    Some(length) => start + length,
                    None if last => text.len(),
                    None => return self.incomplete(),
                };
                at = end;
            }
            if self.fields.len() < self.wanted {
                self.fields.push((start as u32, end as u32));
            }
            self.count += 1;
            match text.get(at) {
                Some(&byte) if byte == self.delimiter => at += 1,
                Some(b'\n') => return self.record(at + 1),
                Some(b'\r') => match text.get(at + 1) {
                    Some(b'\n') => return self.record(at + 2),
                    None if !last => return self.incomplete(),
                    _ => return self.record(at + 1),
                },
                Some(_) => return self.split_general(text, last),
                None if last => return self.record(at),
                None => return self.incomplete(),
            }
        }
    }

    #[inline]
    fn record(&self, length: usize) -> Result<Split> {
        if self.count > self.most {
            return Err(too_many_columns(self.most));
        }
        Ok(Split::Record { length })
    }

    /// A row that has too many columns already is refused before its end is seen: there may be none.
    #[cold]
    fn incomplete(&self) -> Result<Split> {
        self.record(0).map(|_| Split::Incomplete)
    }

    /// The whole of CSV, for records that the fast path leaves. Cost: one more pass over the record.
    #[cold]
    fn split_general(&mut self, text: &[u8], last: bool) -> Result<Split> {
        if self.scratch.len() < text.len() + 1 {
            self.scratch.resize(text.len() + 1, 0);
        }
        self.ends.resize(self.most + 1, 0);
        self.general.reset();
        let (mut result, mut length, written, mut count) =
            self.general.read_record(text, &mut self.scratch, &mut self.ends);
        if result == ReadRecordResult::InputEmpty {
            if !last {
                self.count = count;
                return self.incomplete();
            }
            // A line end closes the record, unless a quote is still open.
            let (after, _, _, more) =
                self.general.read_record(b"\n", &mut self.scratch[written..], &mut self.ends[count..]);
            if after == ReadRecordResult::InputEmpty {
                return Ok(self.unclosed(text));
            }
            (result, count, length) = (after, count + more, text.len());
        } else if length > 0 && text[length - 1] == b'\r' {
            match text.get(length) {
                Some(b'\n') => length += 1,
                None if !last => return Ok(Split::Incomplete),
                _ => {}
            }
        }
        self.count = if result == ReadRecordResult::OutputEndsFull { self.most + 1 } else { count };
        self.in_scratch = true;
        self.fields.clear();
        let mut start = 0;
        for &end in self.ends.iter().take(count.min(self.wanted)) {
            self.fields.push((start, end as u32));
            start = end as u32;
        }
        self.record(length)
    }

    #[cold]
    fn unclosed(&mut self, text: &[u8]) -> Split {
        self.recoveries += 1;
        self.fields.clear();
        self.count = 0;
        self.in_scratch = false;
        let line = memchr2(b'\n', b'\r', text)
            .map_or(text.len(), |at| at + 1 + usize::from(text[at] == b'\r' && text.get(at + 1) == Some(&b'\n')));
        Split::Unclosed { length: if self.recoveries > RECOVERIES { text.len() } else { line } }
    }

    /// The record that was found last, in the text it was found in.
    #[inline]
    pub(super) fn fields<'a>(&'a self, text: &'a [u8]) -> Fields<'a> {
        Fields { text: if self.in_scratch { &self.scratch } else { text }, fields: &self.fields, count: self.count }
    }
}

/// The fields of one record.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    text: &'a [u8],
    fields: &'a [(u32, u32)],
    count: usize,
}

impl<'a> Fields<'a> {
    /// How many there are, wanted or not.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The field at `index`, if it is there and was wanted.
    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.fields.get(index).map(|&(start, end)| &self.text[start as usize..end as usize])
    }

    /// The fields that were wanted.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        let text = self.text;
        self.fields.iter().map(move |&(start, end)| &text[start as usize..end as usize])
    }
}

/// One record of a file, with its number as a spreadsheet shows it.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    /// 1 for the first, header and blank lines counted.
    pub(super) row: u64,
    /// The fields.
    pub(super) fields: Fields<'a>,
    /// Every byte of it.
    pub(super) raw: &'a [u8],
    /// Whether it is the first line of a quote that is never closed; then it has no fields of use.
    pub(super) unclosed: bool,
}

impl Record<'_> {
    /// Whether nothing stands in it but delimiters, quotes and white space: no row for anybody who looks at it.
    pub(super) fn is_blank(&self, delimiter: u8) -> bool {
        let visible = |byte: &u8| !byte.is_ascii_whitespace() && *byte != delimiter && *byte != b'"';
        !self.unclosed
            && (!self.raw.iter().any(visible)
                || std::str::from_utf8(self.raw).is_ok_and(|text| {
                    text.chars().all(|character| {
                        character.is_whitespace() || character == '"' || u32::from(character) == u32::from(delimiter)
                    })
                }))
    }
}

/// Gives out the records of the chunks it is fed.
pub(super) struct Records {
    splitter: Splitter,
    chunk: Vec<u8>,
    at: usize,
    /// Records that a chunk cut in two, and where the next of them starts.
    joined: Vec<u8>,
    joined_at: usize,
    /// How many bytes at the end of `joined` stand in `chunk` too, before `at`.
    shared: usize,
    /// `joined` is not looked at again before it is so long: work stays linear with chunks of one byte.
    enough: usize,
    row: u64,
    /// How long a record may be.
    most: usize,
}

impl Records {
    /// Reads `text` from `at` on, as records of at most `most` bytes; `row` records came before.
    pub(super) fn new(splitter: Splitter, text: Vec<u8>, at: usize, row: u64, most: usize) -> Self {
        Records { splitter, chunk: text, at, joined: Vec::new(), joined_at: 0, shared: 0, enough: 0, row, most }
    }

    /// How much of the chunk is still to be read, from 0 to 1.
    pub(super) fn left(&self) -> f64 {
        (self.chunk.len() - self.at) as f64 / self.chunk.len().max(1) as f64
    }

    /// Takes the next chunk, from `at` on. The one before must be used up.
    pub(super) fn feed(&mut self, chunk: Vec<u8>, at: usize) {
        self.chunk = chunk;
        self.at = at;
        self.shared = 0;
    }

    /// The next record, or `None` if another chunk is needed. `last` says that none will come.
    #[inline]
    pub(super) fn next(&mut self, last: bool) -> Result<Option<Record<'_>>> {
        let split = loop {
            if !self.joined.is_empty() && self.has_joined() {
                match self.split_joined(last)? {
                    Some(Split::Incomplete) => continue,
                    Some(split) => break split,
                    None => return Ok(None),
                }
            }
            let rest = &self.chunk[self.at..];
            let window = &rest[..rest.len().min(self.most + 1)];
            if window.is_empty() {
                return Ok(None);
            }
            match self.splitter.split(window, last && window.len() == rest.len())? {
                Split::Incomplete => {
                    let length = window.len();
                    self.not_too_long(length)?;
                    self.joined.extend_from_slice(&self.chunk[self.at..]);
                    self.at = self.chunk.len();
                    self.shared = length;
                    self.wait_for_more();
                }
                Split::Unclosed { length } => {
                    let all = window.len();
                    self.not_too_long(all)?;
                    break Split::Unclosed { length };
                }
                record => break record,
            }
        };
        let (length, unclosed) = match split {
            Split::Record { length } => (length, false),
            Split::Unclosed { length } => (length, true),
            Split::Incomplete => return Ok(None),
        };
        self.not_too_long(length)?;
        self.row += 1;
        let raw = if self.joined.is_empty() {
            self.at += length;
            &self.chunk[self.at - length..self.at]
        } else {
            self.joined_at += length;
            &self.joined[self.joined_at - length..self.joined_at]
        };
        Ok(Some(Record { row: self.row, fields: self.splitter.fields(raw), raw, unclosed }))
    }

    /// Whether the next record starts in the joined bytes. If all that is left of them stands in the chunk too, it
    /// is read there.
    fn has_joined(&mut self) -> bool {
        let left = self.joined.len() - self.joined_at;
        if self.joined_at == 0 || left > self.shared {
            return true;
        }
        self.at -= left;
        self.joined.clear();
        self.joined_at = 0;
        self.shared = 0;
        false
    }

    #[cold]
    fn split_joined(&mut self, last: bool) -> Result<Option<Split>> {
        let missing = self.enough.saturating_sub(self.joined.len() - self.joined_at);
        let taken = missing.min(self.chunk.len() - self.at);
        self.joined.extend_from_slice(&self.chunk[self.at..self.at + taken]);
        self.at += taken;
        self.shared += taken;
        let ended = last && self.at == self.chunk.len();
        if taken < missing && !ended {
            return Ok(None);
        }
        let text = &self.joined[self.joined_at..];
        if text.is_empty() {
            return Ok(None);
        }
        let length = text.len();
        let split = self.splitter.split(text, ended)?;
        match split {
            Split::Record { .. } => return Ok(Some(split)),
            Split::Incomplete => {
                self.not_too_long(length)?;
                self.joined.drain(..self.joined_at);
                self.joined_at = 0;
                self.wait_for_more();
            }
            Split::Unclosed { .. } => self.not_too_long(length)?,
        }
        Ok(Some(split))
    }

    fn wait_for_more(&mut self) {
        let length = self.joined.len();
        self.enough = (length + (length / 2).max(64)).min(self.most + 1);
    }

    #[inline]
    fn not_too_long(&self, length: usize) -> Result<()> {
        if length <= self.most {
            return Ok(());
        }
        Err(too_long(self.row + 1, self.most))
    }
}

fn too_many_columns(limit: usize) -> Error {
    let found = format!("A row has more than {limit} columns.");
    past(Code::UploadTooManyColumns, found, "Save only the columns with codes and expiries.", "columns", limit)
}

/// The error for a record past the limit, which starts at `row`.
pub(super) fn too_long(row: u64, limit: usize) -> Error {
    let found = format!("Row {row} is longer than {limit} bytes.");
    let advice = "Look for a quote there that is never closed.";
    past(Code::UploadRowTooLong, found, advice, "rowBytes", limit).with("row", row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{COLUMNS, ROW_BYTES};

    fn read(text: &[u8], delimiter: u8, size: usize) -> Result<Vec<(u64, Vec<String>, bool)>> {
        let splitter = Splitter::new(delimiter, usize::MAX, COLUMNS);
        let mut records = Records::new(splitter, Vec::new(), 0, 0, ROW_BYTES);
        let mut found = Vec::new();
        let chunks: Vec<_> = text.chunks(size).collect();
        for number in 0..chunks.len().max(1) {
            records.feed(chunks.get(number).map(|chunk| chunk.to_vec()).unwrap_or_default(), 0);
            while let Some(record) = records.next(number + 1 >= chunks.len())? {
                let fields = record.fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
                found.push((record.row, fields, record.unclosed));
            }
        }
        Ok(found)
    }

    const HARD: &[&str] = &[
        "a,b\nc,d\n",
        "a,b\r\nc,d",
        "a\rb\r\rc",
        "\"a\",\"b\"\n\"c\",\"d\"\r\n",
        "\"a\"\"b\",c\r\nd,\"e\nf\"\r\n\"g\"\"\"",
        "\"a\"x,b\r\n\"c\"\r\n,\n,",
        "\n\na\n",
        "a\"b,c\"\n",
        "\"",
        "\"a\nb\nc",
        "\"\"\n\"\",\"\"",
        "a,\"b\nc\n\"d\",e\n\"f\ng",
    ];

    #[test]
    fn fields_are_what_csv_core_says_they_are() {
        for text in HARD {
            let mut csv = ReaderBuilder::new().build();
            let (mut input, mut expected) = (text.as_bytes().to_vec(), Vec::new());
            input.push(b'\n');
            let mut rest = &input[..];
            loop {
                let (mut output, mut ends) = ([0; 99], [0; 9]);
                let (result, read, _, count) = csv.read_record(rest, &mut output, &mut ends);
                rest = &rest[read..];
                if result != ReadRecordResult::Record {
                    break;
                }
                let mut start = 0;
                let field = |end: usize| {
                    let field = String::from_utf8_lossy(&output[start..end]).into_owned();
                    start = end;
                    field
                };
                expected.push(ends[..count].iter().copied().map(field).collect::<Vec<_>>());
            }
            let found = read(text.as_bytes(), b',', 99).unwrap();
            if found.iter().any(|record| record.2) {
                continue;
            }
            let found: Vec<_> = found.into_iter().map(|record| record.1).filter(|fields| *fields != [""]).collect();
            expected.retain(|fields| *fields != [""]);
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn chunks_make_no_difference() {
        for text in HARD {
            let long = format!("{}{text}{}", "x,\"y\"\r\n".repeat(30), "p,\"q \"\"\"\n".repeat(30));
            for text in [*text, &long] {
                let whole = read(text.as_bytes(), b',', 10_000).unwrap();
                for size in 1..text.len() {
                    assert_eq!(read(text.as_bytes(), b',', size).unwrap(), whole, "{text:?} in {size}");
                }
            }
        }
    }

    #[test]
    fn an_unclosed_quote_costs_its_line_and_no_other() {
        let found = read(b"a\n\"b\nc\nd\n", b',', 4).unwrap();
        let rows: Vec<_> = found.iter().map(|(row, fields, unclosed)| (*row, fields.join("|"), *unclosed)).collect();
        assert_eq!(rows.len(), 4);
        assert_eq!((rows[1].0, rows[1].2), (2, true));
        assert_eq!(rows[2..], [(3, "c".to_owned(), false), (4, "d".to_owned(), false)]);
    }

    #[test]
    fn a_record_past_the_limit_is_named_and_never_held() {
        let text = [b"a\n".as_slice(), b"\"", &vec![b'x'; 2 * ROW_BYTES]].concat();
        for size in [1 << 10, 1 << 16, 1 << 22] {
            let error = read(&text, b',', size).unwrap_err();
            assert_eq!(error.code(), Code::UploadRowTooLong);
            assert_eq!(error.details()[2], ("row", 2u64.into()));
        }
    }
}
