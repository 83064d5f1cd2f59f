//! Undo: an uploaded batch's codes that nobody holds leave the pool.

use super::step::{BatchRow, Page, PageOf, UndoBatch, Undone};
use super::{Host, alerts};
use crate::error::{Code, Error, Result};

/// Undoes a batch.
pub async fn undo(host: Host, handle: String, batch: String) -> Result<Undone> {
    // The ladder of an old document is not the one to look at afterwards.
    let pool = host.fresh_document(&handle).await?;
    let request = UndoBatch { pool: handle.clone(), batch: batch.clone(), now: host.now() };
    let Some(undone) = host.undo_batch(request).await? else {
        return Err(Error::new(Code::BatchNotFound, format!("\"{handle}\" has no uploaded batch {batch:?}"))
            .with("pool", handle)
            .with("batch", batch));
    };
    // The codes are gone whatever becomes of the alert; `maintain` looks again.
    let _ = alerts::after_change(&host, &pool).await;
    Ok(undone)
}

/// Lists a pool's batches, newest first, one page.
pub async fn batches(host: Host, handle: String, cursor: Option<String>, limit: u32) -> Result<Page<BatchRow>> {
    host.document(&handle).await?;
    host.batches(PageOf { pool: handle, cursor, limit: limit.clamp(1, 1_000) }).await
}
