//! One entry, from its codes to the pool: sent, confirmed, stored, in this order, and each of it can be done twice.

use super::entry::Saved;
use super::store::{Lot, store};
use crate::code::{Block, Texts};
use crate::error::{Code, Error, Result};
use crate::flow::Host;
use crate::flow::step::{Receive, Send, ShopOf};
use crate::generate::Generator;
use crate::limits::{LEASE_MS, TOP_UP_STORED};
use crate::pool::document::PoolDocument;
use crate::pool::stock::is_drawable;
use crate::record::ToValue;
use crate::shop::delivery::{Delivery, Next, Settled, Target};
use crate::shop::{Fault, Kind, ShopTraits};

/// How long confirmed codes wait for more before they are stored, in milliseconds: somebody may wait for them.
const STORE_AFTER: i64 = 2_000;

/// How a run of an entry ended.
pub(super) enum Ran {
    /// All of its codes are in the pool.
    Done(u64),
    /// The time was over; some are.
    Stopped(u64),
    /// Somebody else has it.
    Lost(u64),
}

/// Runs an entry that is this owner's, until all is done, or until this time.
pub(super) async fn run(host: &Host, pool: &PoolDocument, saved: Saved, owner: &str, until: i64) -> Result<Ran> {
    let traits = match host.shop(ShopOf { shop: saved.entry.shop.clone() }).await? {
        Some(traits) => traits,
        None => {
            let message = format!("there is no shop \"{}\" among the shops of this CouponPools", saved.entry.shop);
            return fail(host, pool, saved, Error::new(Code::ShopUnknown, message)).await;
        }
    };
    let entry = &saved.entry;
    let Some(target) = Target::of(traits.kind, &entry.id, &entry.rule, entry.pattern.to_value()) else {
        let message =
            format!("\"{}\" is no rule of such a shop: give the number that the shop's address bar shows", entry.rule);
        return fail(host, pool, saved, Error::new(Code::RuleUnusable, message)).await;
    };
    let mut generator = Generator::new(&entry.pattern, entry.seed(), entry.case_sensitive)?;
    // What is in the pool already is made again, so that nothing of it is made twice.
    generator.block(entry.stored as usize, None)?;
    let size = size(&traits, &target);
    let sent = entry.stored;
    let run = Run {
        host,
        pool,
        owner,
        delivery: Delivery::new(target),
        generator,
        size,
        deletes: traits.kind != Kind::Custom,
        sent,
        under_way: Vec::new(),
        ready: Vec::new(),
        ready_since: None,
        added: 0,
        tickets: host.tickets(),
        saved,
    };
    run.drive(until).await
}

fn size(traits: &ShopTraits, target: &Target) -> usize {
    let own = target.codes_per_call();
    traits.codes_per_call.map_or(own, |wanted| if own == 1 { 1 } else { wanted.clamp(1, own.max(1)) }) as usize
}

struct Run<'a> {
    host: &'a Host,
    pool: &'a PoolDocument,
    owner: &'a str,
    delivery: Delivery,
    generator: Generator,
    /// Codes in a piece.
    size: usize,
    /// Whether the shop can be told to delete codes.
    deletes: bool,
    /// So many codes of the entry were given to the delivery, now or before.
    sent: u64,
    /// Pieces that the shop is not known to have, by the place of their first code.
    under_way: Vec<(u64, Block)>,
    /// Pieces that it has.
    ready: Vec<(u64, Lot)>,
    ready_since: Option<i64>,
    added: u64,
    /// Where the numbers of its calls begin.
    tickets: u32,
    saved: Saved,
}

impl Run<'_> {
    async fn drive(mut self, until: i64) -> Result<Ran> {
        loop {
            if let Err(error) = self.feed() {
                return fail(self.host, self.pool, self.saved, error).await;
            }
            let now = self.host.now();
            match self.delivery.next(now) {
                Next::Send(ticket, call) => {
                    let ticket = self.tickets + ticket;
                    self.host.send(Send { shop: self.saved.entry.shop.clone(), ticket, call }).await?;
                }
                Next::Wait(wake) => {
                    let wake = wake.unwrap_or(i64::MAX).min(until).min(self.due());
                    if let Some(received) = self.host.receive(Receive { wait: (wake - now).max(0) }).await? {
                        // What comes late for another run of this flow has a smaller number.
                        if let Some(ticket) = received.ticket.checked_sub(self.tickets) {
                            self.delivery.heard(ticket, received.heard, self.host.now());
                        }
                    }
                }
                Next::Idle => break,
            }
            while let Some(settled) = self.delivery.settled() {
                self.settle(settled);
            }
            let now = self.host.now();
            if now >= until {
                break;
            }
            if self.due() <= now && !self.keep().await? {
                return Ok(Ran::Lost(self.added));
            }
        }
        if !self.keep().await? {
            return Ok(Ran::Lost(self.added));
        }
        match self.delivery.fault().cloned() {
            Some(fault) => fail(self.host, self.pool, self.saved, error(fault)).await,
            None if self.saved.entry.stored >= self.saved.entry.count => {
                self.saved.end(self.host, &self.pool.handle).await?;
                Ok(Ran::Done(self.added))
            }
            None => {
                self.saved.leave(self.host, &self.pool.handle, None).await?;
                Ok(Ran::Stopped(self.added))
            }
        }
    }

    /// Gives the delivery as many pieces as it takes; none so far ahead of what is stored that nobody would look for its
    /// codes at the shop, should the entry be given up.
    fn feed(&mut self) -> Result<()> {
        let most = self.saved.entry.stored + Target::MOST_AHEAD;
        while self.delivery.has_room() && self.sent < self.saved.entry.count {
            let size = (self.size as u64).min(self.saved.entry.count - self.sent) as usize;
            if self.sent + size as u64 > most {
                break;
            }
            let expires_at = self.delivery.rule().and_then(|rule| rule.ends_at);
            if !is_drawable(self.pool.effective_expiry(expires_at), self.pool.min_validity, self.host.now()) {
                let message = "codes generated now would have ended, or end within the pool's minValidity: \
                               give the rule, or the pool, a later end";
                return Err(Error::new(Code::RuleUnusable, message));
            }
            let block = self.generator.block(size, expires_at)?;
            self.delivery.push(self.sent as u32, block.codes.clone());
            self.under_way.push((self.sent, block));
            self.sent += size as u64;
        }
        Ok(())
    }

    /// A piece is at the shop.
    fn settle(&mut self, settled: Settled) {
        let Some(at) = self.under_way.iter().position(|(first, _)| *first == u64::from(settled.number)) else { return };
        let (first, block) = self.under_way.swap_remove(at);
        let lot = match settled.codes {
            Some(codes) => Lot::invented(codes, block.len() as u64),
            None => Lot::ours(block, &settled.foreign),
        };
        self.ready.push((first, lot));
        if first == self.saved.entry.stored {
            self.ready_since.get_or_insert(self.host.now());
        }
    }

    /// When something has to be written down: codes that can be stored, or the lease.
    fn due(&self) -> i64 {
        let many = self.in_a_row().map(|(_, lot)| lot.len()).sum::<usize>() >= TOP_UP_STORED;
        let stored = self.ready_since.map_or(i64::MAX, |since| if many { since } else { since + STORE_AFTER });
        stored.min(self.saved.saved_at + LEASE_MS / 3)
    }

    /// The pieces that follow on what is stored.
    fn in_a_row(&self) -> impl Iterator<Item = &(u64, Lot)> {
        let mut next = self.saved.entry.stored;
        std::iter::from_fn(move || {
            let found = self.ready.iter().find(|(first, _)| *first == next)?;
            next += found.1.taken();
            Some(found)
        })
    }

    /// Stores what can be stored and renews the lease. False if the entry is somebody else's by now.
    async fn keep(&mut self) -> Result<bool> {
        let first = self.saved.entry.stored;
        let row: Vec<u64> = self.in_a_row().map(|(first, _)| *first).collect();
        let (mut lots, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.ready).into_iter().partition(|(first, _)| row.contains(first));
        self.ready = rest;
        self.ready_since = None;
        lots.sort_by_key(|(first, _)| *first);
        let to = first + lots.iter().map(|(_, lot)| lot.taken()).sum::<u64>();
        if to > first {
            let lots = lots.into_iter().map(|(_, lot)| lot).collect();
            let batch = format!("{}-{first}-{to}", self.saved.entry.id);
            let entry = &self.saved.entry;
            // Only a shop that speaks HTTP can delete codes of ours again.
            let made = self.deletes.then(|| entry.made(first, to));
            let whose = (entry, self.owner);
            let (added, is_ours) = store(self.host, &self.pool.handle, &batch, lots, whose, made).await?;
            self.added += added;
            if !is_ours {
                return Ok(false);
            }
        }
        let mut saved = self.saved.clone();
        saved.entry.stored = to;
        match saved.hold(self.host, &self.pool.handle, self.owner).await? {
            Some(saved) => {
                self.saved = saved;
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

/// Ends a run that came to nothing: the entry stays, with why.
async fn fail(host: &Host, pool: &PoolDocument, saved: Saved, error: Error) -> Result<Ran> {
    saved.leave(host, &pool.handle, Some(error.message().to_owned())).await?;
    Err(error)
}

pub(super) fn error(fault: Fault) -> Error {
    match fault {
        Fault::Rule(words) => Error::new(Code::RuleUnusable, words),
        Fault::Refused(words) => Error::new(Code::ShopRefused, words),
        Fault::Later(_) => Error::new(Code::ShopUnreachable, "the shop asks for a pause, again and again"),
        Fault::Lost(cause) => {
            let error = Error::new(Code::ShopUnreachable, "the shop does not answer; what was begun is finished later");
            match cause {
                Some(failure) => error.caused_by(failure),
                None => error,
            }
        }
    }
}

impl Lot {
    /// Codes of ours, without those that are somebody else's.
    fn ours(block: Block, foreign: &[u32]) -> Self {
        let taken = block.len() as u64;
        if foreign.is_empty() {
            return Lot::Ours(block, taken);
        }
        let mut kept = Block::default();
        for at in (0..block.len()).filter(|at| !foreign.contains(&(*at as u32))) {
            kept.push(block.codes.get(at), block.key(at), block.fingerprints[at]);
        }
        kept.runs = block.runs;
        Lot::Ours(kept, taken)
    }

    fn invented(codes: Texts, taken: u64) -> Self {
        Lot::Invented(codes, taken)
    }
}
