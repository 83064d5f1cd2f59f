//! The promises of the module, looked at after every step: against the store, and against what callers were told.

mod alerts;
mod books;
mod draws;
mod mails;
pub(crate) mod shop;
mod uploads;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use coupon_pools::error::Code;
use coupon_pools::flow::HostTraits;
use coupon_pools::flow::step::{Alerts, Begun, Reply, Step};
use coupon_pools::pool::alerts::Alert;
use coupon_pools::pool::document::{Kind, PoolDocument};

use crate::chance::Chance;
use crate::chores::DYNAMIC;
use crate::orders::{Ending, Order, Showing};
use crate::schedule::Kept;
use crate::store::Store;

/// Everything that was ever said, as far as a promise depends on it.
pub(crate) struct Promises {
    limits: HostTraits,
    draws: draws::Draws,
    uploads: uploads::Uploads,
    alerts: alerts::Crossings,
    /// By the flow's number.
    flows: BTreeMap<u64, Heard>,
    /// The pool that was written to since the last look.
    touched: Option<String>,
    /// How the last flow ended.
    pub(crate) last: Option<Ending>,
}

/// What one flow has asked and was answered.
struct Heard {
    order: Rc<Order>,
    batch: String,
    /// Other uploads that it was told are under way, and the one of them that it has dropped.
    in_the_way: BTreeSet<String>,
    taken_over: Option<String>,
    /// Settings as the flow last saw them, by pool.
    documents: BTreeMap<String, PoolDocument>,
    /// It was given different answers to the same question, or settings changed while it was at it.
    mixed: bool,
    /// A pool was filled for it, and it has not claimed since.
    filled: bool,
    /// By pool and use.
    answers: BTreeMap<Use, Answered>,
    /// Pool, number and which answer about that draw it was, of every code.
    counted: BTreeSet<(String, u64, u32)>,
}

/// A pool's handle and the key of a use.
type Use = (String, String);

/// What a flow heard about one use.
#[derive(Clone, Debug)]
struct Answered {
    /// Code, number and the code's expiry (its own or the pool's).
    code: Option<(String, u64, Option<i64>)>,
    /// The use was recorded for this flow.
    new: bool,
    /// Which of all answers about the draw was the first about it, and which the last.
    first: u32,
    last: u32,
    /// Which record of the use it was: after a release the same use may be recorded again.
    order: u64,
    /// A dynamic pool that is empty is filled, and asked again: only what it says then counts.
    counts: bool,
}

/// Says what is broken unless it holds.
macro_rules! ensure {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(format!($($text)+));
        }
    };
}
use ensure;

impl Promises {
    pub(crate) fn new(limits: HostTraits, calm: bool) -> Self {
        Promises {
            limits,
            draws: Default::default(),
            uploads: Default::default(),
            alerts: alerts::Crossings::new(calm),
            flows: BTreeMap::new(),
            touched: None,
            last: None,
        }
    }

    /// A flow begins.
    pub(crate) fn started(&mut self, flow: u64, order: Rc<Order>, entropy: [u8; 32]) {
        let mut batch = String::new();
        coupon_pools::pool::keys::base64url(&entropy[..16], &mut batch);
        if let Order::Upload { pool, file, dry_run: false, .. } = &*order {
            self.uploads.begun(&batch, pool, file);
        }
        let heard = Heard {
            order,
            batch,
            in_the_way: BTreeSet::new(),
            taken_over: None,
            documents: BTreeMap::new(),
            mixed: false,
            filled: false,
            answers: BTreeMap::new(),
            counted: BTreeSet::new(),
        };
        self.flows.insert(flow, heard);
    }

    /// A flow asks for something. Previews, look-ups and exports cost nothing, because they only read.
    pub(crate) fn asked(&mut self, flow: u64, step: &Step) -> Kept {
        let reads = matches!(
            step,
            Step::Load(_)
                | Step::List(_)
                | Step::Counts(_)
                | Step::UsageOf(_)
                | Step::Find(_)
                | Step::Contains(_)
                | Step::Draws(_)
                | Step::Codes(_)
                | Step::PageOf(_)
                | Step::Alerts(Alerts { .. })
                | Step::JournalOf(_)
        );
        match (step, self.flows.get_mut(&flow)) {
            (Step::DropBatch(request), Some(heard)) => uploads::dropping(heard, &request.batch)?,
            // A top-up's batches are named after its entry.
            (Step::BeginBatch(request), Some(heard)) if !matches!(*heard.order, Order::Upload { .. }) => {
                heard.batch.clone_from(&request.batch);
            }
            _ => {}
        }
        let only_reads = self.flows.get(&flow).is_some_and(|heard| heard.order.only_reads());
        ensure!(reads || !only_reads, "a flow that only reads asks for {}", step.name());
        Ok(())
    }

    /// The store has performed a step.
    pub(crate) fn performed(&mut self, flow: u64, step: &Step, answer: &Reply, store: &Store) -> Kept {
        let Some(heard) = self.flows.get_mut(&flow) else { return Err(format!("flow {flow} never began")) };
        match (step, answer) {
            (Step::Load(request), Reply::Load(documents)) => {
                for (pool, document) in request.pools.iter().zip(documents) {
                    if let Some(document) = document {
                        heard.saw(pool, document);
                    }
                }
            }
            (Step::Claim(request), Reply::Claim(answer)) => {
                self.touched = Some(request.pool.clone());
                self.draws.claimed(request, answer, store, &self.limits, heard)?;
                heard.filled = false;
            }
            (Step::Release(request), Reply::Release(outcomes)) => {
                self.touched = Some(request.pool.clone());
                self.draws.released(request, outcomes, &self.limits, heard)?;
            }
            (Step::BeginBatch(request), Reply::BeginBatch(answer)) => {
                self.touched = Some(request.pool.clone());
                if let Begun::Busy { batch, .. } = answer {
                    heard.in_the_way.insert(batch.clone());
                }
            }
            (Step::DropBatch(request), Reply::DropBatch(())) => self.touched = Some(request.pool.clone()),
            (Step::AddBlock(request), Reply::Settle(answer)) => {
                self.touched = Some(request.pool.clone());
                if request.pool != DYNAMIC {
                    self.uploads.added(request, answer, store, &self.limits)?;
                }
            }
            (Step::CommitBatch(request), Reply::CommitBatch(answer)) => {
                self.touched = Some(request.pool.clone());
                if request.pool != DYNAMIC {
                    self.uploads.committed(request, answer)?;
                }
            }
            (Step::UndoBatch(request), Reply::UndoBatch(_)) => self.touched = Some(request.pool.clone()),
            (Step::SaveAlerts(request), Reply::SaveAlerts(answer)) if answer.saved => self.alerts.saved(request)?,
            _ => {}
        }
        Ok(())
    }

    /// A pool is to be filled for a flow.
    pub(crate) fn filling(&mut self, flow: u64) {
        if let Some(heard) = self.flows.get_mut(&flow) {
            heard.filled = true;
        }
    }

    /// The notifier has heard an alert.
    pub(crate) fn notified(&mut self, alert: &Alert) -> Kept {
        self.alerts.told(alert)
    }

    /// A flow has ended, and its caller is told how.
    pub(crate) fn ended(&mut self, flow: u64, ending: Ending, disturbed: bool, store: &Store) -> Kept {
        let Some(heard) = self.flows.get(&flow) else { return Err(format!("flow {flow} never began")) };
        let blames = ending.error().map(|error| error.code());
        ensure!(blames != Some(Code::Internal), "the engine contradicts itself: {ending:?}");
        let store_failed = matches!(blames, Some(Code::StoreFailed | Code::StoreAnswer));
        ensure!(disturbed || !store_failed, "the store is blamed, and nothing was wrong with it: {ending:?}");
        match (&*heard.order, &ending) {
            (Order::Draw { pool, uses }, Ending::Drawn(drawn)) => {
                mails::drawn(&mut self.draws, heard, pool, uses, drawn, disturbed, store)?;
            }
            (Order::Render(mails), Ending::Mails(made)) => {
                mails::made(&mut self.draws, heard, mails, made, disturbed, store)?;
            }
            (Order::Upload { pool, file, dry_run, .. }, Ending::Uploaded(uploaded)) => {
                let batch = (!dry_run).then_some(heard.batch.as_str());
                self.uploads.ended(pool, file, batch, uploaded, disturbed, store)?;
                uploads::refused_rightly(heard, uploaded)?;
            }
            _ => {}
        }
        self.last = Some(ending);
        Ok(())
    }

    /// After every step: the books of the pool that was written to.
    pub(crate) fn look(&mut self, store: &Store, now: i64) -> Kept {
        match self.touched.take() {
            Some(pool) => books::look(&pool, store, &self.draws, now),
            None => Ok(()),
        }
    }

    /// When nothing goes wrong any more and `maintain` has nothing left to do.
    pub(crate) fn at_rest(&self, store: &Store, now: i64) -> Kept {
        for pool in store.pools.keys() {
            books::look(pool, store, &self.draws, now)?;
        }
        uploads::at_rest(store)?;
        self.alerts.at_rest(store, now)
    }

    /// Uploads that did not end well.
    pub(crate) fn unfinished_uploads(&self) -> Vec<(String, crate::files::File)> {
        self.uploads.unfinished()
    }

    /// After an upload that nothing disturbed: everything in the file is in the pool.
    pub(crate) fn taken(&self, store: &Store, pool: &str, file: &crate::files::File) -> Kept {
        let Some(pool) = store.pools.get(pool) else { return Err(format!("pool {pool} is gone")) };
        // A pool may have been made fixed before anything was uploaded.
        if pool.document.kind == Kind::Fixed {
            return Ok(());
        }
        for key in &file.keys {
            ensure!(pool.present(key).is_some(), "{key} was uploaded again and is not in the pool");
        }
        Ok(())
    }

    /// Somebody's draw: pool, use, number and code.
    pub(crate) fn told_by_chance(&self, chance: &mut Chance) -> Option<(String, Showing, u64, String)> {
        self.draws.told_by_chance(chance)
    }

    /// Every use that somebody was told a code for, by pool.
    pub(crate) fn all_told(&self) -> BTreeMap<String, Vec<Showing>> {
        self.draws.all_told()
    }
}

impl Heard {
    fn hears(&mut self, place: Use, answered: Answered) {
        let code = answered.code.clone();
        let before = self.answers.remove(&place);
        let counted = before.as_ref().is_some_and(|before| before.counts);
        self.mixed |= counted && before.is_some_and(|before| before.code != code);
        let counts = place.0 != DYNAMIC || code.is_some() || self.filled || counted;
        self.answers.insert(place, Answered { counts, ..answered });
    }

    fn saw(&mut self, pool: &str, document: &PoolDocument) {
        let before = self.documents.insert(pool.to_owned(), document.clone());
        self.mixed |= before.is_some_and(|before| before.version != document.version);
        // Nothing that the store hears says at which instant the code was looked at.
        self.mixed |= document.kind == Kind::Fixed && document.expires_at.is_some();
    }
}
