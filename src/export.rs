//! CSV files that are safe to open in a spreadsheet, and that [`import`](crate::import) reads back unchanged.
//!
//! A value that starts with `=`, `+`, `-`, `@`, a tab or a line break would be read as a formula (OWASP, "CSV
//! Injection"; so would the full-width forms of the signs). In columns of free text such a value gets a leading `'`,
//! and so does a value that starts with `'` itself. The header of such a column ends in `'`: the mark by which an
//! import knows that one leading `'` is to be removed.

use csv_core::{Terminator, WriteResult, Writer, WriterBuilder};

/// A column of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column<'a> {
    /// Free text: codes, contacts, names. Its header gets the mark.
    Text(&'a str),
    /// Numbers and ISO dates of our own making, written as they are.
    Plain(&'a str),
}

/// Writes rows of CSV (RFC 4180: CRLF line ends, `""` for a quote) into a buffer that is taken out piece by piece.
///
/// ```
/// use coupon_pools::export::{Column, CsvWriter};
///
/// let mut file = CsvWriter::new(&[Column::Text("code"), Column::Plain("expires_at")]);
/// file.row(["=1+1", "2027-01-31T23:00:00Z"]);
/// assert_eq!(file.take(), "\u{feff}code',expires_at\r\n'=1+1,2027-01-31T23:00:00Z\r\n".as_bytes());
/// ```
pub struct CsvWriter {
    writer: Writer,
    /// Which columns are free text.
    text: Vec<bool>,
    bytes: Vec<u8>,
}

impl CsvWriter {
    /// A file with these columns. It starts with a byte order mark, without which Excel does not read UTF-8.
    pub fn new(columns: &[Column<'_>]) -> Self {
        let mut file = CsvWriter {
            writer: WriterBuilder::new().terminator(Terminator::CRLF).build(),
            text: columns.iter().map(|column| matches!(column, Column::Text(_))).collect(),
            bytes: b"\xef\xbb\xbf".to_vec(),
        };
        for (index, column) in columns.iter().enumerate() {
            match column {
                Column::Text(name) => file.field(index, &format!("{name}'")),
                Column::Plain(name) => file.field(index, name),
            }
        }
        file.end_row();
        file
    }

    /// Adds a row: a value for each column, in their order; missing ones are empty, further ones are left out.
    pub fn row<'a>(&mut self, values: impl IntoIterator<Item = &'a str>) {
        let mut values = values.into_iter();
        for index in 0..self.text.len() {
            let value = values.next().unwrap_or_default();
            if self.text[index] && needs_mark(value) {
                self.field(index, &format!("'{value}"));
            } else {
                self.field(index, value);
            }
        }
        self.end_row();
    }

    /// The bytes written since the last call.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    fn field(&mut self, index: usize, value: &str) {
        if index > 0 {
            self.write(0, |writer, _, output| {
                let (result, written) = writer.delimiter(output);
                (result, 0, written)
            });
        }
        let value = value.as_bytes();
        self.write(value.len(), |writer, read, output| writer.field(&value[read..], output));
    }

    fn end_row(&mut self) {
        self.write(0, |writer, _, output| {
            let (result, written) = writer.terminator(output);
            (result, 0, written)
        });
    }

    /// Runs one step of the writer with room for twice its input (every byte a quote), more if it asks for more.
    fn write(
        &mut self,
        input: usize,
        mut step: impl FnMut(&mut Writer, usize, &mut [u8]) -> (WriteResult, usize, usize),
    ) {
        let mut total = 0;
        loop {
            let start = self.bytes.len();
            self.bytes.resize(start + 2 * (input - total) + 8, 0);
            let (result, read, written) = step(&mut self.writer, total, &mut self.bytes[start..]);
            self.bytes.truncate(start + written);
            total += read;
            if result == WriteResult::InputEmpty {
                return;
            }
        }
    }
}

fn needs_mark(value: &str) -> bool {
    value.starts_with(['=', '+', '-', '@', '\'', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{ImportOptions, Importer, Progress, Report};

    fn import(bytes: Vec<u8>) -> (Vec<String>, Report) {
        let mut importer = Importer::new(ImportOptions { case_sensitive: true, ..ImportOptions::default() });
        importer.feed(bytes);
        importer.end();
        let mut codes = Vec::new();
        loop {
            match importer.advance().unwrap() {
                Progress::Block(block) => codes.extend(block.codes.iter().map(str::to_owned)),
                Progress::Normalize(texts) => importer.normalized(texts),
                Progress::Done => return (codes, importer.into_report()),
                other => panic!("{other:?}"),
            }
        }
    }

    const HARD: &[&str] = &[
        "SPRING-10",
        "=1+1",
        "+49",
        "-5",
        "@SUM(A1)",
        "'quoted",
        "''twice",
        "a,b",
        "a;b",
        "a\"b",
        "\"a\"",
        "=\"007\"",
        "000123",
        "ÄÖÜ",
        "＝1",
        "🎁",
        "a b",
        "x'",
        "\"",
        "'",
        "sep=;",
        "code",
        "1.5",
    ];

    #[test]
    fn an_export_read_back_gives_the_same_codes() {
        let mut file = CsvWriter::new(&[Column::Text("code"), Column::Plain("number"), Column::Text("contact")]);
        for code in HARD {
            file.row([*code, "7", "=cmd|' /C calc'!A0"]);
        }
        let (codes, report) = import(file.take());
        assert_eq!(codes, HARD);
        assert_eq!(report.unescaped, HARD.iter().filter(|code| needs_mark(code)).count() as u64);
        assert!(report.format.export);
    }

    #[test]
    fn so_does_an_export_of_codes_alone() {
        let mut file = CsvWriter::new(&[Column::Text("code")]);
        for code in HARD {
            file.row([*code]);
        }
        assert_eq!(import(file.take()).0, HARD);
    }

    #[test]
    fn no_cell_of_an_export_starts_a_formula() {
        let mut file = CsvWriter::new(&[Column::Text("code")]);
        file.row(["=1"]);
        file.row(["\t=1"]);
        file.row([""]);
        let bytes = file.take();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text, "\u{feff}code'\r\n'=1\r\n'\t=1\r\n\"\"\r\n");
    }

    #[test]
    fn a_mark_is_removed_only_from_files_that_say_so() {
        let (codes, _) = import(b"code\n'A1\n".to_vec());
        assert_eq!(codes, ["'A1"]);
        let (codes, _) = import(b"code'\n'A1\n''B2\nC3\n".to_vec());
        assert_eq!(codes, ["A1", "'B2", "C3"]);
    }
}
