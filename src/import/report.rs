//! What an import tells about the file: rows taken and refused, each with its reason, and how the file was read.

use serde::Serialize;

use super::damage::Numbers;
use super::preview::{self, Outcome, PreviewRow};
use super::reasons::{Reason, WarningKind};
use super::{DateOrder, Encoding};
use crate::code;
use crate::limits::{REJECTED_VALUE_CHARS, REPORT_ROWS};

/// Longest excerpt of a value in a report, in characters.
const EXCERPT_CHARS: usize = 40;

/// One row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// Its number as a spreadsheet shows it: 1 for the first, header and blank lines counted.
    pub row: u64,
    /// The column (from 0) that is at fault, if one is.
    pub column: Option<u32>,
    /// Why.
    pub reason: Reason,
    /// The value that is at fault: short, and safe to show (what cannot be seen is written `\u{…}`).
    pub value: Option<String>,
}

/// How many rows were rejected for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReasonCount {
    /// The reason.
    pub reason: Reason,
    /// How many rows.
    pub count: u64,
    /// What to do about it.
    pub advice: &'static str,
}

/// A row on its way into the file of rejected rows.
pub(super) type Refusal = Rejected;

/// Something a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// How many rows it is about; 1 if it is about the file or a column.
    pub count: u64,
    /// The first row that shows it.
    pub row: Option<u64>,
    /// The first value that shows it, or the name of the column.
    pub value: Option<String>,
}

impl Warning {
    /// A warning about the file or a column.
    pub(super) fn about(kind: WarningKind, row: Option<u64>, value: &str) -> Self {
        Warning { kind, count: 1, row, value: Some(excerpt(value)) }
    }
}

/// How the file was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Format {
    /// What kind of file it is: `csv` for every text, or the kind of spreadsheet.
    pub kind: String,
    /// The worksheet, in a spreadsheet.
    pub sheet: Option<String>,
    /// The encoding; `utf-8` for a file that is all ASCII.
    pub encoding: Encoding,
    /// The delimiter; none in a file of one column.
    pub delimiter: Option<char>,
    /// Whether a row holds names.
    pub header: bool,
    /// The number of that row, as a spreadsheet shows it.
    pub header_row: Option<u64>,
    /// The columns' names, or `column 1` and so on.
    pub columns: Vec<String>,
    /// The column (from 0) that holds the codes.
    pub code_column: u32,
    /// The column (from 0) that holds the expiries.
    pub expiry_column: Option<u32>,
    /// The order of day and month in dates with slashes or dashes, where the file has any that need it.
    pub date_order: Option<DateOrder>,
    /// Whether the file is one of our own exports, whose values lose one leading `'` each.
    pub export: bool,
}

/// What became of a file. At its end `rows == taken + duplicates_in_file + rejected_count`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Rows with anything in them, the header not counted.
    pub rows: u64,
    /// Codes handed out in blocks.
    pub taken: u64,
    /// Rows whose code stands in an earlier row too; the first one wins.
    pub duplicates_in_file: u64,
    /// The first of the duplicates, with their rows.
    pub duplicates: Vec<Duplicate>,
    /// The first rejected rows, in the order of the file.
    pub rejected: Vec<Rejected>,
    /// How many rows were rejected.
    pub rejected_count: u64,
    /// How many for each reason, in the order in which the reasons came up.
    pub reasons: Vec<ReasonCount>,
    /// Codes that had white space around them.
    pub trimmed: u64,
    /// Codes that lost an export mark (`'`) or a spreadsheet's text formula (`="…"`).
    pub unescaped: u64,
    /// What a person should know.
    pub warnings: Vec<Warning>,
    /// How the file was read.
    pub format: Format,
    /// Bytes read.
    pub bytes: u64,
    /// The first rows as understood.
    pub preview: Vec<PreviewRow>,
    /// Rejected rows that are not written to their file yet, if one is wanted.
    #[serde(skip)]
    pub(super) refusals: Option<Vec<Refusal>>,
    #[serde(skip)]
    pub(super) numbers: Numbers,
}

/// A row whose code stands in an earlier row too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// Its number as a spreadsheet shows it.
    pub row: u64,
    /// The code.
    pub value: String,
}

impl Report {
    #[cold]
    pub(super) fn reject(&mut self, row: u64, column: Option<usize>, reason: Reason, value: Option<&str>) {
        self.rejected_count += 1;
        match self.reasons.iter_mut().find(|counted| counted.reason == reason) {
            Some(counted) => counted.count += 1,
            None => self.reasons.push(ReasonCount { reason, count: 1, advice: reason.advice() }),
        }
        preview::note(&mut self.preview, row, Outcome::Rejected { column, reason });
        let column = column.map(|column| column as u32);
        if let Some(refusals) = &mut self.refusals {
            let value = value.map(|value| cut(value, REJECTED_VALUE_CHARS));
            refusals.push(Refusal { row, column, reason, value });
        }
        let rejected = Rejected { row, column, reason, value: value.map(excerpt) };
        keep_first(&mut self.rejected, rejected, |rejected| rejected.row);
    }

    pub(super) fn duplicate(&mut self, row: u64, code: &str) {
        self.duplicates_in_file += 1;
        if self.duplicates.len() < REPORT_ROWS {
            self.duplicates.push(Duplicate { row, value: excerpt(code) });
            preview::note(&mut self.preview, row, Outcome::Duplicate);
        }
    }

    #[inline]
    pub(super) fn take<'a>(&mut self, row: u64, code: impl Fn() -> &'a [u8], expires_at: impl FnOnce() -> Option<i64>) {
        self.taken += 1;
        if self.numbers.are_possible() {
            self.numbers.see(row, code());
        }
        if self.preview.last().is_some_and(|last| row <= last.row) {
            let (code, expires_at) = (String::from_utf8_lossy(code()).into_owned(), expires_at());
            preview::note(&mut self.preview, row, Outcome::Code { code, expires_at });
        }
    }

    pub(super) fn warn(&mut self, kind: WarningKind, row: Option<u64>, value: Option<&str>) {
        match self.warnings.iter_mut().find(|warning| warning.kind == kind) {
            Some(warning) => warning.count += 1,
            None => self.warnings.push(Warning { kind, count: 1, row, value: value.map(excerpt) }),
        }
    }
}

/// Rows that wait for the host may be rejected after later ones: the list is kept in the order of the file.
fn keep_first<T>(list: &mut Vec<T>, item: T, row: impl Fn(&T) -> u64) {
    let at = list.partition_point(|other| row(other) <= row(&item));
    if at < REPORT_ROWS {
        list.truncate(REPORT_ROWS - 1);
        list.insert(at, item);
    }
}

/// The start of `text`, safe to show anywhere that escapes for its own syntax.
pub(super) fn excerpt(text: &str) -> String {
    cut(text, EXCERPT_CHARS)
}

fn cut(text: &str, most: usize) -> String {
    let mut short = String::new();
    for (index, character) in text.chars().enumerate() {
        if index == most {
            short.push('…');
            break;
        }
        if code::is_invisible(character) {
            short.extend(character.escape_unicode());
        } else {
            short.push(character);
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_rejected_rows_are_kept_and_all_are_counted() {
        let mut report = Report::default();
        for row in (1..=REPORT_ROWS as u64 + 5).rev() {
            report.reject(row, Some(0), Reason::Empty, None);
        }
        assert_eq!(report.rejected.len(), REPORT_ROWS);
        assert!(report.rejected.iter().zip(1..).all(|(rejected, row)| rejected.row == row));
        assert_eq!(report.rejected_count, REPORT_ROWS as u64 + 5);
    }

    #[test]
    fn excerpts_show_what_cannot_be_seen() {
        assert_eq!(excerpt("a\u{200b}b\n"), "a\\u{200b}b\\u{a}");
        assert_eq!(excerpt(&"x".repeat(300)).chars().count(), EXCERPT_CHARS + 1);
    }
}
