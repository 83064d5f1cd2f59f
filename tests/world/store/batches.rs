//! Uploads: batches staged under a lease, block by block, then committed, dropped or undone.

use coupon_pools::flow::step::{
    AddBlock, BatchRow, BeginBatch, Begun, BlockAnswer, CommitBatch, Committed, Contains, DropBatch, Page, PageOf,
    Sweep, Swept, UndoBatch, Undone,
};
use coupon_pools::pool::forecast::DAY;

use super::{Batch, BatchState, Place, Pool, Store, StoredCode, page};

impl Store {
    pub(super) fn begin(&mut self, request: &BeginBatch) -> Begun {
        let Some(pool) = self.pools.get_mut(&request.pool) else { return Begun::Stale { document: None } };
        if pool.document.version != request.version {
            return Begun::Stale { document: Some(pool.document.clone()) };
        }
        let lease_until = request.now + request.lease;
        if let Some(known) = pool.batches.iter_mut().find(|batch| batch.id == request.batch) {
            if known.state != BatchState::Staged {
                return Begun::Ended;
            }
            known.lease_until = lease_until;
            return Begun::Begun;
        }
        if let Some(other) = pool.batches.iter_mut().find(|batch| batch.state == BatchState::Staged) {
            if request.now < other.lease_until {
                return Begun::Busy { batch: other.id.clone(), until: other.lease_until };
            }
            other.state = BatchState::Dropped;
        }
        pool.batches.push(Batch {
            id: request.batch.clone(),
            state: BatchState::Staged,
            lease_until,
            at: request.now,
            note: None,
            answered: Default::default(),
            undone: (0, 0),
        });
        Begun::Begun
    }

    pub(super) fn add_block(&mut self, request: &AddBlock) -> BlockAnswer {
        let Some(pool) = self.pools.get_mut(&request.pool) else { return BlockAnswer::Ended };
        let Some(index) = pool.staged(&request.batch) else { return BlockAnswer::Ended };
        pool.batches[index].lease_until = request.now + request.lease;
        if let Some(duplicates) = pool.batches[index].answered.get(&request.number) {
            return BlockAnswer::Added { duplicates: duplicates.clone() };
        }
        let block = &request.block;
        let expiries = block.runs.iter().flat_map(|run| std::iter::repeat_n(run.expires_at, run.count as usize));
        let mut duplicates = Vec::new();
        for (at, expires_at) in expiries.enumerate() {
            let key = block.key(at);
            let mine = pool.codes.iter().any(|code| code.key == key && code.batch == index);
            if mine || pool.present(key).is_some() {
                duplicates.push(at as u32);
            } else {
                let (text, key) = (block.codes.get(at).to_owned(), key.to_owned());
                pool.codes.push(StoredCode { text, key, expires_at, batch: index, place: Place::Free });
            }
        }
        pool.batches[index].answered.insert(request.number, duplicates.clone());
        BlockAnswer::Added { duplicates }
    }

    pub(super) fn commit(&mut self, request: &CommitBatch) -> Committed {
        let Some(pool) = self.pools.get_mut(&request.pool) else { return Committed::Ended };
        let Some(index) = pool.batches.iter().position(|batch| batch.id == request.batch) else {
            return Committed::Ended;
        };
        let codes: Vec<_> = pool.codes.iter().filter(|code| code.batch == index).map(|code| code.expires_at).collect();
        let added = codes.len() as u64;
        match pool.batches[index].state {
            BatchState::Committed => return Committed::Committed { added },
            BatchState::Undone | BatchState::Dropped => return Committed::Ended,
            BatchState::Staged => {}
        }
        let batch = &mut pool.batches[index];
        batch.state = BatchState::Committed;
        batch.at = request.now;
        batch.note = Some(request.note.clone());
        for expires_at in codes {
            pool.sum(expires_at).added += 1;
        }
        Committed::Committed { added }
    }

    pub(super) fn drop_batch(&mut self, request: &DropBatch) {
        if let Some(pool) = self.pools.get_mut(&request.pool)
            && let Some(index) = pool.staged(&request.batch)
        {
            pool.batches[index].state = BatchState::Dropped;
        }
    }

    pub(super) fn undo(&mut self, request: &UndoBatch) -> Option<Undone> {
        let pool = self.pools.get_mut(&request.pool)?;
        let index = pool.batches.iter().position(|batch| batch.id == request.batch)?;
        match pool.batches[index].state {
            BatchState::Staged | BatchState::Dropped => return None,
            BatchState::Committed => {
                let (mut removed, mut kept) = (0, 0);
                for at in 0..pool.codes.len() {
                    match pool.codes[at].place {
                        _ if pool.codes[at].batch != index => {}
                        Place::Free | Place::Returned => {
                            pool.codes[at].place = Place::Gone;
                            let expires_at = pool.codes[at].expires_at;
                            pool.sum(expires_at).undone += 1;
                            removed += 1;
                        }
                        Place::Held(_) => kept += 1,
                        Place::Void | Place::Gone => {}
                    }
                }
                pool.batches[index].state = BatchState::Undone;
                pool.batches[index].undone = (removed, kept);
            }
            BatchState::Undone => {}
        }
        let (removed, kept) = pool.batches[index].undone;
        Some(Undone { removed, kept })
    }

    pub(super) fn batches(&self, request: &PageOf) -> Page<BatchRow> {
        let Some(pool) = self.pools.get(&request.pool) else { return Page { rows: Vec::new(), next: None } };
        let before = request.cursor.as_ref().and_then(|cursor| cursor.parse().ok()).unwrap_or(usize::MAX);
        let rows: Vec<(usize, &Batch)> = pool.batches.iter().enumerate().rev().collect();
        let found = rows.iter().filter(|(index, batch)| *index < before && batch.state != BatchState::Dropped);
        page(found, request.limit as usize, |(index, _)| index.to_string(), |(index, batch)| pool.row(*index, batch))
    }

    pub(super) fn contains(&self, request: &Contains) -> Vec<u8> {
        let pool = self.pools.get(&request.pool);
        let held = |at| pool.is_some_and(|pool| pool.present(request.block.key(at)).is_some());
        (0..request.block.len()).map(|at| u8::from(held(at))).collect()
    }

    /// One piece of clean-up a call: a dead batch, or one day's hours.
    pub(super) fn sweep(&mut self, request: &Sweep) -> Swept {
        let Some(pool) = self.pools.get_mut(&request.pool) else { return Swept { more: false } };
        let dead = |batch: &&mut Batch| batch.state == BatchState::Staged && batch.lease_until <= request.now;
        if let Some(batch) = pool.batches.iter_mut().find(dead) {
            batch.state = BatchState::Dropped;
            return Swept { more: true };
        }
        let day = |at: i64| at.div_euclid(DAY) * DAY;
        let old = pool.usage.keys().copied().find(|at| *at != day(*at) && day(*at) + DAY <= request.roll_up_before);
        if let Some(at) = old {
            let draws = pool.usage.remove(&at).unwrap_or(0);
            *pool.usage.entry(day(at)).or_default() += draws;
        }
        Swept { more: old.is_some() }
    }
}

impl Pool {
    fn staged(&self, batch: &str) -> Option<usize> {
        self.batches.iter().position(|known| known.id == batch && known.state == BatchState::Staged)
    }

    fn row(&self, index: usize, batch: &Batch) -> BatchRow {
        let count = |test: fn(Place) -> bool| {
            self.codes.iter().filter(|code| code.batch == index && test(code.place)).count() as u64
        };
        BatchRow {
            batch: batch.id.clone(),
            state: format!("{:?}", batch.state).to_lowercase(),
            note: batch.note.clone(),
            added: count(|_| true),
            undone: count(|place| place == Place::Gone),
            assigned: count(|place| matches!(place, Place::Held(_))),
            at: batch.at,
        }
    }
}
