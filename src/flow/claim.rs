//! Claims: codes of one pool for many uses, whatever the pool's kind, however stale its document.

use std::rc::Rc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::step::{AlertRecord, Claim, ClaimAnswer, Outcome, Outcomes, Release, ReleaseItem, Reply, TopUp};
use super::{Host, alerts};
use crate::code::Texts;
use crate::error::{Code, Error, Result};
use crate::limits::{RACE_RETRIES, TOP_UP_WAIT_MS};
use crate::pool::alerts::Level;
use crate::pool::document::{Kind, OnEmpty, PoolDocument, Reuse};
use crate::pool::keys::Key;

/// The uses that a claim is for, in columns.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// Messages.
    pub messages: Texts,
    /// Contacts.
    pub contacts: Texts,
    /// Slots, empty for the only one.
    pub slots: Texts,
    /// Which count one fallback when they come away empty from a `stop` pool; from any other all do.
    pub falls_back: Vec<bool>,
}

impl Uses {
    /// Adds one use.
    pub fn push(&mut self, message: &str, contact: &str, slot: &str, falls_back: bool) {
        self.messages.push(message);
        self.contacts.push(contact);
        self.slots.push(slot);
        self.falls_back.push(falls_back);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.messages.len()
    }
}

/// What the uses got.
pub(super) struct Claimed {
    /// The pool as it was when it gave.
    pub(super) pool: Rc<PoolDocument>,
    /// Keys of the different uses.
    pub(super) keys: Vec<Key>,
    /// What they got: fewer if the claim broke off.
    pub(super) outcomes: Outcomes,
    /// Why it broke off.
    pub(super) failed: Option<Error>,
    /// Why a dynamic pool could not be filled: the failure that the driver keeps.
    pub(super) top_up: Option<u32>,
    /// For each use, which of the different ones it is.
    index: Vec<u32>,
}

impl Claimed {
    /// What the use at `index` got, with its code (empty without) and its key. None if the claim broke off before it.
    pub(super) fn get(&self, index: usize) -> Option<(Outcome, &str, Key)> {
        let unique = self.unique(index);
        let outcome = *self.outcomes.items.get(unique)?;
        if self.failed.is_some() && !matches!(outcome, Outcome::Code { .. }) {
            return None;
        }
        Some((outcome, self.outcomes.codes.get(unique), self.keys[unique]))
    }

    /// What it takes to give back whatever was newly drawn.
    pub(super) fn new_draws(&self) -> Vec<ReleaseItem> {
        let got = self.keys.iter().zip(&self.outcomes.items);
        got.filter_map(|(key, outcome)| match outcome {
            Outcome::Code { number, repeat: false, answers, .. } if *number > 0 => {
                Some(ReleaseItem { key: key.to_string(), number: *number, answers: Some(*answers) })
            }
            _ => None,
        })
        .collect()
    }

    /// Which of the different uses the use at `index` is.
    pub(super) fn unique(&self, index: usize) -> usize {
        self.index[index] as usize
    }
}

/// Claims a code of the pool for each use: one round trip, unless the document is old or the store takes fewer items.
pub(super) async fn claim(host: &Host, handle: &str, uses: &Uses) -> Result<Claimed> {
    let mut pool = host.document(handle).await?;
    if pool.kind == Kind::Fixed || pool.archived {
        // Nothing that the store checks says whether such a document is old.
        pool = host.fresh_document(handle).await?;
    }
    let (keys, first, index) = different(uses);
    let mut outcomes = Outcomes::default();
    let mut top_up = None;
    // A dynamic pool that is empty is filled, and only what is empty then counts as a fallback.
    let counts = pool.kind != Kind::Dynamic;
    let mut ended = chunks(host, &mut pool, uses, (&keys, &first), counts, &mut outcomes).await;
    if pool.kind == Kind::Dynamic
        && ended.is_ok()
        && outcomes.items.iter().any(|outcome| !matches!(outcome, Outcome::Code { .. }))
    {
        let empty = outcomes.items.iter().filter(|outcome| **outcome == Outcome::Empty).count() as u64;
        if empty > 0 {
            let request = TopUp { pool: handle.to_owned(), count: empty, wait: TOP_UP_WAIT_MS };
            top_up = host.top_up(request).await.err().and_then(|error| error.cause());
        }
        ended = claim_again(host, &mut pool, uses, (&keys, &first), &mut outcomes).await;
    }
    match ended {
        Err(error) if outcomes.items.is_empty() => Err(error),
        Err(error) => Ok(Claimed { pool, keys, outcomes, failed: Some(error), top_up, index }),
        Ok(seen) => {
            if let Some((level, record)) = seen {
                alerts::after_claim(host, &pool, level, record).await;
            }
            Ok(Claimed { pool, keys, outcomes, failed: None, top_up, index })
        }
    }
}

/// The level that the last claim saw, and the alert state of the same transaction; none where nothing was asked.
type Seen = Option<(Level, Option<AlertRecord>)>;

/// Claims once more for the uses that came away empty.
async fn claim_again(
    host: &Host,
    pool: &mut Rc<PoolDocument>,
    uses: &Uses,
    (keys, first): (&[Key], &[u32]),
    outcomes: &mut Outcomes,
) -> Result<Seen> {
    let empty: Vec<usize> =
        (0..keys.len()).filter(|at| !matches!(outcomes.items.get(*at), Some(Outcome::Code { .. }))).collect();
    let some: Vec<Key> = empty.iter().map(|at| keys[*at]).collect();
    let their_first: Vec<u32> = empty.iter().map(|at| first[*at]).collect();
    let mut more = Outcomes::default();
    let ended = chunks(host, pool, uses, (&some, &their_first), true, &mut more).await;
    let mut codes = Texts::default();
    let mut got = empty.iter().zip(more.items.iter().zip(more.codes.iter())).peekable();
    for at in 0..keys.len() {
        match got.next_if(|(place, _)| **place == at) {
            Some((_, (outcome, code))) => {
                outcomes.items[at] = *outcome;
                codes.push(code);
            }
            None => codes.push(outcomes.codes.get(at)),
        }
    }
    outcomes.codes = codes;
    ended
}

/// Claims as many uses at a time as the store takes. What was claimed before an error is in `outcomes`.
async fn chunks(
    host: &Host,
    pool: &mut Rc<PoolDocument>,
    uses: &Uses,
    (keys, first): (&[Key], &[u32]),
    counts: bool,
    outcomes: &mut Outcomes,
) -> Result<Seen> {
    let mut last = None;
    let mut stale = 0;
    while outcomes.items.len() < keys.len() || last.is_none() {
        *pool = usable(pool.clone())?;
        if pool.kind == Kind::Fixed {
            // Also one that was made fixed just now: nothing can have been drawn of it before.
            *outcomes = fixed(pool, keys.len(), host.now());
            return Ok(None);
        }
        let from = outcomes.items.len();
        let to = keys.len().min(from + host.traits().claim_items.max(1));
        match host.claim(request(pool, uses, &keys[from..to], &first[from..to], counts, host.now())).await? {
            ClaimAnswer::Stale(document) => {
                stale += 1;
                if stale > RACE_RETRIES {
                    return Err(Error::new(
                        Code::PoolChanged,
                        format!(
                            "the settings of \"{}\" changed {RACE_RETRIES} times while a code was drawn",
                            pool.handle
                        ),
                    )
                    .with("pool", pool.handle.as_str()));
                }
                *pool = host.remember(&pool.handle, document)?;
            }
            ClaimAnswer::Claimed { outcomes: got, remaining, added, alerts } => {
                if got.items.len() != to - from || got.codes.len() != to - from {
                    return Err(Reply::wrong("claim"));
                }
                append(outcomes, got);
                last = Some((Level { remaining, added }, alerts));
            }
        }
    }
    Ok(last)
}

/// Gives draws back, as far as nobody else was answered them. What cannot be given back stays with its use: a retry
/// shows it, and `find` finds it.
pub(super) async fn give_back(host: &Host, handle: &str, items: &[ReleaseItem]) {
    for chunk in items.chunks(host.traits().claim_items.max(1)) {
        let request = Release { pool: handle.to_owned(), items: chunk.to_vec(), now: host.now() };
        let _ = host.release(request).await;
    }
}

fn usable(pool: Rc<PoolDocument>) -> Result<Rc<PoolDocument>> {
    if pool.archived {
        return Err(Error::new(
            Code::PoolArchived,
            format!(
                "\"{}\" is archived and gives no codes: restore it with edit(handle, {{ archived: false }})",
                pool.handle
            ),
        )
        .with("pool", pool.handle.as_str()));
    }
    Ok(pool)
}

/// The different uses: their keys, where each stands first, and for every use which one it is.
fn different(uses: &Uses) -> (Vec<Key>, Vec<u32>, Vec<u32>) {
    let mut keys: Vec<Key> = Vec::with_capacity(uses.len());
    let mut first = Vec::with_capacity(uses.len());
    let mut index = Vec::with_capacity(uses.len());
    let mut table: HashTable<u32> = HashTable::with_capacity(uses.len());
    for at in 0..uses.len() {
        let key = Key::of_use(uses.messages.get(at), uses.contacts.get(at), uses.slots.get(at));
        match table.entry(key.hash(), |known| keys[*known as usize] == key, |known| keys[*known as usize].hash()) {
            Entry::Occupied(known) => index.push(*known.get()),
            Entry::Vacant(free) => {
                free.insert(keys.len() as u32);
                index.push(keys.len() as u32);
                first.push(at as u32);
                keys.push(key);
            }
        }
    }
    (keys, first, index)
}

fn request(pool: &PoolDocument, uses: &Uses, keys: &[Key], first: &[u32], counts: bool, now: i64) -> Claim {
    let pick = |column: &Texts| -> Texts { first.iter().map(|at| column.get(*at as usize)).collect() };
    let holders = match pool.reuse {
        Reuse::PerMessage => Vec::new(),
        Reuse::PerContact | Reuse::UntilExpired => first
            .iter()
            .map(|at| Key::of_holder(uses.contacts.get(*at as usize), uses.slots.get(*at as usize)))
            .collect(),
    };
    Claim {
        pool: pool.handle.clone(),
        version: pool.version,
        now,
        reuse: pool.reuse,
        expires_at: pool.expires_at,
        min_validity: pool.min_validity,
        uses: keys.to_vec(),
        holders,
        contacts: pick(&uses.contacts),
        messages: pick(&uses.messages),
        slots: pick(&uses.slots),
        // From the document that the claim names: one read before it may say otherwise.
        falls_back: first
            .iter()
            .map(|at| {
                counts
                    && (pool.on_empty != OnEmpty::Stop || uses.falls_back.get(*at as usize).copied().unwrap_or(false))
            })
            .collect(),
    }
}

fn append(all: &mut Outcomes, more: Outcomes) {
    if all.items.is_empty() {
        *all = more;
        return;
    }
    all.items.extend_from_slice(&more.items);
    for code in more.codes.iter() {
        all.codes.push(code);
    }
}

/// A fixed pool gives everybody its code while it is valid; its draws have no numbers because they are not stored.
fn fixed(pool: &PoolDocument, count: usize, now: i64) -> Outcomes {
    let valid = pool.expires_at.is_none_or(|at| at > now);
    let code = pool.fixed_code.as_deref().filter(|_| valid);
    let outcome = match code {
        Some(_) => Outcome::Code { number: 0, expires_at: None, repeat: false, fresh: false, answers: 0 },
        None => Outcome::Expired,
    };
    Outcomes { codes: (0..count).map(|_| code.unwrap_or("")).collect(), items: vec![outcome; count] }
}
