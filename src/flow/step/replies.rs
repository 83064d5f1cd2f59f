//! What the host answers.

use super::BatchNote;
use crate::code::Texts;
use crate::error::Result;
use crate::pool::alerts::AlertState;
use crate::pool::document::PoolDocument;
use crate::pool::forecast::Usage;
use crate::pool::stock::Stock;
use crate::record::{FromValue, ToValue, Value, expected, record};
use crate::sheet::Sheet;
#[cfg(feature = "manage")]
use crate::shop::Heard;

/// One page of rows.
#[derive(Clone, Debug)]
pub struct Page<Row> {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where the next page starts.
    pub next: Option<String>,
}

impl<Row: FromValue> FromValue for Page<Row> {
    fn from_value(mut value: Value) -> Result<Self> {
        match value.take("rows") {
            Value::List(rows) => Ok(Page {
                rows: rows.into_iter().map(Row::from_value).collect::<Result<_>>()?,
                next: value.read("next")?,
            }),
            _ => Err(expected("a page of rows")),
        }
    }
}

impl<Row: ToValue> ToValue for Page<Row> {
    fn to_value(&self) -> Value {
        Value::Map(vec![("rows".to_owned(), self.rows.to_value()), ("next".to_owned(), self.next.to_value())])
    }
}

/// What the source of an upload gives.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Before anything else: what follows is sheet text of this worksheet.
    Sheet(Sheet),
    /// The next bytes.
    Bytes(Vec<u8>),
}

macro_rules! replies {
    ($($(#[$outer:meta])+ $name:ident { $($(#[$meta:meta])+ $field:ident: $type:ty,)* })+) => {
        $(
            $(#[$outer])+
            #[derive(Clone, Debug)]
            pub struct $name {
                $($(#[$meta])+ pub $field: $type,)*
            }
            record!($name { $($field),* });
        )+
    };
}

replies! {
    /// One pool of a list.
    ListRow {
        /// Its settings.
        document: PoolDocument,
        /// Its stock.
        stock: Stock,
        /// When the stock was read, if it may be old.
        as_of: Option<i64>,
        /// Draws by hour, as asked for.
        usage: Vec<Usage>,
    }
    /// What an undo did.
    Undone {
        /// Codes that left the pool.
        removed: u64,
        /// Codes that stay because somebody holds them.
        kept: u64,
    }
    /// One batch.
    BatchRow {
        /// Its id.
        batch: String,
        /// `staged`, `committed` or `undone`.
        state: String,
        /// What was kept with it.
        note: Option<BatchNote>,
        /// Codes added.
        added: u64,
        /// Codes that left by an undo.
        undone: u64,
        /// Codes held.
        assigned: u64,
        /// When it was committed (or begun).
        at: i64,
    }
    /// One code that was found.
    FoundRow {
        /// The code as uploaded.
        code: String,
        /// `available`, `assigned` or `void`.
        status: String,
        /// Its own expiry.
        expires_at: Option<i64>,
        /// Its batch.
        batch: String,
        /// Its draw's number.
        number: Option<u64>,
        /// When it was drawn.
        drawn_at: Option<i64>,
        /// Who has it.
        contact: Option<String>,
        /// Which message showed it.
        message: Option<String>,
        /// In which slot.
        slot: Option<String>,
        /// When it was redeemed.
        redeemed_at: Option<i64>,
    }
    /// One free code.
    FreeCode {
        /// The code as uploaded.
        code: String,
        /// Its own expiry.
        expires_at: Option<i64>,
    }
    /// How many uses lost a contact's text.
    Forgotten {
        /// The count.
        forgotten: u64,
    }
    /// How many codes were marked.
    Marked {
        /// Codes that somebody holds.
        marked: u64,
        /// Codes that nobody holds.
        unknown: u64,
    }
    /// Whether there is more to clean up.
    Swept {
        /// There is.
        more: bool,
    }
    /// How many codes were taken out of stock.
    Voided {
        /// Codes that nobody holds.
        voided: u64,
    }
    /// One entry of the journal.
    JournalRow {
        /// Its id.
        id: String,
        /// Counts its saves.
        revision: u32,
        /// What was saved.
        entry: Value,
    }
    /// Whether an entry was saved.
    JournalSaved {
        /// It was.
        saved: bool,
        /// What is stored now.
        record: Option<JournalRow>,
    }
    /// Whether a document was saved.
    Saved {
        /// It was.
        saved: bool,
        /// Why not: `conflict` or `touched`.
        reason: Option<String>,
        /// What is stored, if it was not saved.
        document: Option<PoolDocument>,
    }
}

/// The alert state as stored.
#[derive(Clone, Debug)]
pub struct AlertRecord {
    /// Counts its saves.
    pub revision: u32,
    /// The state.
    pub state: AlertState,
}

impl FromValue for AlertRecord {
    /// A state that cannot be read, such as another version's, is an empty one: no draw fails for it.
    fn from_value(mut value: Value) -> Result<Self> {
        Ok(AlertRecord { revision: value.read("revision")?, state: value.read("state").unwrap_or_default() })
    }
}

/// Whether the alert state was saved.
#[derive(Clone, Debug)]
pub struct AlertsSaved {
    /// It was.
    pub saved: bool,
    /// What is stored now.
    pub record: Option<AlertRecord>,
}

impl FromValue for AlertsSaved {
    fn from_value(mut value: Value) -> Result<Self> {
        Ok(AlertsSaved { saved: value.read("saved")?, record: value.read("record")? })
    }
}

/// How `beginBatch` ended.
#[expect(clippy::large_enum_variant, reason = "one lives for a moment; a box would only cost code")]
#[derive(Clone, Debug)]
pub enum Begun {
    /// The batch is staged.
    Begun,
    /// Another one is, under a lease until then.
    Busy {
        /// The other one's id.
        batch: String,
        /// When the lease runs out.
        until: i64,
    },
    /// This batch has ended before.
    Ended,
    /// The settings have changed.
    Stale {
        /// The settings now.
        document: Option<PoolDocument>,
    },
}

/// How `addBlock` ended.
#[derive(Clone, Debug)]
pub enum BlockAnswer {
    /// The block is in.
    Added {
        /// Without these, which the pool has already.
        duplicates: Vec<u32>,
    },
    /// The batch is not staged any more.
    Ended,
}

/// How `commitBatch` ended.
#[derive(Clone, Debug)]
pub enum Committed {
    /// Its codes are drawable.
    Committed {
        /// How many.
        added: u64,
    },
    /// The batch is not staged any more.
    Ended,
}

impl FromValue for Begun {
    fn from_value(mut value: Value) -> Result<Self> {
        match value.take("status").as_text() {
            Some("begun") => Ok(Begun::Begun),
            Some("busy") => Ok(Begun::Busy { batch: value.read("batch")?, until: value.read("until")? }),
            Some("ended") => Ok(Begun::Ended),
            Some("stale") => Ok(Begun::Stale { document: value.read("document")? }),
            _ => Err(expected("a status")),
        }
    }
}

impl FromValue for BlockAnswer {
    fn from_value(mut value: Value) -> Result<Self> {
        match value.take("status").as_text() {
            Some("added") => Ok(BlockAnswer::Added { duplicates: value.read("duplicates")? }),
            Some("ended") => Ok(BlockAnswer::Ended),
            _ => Err(expected("a status")),
        }
    }
}

impl FromValue for Committed {
    fn from_value(mut value: Value) -> Result<Self> {
        match value.take("status").as_text() {
            Some("committed") => Ok(Committed::Committed { added: value.read("added")? }),
            Some("ended") => Ok(Committed::Ended),
            _ => Err(expected("a status")),
        }
    }
}

/// How a call to a shop ended.
#[cfg(feature = "manage")]
#[derive(Clone, Debug)]
pub struct Received {
    /// Which.
    pub ticket: u32,
    /// How.
    pub heard: Heard,
}

/// How a release ended.
#[derive(Clone, Debug)]
pub struct ReleaseOutcome {
    /// The use is gone.
    pub released: bool,
    /// Its code went back to stock.
    pub freed: bool,
    /// Why not: `unknown-use`, `other-number` or `answered-since`.
    pub reason: Option<String>,
}

impl FromValue for ReleaseOutcome {
    fn from_value(mut value: Value) -> Result<Self> {
        let freed: Option<bool> = value.read("freed")?;
        Ok(ReleaseOutcome {
            released: value.read("released")?,
            freed: freed.unwrap_or(false),
            reason: value.read("reason")?,
        })
    }
}

/// How a claim ended.
#[derive(Clone, Debug)]
pub enum ClaimAnswer {
    /// The settings have changed; nothing was drawn.
    Stale(Option<PoolDocument>),
    /// Everything was decided.
    Claimed {
        /// One for each item.
        outcomes: Outcomes,
        /// Codes left.
        remaining: u64,
        /// Codes added and not undone.
        added: u64,
        /// The alert state.
        alerts: Option<AlertRecord>,
    },
}

/// What the items of a claim got, in columns.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    /// The codes, empty texts where there is none.
    pub codes: Texts,
    /// One for each item.
    pub items: Vec<Outcome>,
}

/// What one item got, beside its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A code.
    Code {
        /// The draw's number.
        number: u64,
        /// The code's own expiry.
        expires_at: Option<i64>,
        /// This use had been answered before.
        repeat: bool,
        /// The code was free until this claim.
        fresh: bool,
        /// How often the draw has been answered, this time included.
        answers: u32,
    },
    /// Nothing is left.
    Empty,
    /// The contact's code has expired.
    Expired,
}
