//! Spreadsheets -> sheet text: one worksheet as a stream of bytes that the import reads as rows.
//!
//! A file is read by seeking ([`Source`]), and only the parts that are needed: its directory, the list of its
//! worksheets, its number formats, and the one worksheet that was chosen, piece by piece. What is held in memory is
//! a few hundred kilobytes, the texts that the workbook keeps apart from its cells, and a piece of the output.
//!
//! ```
//! use coupon_pools::error::Code;
//! use coupon_pools::sheet::{Options, open};
//!
//! let file = b"PK\x03\x04, and no more of it".to_vec();
//! let error = open(std::rc::Rc::new(file), &Options::default()).err().map(|error| error.code());
//! assert_eq!(error, Some(Code::UploadDamaged));
//! ```

#[cfg(feature = "spreadsheets")]
mod biff;
#[cfg(feature = "sheets")]
mod choice;
#[cfg(feature = "sheets")]
mod crc;
mod decimal;
#[cfg(feature = "sheets")]
mod iso_date;
pub mod number;
pub mod number_format;
#[cfg(feature = "spreadsheets")]
mod ods;
#[cfg(feature = "spreadsheets")]
mod ole;
#[cfg(feature = "sheets")]
mod relations;
pub mod text;
#[cfg(feature = "sheets")]
mod unpacking;
#[cfg(feature = "spreadsheets")]
mod xls;
#[cfg(feature = "spreadsheets")]
mod xlsb;
#[cfg(feature = "xlsx")]
mod xlsx;
#[cfg(feature = "sheets")]
mod xml;
#[cfg(feature = "sheets")]
mod xml_text;
#[cfg(feature = "sheets")]
mod zip;
#[cfg(feature = "sheets")]
mod zip_directory;

#[cfg(feature = "sheets")]
use std::rc::Rc;

use crate::error::{Code, Error, Result};
use crate::limits;
use crate::record::record;

/// The worksheet that a text was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// What kind of file it is in: `xlsx`, `xlsb`, `xls`, `ods`.
    pub kind: String,
    /// Its name.
    pub name: String,
}
record!(Sheet { kind, name });

/// A file that is read by seeking.
pub trait Source {
    /// Its size in bytes.
    fn size(&self) -> u64;

    /// Fills `into` with the bytes from `offset` on; all of them lie within the file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read; the error reaches the caller as it is.
    fn read(&self, offset: u64, into: &mut [u8]) -> Result<()>;
}

impl Source for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        let start = usize::try_from(offset).ok();
        let bytes = start.and_then(|start| self.get(start..start.checked_add(into.len())?));
        into.copy_from_slice(bytes.ok_or_else(|| damaged("it ends before its last part does"))?);
        Ok(())
    }
}

/// What kind of spreadsheet a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Office Open XML (ECMA-376), as Excel has written it since 2007; with macros or without.
    Xlsx,
    /// The same with binary parts.
    Xlsb,
    /// OpenDocument (ISO/IEC 26300).
    Ods,
    /// Excel's binary format up to 2003.
    Xls,
}

impl Kind {
    /// As reports and errors name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Xlsx => "xlsx",
            Kind::Xlsb => "xlsb",
            Kind::Ods => "ods",
            Kind::Xls => "xls",
        }
    }
}

/// Which worksheet is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SheetRef {
    /// By its name, as the tab shows it.
    Name(String),
    /// By its place among the worksheets, from 1; hidden ones count.
    Number(u64),
}

/// How much of a file is read at most; see [`limits`] for the reason of each default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that the parts of the file may unpack to, together.
    pub expanded_bytes: u64,
    /// Bytes that one packed byte may unpack to.
    pub expansion: u64,
    /// Bytes of a cell's text; a longer one is marked and cut.
    pub cell_bytes: usize,
    /// The number of the last row.
    pub sheet_rows: u64,
    /// Columns with anything in them.
    pub columns: usize,
    /// Bytes of the texts that are kept apart from the cells.
    pub shared_strings_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            expanded_bytes: limits::SHEET_EXPANDED_BYTES,
            expansion: limits::SHEET_EXPANSION,
            cell_bytes: limits::CELL_BYTES,
            sheet_rows: limits::SHEET_ROWS,
            columns: limits::COLUMNS,
            shared_strings_bytes: limits::SHARED_STRINGS_BYTES,
        }
    }
}

/// How a spreadsheet is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The worksheet; the only visible one with anything in it, if left out.
    pub sheet: Option<SheetRef>,
    /// How much is read at most.
    pub limits: Limits,
}

/// One worksheet, read piece by piece.
pub trait Reader {
    /// What kind of file it is in.
    fn kind(&self) -> Kind;

    /// Its name.
    fn sheet(&self) -> &str;

    /// The next piece of its [sheet text](text), of some ten kilobytes, cut anywhere; `None` at its end. It may be
    /// empty: then a part of the file was read that no row comes from.
    ///
    /// # Errors
    ///
    /// `UploadDamaged`, `UploadTooLarge`, `UploadTooManyColumns`, `UploadEncoding`, or the source's own. After an error
    /// nothing more is to be asked.
    fn next(&mut self) -> Result<Option<Vec<u8>>>;

    /// Bytes of the file that were read so far, for progress; the file's size at the end.
    fn position(&self) -> u64;
}

/// Opens the worksheet that is to be read.
///
/// # Errors
///
/// `UploadSpreadsheet` if the file is no spreadsheet that this build can read, with `kind` in its details;
/// `UploadEncrypted`; `UploadSheetUnknown` and `UploadSheetMissing`, with the worksheets' names in `sheets`;
/// `UploadEmpty` if none holds anything; and those of [`Reader::next`].
#[cfg(feature = "sheets")]
pub fn open(source: Rc<dyn Source>, options: &Options) -> Result<Box<dyn Reader>> {
    if starts_with(&*source, OLE)? {
        #[cfg(feature = "spreadsheets")]
        return Ok(Box::new(xls::Worksheet::open(&*source, options)?));
        #[cfg(not(feature = "spreadsheets"))]
        return Err(unreadable(Kind::Xls.as_str()));
    }
    let archive = Rc::new(zip::Archive::open(source, &options.limits)?);
    match kind_of(&archive) {
        #[cfg(feature = "xlsx")]
        Ok(Kind::Xlsx) => Ok(Box::new(xlsx::Workbook::open(archive, options)?)),
        #[cfg(feature = "spreadsheets")]
        Ok(Kind::Xlsb) => Ok(Box::new(xlsb::Worksheet::open(archive, options)?)),
        #[cfg(feature = "spreadsheets")]
        Ok(Kind::Ods) => Ok(Box::new(ods::Worksheet::open(archive, options)?)),
        Ok(kind) => Err(unreadable(kind.as_str())),
        Err(kind) => Err(unreadable(kind)),
    }
}

/// How a compound file begins (MS-CFB, §2.2): old Excel files, and new ones with a password.
#[cfg(feature = "sheets")]
const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

#[cfg(feature = "sheets")]
fn starts_with(source: &dyn Source, bytes: &[u8]) -> Result<bool> {
    if source.size() < bytes.len() as u64 {
        return Ok(false);
    }
    let mut start = vec![0; bytes.len()];
    source.read(0, &mut start)?;
    Ok(start == bytes)
}

/// What a ZIP archive is, by its directory; else what it is called.
#[cfg(feature = "sheets")]
fn kind_of(archive: &zip::Archive) -> std::result::Result<Kind, &'static str> {
    if archive.has("xl/workbook.bin") {
        Ok(Kind::Xlsb)
    } else if archive.has("_rels/.rels") && archive.names().any(|name| name.starts_with("xl/")) {
        Ok(Kind::Xlsx)
    } else if archive.has("content.xml") && archive.has("mimetype") {
        Ok(Kind::Ods)
    } else if archive.has("Index/Document.iwa") || archive.has("Index.zip") {
        Err("numbers")
    } else if archive.has("word/document.xml") {
        Err("docx")
    } else {
        Err("zip")
    }
}

#[cfg(feature = "sheets")]
#[cold]
fn unreadable(kind: &'static str) -> Error {
    Error::new(
        Code::UploadSpreadsheet,
        format!(
            "The file is of a kind that is not read here ({kind}). Save the sheet as CSV or .xlsx and upload that."
        ),
    )
    .with("kind", kind)
}

/// The error for a file that cannot be what it says it is.
#[cold]
fn damaged(what: &str) -> Error {
    Error::new(
        Code::UploadDamaged,
        format!("The spreadsheet is damaged: {what}. Open it in a spreadsheet program and save it again."),
    )
}

/// The error for something in a column that is not read.
#[cfg(feature = "sheets")]
#[cold]
fn too_many_columns(row: u64, limit: usize) -> Error {
    Error::new(
        Code::UploadTooManyColumns,
        format!("Row {row} has something in a column past number {limit}, and no more are read. Upload fewer columns."),
    )
    .with("row", row)
    .with("limit", limit)
}

/// The error for a file past a limit; `option` is that of `limits` which raises it.
#[cfg(feature = "sheets")]
#[cold]
fn too_large(what: &str, option: &'static str, limit: u64) -> Error {
    Error::new(
        Code::UploadTooLarge,
        format!("{what}: more than {limit} are not read. `limits: {{ {option} }}` says how many."),
    )
    .with("option", format!("limits.{option}"))
    .with("limit", limit)
}
