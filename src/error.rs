//! One error type with a stable code, for everything that can go wrong in the core.
//!
//! An error says what was wrong, where, and what to do. Its [`Code`] is a contract with users; its text may
//! improve. Errors of an adapter (a store, a notifier) are not described here: the driver keeps them and hands
//! them to the caller untouched, as `cause`; the core only knows that step number so-and-so failed.

use std::fmt;

use crate::record::{ToValue, Value};

/// Shorthand for results of the core.
pub type Result<T> = std::result::Result<T, Error>;

/// Which JavaScript class an error becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// A call that cannot be right: an option out of range, a missing argument.
    CouponPoolsError,
    /// The pool that was named does not exist in this tenant.
    PoolNotFoundError,
    /// The pool is not in a state that allows the call.
    PoolConflictError,
    /// No code is left and the pool's `onEmpty` is `stop`.
    OutOfCodesError,
    /// The file or its contents cannot be taken.
    UploadError,
    /// The template cannot be compiled.
    TemplateError,
    /// The shop refused, failed or answered nonsense.
    ShopError,
    /// The store failed or answered nonsense.
    StoreError,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $class:ident $text:literal,)+) => {
        /// What went wrong, as a stable name that programs may compare with.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code there is, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// The stable text of the code, such as `POOL_NOT_FOUND`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)+ }
            }

            /// The JavaScript class that an error with this code becomes.
            pub const fn class(self) -> Class {
                match self { $(Code::$variant => Class::$class,)+ }
            }

            /// One sentence on when it happens and what to do, as in the table of errors.
            pub const fn about(self) -> &'static str {
                match self { $(Code::$variant => concat!($($doc),+),)+ }
            }
        }
    };
}

codes! {
    /// An argument or option is missing, of the wrong type or out of range; `details.option` names it.
    InvalidArgument = CouponPoolsError "INVALID_ARGUMENT",
    /// The call was cancelled through its `AbortSignal`; nothing was stored.
    Aborted = CouponPoolsError "ABORTED",
    /// The engine contradicted itself; please report it with the message.
    Internal = CouponPoolsError "INTERNAL",
    /// No pool with this handle exists in the tenant; create it or check the spelling.
    PoolNotFound = PoolNotFoundError "POOL_NOT_FOUND",
    /// A pool with this handle exists already; choose another handle or edit the pool.
    PoolExists = PoolConflictError "POOL_EXISTS",
    /// Another caller changed the pool at the same time, again and again; try again later.
    PoolChanged = PoolConflictError "POOL_CHANGED",
    /// The pool is archived: it takes no uploads and gives no codes until it is restored.
    PoolArchived = PoolConflictError "POOL_ARCHIVED",
    /// This setting is fixed once the pool has had its first upload or draw; make a new pool instead.
    PoolInUse = PoolConflictError "POOL_IN_USE",
    /// The pool's kind does not allow this call: only static pools take uploads, fixed pools store no draws.
    PoolKind = PoolConflictError "POOL_KIND",
    /// As many codes were generated as the pool's `dynamic.limit` allows; raise it or take it away.
    LimitReached = PoolConflictError "LIMIT_REACHED",
    /// The pattern leaves too few codes, so that they could be guessed or would run out; `details.add` says how many characters to add.
    PatternTooSmall = CouponPoolsError "PATTERN_TOO_SMALL",
    /// No code is left (or the contact's code has expired) and the pool says `stop`; upload more codes or choose another `onEmpty`.
    OutOfCodes = OutOfCodesError "OUT_OF_CODES",
    /// Another upload to this pool is under way; wait for it, or until its lease has run out (`details.retryAfter` ms), or drop it with `takeOver: details.batch`.
    UploadInProgress = UploadError "UPLOAD_IN_PROGRESS",
    /// Another upload took this one's place (`takeOver`, or its lease had run out), or it was cleaned up; nothing of it was stored, start again.
    UploadSuperseded = UploadError "UPLOAD_SUPERSEDED",
    /// The file holds no rows.
    UploadEmpty = UploadError "UPLOAD_EMPTY",
    /// The file is not text: its first bytes or its control characters say so; `details.kind` names what was found.
    UploadNotText = UploadError "UPLOAD_NOT_TEXT",
    /// The file is a spreadsheet or an archive; save the sheet as CSV and upload that.
    UploadSpreadsheet = UploadError "UPLOAD_SPREADSHEET",
    /// A part of the spreadsheet cannot be read: it is cut off, changed or not what it says it is; open the file in a spreadsheet program and save it again.
    UploadDamaged = UploadError "UPLOAD_DAMAGED",
    /// The spreadsheet is protected by a password; save it without one.
    UploadEncrypted = UploadError "UPLOAD_ENCRYPTED",
    /// Something in the file is larger than is read; `details.limit` names the limit in force and the option of `limits` that raises it.
    UploadTooLarge = UploadError "UPLOAD_TOO_LARGE",
    /// It cannot be told which worksheet holds the codes; `details.sheets` lists them, name one with `sheet`.
    UploadSheetUnknown = UploadError "UPLOAD_SHEET_UNKNOWN",
    /// The worksheet named in `sheet` is not in the file; `details.sheets` lists those that are.
    UploadSheetMissing = UploadError "UPLOAD_SHEET_MISSING",
    /// The bytes are not valid in the encoding that the file claims; `details.offset` says where.
    UploadEncoding = UploadError "UPLOAD_ENCODING",
    /// One row is longer than `limits.rowBytes`: often an unclosed quote; `details.row` says where it starts.
    UploadRowTooLong = UploadError "UPLOAD_ROW_TOO_LONG",
    /// A row has more columns than `limits.columns`; save only those with codes and expiries.
    UploadTooManyColumns = UploadError "UPLOAD_TOO_MANY_COLUMNS",
    /// It cannot be told which column holds the codes; `details.columns` lists them, name one with `columns: { code }`.
    UploadColumnUnknown = UploadError "UPLOAD_COLUMN_UNKNOWN",
    /// The column named in `columns` is not in the file; `details.columns` lists those that are.
    UploadColumnMissing = UploadError "UPLOAD_COLUMN_MISSING",
    /// Dates such as 01/02/2027 can be read two ways; say which with `columns: { dateOrder: "dmy" | "mdy" }`.
    UploadDatesAmbiguous = UploadError "UPLOAD_DATES_AMBIGUOUS",
    /// The codes have more different expiries than `limits.expiries`; round them to days or split the file.
    UploadTooManyExpiries = UploadError "UPLOAD_TOO_MANY_EXPIRIES",
    /// The codes take more memory to be compared with each other than an upload may use; split the file, or raise `limits.dedupeBytes`.
    UploadTooManyCodes = UploadError "UPLOAD_TOO_MANY_CODES",
    /// Not one row holds a code that can be taken; `details.rejected` says why.
    UploadNothingUsable = UploadError "UPLOAD_NOTHING_USABLE",
    /// No batch with this id is in the pool.
    BatchNotFound = UploadError "BATCH_NOT_FOUND",
    /// A tag cannot be read: unknown name, wrong argument, missing end; the message says what was expected.
    TemplateSyntax = TemplateError "TEMPLATE_SYNTAX",
    /// A tag stands where no escaping makes a code safe; the message says what to write instead.
    TemplatePlace = TemplateError "TEMPLATE_PLACE",
    /// The template is longer, deeper or has more tags than is read.
    TemplateTooLarge = TemplateError "TEMPLATE_TOO_LARGE",
    /// A code (or a fallback, or a date) holds what the engine named in `next` reads as its syntax, in plain text, where nothing hides it. The mail keeps its codes, so that a retry meets the same answer; release the draw that `details` names, or run that engine first, with marks.
    CodeIsSyntax = CouponPoolsError "CODE_IS_SYNTAX",
    /// The pool's shop is not among the `shops` that this `CouponPools` was given; name it there.
    ShopUnknown = ShopError "SHOP_UNKNOWN",
    /// The shop does not answer, or its answers are lost; the `cause` says more. What was begun is finished by the next `maintain`.
    ShopUnreachable = ShopError "SHOP_UNREACHABLE",
    /// The shop refused, in the words of the message.
    ShopRefused = ShopError "SHOP_REFUSED",
    /// The rule is gone, has ended or does not allow codes, or is no rule of such a shop; the message says which.
    RuleUnusable = ShopError "RULE_UNUSABLE",
    /// The store threw; its own error is the `cause`. Whatever was asked may or may not have happened: the same call may be repeated.
    StoreFailed = StoreError "STORE_FAILED",
    /// The store answered with something that the contract does not allow; run the contract suite on it.
    StoreAnswer = StoreError "STORE_ANSWER",
    /// The source of an upload, a notifier or another callback threw; its own error is the `cause`.
    HostFailed = CouponPoolsError "HOST_FAILED",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One value in an error's details.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// A text.
    Text(String),
    /// A number: a row, a column, a count.
    Number(f64),
    /// A list of texts.
    List(Vec<String>),
    /// Counts by name.
    Counts(Counts),
}

/// Counts by name, kept in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts(pub Vec<(&'static str, f64)>);

impl ToValue for Detail {
    fn to_value(&self) -> Value {
        match self {
            Detail::Text(text) => text.to_value(),
            Detail::Number(number) => number.to_value(),
            Detail::List(list) => list.to_value(),
            Detail::Counts(Counts(counts)) => {
                Value::Map(counts.iter().map(|(name, count)| ((*name).to_owned(), count.to_value())).collect())
            }
        }
    }
}

impl From<&str> for Detail {
    fn from(text: &str) -> Self {
        Detail::Text(text.to_owned())
    }
}
impl From<String> for Detail {
    fn from(text: String) -> Self {
        Detail::Text(text)
    }
}
impl From<u64> for Detail {
    fn from(number: u64) -> Self {
        Detail::Number(number as f64)
    }
}
impl From<usize> for Detail {
    fn from(number: usize) -> Self {
        Detail::Number(number as f64)
    }
}
impl From<Vec<String>> for Detail {
    fn from(list: Vec<String>) -> Self {
        Detail::List(list)
    }
}

/// What went wrong, with a stable code, a text for people and details for programs.
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, PartialEq)]
struct Inner {
    code: Code,
    message: String,
    details: Vec<(&'static str, Detail)>,
    cause: Option<u32>,
}

impl Error {
    /// An error with a code and a text that says what was wrong and what to do.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { code, message: message.into(), details: Vec::new(), cause: None }))
    }

    /// The same error with one more detail.
    #[must_use]
    pub fn with(mut self, name: &'static str, detail: impl Into<Detail>) -> Self {
        self.0.details.push((name, detail.into()));
        self
    }

    /// The same error, naming which failure that the driver kept is its cause.
    #[must_use]
    pub fn caused_by(mut self, failure: u32) -> Self {
        self.0.cause = Some(failure);
        self
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The text for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The details for programs, in the order they were added.
    pub fn details(&self) -> &[(&'static str, Detail)] {
        &self.0.details
    }

    /// The number of the failure, kept by the driver, that caused this.
    pub fn cause(&self) -> Option<u32> {
        self.0.cause
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_unique_and_explained() {
        let mut texts: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| code.about().trim().ends_with('.')));
    }
}
