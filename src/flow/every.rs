//! Every pool of the tenant, one after the other: first those in use, then the archived ones.

use std::vec::IntoIter;

use super::Host;
use super::step::{List, ListRow};
use crate::error::Result;
use crate::pool::document::PoolDocument;

/// Rows asked for at a time.
const PAGE_ROWS: u32 = 100;

/// A walk over the pools; it reads the next page when the one before is used up.
pub(super) struct EveryPool<'a> {
    host: &'a Host,
    rows: IntoIter<ListRow>,
    archived: bool,
    cursor: Option<String>,
    started: bool,
}

impl<'a> EveryPool<'a> {
    /// A walk that has not begun.
    pub(super) fn of(host: &'a Host) -> Self {
        EveryPool { host, rows: Vec::new().into_iter(), archived: false, cursor: None, started: false }
    }

    /// The next pool.
    pub(super) async fn next(&mut self) -> Result<Option<PoolDocument>> {
        loop {
            if let Some(row) = self.rows.next() {
                return Ok(Some(row.document));
            }
            if self.started && self.cursor.is_none() {
                if self.archived {
                    return Ok(None);
                }
                self.archived = true;
            }
            self.started = true;
            let (archived, cursor) = (self.archived, self.cursor.take());
            let request = List { archived, cursor, limit: PAGE_ROWS, usage_from: self.host.now() };
            let page = self.host.list(request).await?;
            self.rows = page.rows.into_iter();
            self.cursor = page.next;
        }
    }
}
