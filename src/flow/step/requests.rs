//! What steps carry to the host.

use crate::code::{Block, Texts};
use crate::error::Result;
#[cfg(feature = "manage")]
use crate::import::LocalTime;
use crate::pool::alerts::AlertState;
use crate::pool::document::{PoolDocument, Reuse};
use crate::pool::keys::Key;
use crate::record::{FromValue, ToValue, Value, record};
#[cfg(feature = "manage")]
use crate::shop::Call;

macro_rules! requests {
    ($($(#[$outer:meta])+ $name:ident { $($(#[$meta:meta])+ $field:ident: $type:ty,)* })+) => {
        $(
            $(#[$outer])+
            #[derive(Clone, Debug)]
            pub struct $name {
                $($(#[$meta])+ pub $field: $type,)*
            }
            record!(to $name { $($field),* });
        )+
    };
}

requests! {
    /// `load` of the store contract.
    Load {
        /// Handles.
        pools: Vec<String>,
    }
    /// `save` of the store contract.
    Save {
        /// What to save.
        document: PoolDocument,
        /// The revision it replaces, none for a new pool.
        expected: Option<u32>,
        /// Only while the pool has had no upload and no draw.
        untouched: bool,
    }
    /// `list` of the store contract.
    List {
        /// Archived pools instead of the others.
        archived: bool,
        /// Where to go on.
        cursor: Option<String>,
        /// Most rows.
        limit: u32,
        /// Usage since this instant comes with each row.
        usage_from: i64,
    }
    /// `beginBatch` of the store contract.
    BeginBatch {
        /// Handle.
        pool: String,
        /// The batch's id.
        batch: String,
        /// The version of the settings that keys are made under.
        version: u32,
        /// The caller's clock.
        now: i64,
        /// Milliseconds.
        lease: i64,
    }
    /// Nothing but the wait.
    Settle {
        /// Rows read so far.
        rows: u64,
        /// Bytes read so far.
        bytes: u64,
    }
    /// `commitBatch` of the store contract.
    CommitBatch {
        /// Handle.
        pool: String,
        /// The batch's id.
        batch: String,
        /// Kept with the batch.
        note: BatchNote,
        /// The caller's clock.
        now: i64,
    }
    /// `dropBatch` of the store contract.
    DropBatch {
        /// Handle.
        pool: String,
        /// The batch's id.
        batch: String,
    }
    /// `undoBatch` of the store contract.
    UndoBatch {
        /// Handle.
        pool: String,
        /// The batch's id.
        batch: String,
        /// The caller's clock.
        now: i64,
    }
    /// `batches` of the store contract.
    PageOf {
        /// Handle.
        pool: String,
        /// Where to go on.
        cursor: Option<String>,
        /// Most rows.
        limit: u32,
    }
    /// `draws` of the store contract.
    Draws {
        /// Handle.
        pool: String,
        /// Where to go on.
        cursor: Option<String>,
        /// Most rows.
        limit: u32,
    }
    /// `codes` of the store contract.
    Codes {
        /// Handle.
        pool: String,
        /// Where to go on.
        cursor: Option<String>,
        /// Most rows.
        limit: u32,
    }
    /// `release` of the store contract.
    Release {
        /// Handle.
        pool: String,
        /// What to take back.
        items: Vec<ReleaseItem>,
        /// The caller's clock.
        now: i64,
    }
    /// `find` of the store contract.
    Find {
        /// Handle.
        pool: String,
        /// What is known.
        by: FindBy,
        /// Where to go on.
        cursor: Option<String>,
        /// Most rows.
        limit: u32,
    }
    /// `forget` of the store contract.
    Forget {
        /// Handle.
        pool: String,
        /// Whose text to remove.
        contact: String,
    }
    /// `markRedeemed` of the store contract.
    MarkRedeemed {
        /// Handle.
        pool: String,
        /// Equality keys.
        keys: Vec<String>,
        /// The caller's clock.
        now: i64,
    }
    /// `counts` of the store contract.
    Counts {
        /// Handle.
        pool: String,
    }
    /// `usage` of the store contract.
    UsageOf {
        /// Handle.
        pool: String,
        /// From this instant.
        from: i64,
        /// To before this instant.
        to: i64,
    }
    /// `alerts` of the store contract.
    Alerts {
        /// Handle.
        pool: String,
    }
    /// `saveAlerts` of the store contract.
    SaveAlerts {
        /// Handle.
        pool: String,
        /// The revision it replaces.
        expected: Option<u32>,
        /// What to save.
        state: AlertState,
    }
    /// `sweep` of the store contract.
    Sweep {
        /// Handle.
        pool: String,
        /// The caller's clock.
        now: i64,
        /// Hours before this are rolled up into days.
        roll_up_before: i64,
    }
    /// What a draw needs that found a dynamic pool empty.
    TopUp {
        /// Handle.
        pool: String,
        /// How many codes it needs.
        count: u64,
        /// How long it waits, in milliseconds.
        wait: i64,
    }
    /// `voidCodes` of the store contract.
    VoidCodes {
        /// Handle.
        pool: String,
        /// Equality keys.
        keys: Vec<String>,
    }
    /// `journal` of the store contract.
    JournalOf {
        /// Handle.
        pool: String,
    }
    /// `saveJournal` of the store contract.
    SaveJournal {
        /// Handle.
        pool: String,
        /// The entry's id.
        id: String,
        /// The revision it replaces, none for a new entry.
        expected: Option<u32>,
        /// What to save; `Null` removes it.
        entry: Value,
    }
    /// A shop's name.
    ShopOf {
        /// As in the pool's settings.
        shop: String,
    }
    /// A wait for nothing.
    Pause {
        /// So many milliseconds.
        wait: i64,
    }
    /// A wait.
    Receive {
        /// At most so many milliseconds.
        wait: i64,
    }
    /// Progress so far, told with each request for more.
    Read {
        /// Rows read.
        rows: u64,
        /// Bytes read.
        bytes: u64,
    }
}

/// Wall-clock times of one zone.
#[cfg(feature = "manage")]
#[derive(Clone, Debug)]
pub struct Instants {
    /// IANA name.
    pub time_zone: String,
    /// What to resolve.
    pub times: Vec<LocalTime>,
}
#[cfg(feature = "manage")]
record!(to Instants { time_zone, times });

/// A call to a shop.
#[cfg(feature = "manage")]
#[derive(Clone, Debug)]
pub struct Send {
    /// The shop's name.
    pub shop: String,
    /// Under which its end is told.
    pub ticket: u32,
    /// What to send.
    pub call: Call,
}

/// One use to take back.
#[derive(Clone, Debug)]
pub struct ReleaseItem {
    /// The use's key.
    pub key: String,
    /// The number of its draw.
    pub number: u64,
    /// Only if the draw had been answered this often when this use was last answered.
    pub answers: Option<u32>,
}

impl ToValue for ReleaseItem {
    fn to_value(&self) -> Value {
        Value::Map(vec![
            ("use".to_owned(), self.key.to_value()),
            ("number".to_owned(), self.number.to_value()),
            ("answers".to_owned(), self.answers.to_value()),
        ])
    }
}

/// `addBlock` of the store contract.
#[derive(Clone, Debug)]
pub struct AddBlock {
    /// Handle.
    pub pool: String,
    /// The batch's id.
    pub batch: String,
    /// The block's number.
    pub number: u32,
    /// The codes.
    pub block: Block,
    /// The caller's clock.
    pub now: i64,
    /// Milliseconds.
    pub lease: i64,
}

/// `contains` of the store contract.
#[derive(Clone, Debug)]
pub struct Contains {
    /// Handle.
    pub pool: String,
    /// The codes.
    pub block: Block,
}

/// `claim` of the store contract; contact, message and slot of each item in columns.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Handle.
    pub pool: String,
    /// The version of the settings that the items were derived from.
    pub version: u32,
    /// The caller's clock.
    pub now: i64,
    /// The pool's policy.
    pub reuse: Reuse,
    /// The pool's own expiry.
    pub expires_at: Option<i64>,
    /// Milliseconds.
    pub min_validity: i64,
    /// Keys of the uses.
    pub uses: Vec<Key>,
    /// Keys of the holders, empty where the use is the holder.
    pub holders: Vec<Key>,
    /// Contacts.
    pub contacts: Texts,
    /// Messages.
    pub messages: Texts,
    /// Slots.
    pub slots: Texts,
    /// Which items count one fallback when they come away empty.
    pub falls_back: Vec<bool>,
}

/// What is known of a code that is looked for.
#[derive(Clone, Debug)]
pub enum FindBy {
    /// Its equality key.
    Key(String),
    /// Who has it.
    Contact(String),
    /// Which message showed it.
    Message(String),
}

impl ToValue for FindBy {
    fn to_value(&self) -> Value {
        let (name, text) = match self {
            FindBy::Key(key) => ("key", key),
            FindBy::Contact(contact) => ("contact", contact),
            FindBy::Message(message) => ("message", message),
        };
        Value::Map(vec![(name.to_owned(), text.to_value())])
    }
}

/// What is kept with a batch.
#[derive(Clone, Debug, Default)]
pub struct BatchNote {
    /// The uploaded file's name.
    pub file_name: Option<String>,
    /// Rows in the file.
    pub rows: u64,
    /// Rows that were refused.
    pub rejected: u64,
    /// Codes that stood in the file before.
    pub duplicates_in_file: u64,
    /// Codes that the pool had already.
    pub duplicates_in_pool: u64,
    /// From what its codes were made, if a top-up made them. It never leaves the module.
    pub made: Value,
}

impl FromValue for BatchNote {
    fn from_value(mut value: Value) -> Result<Self> {
        Ok(BatchNote {
            file_name: value.read("file_name")?,
            rows: value.read("rows")?,
            rejected: value.read("rejected")?,
            duplicates_in_file: value.read("duplicates_in_file")?,
            duplicates_in_pool: value.read("duplicates_in_pool")?,
            made: value.take("made"),
        })
    }
}

impl ToValue for BatchNote {
    /// An upload's has no `made`.
    fn to_value(&self) -> Value {
        let mut entries = vec![
            ("fileName".to_owned(), self.file_name.to_value()),
            ("rows".to_owned(), self.rows.to_value()),
            ("rejected".to_owned(), self.rejected.to_value()),
            ("duplicatesInFile".to_owned(), self.duplicates_in_file.to_value()),
            ("duplicatesInPool".to_owned(), self.duplicates_in_pool.to_value()),
        ];
        if self.made != Value::Null {
            entries.push(("made".to_owned(), self.made.clone()));
        }
        Value::Map(entries)
    }
}
