//! Exports: draws and remaining codes as CSV, page by page, safe to open in a spreadsheet.

use super::Host;
use super::step::{Codes, Draws};
use crate::error::Result;
use crate::export::{Column, CsvWriter};

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Every use: code, contact, message, slot, number, when it was drawn, when it expires, when it was redeemed.
    Draws,
    /// Every free code with its expiry: can be uploaded again.
    Remaining,
}

const DRAW_COLUMNS: [Column<'static>; 8] = [
    Column::Text("code"),
    Column::Text("contact"),
    Column::Text("message"),
    Column::Text("slot"),
    Column::Plain("number"),
    Column::Plain("drawn_at"),
    Column::Plain("expires_at"),
    Column::Plain("redeemed_at"),
];
const REMAINING_COLUMNS: [Column<'static>; 2] = [Column::Text("code"), Column::Plain("expires_at")];

/// Rows a page: some hundred kB, well under what any store minds.
const PAGE_ROWS: u32 = 2_000;

/// Exports a pool. The bytes go out by [`Host::emit`].
pub async fn export(host: Host, handle: String, what: What) -> Result<()> {
    let pool = host.fresh_document(&handle).await?;
    let mut writer = CsvWriter::new(match what {
        What::Draws => &DRAW_COLUMNS,
        What::Remaining => &REMAINING_COLUMNS,
    });
    let mut cursor = None;
    loop {
        cursor = match what {
            What::Draws => {
                let page = host.draws(Draws { pool: handle.clone(), cursor, limit: PAGE_ROWS }).await?;
                for row in &page.rows {
                    writer.row([
                        row.code.as_str(),
                        row.contact.as_deref().unwrap_or(""),
                        row.message.as_deref().unwrap_or(""),
                        row.slot.as_deref().unwrap_or(""),
                        &row.number.map(|number| number.to_string()).unwrap_or_default(),
                        &instant(row.drawn_at),
                        &instant(pool.effective_expiry(row.expires_at)),
                        &instant(row.redeemed_at),
                    ]);
                }
                page.next
            }
            What::Remaining => {
                let page = host.codes(Codes { pool: handle.clone(), cursor, limit: PAGE_ROWS }).await?;
                for row in &page.rows {
                    writer.row([row.code.as_str(), &instant(row.expires_at)]);
                }
                page.next
            }
        };
        host.emit(writer.take()).await?;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

/// An instant in ISO 8601, UTC, as uploads read it; empty for none.
fn instant(at: Option<i64>) -> String {
    at.map(crate::import::dates::format_iso).unwrap_or_default()
}
