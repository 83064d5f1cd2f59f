//! Undo: a batch's codes that nobody holds leave the pool, and the shop, if they were made there.

use super::step::{BatchRow, Page, PageOf, UndoBatch};
use super::topup::withdraw;
use super::{Host, alerts};
use crate::error::{Code, Error, Result};
use crate::limits::UNDO_WAIT_MS;
use crate::pool::document::{Kind, PoolDocument};
use crate::record::{Value, record, words};

/// What an undo did.
#[derive(Clone, Debug)]
pub struct Undoing {
    /// Codes that left the pool.
    pub removed: u64,
    /// Codes that stay because somebody holds them.
    pub kept: u64,
    /// What became at the shop of those that left; none for uploads.
    pub at_shop: Option<AtShop>,
}

record!(to Undoing { removed, kept, at_shop });

/// What became of codes at their shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtShop {
    /// The shop has none of them.
    Deleted,
    /// The next `maintain` deletes what is left of them.
    Later,
    /// They stay: nobody can tell such a shop to delete codes.
    Stay,
}

words!(AtShop { Deleted = "deleted", Later = "later", Stay = "stay" });

/// Undoes a batch. The codes of a top-up are taken out of stock for good (void) before the shop deletes them.
/// Errors: `BATCH_NOT_FOUND`, and `UPLOAD_IN_PROGRESS` for a batch whose top-up is not finished.
pub async fn undo(host: Host, handle: String, batch: String) -> Result<Undoing> {
    // The ladder of an old document is not the one to look at afterwards.
    let pool = host.fresh_document(&handle).await?;
    let undone = match made_here(&host, &pool, &batch).await? {
        Some((made, added)) => {
            let done = withdraw::batch(&host, &handle, &batch, made, host.now() + UNDO_WAIT_MS).await?;
            let at_shop = Some(if done.gone { AtShop::Deleted } else { AtShop::Later });
            Undoing { removed: done.voided, kept: added.saturating_sub(done.voided), at_shop }
        }
        None => {
            let request = UndoBatch { pool: handle.clone(), batch: batch.clone(), now: host.now() };
            let Some(undone) = host.undo_batch(request).await? else {
                return Err(Error::new(Code::BatchNotFound, format!("\"{handle}\" has no batch {batch:?}"))
                    .with("pool", handle)
                    .with("batch", batch));
            };
            let at_shop = (pool.kind == Kind::Dynamic).then_some(AtShop::Stay);
            Undoing { removed: undone.removed, kept: undone.kept, at_shop }
        }
    };
    // The codes are gone whatever becomes of the alert; `maintain` looks again.
    let _ = alerts::after_change(&host, &pool).await;
    Ok(undone)
}

/// From what a batch's codes were made, if a top-up made them for a shop that deletes codes; and how many there are.
/// Also of one that is undone: what is left to do at the shop is gone on with.
async fn made_here(host: &Host, pool: &PoolDocument, batch: &str) -> Result<Option<(Value, u64)>> {
    if pool.kind != Kind::Dynamic {
        return Ok(None);
    }
    let mut cursor = None;
    loop {
        let request = PageOf { pool: pool.handle.clone(), cursor, limit: 1_000 };
        let page = host.batches(request).await?;
        let found = page.rows.into_iter().find(|row| row.batch == batch && row.state != "staged");
        if let Some(row) = found {
            let made = row.note.map(|note| note.made).filter(|made| *made != Value::Null);
            return Ok(made.map(|made| (made, row.added)));
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(None),
        }
    }
}

/// Lists a pool's batches, newest first, one page.
pub async fn batches(host: Host, handle: String, cursor: Option<String>, limit: u32) -> Result<Page<BatchRow>> {
    host.document(&handle).await?;
    let mut page = host.batches(PageOf { pool: handle, cursor, limit: limit.clamp(1, 1_000) }).await?;
    // From what codes are made is as good as the codes, and a dashboard shows this.
    page.rows.iter_mut().filter_map(|row| row.note.as_mut()).for_each(|note| note.made = Value::Null);
    Ok(page)
}
