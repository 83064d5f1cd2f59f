//! The rejected rows as a CSV file, all of them, piece by piece.
//!
//! Columns: the row's number, the column's name, the value, the reason, and what to do. Values are cut to
//! [`REJECTED_VALUE_CHARS`](crate::limits::REJECTED_VALUE_CHARS), what cannot be seen is written `\u{…}`, and what a
//! spreadsheet would read as a formula gets a leading `'`, as in every [export](crate::export).

use super::report::{Refusal, Report};
use crate::export::{Column, CsvWriter};

/// Rows that are written at once: some tens of kilobytes.
pub(super) const ROWS: usize = 512;

/// Writes rejected rows in the order of the file.
pub(super) struct RejectedFile {
    file: CsvWriter,
}

impl RejectedFile {
    pub(super) fn new() -> Self {
        let columns = [
            Column::Plain("row"),
            Column::Text("column"),
            Column::Text("value"),
            Column::Plain("reason"),
            Column::Plain("what to do"),
        ];
        RejectedFile { file: CsvWriter::new(&columns) }
    }

    /// Writes the rows that were rejected since the last call, and gives the bytes. The caller sees to it that no row
    /// before them can be rejected any more.
    pub(super) fn write(&mut self, report: &mut Report) -> Vec<u8> {
        let mut refusals = report.refusals.as_mut().map(std::mem::take).unwrap_or_default();
        refusals.sort_by_key(|refusal| refusal.row);
        for Refusal { row, column, reason, value } in &refusals {
            let name = column.and_then(|column| report.format.columns.get(column as usize));
            self.file.row([
                row.to_string().as_str(),
                name.map_or("", String::as_str),
                value.as_deref().unwrap_or_default(),
                reason.as_str(),
                reason.advice(),
            ]);
        }
        self.file.take()
    }
}
