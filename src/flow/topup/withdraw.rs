//! Withdrawals: codes of a top-up that are taken out of stock for good, and deleted at the shop.
//!
//! Two kinds of codes are withdrawn: those of a batch that is undone, as far as nobody holds them, and those that a
//! top-up which nobody goes on with may have left at the shop. What is to be done is written into the journal first, and
//! every step can be done twice: an undo that stopped on its way is finished by the next `maintain`.

use super::entry::{Made, owner};
use super::run::error;
use crate::code::{Block, Texts};
use crate::error::{Code, Error, Result};
use crate::flow::Host;
use crate::flow::step::{
    Contains, JournalOf, JournalRow, Receive, Reply, SaveJournal, Send, ShopOf, UndoBatch, VoidCodes,
};
use crate::limits::LEASE_MS;
use crate::record::{FromValue, ToValue, Value, record};
use crate::shop::Fault;
use crate::shop::delivery::{Next, Target};
use crate::shop::withdrawal::Withdrawal;

/// How the ids of these entries begin.
const PREFIX: &str = "withdraw-";
/// Codes that are taken out of stock in one call, at first.
const VOIDED: usize = 250;

/// What is withdrawn.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    /// Version of this format, 1.
    format: u32,
    made: Made,
    /// They are in the pool, and the free ones leave it; otherwise those are meant that never came into it.
    stocked: bool,
    owner: String,
    lease_until: i64,
}

record!(Entry { format, made, stocked, owner, lease_until });

/// How a withdrawal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::flow) struct Withdrawn {
    /// Codes that were taken out of stock, by this call or before.
    pub(in crate::flow) voided: u64,
    /// The shop is known to have none of them.
    pub(in crate::flow) gone: bool,
}

/// Writes down that the free codes of a batch are to be withdrawn, and does it, at the shop until this time.
/// Errors: those of the store. A shop that fails has the rest done by the next `maintain`.
pub(in crate::flow) async fn batch(host: &Host, pool: &str, batch: &str, made: Value, until: i64) -> Result<Withdrawn> {
    let made = Made::from_value(made).map_err(|_| Reply::wrong("batches"))?;
    if is_under_way(host, pool, &made.entry).await? {
        let message = "the top-up that made this batch is not finished: undo it once maintain has finished it";
        return Err(Error::new(Code::UploadInProgress, message).with("pool", pool));
    }
    let id = [PREFIX, batch].concat();
    let entry = Entry { format: 1, made, stocked: true, owner: String::new(), lease_until: 0 };
    let row = match save(host, pool, &id, None, Some(&entry)).await? {
        Ok(row) | Err(Some(row)) => row,
        Err(None) => return Err(Reply::wrong("save_journal")),
    };
    match finish(host, pool, row, until).await {
        Ok(done) => Ok(done),
        Err((Some(voided), error)) if error.code() != Code::StoreFailed => Ok(Withdrawn { voided, gone: false }),
        Err((_, error)) => Err(error),
    }
}

/// Writes down that codes of an entry that nobody goes on with are to be deleted at the shop. Not before the entry is
/// out, though: somebody may go on with it after all, and then give it up again with other codes.
pub(super) async fn leave_over(host: &Host, pool: &str, made: Made) -> Result<()> {
    let id = [PREFIX, &made.entry].concat();
    let entry = Entry { format: 1, made, stocked: false, owner: String::new(), lease_until: 0 };
    if let Err(Some(before)) = save(host, pool, &id, None, Some(&entry)).await? {
        save(host, pool, &id, Some(before.revision), Some(&entry)).await?.map_err(|_| Reply::wrong("save_journal"))?;
    }
    Ok(())
}

/// Goes on with what was written down for a pool, at the shop until this time. Errors: the first that came up; the others
/// are tried all the same.
pub(in crate::flow) async fn resume(host: &Host, pool: &str, until: i64) -> Result<()> {
    let mut first = Ok(());
    for row in host.journal(JournalOf { pool: pool.to_owned() }).await? {
        if row.id.starts_with(PREFIX)
            && let Err((_, error)) = finish(host, pool, row, until).await
        {
            first = first.and(Err(error));
        }
    }
    first
}

/// Whether a top-up's entry is in the journal.
async fn is_under_way(host: &Host, pool: &str, entry: &str) -> Result<bool> {
    Ok(super::entry::find(host, pool).await?.is_some_and(|saved| saved.entry.id == entry))
}

/// Why it failed, with how many codes are out of stock by then, if they are.
type Failed = (Option<u64>, Error);

async fn finish(host: &Host, pool: &str, row: JournalRow, until: i64) -> std::result::Result<Withdrawn, Failed> {
    let (id, me) = (row.id.clone(), owner(host));
    let entry = Entry::from_value(row.entry).map_err(|_| (None, Reply::wrong("journal")))?;
    let held = !entry.owner.is_empty() && entry.owner != me && host.now() < entry.lease_until;
    let mine = Entry { owner: me, lease_until: host.now() + LEASE_MS, ..entry.clone() };
    let known = |error| (None, error);
    // Left over is what nobody goes on with. An entry that is out never comes back.
    if !entry.stocked && is_under_way(host, pool, &entry.made.entry).await.map_err(known)? {
        return Ok(Withdrawn { voided: 0, gone: false });
    }
    let saved = match held {
        true => None,
        false => save(host, pool, &id, Some(row.revision), Some(&mine)).await.map_err(known)?.ok(),
    };
    let made = entry.made.again().map_err(known)?;
    let (codes, voided) = if entry.stocked {
        let batch = id.strip_prefix(PREFIX).unwrap_or_default();
        out_of_stock(host, pool, batch, made).await.map_err(known)?
    } else {
        (not_in(host, pool, made).await.map_err(known)?, 0)
    };
    // Somebody else is at it, or finished it: what is out of stock can be told all the same.
    let Some(saved) = saved else { return Ok(Withdrawn { voided, gone: false }) };
    let work = Work { host, pool, id: &id, entry: mine, revision: saved.revision, saved_at: host.now() };
    let gone = work.delete(&codes, until).await.map_err(|error| (Some(voided), error))?;
    Ok(Withdrawn { voided, gone })
}

/// Takes those codes of a batch out of stock that nobody holds, and undoes it, so that a code which is held leaves the
/// pool when it is released; answers what is to be deleted at the shop, and how many codes left the stock.
async fn out_of_stock(host: &Host, pool: &str, batch: &str, made: Block) -> Result<(Texts, u64)> {
    let (mut codes, voided) = void(host, pool, &made).await?;
    let request = UndoBatch { pool: pool.to_owned(), batch: batch.to_owned(), now: host.now() };
    let removed = host.undo_batch(request).await?.map_or(0, |undone| undone.removed);
    if removed > 0 {
        // They were released between the two.
        not_in(host, pool, made).await?.iter().for_each(|code| codes.push(code));
    }
    Ok((codes, voided + removed))
}

/// Takes those codes out of stock that nobody holds; answers them. A call tells only how many there are, so one that
/// does not take all is made again for each half.
async fn void(host: &Host, pool: &str, block: &Block) -> Result<(Texts, u64)> {
    let mut codes = Texts::default();
    let step = VOIDED.min(host.traits().block_codes.max(1));
    let mut spans: Vec<(usize, usize)> =
        (0..block.len()).step_by(step).map(|from| (from, block.len().min(from + step))).collect();
    while let Some((from, to)) = spans.pop() {
        let keys = (from..to).map(|at| block.key(at).to_owned()).collect();
        let voided = host.void_codes(VoidCodes { pool: pool.to_owned(), keys }).await?.voided as usize;
        if voided == to - from {
            (from..to).for_each(|at| codes.push(block.codes.get(at)));
        } else if voided > 0 {
            let middle = from + (to - from) / 2;
            spans.extend([(middle, to), (from, middle)]);
        }
    }
    let count = codes.len() as u64;
    Ok((codes, count))
}

/// Those codes that the pool does not have.
async fn not_in(host: &Host, pool: &str, block: Block) -> Result<Texts> {
    let mut codes = Texts::default();
    let step = host.traits().block_codes.max(1);
    for from in (0..block.len()).step_by(step) {
        let part = super::store::part(&block, from, block.len().min(from + step));
        let known = host.contains(Contains { pool: pool.to_owned(), block: part }).await?;
        let free = known.iter().enumerate().filter(|(_, known)| **known == 0);
        free.for_each(|(at, _)| codes.push(block.codes.get(from + at)));
    }
    Ok(codes)
}

/// One entry under way.
struct Work<'a> {
    host: &'a Host,
    pool: &'a str,
    id: &'a str,
    entry: Entry,
    revision: u32,
    saved_at: i64,
}

impl Work<'_> {
    /// Deletes codes at the shop, until they are gone or the time is over.
    async fn delete(mut self, codes: &Texts, until: i64) -> Result<bool> {
        let shop = self.entry.made.shop.clone();
        let Some(traits) = self.host.shop(ShopOf { shop: shop.clone() }).await? else {
            self.leave().await?;
            let message = format!("there is no shop \"{shop}\" among the shops of this CouponPools");
            return Err(Error::new(Code::ShopUnknown, message).with("pool", self.pool));
        };
        let target = Target::of(traits.kind, "", &self.entry.made.rule, Value::Null);
        let Some(mut withdrawal) = target.and_then(|target| Withdrawal::new(target, codes)) else {
            self.end().await?;
            return Ok(false);
        };
        let tickets = self.host.tickets();
        loop {
            let now = self.host.now();
            match withdrawal.next(now) {
                Next::Idle => break,
                _ if now >= until => {
                    self.leave().await?;
                    return Ok(false);
                }
                Next::Send(ticket, call) => {
                    self.host.send(Send { shop: shop.clone(), ticket: tickets + ticket, call }).await?;
                }
                Next::Wait(wake) => {
                    let wake = wake.unwrap_or(i64::MAX).min(until).min(self.saved_at + LEASE_MS / 3);
                    if let Some(received) = self.host.receive(Receive { wait: (wake - now).max(0) }).await?
                        && let Some(ticket) = received.ticket.checked_sub(tickets)
                    {
                        withdrawal.heard(ticket, &received.heard, self.host.now());
                    }
                }
            }
            if self.host.now() >= self.saved_at + LEASE_MS / 3 && !self.renew().await? {
                return Ok(false);
            }
        }
        match withdrawal.fault().cloned() {
            // With their discount they are gone.
            None | Some(Fault::Rule(_)) => {
                self.end().await?;
                Ok(true)
            }
            Some(fault) => {
                self.leave().await?;
                Err(error(fault).with("pool", self.pool))
            }
        }
    }

    /// Makes it this owner's for a while longer; false if it is somebody else's by now.
    async fn renew(&mut self) -> Result<bool> {
        self.entry.lease_until = self.host.now() + LEASE_MS;
        match save(self.host, self.pool, self.id, Some(self.revision), Some(&self.entry)).await? {
            Ok(row) => {
                (self.revision, self.saved_at) = (row.revision, self.host.now());
                Ok(true)
            }
            Err(_) => Ok(false),
        }
    }

    /// Leaves it to whoever comes next.
    async fn leave(&mut self) -> Result<()> {
        let entry = Entry { owner: String::new(), lease_until: 0, ..self.entry.clone() };
        save(self.host, self.pool, self.id, Some(self.revision), Some(&entry)).await.map(|_| ())
    }

    async fn end(&mut self) -> Result<()> {
        save(self.host, self.pool, self.id, Some(self.revision), None).await.map(|_| ())
    }
}

/// Saves an entry; what is stored instead, if somebody else was faster.
async fn save(
    host: &Host,
    pool: &str,
    id: &str,
    expected: Option<u32>,
    entry: Option<&Entry>,
) -> Result<std::result::Result<JournalRow, Option<JournalRow>>> {
    let value = entry.map_or(Value::Null, Entry::to_value);
    let request = SaveJournal { pool: pool.to_owned(), id: id.to_owned(), expected, entry: value.clone() };
    let answer = host.save_journal(request).await?;
    Ok(match (answer.saved, answer.record) {
        (true, Some(row)) => Ok(row),
        (true, None) => Ok(JournalRow { id: id.to_owned(), revision: expected.unwrap_or(0) + 1, entry: value }),
        (false, row) => Err(row),
    })
}
