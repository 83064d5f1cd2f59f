//! Steps: what flows ask of the host, and the replies. The store's part is the store contract, call for call.

mod replies;
mod requests;

pub use replies::*;
pub use requests::*;

use super::Host;
#[cfg(feature = "manage")]
use crate::code::Texts;
use crate::error::{Code, Error, Result};
use crate::pool::alerts::Alert;
use crate::pool::document::PoolDocument;
use crate::pool::forecast::Usage;
use crate::pool::stock::Stock;
#[cfg(feature = "manage")]
use crate::shop::ShopTraits;
#[cfg(feature = "mail")]
use crate::template::DateRequest;

/// One table makes the steps, their replies and the typed calls that flows make.
macro_rules! steps {
    ($($(#[$meta:meta])+ $call:ident: $step:ident $request:tt -> $reply:ty;)+) => {
        /// Something a flow needs done.
        #[derive(Clone, Debug)]
        pub enum Step {
            $($(#[$meta])+ $step(steps!(@type $step $request)),)+
        }

        /// How a step ended: what it answers, or that it failed.
        #[allow(clippy::large_enum_variant, reason = "one lives for a moment; a box would only cost code")]
        #[derive(Clone, Debug)]
        pub enum Reply {
            $($(#[$meta])+ $step($reply),)+
            /// It failed; the driver keeps the failure under this number.
            Failed(Failure),
        }

        impl Step {
            /// The step's name, as the driver knows it.
            #[allow(unused_doc_comments)]
            pub const fn name(&self) -> &'static str {
                match self { $($(#[$meta])+ Step::$step(_) => stringify!($call),)+ }
            }
        }

        impl Host {
            $(
                $(#[$meta])+
                pub async fn $call(&self, request: steps!(@type $step $request)) -> Result<$reply> {
                    match self.ask(Step::$step(request)).await {
                        Reply::$step(reply) => Ok(reply),
                        Reply::Failed(failure) => Err(failure.into_error()),
                        _ => Err(Reply::wrong(stringify!($call))),
                    }
                }
            )+
        }
    };
    (@type $step:ident {}) => { $step };
    (@type $step:ident ($request:ty)) => { $request };
}

steps! {
    /// Reads pool documents.
    load: Load {} -> Vec<Option<PoolDocument>>;
    #[cfg(feature = "manage")]
    /// Saves a pool document, if nobody else did meanwhile.
    save: Save {} -> Saved;
    #[cfg(feature = "manage")]
    /// Lists pools with their stock.
    list: List {} -> Page<ListRow>;
    #[cfg(feature = "manage")]
    /// Stages a batch.
    begin_batch: BeginBatch {} -> Begun;
    #[cfg(feature = "manage")]
    /// Starts adding a block to a staged batch; the answer comes with the next `settle`.
    add_block: AddBlock {} -> ();
    #[cfg(feature = "manage")]
    /// Waits for the block that was started.
    settle: Settle {} -> BlockAnswer;
    #[cfg(feature = "manage")]
    /// Makes a staged batch drawable.
    commit_batch: CommitBatch {} -> Committed;
    #[cfg(feature = "manage")]
    /// Drops a staged batch.
    drop_batch: DropBatch {} -> ();
    #[cfg(feature = "manage")]
    /// Undoes a committed batch.
    undo_batch: UndoBatch {} -> Option<Undone>;
    #[cfg(feature = "manage")]
    /// Lists batches.
    batches: PageOf {} -> Page<BatchRow>;
    #[cfg(feature = "manage")]
    /// Tells which codes of a block the pool holds.
    contains: Contains {} -> Vec<u8>;
    /// Claims codes for uses.
    claim: Claim {} -> ClaimAnswer;
    /// Takes uses back.
    release: Release {} -> Vec<ReleaseOutcome>;
    #[cfg(feature = "manage")]
    /// Looks codes up.
    find: Find {} -> Page<FoundRow>;
    #[cfg(feature = "manage")]
    /// Removes a contact's text.
    forget: Forget {} -> Forgotten;
    #[cfg(feature = "manage")]
    /// Marks codes as redeemed.
    mark_redeemed: MarkRedeemed {} -> Marked;
    /// Reads a pool's stock.
    counts: Counts {} -> Option<Stock>;
    /// Reads draws by hour.
    usage: UsageOf {} -> Vec<Usage>;
    #[cfg(feature = "manage")]
    /// Reads one page of uses.
    draws: Draws {} -> Page<FoundRow>;
    #[cfg(feature = "manage")]
    /// Reads one page of free codes.
    codes: Codes {} -> Page<FreeCode>;
    #[cfg(feature = "manage")]
    /// Reads the alert state.
    alerts: Alerts {} -> Option<AlertRecord>;
    /// Saves the alert state, if nobody else did meanwhile.
    save_alerts: SaveAlerts {} -> AlertsSaved;
    #[cfg(feature = "manage")]
    /// Cleans up a bounded piece.
    sweep: Sweep {} -> Swept;
    /// Tells an alert to the notifier.
    notify: Notify (Alert) -> ();
    /// Fills a dynamic pool that a draw found empty: the driver has the `top_up` flow do it, once for all who wait.
    top_up: TopUp {} -> ();
    #[cfg(feature = "manage")]
    /// Takes free codes out of stock for good.
    void_codes: VoidCodes {} -> Voided;
    #[cfg(feature = "manage")]
    /// Reads the journal.
    journal: JournalOf {} -> Vec<JournalRow>;
    #[cfg(feature = "manage")]
    /// Saves or removes an entry of the journal, if nobody else did meanwhile.
    save_journal: SaveJournal {} -> JournalSaved;
    #[cfg(feature = "manage")]
    /// Asks what the host says of a shop: none if it has no shop of this name.
    shop: ShopOf {} -> Option<ShopTraits>;
    #[cfg(feature = "manage")]
    /// Starts a call to a shop; how it ends comes with a later `receive`.
    send: Send {} -> ();
    #[cfg(feature = "manage")]
    /// Waits for the first call that ends, or for some time: none when that is over.
    receive: Receive {} -> Option<Received>;
    #[cfg(feature = "manage")]
    /// Lets time go by.
    pause: Pause {} -> ();
    #[cfg(feature = "manage")]
    /// Reads the next piece of an upload: none at its end.
    read: Read {} -> Option<Piece>;
    #[cfg(feature = "manage")]
    /// Brings texts to Unicode's normal form C.
    normalize: Normalize (Texts) -> Texts;
    #[cfg(feature = "manage")]
    /// Resolves wall-clock times in a time zone: `None` if there is no such zone.
    instants: Instants {} -> Option<Vec<Option<i64>>>;
    #[cfg(feature = "mail")]
    /// Formats instants for people.
    dates: Dates (Vec<DateRequest>) -> Vec<String>;
    #[cfg(feature = "manage")]
    /// Hands a piece of an export to its reader.
    emit: Emit (Vec<u8>) -> ();
}

/// A step that failed at the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The number under which the driver keeps the error.
    pub number: u32,
    /// Who failed.
    pub whose: Whose,
}

/// Whose failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The store's.
    Store,
    /// Another callback's: a source, a notifier.
    Host,
    /// The caller's own: it was cancelled.
    Abort,
    /// The store's, which answered what the contract does not allow.
    Answer,
}

impl Failure {
    fn into_error(self) -> Error {
        let (code, message) = match self.whose {
            Whose::Store => (Code::StoreFailed, "the store failed; its own error is the cause"),
            Whose::Host => (Code::HostFailed, "a callback failed; its own error is the cause"),
            Whose::Abort => (Code::Aborted, "the call was cancelled"),
            Whose::Answer => (Code::StoreAnswer, "the store answered what the contract does not allow; see the cause"),
        };
        Error::new(code, message).caused_by(self.number)
    }
}

impl Reply {
    /// The error for an answer that the contract does not allow.
    pub fn wrong(call: &str) -> Error {
        Error::new(Code::StoreAnswer, format!("the answer to \"{call}\" is not one that the contract allows"))
            .with("call", call)
    }
}
