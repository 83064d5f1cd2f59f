//! Top-ups: a dynamic pool's stock, filled from its shop ahead of need, or at need.
//!
//! One entry of the journal stands for everything that is being generated for a pool, whoever needs it. Its codes are
//! made from its seed, so they are known before the shop hears of them; a code goes into the pool when the shop is known
//! to have it, and the entry goes when all of them are in. A crash at any point leaves an entry that the next caller
//! takes over once its lease has run out, and whose every step can be done twice.

mod entry;
mod run;
mod store;
pub(super) mod withdraw;

use super::step::{Counts, Pause, Reply, ShopOf};
use super::{Host, alerts, upload};
use crate::error::{Code, Error, Result};
use crate::limits::{RACE_RETRIES, TOP_UP_CODES, TOP_UP_REST_MS};
use crate::pool::alerts::AlertKind;
use crate::pool::document::PoolDocument;
use crate::pool::dynamic::Dynamic;
use crate::record::record;
use crate::shop::delivery::Target;
use entry::{Entry, Saved, begin, find, owner};
use run::{Ran, run};

/// How long a caller waits between two looks at somebody else's top-up, in milliseconds, at first and at most.
const FIRST_LOOK: i64 = 200;
const LAST_LOOK: i64 = 3_000;
/// Codes that a need at send time is rounded up to, if the buffer is as large: one call of Shopify's.
const ROUND_UP: u64 = 250;
/// Top-ups in a row that may come to nothing.
const RUNS_IN_VAIN: u32 = 3;

/// What a top-up did.
#[derive(Clone, Debug, Default)]
pub struct ToppedUp {
    /// Codes added to the stock by this caller.
    pub added: u64,
    /// Codes left.
    pub remaining: u64,
}

record!(to ToppedUp { added, remaining });

/// Whose need it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// `maintain`'s: the buffer. What somebody else is at is left to them; what was begun is finished first.
    Buffer,
    /// Somebody's who waits for so many codes, at most until then.
    Codes(u64, i64),
}

/// Fills a pool that a draw found empty, so that `count` codes are there, in at most `wait` milliseconds.
/// Errors: `ShopError`, `LIMIT_REACHED`.
pub async fn top_up(host: Host, handle: String, count: u64, wait: i64) -> Result<ToppedUp> {
    let pool = host.fresh_document(&handle).await?;
    let until = host.now() + wait.max(0);
    fill(&host, &pool, Need::Codes(count, until)).await
}

/// Fills a pool, and tells those who want to know whether it worked.
pub(super) async fn fill(host: &Host, pool: &PoolDocument, need: Need) -> Result<ToppedUp> {
    let Some(dynamic) = pool.dynamic()? else { return Ok(ToppedUp::default()) };
    let filled = TopUp { host, pool, dynamic, need, added: 0, tried: false }.fill().await;
    let note = match &filled {
        Ok((_, false)) => return filled.map(|(done, _)| done),
        Ok((_, true)) => None,
        // A store or a callback that failed says nothing about the shop.
        Err(error) => match error.code() {
            Code::RuleUnusable => Some((AlertKind::RuleUnusable, error.message().to_owned())),
            // A host that does not have the shop has nothing to say about it.
            Code::ShopUnreachable | Code::ShopRefused | Code::LimitReached | Code::PatternTooSmall => {
                Some((AlertKind::TopUpFailing, error.message().to_owned()))
            }
            _ => return filled.map(|(done, _)| done),
        },
    };
    // The codes are there, or not, whatever becomes of the alert.
    let _ = alerts::after_top_up(host, pool, note).await;
    if pool.sample.is_none() && filled.is_ok() {
        let _ = upload::keep_sample(host, pool).await;
    }
    filled.map(|(done, _)| done)
}

/// Looks after a pool that is filled no more: what a top-up of it may have left at the shop is deleted.
pub(super) async fn give_up_of(host: &Host, pool: &PoolDocument) -> Result<()> {
    match find(host, &pool.handle).await? {
        Some(saved) if saved.entry.is_held(&owner(host), host.now()).is_none() => {
            give_up(host, &pool.handle, saved).await
        }
        _ => Ok(()),
    }
}

/// Nobody goes on with an entry: what it has not stored is withdrawn from the shop. First that is written down, by the
/// entry's owner alone: whoever takes it over while this stops on its way finishes it, and what is written down waits.
async fn give_up(host: &Host, pool: &str, saved: Saved) -> Result<()> {
    let Some(saved) = saved.hold(host, pool, &owner(host)).await? else { return Ok(()) };
    let entry = &saved.entry;
    // What was sent lies behind what is stored, no farther than a delivery goes ahead.
    let to = entry.count.min(entry.stored + Target::MOST_AHEAD);
    if to > entry.stored {
        withdraw::leave_over(host, pool, entry.made(entry.stored, to)).await?;
    }
    saved.end(host, pool).await
}

struct TopUp<'a> {
    host: &'a Host,
    pool: &'a PoolDocument,
    dynamic: Dynamic,
    need: Need,
    added: u64,
    /// The shop was asked.
    tried: bool,
}

impl TopUp<'_> {
    /// What it came to, and whether the shop was asked.
    async fn fill(mut self) -> Result<(ToppedUp, bool)> {
        let owner = owner(self.host);
        let (mut look, mut turn, mut races, mut in_vain) = (FIRST_LOOK, 0, 0, 0);
        loop {
            let (remaining, generated) = self.stock().await?;
            let wanted = match self.need {
                Need::Buffer => self.dynamic.buffer,
                Need::Codes(count, _) => count,
            };
            let done = (ToppedUp { added: self.added, remaining }, self.tried);
            let now = self.host.now();
            let until = match self.need {
                Need::Buffer => i64::MAX,
                Need::Codes(_, until) => until,
            };
            if matches!(self.need, Need::Codes(..)) && (remaining >= wanted || now >= until) {
                return Ok(done);
            }
            let handle = &self.pool.handle;
            let saved = match find(self.host, handle).await? {
                Some(saved) => {
                    if let Some(held_until) = saved.entry.is_held(&owner, now) {
                        if self.need == Need::Buffer {
                            return Ok(done);
                        }
                        let wait = look.min(until - now).min(held_until - now);
                        self.host.pause(Pause { wait }).await?;
                        look = (look * 3 / 2).min(LAST_LOOK);
                        continue;
                    }
                    if let (Need::Codes(..), Some(at)) = (self.need, saved.entry.failed_at)
                        && (0..TOP_UP_REST_MS).contains(&(now - at))
                    {
                        let words = saved.entry.words.clone().unwrap_or_default();
                        return Err(Error::new(Code::ShopUnreachable, words).with("pool", handle.as_str()));
                    }
                    self.check_shop(&saved.entry.shop).await?;
                    saved.hold(self.host, handle, &owner).await?
                }
                None if remaining >= wanted => return Ok(done),
                None => {
                    self.check_shop(&self.dynamic.shop).await?;
                    let count = self.count(wanted - remaining, generated)?;
                    let entry = Entry::new(self.host, turn, &self.dynamic, self.pool.case_sensitive, count);
                    turn += 1;
                    begin(self.host, handle, entry, &owner).await?
                }
            };
            let Some(saved) = saved else {
                races += 1;
                if races > RACE_RETRIES {
                    return Ok(done);
                }
                continue;
            };
            self.tried = true;
            let of_other_settings = (&saved.entry.shop, &saved.entry.rule, &saved.entry.pattern)
                != (&self.dynamic.shop, &self.dynamic.rule, &self.dynamic.pattern);
            let ran = match run(self.host, self.pool, saved, &owner, until).await {
                // What was begun under settings that were changed since, and cannot be finished, is given up.
                Err(error) if of_other_settings && matches!(error.code(), Code::RuleUnusable | Code::ShopRefused) => {
                    match find(self.host, handle).await? {
                        Some(given_up) if given_up.entry.is_held(&owner, self.host.now()).is_none() => {
                            give_up(self.host, handle, given_up).await?;
                        }
                        _ => {}
                    }
                    continue;
                }
                ran => ran.map_err(|error| error.with("pool", handle.as_str()))?,
            };
            match ran {
                Ran::Done(0) if in_vain + 1 >= RUNS_IN_VAIN => {
                    let message = "the shop takes orders and gives no new codes";
                    return Err(Error::new(Code::ShopRefused, message).with("pool", handle.as_str()));
                }
                Ran::Done(added) => {
                    in_vain = if added == 0 { in_vain + 1 } else { 0 };
                    self.added += added;
                }
                Ran::Stopped(added) | Ran::Lost(added) => {
                    self.added += added;
                    if self.need == Need::Buffer {
                        let (remaining, _) = self.stock().await?;
                        return Ok((ToppedUp { added: self.added, remaining }, true));
                    }
                }
            }
        }
    }

    /// Checks that this host has the shop, before anything is begun.
    async fn check_shop(&self, shop: &str) -> Result<()> {
        match self.host.shop(ShopOf { shop: shop.to_owned() }).await? {
            Some(_) => Ok(()),
            None => {
                let message = format!("there is no shop \"{shop}\": name it in new CouponPools({{ shops }})");
                Err(Error::new(Code::ShopUnknown, message).with("pool", self.pool.handle.as_str()))
            }
        }
    }

    /// Codes left, and codes ever added.
    async fn stock(&self) -> Result<(u64, u64)> {
        let request = Counts { pool: self.pool.handle.clone() };
        let stock = self.host.counts(request).await?.ok_or_else(|| Reply::wrong("counts"))?;
        let generated = stock.expiries.iter().map(|sum| sum.added).sum();
        Ok((stock.at(self.host.now(), self.pool).remaining, generated))
    }

    /// How many codes an entry is for that is `short` of them.
    fn count(&self, short: u64, generated: u64) -> Result<u64> {
        let short = match self.need {
            Need::Buffer => short,
            // A call costs the shop the same whether it carries one code or 250.
            Need::Codes(..) => short.max(ROUND_UP.min(self.dynamic.buffer)),
        };
        let room = self.dynamic.limit.map_or(u64::MAX, |limit| limit.saturating_sub(generated));
        if room == 0 {
            let (handle, limit) = (&self.pool.handle, self.dynamic.limit.unwrap_or_default());
            let message =
                format!("\"{handle}\" has generated the {limit} codes that its limit allows: raise dynamic.limit");
            return Err(Error::new(Code::LimitReached, message).with("pool", handle.as_str()));
        }
        let count = short.min(room).min(TOP_UP_CODES);
        self.dynamic.pattern.check_strength(generated + count, self.dynamic.guess_floor)?;
        Ok(count)
    }
}
