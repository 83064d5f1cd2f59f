//! A model store: the store contract in its plainest reading, every step one transaction over everything.

mod batches;
mod claims;
mod lookups;

use std::collections::BTreeMap;

use coupon_pools::flow::step::{
    AlertRecord, AlertsSaved, JournalOf, JournalRow, JournalSaved, ListRow, Load, Page, Reply, Save, SaveAlerts,
    SaveJournal, Saved, Step,
};
use coupon_pools::pool::document::PoolDocument;
use coupon_pools::pool::forecast::Usage;
use coupon_pools::pool::stock::{ExpirySum, Stock};
use coupon_pools::record::Value;

/// Rows a page, however many are asked for: cursors are used in every world.
const PAGE: usize = 7;

/// Everything that is kept, by handle.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    pub(crate) pools: BTreeMap<String, Pool>,
}

/// One pool.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub(crate) document: PoolDocument,
    /// In the order of uploads, those of staged and dropped batches among them.
    pub(crate) codes: Vec<StoredCode>,
    /// The oldest first.
    pub(crate) batches: Vec<Batch>,
    /// By the use's key.
    pub(crate) uses: BTreeMap<String, Use>,
    /// By number.
    pub(crate) draws: BTreeMap<u64, Draw>,
    /// The current draw of each holder.
    pub(crate) holders: BTreeMap<String, u64>,
    pub(crate) numbers: u64,
    uses_ever: u64,
    /// By expiry, codes without one last.
    sums: BTreeMap<(bool, Option<i64>), ExpirySum>,
    usage: BTreeMap<i64, u64>,
    fell_back: u64,
    redeemed: u64,
    pub(crate) alerts: Option<AlertRecord>,
    /// By id.
    pub(crate) journal: BTreeMap<String, JournalRow>,
}

/// One code of one batch.
#[derive(Clone, Debug)]
pub(crate) struct StoredCode {
    pub(crate) text: String,
    pub(crate) key: String,
    pub(crate) expires_at: Option<i64>,
    /// Index into the batches.
    pub(crate) batch: usize,
    pub(crate) place: Place,
}

/// Where a code is. It only counts once its batch is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Free,
    /// Free again after a release.
    Returned,
    Held(u64),
    Void,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BatchState {
    Staged,
    Committed,
    Undone,
    Dropped,
}

#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) id: String,
    pub(crate) state: BatchState,
    lease_until: i64,
    at: i64,
    note: Option<coupon_pools::flow::step::BatchNote>,
    /// The duplicates answered for each block.
    answered: BTreeMap<u32, Vec<u32>>,
    undone: (u64, u64),
}

#[derive(Clone, Debug)]
pub(crate) struct Use {
    pub(crate) number: u64,
    /// Its draw's when this use was last answered.
    pub(crate) answers: u32,
    /// Counts the uses ever recorded.
    pub(crate) order: u64,
    contact: Option<String>,
    message: Option<String>,
    slot: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Draw {
    /// Index into the codes.
    pub(crate) code: usize,
    holder: Option<String>,
    at: i64,
    redeemed_at: Option<i64>,
    /// How often it was answered, to whichever use.
    answers: u32,
}

impl Store {
    /// Performs one step of the store contract.
    pub(crate) fn perform(&mut self, step: &Step) -> Reply {
        match step {
            Step::Load(request) => Reply::Load(self.load(request)),
            Step::Save(request) => Reply::Save(self.save(request)),
            Step::List(request) => Reply::List(self.list(request)),
            Step::BeginBatch(request) => Reply::BeginBatch(self.begin(request)),
            // The network answers a block when it is settled.
            Step::AddBlock(request) => Reply::Settle(self.add_block(request)),
            Step::CommitBatch(request) => Reply::CommitBatch(self.commit(request)),
            Step::DropBatch(request) => {
                self.drop_batch(request);
                Reply::DropBatch(())
            }
            Step::UndoBatch(request) => Reply::UndoBatch(self.undo(request)),
            Step::PageOf(request) => Reply::PageOf(self.batches(request)),
            Step::Contains(request) => Reply::Contains(self.contains(request)),
            Step::Claim(request) => Reply::Claim(self.claim(request)),
            Step::Release(request) => Reply::Release(self.release(request)),
            Step::Find(request) => Reply::Find(self.find(request)),
            Step::Forget(request) => Reply::Forget(self.forget(request)),
            Step::MarkRedeemed(request) => Reply::MarkRedeemed(self.mark_redeemed(request)),
            Step::VoidCodes(request) => Reply::VoidCodes(self.void_codes(request)),
            Step::Counts(request) => Reply::Counts(self.pools.get(&request.pool).map(Pool::stock)),
            Step::UsageOf(request) => Reply::UsageOf(self.usage(&request.pool, request.from, request.to)),
            Step::Draws(request) => Reply::Draws(self.draws(request)),
            Step::Codes(request) => Reply::Codes(self.codes(request)),
            Step::Alerts(request) => Reply::Alerts(self.pools.get(&request.pool).and_then(|pool| pool.alerts.clone())),
            Step::SaveAlerts(request) => Reply::SaveAlerts(self.save_alerts(request)),
            Step::Sweep(request) => Reply::Sweep(self.sweep(request)),
            Step::JournalOf(request) => Reply::JournalOf(self.journal(request)),
            Step::SaveJournal(request) => Reply::SaveJournal(self.save_journal(request)),
            other => panic!("{} is no step of a store", other.name()),
        }
    }

    fn load(&self, request: &Load) -> Vec<Option<PoolDocument>> {
        request.pools.iter().map(|handle| self.pools.get(handle).map(|pool| pool.document.clone())).collect()
    }

    fn save(&mut self, request: &Save) -> Saved {
        let document = request.document.clone();
        let refused = |reason: &str, document| Saved { saved: false, reason: Some(reason.to_owned()), document };
        let known = self.pools.get_mut(&document.handle);
        if known.as_ref().map(|pool| pool.document.revision) != request.expected {
            return refused("conflict", known.map(|pool| pool.document.clone()));
        }
        match known {
            Some(pool) if request.untouched && pool.is_touched() => {
                return refused("touched", Some(pool.document.clone()));
            }
            Some(pool) => pool.document = document,
            None => {
                self.pools.insert(document.handle.clone(), Pool::new(document));
            }
        }
        Saved { saved: true, reason: None, document: None }
    }

    fn list(&self, request: &coupon_pools::flow::step::List) -> Page<ListRow> {
        let after = request.cursor.clone().unwrap_or_default();
        let found = self.pools.values().filter(|pool| {
            pool.document.archived == request.archived && pool.document.handle.as_str() > after.as_str()
        });
        let row = |pool: &Pool| ListRow {
            document: pool.document.clone(),
            stock: pool.stock(),
            as_of: None,
            usage: self.usage(&pool.document.handle, request.usage_from, i64::MAX),
        };
        page(found, 2.min(request.limit as usize), |pool| pool.document.handle.clone(), row)
    }

    fn usage(&self, pool: &str, from: i64, to: i64) -> Vec<Usage> {
        let Some(pool) = self.pools.get(pool) else { return Vec::new() };
        pool.usage.range(from..to.max(from)).map(|(at, draws)| Usage { at: *at, draws: *draws }).collect()
    }

    fn journal(&self, request: &JournalOf) -> Vec<JournalRow> {
        self.pools.get(&request.pool).map(|pool| pool.journal.values().cloned().collect()).unwrap_or_default()
    }

    fn save_journal(&mut self, request: &SaveJournal) -> JournalSaved {
        let Some(pool) = self.pools.get_mut(&request.pool) else { return JournalSaved { saved: false, record: None } };
        let current = pool.journal.get(&request.id).map(|row| row.revision);
        let saved = current == request.expected;
        if saved && request.entry == Value::Null {
            pool.journal.remove(&request.id);
        } else if saved {
            let row =
                JournalRow { id: request.id.clone(), revision: current.unwrap_or(0) + 1, entry: request.entry.clone() };
            pool.journal.insert(request.id.clone(), row);
        }
        JournalSaved { saved, record: pool.journal.get(&request.id).cloned() }
    }

    fn save_alerts(&mut self, request: &SaveAlerts) -> AlertsSaved {
        let Some(pool) = self.pools.get_mut(&request.pool) else { return AlertsSaved { saved: false, record: None } };
        let current = pool.alerts.as_ref().map(|record| record.revision);
        let saved = current == request.expected;
        if saved {
            let revision = current.unwrap_or(0) + 1;
            pool.alerts = Some(AlertRecord { revision, state: request.state.clone() });
        }
        AlertsSaved { saved, record: pool.alerts.clone() }
    }
}

impl Pool {
    fn new(document: PoolDocument) -> Self {
        Pool {
            document,
            codes: Vec::new(),
            batches: Vec::new(),
            uses: BTreeMap::new(),
            draws: BTreeMap::new(),
            holders: BTreeMap::new(),
            numbers: 0,
            uses_ever: 0,
            sums: BTreeMap::new(),
            usage: BTreeMap::new(),
            fell_back: 0,
            redeemed: 0,
            alerts: None,
            journal: BTreeMap::new(),
        }
    }

    fn is_touched(&self) -> bool {
        self.numbers > 0 || self.batches.iter().any(|batch| batch.state != BatchState::Dropped)
    }

    /// The counters, as stores keep them: moved with the codes, never counted.
    pub(crate) fn stock(&self) -> Stock {
        Stock { expiries: self.sums.values().cloned().collect(), fell_back: self.fell_back, redeemed: self.redeemed }
    }

    fn sum(&mut self, expires_at: Option<i64>) -> &mut ExpirySum {
        let empty = ExpirySum { expires_at, added: 0, undone: 0, assigned: 0, void: 0 };
        self.sums.entry((expires_at.is_none(), expires_at)).or_insert(empty)
    }

    /// Whether a code counts: its batch was committed, and it has not left since.
    pub(crate) fn is_present(&self, code: &StoredCode) -> bool {
        let state = self.batches[code.batch].state;
        matches!(state, BatchState::Committed | BatchState::Undone) && code.place != Place::Gone
    }

    /// Whether nobody holds a code that counts.
    pub(crate) fn is_free(&self, code: &StoredCode) -> bool {
        self.is_present(code) && matches!(code.place, Place::Free | Place::Returned)
    }

    pub(crate) fn is_redeemed(&self, number: u64) -> bool {
        self.draws.get(&number).is_some_and(|draw| draw.redeemed_at.is_some())
    }

    /// Where the code with this key stands, if the pool has it.
    pub(crate) fn present(&self, key: &str) -> Option<usize> {
        self.codes.iter().position(|code| code.key == key && self.is_present(code))
    }

    /// Takes a free code out of stock for good, as clean-up at a shop does.
    pub(crate) fn void(&mut self, index: usize) {
        if self.codes.get(index).is_some_and(|code| self.is_free(code)) {
            self.codes[index].place = Place::Void;
            let expires_at = self.codes[index].expires_at;
            self.sum(expires_at).void += 1;
        }
    }
}

/// The first page of what is found, and where the next one starts.
fn page<'a, Found: 'a, Row>(
    found: impl Iterator<Item = &'a Found>,
    limit: usize,
    cursor: impl Fn(&Found) -> String,
    row: impl Fn(&Found) -> Row,
) -> Page<Row> {
    let mut found = found.peekable();
    let (mut rows, mut last) = (Vec::new(), None);
    while rows.len() < limit.clamp(1, PAGE) {
        let Some(one) = found.next() else { break };
        last = Some(cursor(one));
        rows.push(row(one));
    }
    let next = if found.peek().is_some() { last } else { None };
    Page { rows, next }
}
