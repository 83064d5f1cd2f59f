//! Maintenance: clean-up after crashes, alerts left pending, expiring stock; and `prepare`, ahead of a send.

use super::every::EveryPool;
use super::step::{Counts, Reply, Sweep};
use super::topup::{self, Need};
use super::{Host, alerts};
use crate::error::{Class, Result};
use crate::limits::{PREPARE_WAIT_MS, WITHDRAW_WAIT_MS};
use crate::pool::document::{Kind, PoolDocument};
use crate::pool::forecast::{DAY, LOOK_BACK};
use crate::record::record;

/// Hours older than this are rolled up into days: the forecast looks back a week, dashboards a month by hour.
const ROLL_UP_AFTER: i64 = 4 * LOOK_BACK + 3 * DAY;
/// Most pieces cleaned up in one pool in one run, so that a run ends.
const SWEEPS: usize = 1_000;

/// What a run of maintenance did.
#[derive(Clone, Debug, Default)]
pub struct Maintained {
    /// Pools that were looked at.
    pools: u64,
    /// Pools with more to clean up than one run does.
    unfinished: u64,
    /// Codes that were generated.
    generated: u64,
    /// Dynamic pools that could not be filled, each with why.
    failed: Vec<Unfilled>,
}

/// A dynamic pool that could not be filled.
#[derive(Clone, Debug)]
pub struct Unfilled {
    pool: String,
    /// An error's code.
    code: String,
    message: String,
}

record!(to Maintained { pools, unfinished, generated, failed });
record!(to Unfilled { pool, code, message });

/// Looks after every pool of the tenant: for a cron trigger.
pub async fn maintain(host: Host) -> Result<Maintained> {
    let mut done = Maintained::default();
    let mut pools = EveryPool::of(&host);
    while let Some(pool) = pools.next().await? {
        if !sweep(&host, &pool.handle).await? {
            done.unfinished += 1;
        }
        if pool.kind == Kind::Dynamic {
            done.shop(&host, &pool).await?;
        }
        if pool.kind != Kind::Fixed && !pool.archived {
            alerts::after_change(&host, &pool).await?;
        }
        done.pools += 1;
    }
    Ok(done)
}

impl Maintained {
    /// What a pool needs of its shop: codes, and that what was withdrawn is deleted there. A shop that fails keeps nobody
    /// from looking after the other pools.
    async fn shop(&mut self, host: &Host, pool: &PoolDocument) -> Result<()> {
        if pool.archived {
            let given_up = topup::give_up_of(host, pool).await;
            self.note(pool, given_up)?;
        } else {
            let filled = topup::fill(host, pool, Need::Buffer).await.map(|done| self.generated += done.added);
            self.note(pool, filled)?;
        }
        let withdrawn = topup::withdraw::resume(host, &pool.handle, host.now() + WITHDRAW_WAIT_MS).await;
        self.note(pool, withdrawn)
    }

    /// Keeps what went wrong with the shop, once for each pool; a store that fails ends the run.
    fn note(&mut self, pool: &PoolDocument, ended: Result<()>) -> Result<()> {
        match ended {
            Err(error) if error.code().class() == Class::StoreError => return Err(error),
            Err(error) if self.failed.iter().all(|known| known.pool != pool.handle) => self.failed.push(Unfilled {
                pool: pool.handle.clone(),
                code: error.code().as_str().to_owned(),
                message: error.message().to_owned(),
            }),
            _ => {}
        }
        Ok(())
    }
}

async fn sweep(host: &Host, handle: &str) -> Result<bool> {
    for _ in 0..SWEEPS {
        let request = Sweep { pool: handle.to_owned(), now: host.now(), roll_up_before: host.now() - ROLL_UP_AFTER };
        if !host.sweep(request).await?.more {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a pool holds enough for a send.
#[derive(Clone, Debug)]
pub struct Prepared {
    enough: bool,
    /// Codes left; none for pools that never run out.
    remaining: Option<u64>,
    /// Codes that are missing.
    short: u64,
}

record!(to Prepared { enough, remaining, short });

/// Says whether the pool holds `count` codes; a dynamic pool is filled to so many first.
/// Errors of a dynamic pool: `ShopError`, `LIMIT_REACHED`.
pub async fn prepare(host: Host, handle: String, count: u64) -> Result<Prepared> {
    let pool = host.fresh_document(&handle).await?;
    match pool.kind {
        Kind::Fixed => return Ok(Prepared { enough: true, remaining: None, short: 0 }),
        Kind::Dynamic if !pool.archived => {
            topup::fill(&host, &pool, Need::Codes(count, host.now() + PREPARE_WAIT_MS)).await?;
        }
        Kind::Dynamic | Kind::Static => {}
    }
    let stock = host.counts(Counts { pool: handle }).await?.ok_or_else(|| Reply::wrong("counts"))?;
    let remaining = stock.at(host.now(), &pool).remaining;
    Ok(Prepared { enough: remaining >= count, remaining: Some(remaining), short: count.saturating_sub(remaining) })
}
