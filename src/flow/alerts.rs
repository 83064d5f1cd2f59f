//! Alerts: written first, told second, marked as sent third. Nothing here can fail a draw.

use super::Host;
#[cfg(feature = "manage")]
use super::step::Alerts;
use super::step::{AlertRecord, Counts, SaveAlerts, UsageOf};
use crate::error::Result;
use crate::limits::RACE_RETRIES;
use crate::pool::alerts::{Alert, AlertKind, AlertState, Level};
use crate::pool::document::PoolDocument;
use crate::pool::forecast::{HOUR, LOOK_BACK, runs_out_at};
#[cfg(feature = "manage")]
use crate::pool::history::{PastAlert, past};
use crate::pool::stock::Stock;

/// Looks at the level that a claim saw, with the alert state of the same transaction.
pub(super) async fn after_claim(host: &Host, pool: &PoolDocument, level: Level, record: Option<AlertRecord>) {
    // A store that fails here has already handed the codes out: the next claim or `maintain` takes the crossing up.
    let _ = observe(host, pool, level, None, record, |_, _| false).await;
}

#[cfg(feature = "manage")]
/// Looks at the pool as it is now: its level, its expiries, and crossings left pending.
pub(super) async fn after_change(host: &Host, pool: &PoolDocument) -> Result<()> {
    let Some(stock) = host.counts(Counts { pool: pool.handle.clone() }).await? else { return Ok(()) };
    let record = host.alerts(Alerts { pool: pool.handle.clone() }).await?;
    observe(host, pool, level(&stock, pool, host.now()), Some(stock), record, |_, _| false).await
}

#[cfg(feature = "manage")]
/// The same after a top-up, with what it failed of, if it did.
pub(super) async fn after_top_up(host: &Host, pool: &PoolDocument, note: Option<(AlertKind, String)>) -> Result<()> {
    let Some(stock) = host.counts(Counts { pool: pool.handle.clone() }).await? else { return Ok(()) };
    let record = host.alerts(Alerts { pool: pool.handle.clone() }).await?;
    let now = host.now();
    let also = |state: &mut AlertState, level| state.observe_top_up(pool, level, note.as_ref(), now);
    observe(host, pool, level(&stock, pool, now), Some(stock), record, also).await
}

#[cfg(feature = "manage")]
/// What was told of a pool lately and what waits to be told, newest first.
pub async fn history(host: Host, handle: String) -> Result<Vec<PastAlert>> {
    let pool = host.fresh_document(&handle).await?;
    let record = host.alerts(Alerts { pool: handle }).await?;
    Ok(record.map(|record| past(&pool, &record.state)).unwrap_or_default())
}

fn level(stock: &Stock, pool: &PoolDocument, now: i64) -> Level {
    let counts = stock.at(now, pool);
    Level { remaining: counts.remaining, added: counts.added }
}

async fn observe(
    host: &Host,
    pool: &PoolDocument,
    mut level_now: Level,
    mut stock: Option<Stock>,
    mut record: Option<AlertRecord>,
    also: impl Fn(&mut AlertState, Level) -> bool,
) -> Result<()> {
    for _ in 0..RACE_RETRIES {
        let expected = record.as_ref().map(|record| record.revision);
        let mut state = record.take().map(|record| record.state).unwrap_or_default();
        let mut changed = state.observe(pool, level_now, host.now());
        if let Some(stock) = &stock {
            changed |= state.observe_expiries(pool, stock, host.now());
        }
        changed |= also(&mut state, level_now);
        // Where nobody hears alerts, a crossing waits for a host where somebody does.
        let due = if host.traits().hears_alerts { state.take_up(pool, host.now()) } else { Vec::new() };
        if !changed && due.is_empty() {
            return Ok(());
        }
        let saved = host.save_alerts(SaveAlerts { pool: pool.handle.clone(), expected, state }).await?;
        if saved.saved {
            return deliver(host, pool, due, saved.record).await;
        }
        // Somebody else saw the stock at another moment: look again, at stock and state as they are now.
        let Some(fresh) = host.counts(Counts { pool: pool.handle.clone() }).await? else { return Ok(()) };
        level_now = level(&fresh, pool, host.now());
        stock = stock.map(|_| fresh);
        record = saved.record;
    }
    Ok(())
}

async fn deliver(host: &Host, pool: &PoolDocument, due: Vec<Alert>, record: Option<AlertRecord>) -> Result<()> {
    if due.is_empty() {
        return Ok(());
    }
    let from = host.now() - LOOK_BACK - HOUR;
    let usage = host.usage(UsageOf { pool: pool.handle.clone(), from, to: host.now() + HOUR }).await?;
    let mut sent = Vec::new();
    for mut alert in due {
        if alert.kind != AlertKind::ExpiringSoon {
            alert.runs_out_at = runs_out_at(alert.remaining, &usage, host.now());
        }
        // A notifier that throws leaves the crossing pending; it is tried again later.
        if host.notify(alert.clone()).await.is_ok() {
            sent.push(alert);
        }
    }
    mark_sent(host, pool, &sent, record).await
}

async fn mark_sent(host: &Host, pool: &PoolDocument, sent: &[Alert], mut record: Option<AlertRecord>) -> Result<()> {
    for _ in 0..RACE_RETRIES {
        let Some(AlertRecord { revision, mut state }) = record else { return Ok(()) };
        if !mark(&mut state, sent, host.now()) {
            return Ok(());
        }
        let save = SaveAlerts { pool: pool.handle.clone(), expected: Some(revision), state };
        let saved = host.save_alerts(save).await?;
        if saved.saved {
            return Ok(());
        }
        record = saved.record;
    }
    Ok(())
}

fn mark(state: &mut AlertState, sent: &[Alert], now: i64) -> bool {
    sent.iter().filter(|alert| state.mark_sent(alert, now)).count() > 0
}
