//! The form of a file, from its first bytes: delimiter, header, columns, order of dates.

use super::columns::{self, Columns, Row};
use super::dates::{self, DateOrder, Reading};
use super::records::{NO_DELIMITER, Split, Splitter};
use super::sniff::not_text;
use super::{ImportOptions, report};
use crate::error::{Code, Error, Result};

/// Delimiters, the surest first: a comma in a file with semicolons is common (`10,50`), the reverse is not.
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];

/// Records looked at to tell delimiters and columns apart.
const RECORDS: usize = 2_000;

/// How a file is to be read, and where its first row of codes starts.
pub(super) struct Form {
    pub(super) delimiter: u8,
    pub(super) columns: Columns,
    pub(super) date_order: Option<DateOrder>,
    pub(super) start: usize,
    /// Records before `start`.
    pub(super) rows_before: u64,
}

/// Decides the form from `text`. Answers `None` if `text` is not the `whole` file and holds no complete record.
pub(super) fn examine(text: &[u8], whole: bool, options: &ImportOptions) -> Result<Option<Form>> {
    refuse_binary(text)?;
    let (hint, skipped) = delimiter_hint(text);
    let body = &text[skipped..];
    let delimiter = match options.delimiter.or(hint) {
        Some(delimiter) => delimiter,
        None => find_delimiter(body, whole)?,
    };
    let mut rows: Vec<Row> = Vec::new();
    let mut first_end = (0, 0);
    scan(body, whole, delimiter, RECORDS, |row, end, fields| {
        if fields.iter().any(|field| !field.trim().is_empty()) {
            if rows.is_empty() {
                first_end = (end, row);
            }
            rows.push((row, fields));
        }
    })?;
    if rows.is_empty() {
        if whole {
            return Err(Error::new(Code::UploadEmpty, "The file holds no rows. Upload codes, one a line or as CSV."));
        }
        return Ok(None);
    }
    let columns = columns::find(&rows, options)?;
    let (start, rows_before) = if columns.header { first_end } else { (0, 0) };
    let date_order = match (columns.expiry, options.date_order) {
        (Some(column), None) => date_order(&body[start..], whole, delimiter, column)?,
        (_, order) => order,
    };
    Ok(Some(Form { delimiter, columns, date_order, start: skipped + start, rows_before }))
}

/// Zero bytes, or more than a stray control character, are no text.
fn refuse_binary(text: &[u8]) -> Result<()> {
    let control = |byte: &&u8| (**byte < 0x20 && !matches!(**byte, b'\t' | b'\n' | b'\r')) || **byte == 0x7f;
    if text.contains(&0) || text.iter().filter(control).count() * 50 > text.len() {
        return Err(not_text("binary"));
    }
    Ok(())
}

/// Excel's own hint, a first line such as `sep=;`, which it does not count as a row.
fn delimiter_hint(text: &[u8]) -> (Option<u8>, usize) {
    let Some((&[s, e, p, equals, delimiter], rest)) = text.split_first_chunk::<5>() else { return (None, 0) };
    if ![s, e, p, equals].eq_ignore_ascii_case(b"sep=") || !is_delimiter(delimiter) {
        return (None, 0);
    }
    match rest {
        [b'\r', b'\n', ..] => (Some(delimiter), 7),
        [b'\r' | b'\n', ..] => (Some(delimiter), 6),
        _ => (None, 0),
    }
}

/// Whether a byte can part columns: ASCII, and nothing that has another job.
pub(super) fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii() && byte != 0 && !matches!(byte, b'"' | b'\r' | b'\n') && !byte.is_ascii_alphanumeric()
}

/// Calls `each` with the number, the end and the fields of each record at the start of `text`.
fn scan(
    text: &[u8],
    whole: bool,
    delimiter: u8,
    most: usize,
    mut each: impl FnMut(u64, usize, Vec<String>),
) -> Result<()> {
    let mut splitter = Splitter::new(delimiter, usize::MAX);
    let (mut at, mut row) = (0, 0);
    while at < text.len() && row < most as u64 {
        let rest = &text[at..];
        let (length, fields) = match splitter.split(rest, whole)? {
            Split::Incomplete => break,
            Split::Record { length } => {
                let fields = splitter.fields(rest);
                (length, fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect())
            }
            Split::Unclosed { length } => (length, vec![String::from_utf8_lossy(&rest[..length]).into_owned()]),
        };
        at += length;
        row += 1;
        each(row, at, fields);
    }
    Ok(())
}

fn find_delimiter(text: &[u8], whole: bool) -> Result<u8> {
    let mut best = (0, NO_DELIMITER);
    for delimiter in DELIMITERS {
        let mut widths: Vec<usize> = Vec::new();
        let mut known = false;
        scan(text, whole, delimiter, RECORDS, |_, _, fields| {
            if fields.iter().any(|field| !field.trim().is_empty()) {
                if widths.is_empty() {
                    known = fields.iter().any(|field| columns::is_known(field));
                }
                widths.push(fields.len());
            }
        })?;
        let first = widths.first().copied().unwrap_or(0);
        if known && first == 1 {
            continue;
        }
        widths.sort_unstable();
        let common = widths.chunk_by(|one, other| one == other).max_by_key(|same| same.len()).unwrap_or_default();
        let width = common.first().copied().unwrap_or(0);
        let score = match () {
            () if known && first > 1 => 2_000 + first,
            () if width > 1 && common.len() * 10 >= widths.len() * 9 => width,
            () => 0,
        };
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    Ok(best.1)
}

/// The order of day and month: some date of the sample allows one order only, and none allows the other only.
fn date_order(text: &[u8], whole: bool, delimiter: u8, column: usize) -> Result<Option<DateOrder>> {
    let mut splitter = Splitter::new(delimiter, column + 1);
    let (mut dmy, mut mdy) = (false, false);
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        match splitter.split(rest, whole)? {
            Split::Incomplete => break,
            Split::Record { length } => {
                let field = splitter.fields(rest).get(column).and_then(|field| std::str::from_utf8(field).ok());
                match field.map(|field| dates::read(field.trim(), None)) {
                    Some(Reading::Read(_, Some(DateOrder::Dmy))) => dmy = true,
                    Some(Reading::Read(_, Some(DateOrder::Mdy))) => mdy = true,
                    _ => {}
                }
                at += length;
            }
            Split::Unclosed { length } => at += length,
        }
    }
    Ok(match (dmy, mdy) {
        (true, false) => Some(DateOrder::Dmy),
        (false, true) => Some(DateOrder::Mdy),
        _ => None,
    })
}

impl Form {
    /// The form, as the report tells it.
    pub(super) fn describe(&self) -> report::Format {
        report::Format {
            delimiter: (self.delimiter != NO_DELIMITER).then_some(char::from(self.delimiter)),
            header: self.columns.header,
            columns: self.columns.names.iter().map(|name| report::excerpt(name)).collect(),
            code_column: self.columns.code as u32,
            expiry_column: self.columns.expiry.map(|column| column as u32),
            date_order: self.date_order,
            export: self.columns.export,
            ..report::Format::default()
        }
    }
}
