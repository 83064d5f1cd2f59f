//! Uploads are whole or absent, and their reports agree with the store.

use std::collections::{BTreeMap, BTreeSet};

use coupon_pools::error::{Code, Result};
use coupon_pools::flow::HostTraits;
use coupon_pools::flow::step::{AddBlock, BlockAnswer, CommitBatch, Committed};
use coupon_pools::flow::upload::Uploaded;

use super::{Heard, ensure};
use crate::files::File;
use crate::orders::Order;
use crate::schedule::Kept;
use crate::store::{BatchState, Store};

/// What became of every upload.
#[derive(Default)]
pub(super) struct Uploads {
    /// By batch.
    begun: BTreeMap<String, Begun>,
    /// Batches whose callers were told that nothing was stored.
    refused: BTreeSet<String>,
}

struct Begun {
    pool: String,
    file: File,
    /// Codes and duplicates of each block, by number.
    blocks: BTreeMap<u32, (usize, usize)>,
    ended_well: bool,
}

impl Uploads {
    pub(super) fn begun(&mut self, batch: &str, pool: &str, file: &File) {
        let begun = Begun { pool: pool.to_owned(), file: file.clone(), blocks: BTreeMap::new(), ended_well: false };
        self.begun.insert(batch.to_owned(), begun);
    }

    pub(super) fn added(
        &mut self,
        request: &AddBlock,
        answer: &BlockAnswer,
        store: &Store,
        limits: &HostTraits,
    ) -> Kept {
        let BlockAnswer::Added { duplicates } = answer else { return Ok(()) };
        let block = &request.block;
        ensure!(block.len() <= limits.block_codes, "a block of {} codes", block.len());
        let (Some(pool), Some(begun)) = (store.pools.get(&request.pool), self.begun.get_mut(&request.batch)) else {
            return Err(format!("a block for nobody's batch: {request:?}"));
        };
        if begun.blocks.insert(request.number, (block.len(), duplicates.len())).is_some() {
            return Ok(());
        }
        let staged =
            |key: &str| pool.codes.iter().any(|code| code.key == key && pool.batches[code.batch].id == request.batch);
        for at in 0..block.len() {
            let (key, duplicate) = (block.key(at), duplicates.contains(&(at as u32)));
            ensure!(begun.file.keys.iter().any(|known| known == key), "{key:?} is not in the file");
            let there = pool.present(key).is_some();
            ensure!(duplicate == there, "{key}: duplicate {duplicate}, in the pool {there}");
            ensure!(duplicate != staged(key), "{key}: duplicate {duplicate} and staged {}", staged(key));
        }
        Ok(())
    }

    pub(super) fn committed(&mut self, request: &CommitBatch, answer: &Committed) -> Kept {
        let Committed::Committed { added } = answer else { return Ok(()) };
        ensure!(!self.refused.contains(&request.batch), "a batch was stored after its caller was told that it was not");
        let Some(begun) = self.begun.get(&request.batch) else { return Err("nobody's batch".to_owned()) };
        let codes: usize = begun.blocks.values().map(|(codes, _)| codes).sum();
        let duplicates: usize = begun.blocks.values().map(|(_, duplicates)| duplicates).sum();
        ensure!(codes == begun.file.keys.len(), "{codes} codes of {} were committed", begun.file.keys.len());
        ensure!(*added == (codes - duplicates) as u64, "{codes} codes, {duplicates} duplicates, {added} added");
        Ok(())
    }

    /// The caller is told; `batch` is none for a dry run.
    pub(super) fn ended(
        &mut self,
        pool: &str,
        file: &File,
        batch: Option<&str>,
        uploaded: &Result<Uploaded>,
        disturbed: bool,
        store: &Store,
    ) -> Kept {
        let stored = store.pools.get(pool);
        let index = stored.and_then(|pool| pool.batches.iter().position(|known| Some(known.id.as_str()) == batch));
        let state = stored.zip(index).map(|(pool, index)| pool.batches[index].state);
        let is_stored = matches!(state, Some(BatchState::Committed | BatchState::Undone));
        let uploaded = match uploaded {
            Ok(uploaded) => uploaded,
            Err(error) if error.code() == Code::StoreFailed => return Ok(()),
            Err(error) => {
                // A commit that arrived twice may find itself undone in between.
                let undone = disturbed && state == Some(BatchState::Undone);
                ensure!(!is_stored || undone, "{error}, and yet the batch is {state:?}");
                self.refused.extend(batch.map(str::to_owned));
                let nothing = matches!(error.code(), Code::UploadEmpty | Code::UploadNothingUsable);
                ensure!(!nothing || file.keys.is_empty(), "{error}, and yet the file holds codes");
                // Refused for what it is, and it would be again.
                if let (true, Some(begun)) = (nothing, batch.and_then(|batch| self.begun.get_mut(batch))) {
                    begun.ended_well = true;
                }
                return Ok(());
            }
        };
        let report = &uploaded.report;
        ensure!((report.rows, report.rejected_count) == (file.rows, file.bad_rows), "{report:?} of {file:?}");
        let sum = uploaded.added + report.duplicates_in_file + uploaded.duplicates_in_pool + report.rejected_count;
        ensure!(report.rows == sum, "a report of {} rows adds up to {sum}", report.rows);
        let new = uploaded.added + uploaded.duplicates_in_pool;
        ensure!(new == file.keys.len() as u64, "{new} codes of {}", file.keys.len());
        if let Some(batch) = batch {
            ensure!(is_stored, "an upload was reported and its batch is {state:?}");
            let codes = stored
                .zip(index)
                .map_or(0, |(pool, index)| pool.codes.iter().filter(|code| code.batch == index).count() as u64);
            ensure!(codes == uploaded.added, "{} codes were reported and {codes} stored", uploaded.added);
            if let Some(begun) = self.begun.get_mut(batch) {
                begun.ended_well = true;
            }
        }
        Ok(())
    }

    /// Files whose upload was refused, failed or died.
    pub(super) fn unfinished(&self) -> Vec<(String, File)> {
        let unfinished = self.begun.values().filter(|begun| !begun.ended_well && !begun.file.keys.is_empty());
        unfinished.map(|begun| (begun.pool.clone(), begun.file.clone())).collect()
    }
}

/// An upload drops its own batch, or, if it was asked to, one other that it was told is in its way; a top-up the one that
/// it began last.
pub(super) fn dropping(heard: &mut Heard, batch: &str) -> Kept {
    if batch == heard.batch {
        return Ok(());
    }
    let asked = matches!(&*heard.order, Order::Upload { take_over: true, .. });
    ensure!(asked && heard.in_the_way.contains(batch), "{batch} is dropped by somebody else: {:?}", heard.order);
    let before = heard.taken_over.replace(batch.to_owned());
    ensure!(before.is_none(), "{before:?} and {batch} are dropped for one upload");
    Ok(())
}

/// An upload that takes over is refused only for yet another one.
pub(super) fn refused_rightly(heard: &Heard, uploaded: &Result<Uploaded>) -> Kept {
    let in_progress = uploaded.as_ref().is_err_and(|error| error.code() == Code::UploadInProgress);
    let takes_over = matches!(&*heard.order, Order::Upload { take_over: true, .. });
    ensure!(!in_progress || !takes_over || heard.in_the_way.len() > 1, "refused, and not taken over");
    Ok(())
}

/// No upload is left half done.
pub(super) fn at_rest(store: &Store) -> Kept {
    for (handle, pool) in &store.pools {
        let staged = pool.batches.iter().any(|batch| batch.state == BatchState::Staged);
        ensure!(!staged, "a batch of {handle} is still staged");
    }
    Ok(())
}
