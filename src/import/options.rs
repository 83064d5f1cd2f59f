//! How a file is to be read: what a caller says, and what is left to be found out.

use super::columns::ColumnRef;
use super::dates::DateOrder;
use super::encoding::Encoding;
use crate::error::{Code, Error, Result};
use crate::limits::{BATCH_EXPIRIES, COLUMNS, DEDUPE_BYTES, ROW_BYTES};
use crate::record::{FromValue, Value, expected};
pub use crate::sheet::Sheet;

/// The delimiter of a file with one column: a byte that stands in no UTF-8 text.
pub const NO_DELIMITER: u8 = 0xff;

/// How to read a file. Everything has a default: to find out from the file itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportOptions {
    /// The column of the codes; found by its name or its look if left out.
    pub code_column: Option<ColumnRef>,
    /// The column of the expiries; found by its name, or without header by its dates, if left out.
    pub expiry_column: Option<ExpiryColumn>,
    /// Where the columns' names are.
    pub header: Option<Header>,
    /// The order of day and month in dates with slashes or dashes; found from dates that allow one order only.
    pub date_order: Option<DateOrder>,
    /// The encoding. A byte order mark wins over it.
    pub encoding: Option<Encoding>,
    /// The delimiter: a printable ASCII character that is no letter or digit, a tab, or [`NO_DELIMITER`].
    pub delimiter: Option<u8>,
    /// The expiry of rows whose own is empty: exclusive, milliseconds since 1970.
    pub default_expiry: Option<i64>,
    /// Whether codes that differ in letter case only are different codes.
    pub case_sensitive: bool,
    /// At most this many codes a block, at least 1.
    pub block_codes: usize,
    /// So many codes at a time are put in the order of their keys before they are cut into blocks; 0 for the order of the
    /// file, which a few blocks keep in any case.
    pub sort_codes: usize,
    /// Whether [`Progress::Block`](super::Progress::Block) is wanted, or the report alone: then no block is made.
    pub wants_blocks: bool,
    /// Whether [`Progress::Rejected`](super::Progress::Rejected) is wanted: every rejected row, as CSV.
    pub wants_rejected: bool,
    /// The file's size in bytes where it is known: room for its codes is made at once.
    pub expected_bytes: Option<u64>,
    /// Set if the bytes are [sheet text](crate::sheet::text) and not a file of their own.
    pub sheet: Option<Sheet>,
    /// How much of a file is read before it is refused.
    pub limits: ImportLimits,
}

impl Default for ImportOptions {
    fn default() -> Self {
        ImportOptions {
            code_column: None,
            expiry_column: None,
            header: None,
            date_order: None,
            encoding: None,
            delimiter: None,
            default_expiry: None,
            case_sensitive: false,
            // Some thousand codes are one record of a block store, and keep a round trip short.
            block_codes: 4_096,
            sort_codes: 0,
            wants_blocks: true,
            wants_rejected: false,
            expected_bytes: None,
            sheet: None,
            limits: ImportLimits::default(),
        }
    }
}

/// Where expiries are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpiryColumn {
    /// Nowhere: codes get the default expiry, whatever columns the file has.
    Ignore,
    /// In this column.
    At(ColumnRef),
}

/// Where the columns' names are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// Nowhere.
    None,
    /// In the first row that is not blank.
    First,
    /// In this row, counted from 1 as a spreadsheet does; what stands above is no data.
    Row(u64),
}

impl FromValue for Header {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Bool(true) => Ok(Header::First),
            Value::Bool(false) => Ok(Header::None),
            value => match u64::from_value(value) {
                Ok(row) if row > 0 => Ok(Header::Row(row)),
                _ => Err(expected("true, false or the number of a row")),
            },
        }
    }
}

/// How much of a file is read before it is refused. Each may be raised by whoever knows his files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportLimits {
    /// Longest row, in bytes.
    pub row_bytes: usize,
    /// Most columns of a row.
    pub columns: usize,
    /// Most different expiries.
    pub expiries: usize,
    /// Most memory that is used to find duplicates within the file, in bytes.
    pub dedupe_bytes: usize,
}

impl Default for ImportLimits {
    fn default() -> Self {
        ImportLimits { row_bytes: ROW_BYTES, columns: COLUMNS, expiries: BATCH_EXPIRIES, dedupe_bytes: DEDUPE_BYTES }
    }
}

impl FromValue for ImportLimits {
    /// Reads `{ rowBytes?, columns?, expiries?, dedupeBytes? }`; what is left out keeps its default.
    fn from_value(mut value: Value) -> Result<Self> {
        let mut limits = ImportLimits::default();
        // Places within a row are kept in 32 bits, and so are columns and expiries wherever they are counted.
        for (name, limit, most) in [
            ("row_bytes", &mut limits.row_bytes, 1 << 30),
            ("columns", &mut limits.columns, 1 << 20),
            ("expiries", &mut limits.expiries, 1 << 20),
            ("dedupe_bytes", &mut limits.dedupe_bytes, usize::MAX),
        ] {
            if let Some(given) = value.read::<Option<usize>>(name)? {
                if given == 0 || given > most {
                    return Err(out_of_range(&crate::record::camel(name), most));
                }
                *limit = given;
            }
        }
        Ok(limits)
    }
}

fn out_of_range(name: &str, most: usize) -> Error {
    Error::new(Code::InvalidArgument, format!("limits.{name} is a whole number from 1 to {most}."))
        .with("option", format!("limits.{name}"))
}

/// An error for something past a limit: what was found, and how the limit is raised.
pub(super) fn past(code: Code, found: String, advice: &str, option: &'static str, limit: usize) -> Error {
    Error::new(code, format!("{found} {advice} If it is meant to be so, raise `limits.{option}`."))
        .with("limit", limit)
        .with("option", format!("limits.{option}"))
}
