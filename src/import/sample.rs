//! The form of a file, from its first bytes: delimiter, header, columns, order of dates.

use super::columns::{self, Columns, HEADER_ROWS, Row};
use super::damage::is_rounded_number;
use super::dates::{self, DateOrder, Reading};
use super::options::{ImportOptions, NO_DELIMITER};
use super::preview::{self, Places, PreviewRow};
use super::records::{Split, Splitter, too_long};
use super::report;
use super::sniff::not_text;
use crate::error::{Code, Error, Result};
use crate::sheet::text::{SEPARATOR, unmark};

/// Delimiters, the surest first: a comma in a file with semicolons is common (`10,50`), the reverse is not.
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];

/// Records with anything in them that are looked at to tell delimiters and columns apart.
const RECORDS: usize = 2_000;

/// Fields that are looked at: with as many columns as there may be, this many fill a sample.
const FIELDS: usize = 1 << 16;

/// Records that are looked at, whatever is in them.
const ALL_RECORDS: u64 = 100_000;

/// Bytes of blank lines at the start of a file after which it counts as empty: as many as a worksheet has rows, and more.
const BLANK_BYTES: usize = 4 << 20;

/// How a file is to be read, and where its first row of codes starts.
pub(super) struct Form {
    pub(super) delimiter: u8,
    pub(super) columns: Columns,
    pub(super) date_order: Option<DateOrder>,
    pub(super) start: usize,
    /// Records before `start`.
    pub(super) rows_before: u64,
    /// The first rows.
    pub(super) preview: Vec<PreviewRow>,
    header_row: Option<u64>,
}

/// Decides the form from `text`. Answers `None` if `text` is not the `whole` file and holds no complete record with
/// anything in it.
pub(super) fn examine(text: &[u8], whole: bool, options: &ImportOptions) -> Result<Option<Form>> {
    let is_sheet = options.sheet.is_some();
    let (hint, skipped) = if is_sheet {
        (Some(SEPARATOR), 0)
    } else {
        refuse_binary(text)?;
        delimiter_hint(text)
    };
    // Data may start far down, and blank lines need no closer look.
    let (blank, rows_above) = blank_lines(&text[skipped..]);
    let skipped = skipped + blank;
    let body = &text[skipped..];
    let most = options.limits.columns;
    let delimiter = match options.delimiter.filter(|_| !is_sheet).or(hint) {
        Some(delimiter) => delimiter,
        None => find_delimiter(body, whole, most)?,
    };
    let mut rows: Vec<Row> = Vec::new();
    let mut ends: Vec<(usize, u64)> = Vec::new();
    let mut fields_left = FIELDS;
    let (end, last) = scan(body, whole, delimiter, most, |row, end, fields| {
        if is_filled(&fields) {
            fields_left = fields_left.saturating_sub(fields.len());
            let text = |field: &&[u8]| String::from_utf8_lossy(if is_sheet { unmark(field).1 } else { field }).into();
            rows.push((rows_above + row, fields.iter().map(text).collect()));
            ends.push((end, rows_above + row));
        }
        rows.len() < RECORDS && fields_left > 0
    })?;
    if rows.is_empty() {
        if whole || last >= ALL_RECORDS || blank > BLANK_BYTES {
            return Err(Error::new(Code::UploadEmpty, "The file holds no rows. Upload codes, one a line or as CSV."));
        }
        if body.len() - end > options.limits.row_bytes {
            return Err(too_long(rows_above + last + 1, options.limits.row_bytes));
        }
        return Ok(None);
    }
    let columns = columns::find(&rows, options)?;
    let (start, rows_before) = columns.header.map_or((0, rows_above), |header| ends[header]);
    let date_order = match (columns.expiry, options.date_order) {
        (Some(column), None) => date_order(&body[start..], whole, delimiter, column, most)?,
        (_, order) => order,
    };
    let places = Places { header: columns.header, code: columns.code, expiry: columns.expiry };
    let preview = preview::begin(&rows, &places);
    let header_row = columns.header.map(|header| rows[header].0);
    Ok(Some(Form { delimiter, columns, date_order, start: skipped + start, rows_before, preview, header_row }))
}

/// Zero bytes, or more than a stray control character, are no text.
fn refuse_binary(text: &[u8]) -> Result<()> {
    let control = |byte: &&u8| (**byte < 0x20 && !matches!(**byte, b'\t' | b'\n' | b'\r')) || **byte == 0x7f;
    if text.contains(&0) || text.iter().filter(control).count() * 50 > text.len() {
        return Err(not_text("binary"));
    }
    Ok(())
}

/// The blank lines at the start of `text`: how many bytes and how many lines.
fn blank_lines(text: &[u8]) -> (usize, u64) {
    let (mut end, mut lines, mut at) = (0, 0, 0);
    while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = text.get(at) {
        // What comes in the next chunk may belong to this line end.
        at += if text[at..].starts_with(b"\r\n") { 2 } else { 1 };
        if matches!(byte, b'\r' | b'\n') && at < text.len() {
            end = at;
            lines += 1;
        }
    }
    (end, lines)
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

fn is_filled(fields: &[&[u8]]) -> bool {
    fields.iter().any(|field| !String::from_utf8_lossy(field).trim().is_empty())
}

/// Calls `each` with the number, the end and the fields of each record at the start of `text`, for as long as it
/// answers `true`. Answers the end and the number of the last record.
fn scan(
    text: &[u8],
    whole: bool,
    delimiter: u8,
    most: usize,
    mut each: impl FnMut(u64, usize, Vec<&[u8]>) -> bool,
) -> Result<(usize, u64)> {
    let mut splitter = Splitter::new(delimiter, usize::MAX, most);
    let (mut at, mut row) = (0, 0);
    while at < text.len() && row < ALL_RECORDS {
        let rest = &text[at..];
        let (length, fields) = match splitter.split(rest, whole)? {
            Split::Incomplete => break,
            Split::Record { length } => (length, splitter.fields(rest).iter().collect()),
            Split::Unclosed { length } => (length, vec![&rest[..length]]),
        };
        at += length;
        row += 1;
        if !each(row, at, fields) {
            break;
        }
    }
    Ok((at, row))
}

/// The delimiter that gives a header with a known name, or else most columns of nearly one width.
fn find_delimiter(text: &[u8], whole: bool, most: usize) -> Result<u8> {
    let mut best = (0, NO_DELIMITER);
    let mut refused = Ok(());
    for delimiter in DELIMITERS {
        let mut widths: Vec<usize> = Vec::new();
        let mut known = None;
        let mut rounded = 0;
        let scanned = scan(text, whole, delimiter, most, |_, _, fields| {
            if is_filled(&fields) {
                let is_known = |field: &&[u8]| columns::is_known(&String::from_utf8_lossy(field));
                if known.is_none() && widths.len() < HEADER_ROWS && fields.iter().any(is_known) {
                    known = Some((widths.len(), fields.len()));
                }
                rounded += usize::from(delimiter == b',' && is_rounded(&fields));
                widths.push(fields.len());
            }
            widths.len() < RECORDS
        });
        if scanned.is_err() {
            // A text may hold a thousand commas and none of them be a delimiter.
            refused = scanned.map(|_| ());
            continue;
        }
        if widths.is_empty() && memchr::memchr(delimiter, text).is_some() {
            // Every row is blank once it is split here: none of them holds a code made of delimiters.
            return Ok(delimiter);
        }
        if known == Some((0, 1)) || rounded * 2 > widths.len() {
            continue;
        }
        widths.sort_unstable();
        let common = widths.chunk_by(|one, other| one == other).max_by_key(|same| same.len()).unwrap_or_default();
        let width = common.first().copied().unwrap_or(0);
        let score = match known {
            Some((0, width)) => 4_000_000 + width,
            Some((_, width)) if width > 1 => 2_000_000 + width,
            _ if width > 1 && common.len() * 10 >= widths.len() * 9 => width,
            _ => 0,
        };
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    if best.0 == 0 { refused.map(|()| NO_DELIMITER) } else { Ok(best.1) }
}

/// Whether two fields are one number whose comma is a decimal one: `1,23457E+15`.
fn is_rounded(fields: &[&[u8]]) -> bool {
    fields.len() == 2
        && is_rounded_number(&[String::from_utf8_lossy(fields[0]), String::from_utf8_lossy(fields[1])].join(","))
}

/// The order of day and month: some date of the sample allows one order only, and none allows the other only.
fn date_order(text: &[u8], whole: bool, delimiter: u8, column: usize, most: usize) -> Result<Option<DateOrder>> {
    let mut splitter = Splitter::new(delimiter, column + 1, most);
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
    pub(super) fn describe(&self, options: &ImportOptions) -> report::Format {
        let is_shown = self.delimiter != NO_DELIMITER && options.sheet.is_none();
        report::Format {
            kind: options.sheet.as_ref().map_or("csv", |sheet| &sheet.kind).to_owned(),
            sheet: options.sheet.as_ref().map(|sheet| sheet.name.clone()),
            delimiter: is_shown.then_some(char::from(self.delimiter)),
            header: self.columns.header.is_some(),
            header_row: self.header_row,
            columns: self.columns.names.iter().map(|name| report::excerpt(name)).collect(),
            code_column: self.columns.code as u32,
            expiry_column: self.columns.expiry.map(|column| column as u32),
            date_order: self.date_order,
            export: self.columns.export,
            ..report::Format::default()
        }
    }
}
