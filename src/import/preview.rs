//! The first rows of a file as understood: every cell, and what became of it.

use serde::Serialize;

use super::columns::Row;
use super::reasons::Reason;
use super::report::excerpt;
use crate::limits::PREVIEW_ROWS;

/// Most cells of a row: exports of shops have fewer.
const CELLS: usize = 100;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowVerdict {
    /// No data: it stands above the header.
    Ignored,
    /// It holds the columns' names.
    Header,
    /// Its code was taken.
    Code,
    /// Its code stands in an earlier row too.
    Duplicate,
    /// Its code was in the pool before.
    InPool,
    /// It was not taken, for a reason.
    Rejected,
}

/// How a cell was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellVerdict {
    /// Its column is not read.
    Ignored,
    /// The name of its column.
    Header,
    /// As a code.
    Code,
    /// As an expiry.
    Expiry,
    /// The row was rejected for it.
    Rejected,
}

/// One cell as understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PreviewCell {
    /// Its text: short, and safe to show.
    pub value: String,
    /// How it was read.
    pub verdict: CellVerdict,
}

/// One row as understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviewRow {
    /// Its number as a spreadsheet shows it.
    pub row: u64,
    /// What became of it.
    pub verdict: RowVerdict,
    /// Its cells, the first 100 of them.
    pub cells: Vec<PreviewCell>,
    /// The code, if it was taken.
    pub code: Option<String>,
    /// When the code stops being valid: exclusive, milliseconds since 1970.
    pub expires_at: Option<i64>,
    /// Why the row was rejected, if it was.
    pub reason: Option<Reason>,
}

/// Where things are in the file.
pub(super) struct Places {
    /// Which of the rows holds the names, if one does.
    pub(super) header: Option<usize>,
    pub(super) code: usize,
    pub(super) expiry: Option<usize>,
}

/// The first of `rows`, of which nothing has been read yet.
pub(super) fn begin(rows: &[Row], places: &Places) -> Vec<PreviewRow> {
    let start = places.header.map_or(0, |header| header + 1);
    let cell = |index: usize, column: usize, text: &str| PreviewCell {
        value: excerpt(text),
        verdict: match () {
            () if places.header == Some(index) => CellVerdict::Header,
            () if index < start => CellVerdict::Ignored,
            () if column == places.code => CellVerdict::Code,
            () if Some(column) == places.expiry => CellVerdict::Expiry,
            () => CellVerdict::Ignored,
        },
    };
    let row = |(index, (row, fields)): (usize, &Row)| PreviewRow {
        row: *row,
        verdict: if places.header == Some(index) { RowVerdict::Header } else { RowVerdict::Ignored },
        cells: fields.iter().take(CELLS).enumerate().map(|(column, text)| cell(index, column, text)).collect(),
        code: None,
        expires_at: None,
        reason: None,
    };
    rows.iter().enumerate().take(start + PREVIEW_ROWS).map(row).collect()
}

/// What became of a row.
pub(super) enum Outcome {
    Code { code: String, expires_at: Option<i64> },
    Duplicate,
    Rejected { column: Option<usize>, reason: Reason },
}

/// Writes down what became of a row, if it is one of the first.
pub(super) fn note(preview: &mut [PreviewRow], row: u64, outcome: Outcome) {
    let Ok(at) = preview.binary_search_by_key(&row, |preview| preview.row) else { return };
    let noted = &mut preview[at];
    match outcome {
        Outcome::Code { code, expires_at } => {
            noted.verdict = RowVerdict::Code;
            noted.code = Some(code);
            noted.expires_at = expires_at;
        }
        Outcome::Duplicate => noted.verdict = RowVerdict::Duplicate,
        Outcome::Rejected { column, reason } => {
            noted.verdict = RowVerdict::Rejected;
            noted.reason = Some(reason);
            if let Some(cell) = column.and_then(|column| noted.cells.get_mut(column)) {
                cell.verdict = CellVerdict::Rejected;
            }
        }
    }
}
