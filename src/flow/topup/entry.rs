//! Entries of the journal: what is being generated, written down before the shop hears of it.
//!
//! An entry keeps a seed and not codes: whoever takes it over makes the same codes again. It belongs to one owner under
//! a lease; every save is a compare-and-swap, so an owner whose lease was taken learns it at the next save and stops.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::code::{Block, Run};
use crate::error::Result;
use crate::flow::Host;
use crate::flow::step::{JournalOf, JournalRow, Reply, SaveJournal};
use crate::generate::Generator;
use crate::generate::pattern::Pattern;
use crate::limits::LEASE_MS;
use crate::pool::dynamic::Dynamic;
use crate::pool::keys::base64url;
use crate::record::{FromValue, ToValue, Value, record};

/// The id of the one entry of a pool: two needs at a time are one.
const TOP_UP: &str = "top-up";

/// What is being generated.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// Version of this format, 1.
    format: u32,
    /// Names its batches and orders.
    pub(super) id: String,
    /// 32 bytes, in hexadecimal.
    seed: String,
    pub(super) shop: String,
    pub(super) rule: String,
    pub(super) pattern: Pattern,
    pub(super) case_sensitive: bool,
    /// How many codes.
    pub(super) count: u64,
    /// The first so many are in the pool, as far as they are ours.
    pub(super) stored: u64,
    /// Whose it is until then; nobody's if empty.
    owner: String,
    lease_until: i64,
    /// When and why it stopped.
    pub(super) failed_at: Option<i64>,
    pub(super) words: Option<String>,
}

record!(Entry {
    format,
    id,
    seed,
    shop,
    rule,
    pattern,
    case_sensitive,
    count,
    stored,
    owner,
    lease_until,
    failed_at,
    words,
});

/// From what the codes of a batch were made: enough to make them again. A batch names its first and its last code, which
/// need not be the places of the entry: what was somebody else's is left out between them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Made {
    /// Version of this format, 1.
    format: u32,
    /// The entry's id.
    pub(super) entry: String,
    seed: String,
    pub(super) shop: String,
    pub(super) rule: String,
    pattern: Pattern,
    case_sensitive: bool,
    /// Its codes stand between these places of the entry.
    from: u64,
    to: u64,
    /// The first and the last of them.
    first: String,
    last: String,
    /// Places, counted from the first one's, whose codes the pool had already, from another batch: from the first of a
    /// row to the one after it, row by row. Few, since whoever stores codes again stores them in the same order.
    not_its: Vec<u64>,
}

record!(Made { format, entry, seed, shop, rule, pattern, case_sensitive, from, to, first, last, not_its });

impl Made {
    /// The same for those codes of it that are in a block, but for its duplicates, which other batches brought.
    /// Cost: all of its codes are made again, if there are duplicates.
    pub(super) fn of(&self, block: &Block, duplicates: &[u32]) -> Result<Value> {
        let code = |at: usize| block.codes.get(at).to_owned();
        let mut made = Made { first: code(0), last: code(block.len().saturating_sub(1)), ..self.clone() };
        if !duplicates.is_empty() {
            let known: BTreeSet<&str> = duplicates.iter().map(|at| block.codes.get(*at as usize)).collect();
            let all = made.again()?;
            for at in (0..all.len()).filter(|at| known.contains(all.codes.get(*at))) {
                let at = at as u64;
                match made.not_its.last_mut() {
                    Some(end) if *end == at => *end += 1,
                    _ => made.not_its.extend([at, at + 1]),
                }
            }
        }
        Ok(made.to_value())
    }

    /// The codes again, with those of somebody else's that stand between them, and without those of other batches.
    pub(super) fn again(&self) -> Result<Block> {
        let mut generator = Generator::new(&self.pattern, seed(&self.seed), self.case_sensitive)?;
        generator.block(self.from as usize, None)?;
        let all = generator.block(self.to.saturating_sub(self.from) as usize, None)?;
        let place = |code: &str| (0..all.len()).find(|at| all.codes.get(*at) == code);
        let (first, last) = match (place(&self.first), place(&self.last)) {
            (Some(first), Some(last)) => (first, last),
            // Of the whole entry.
            _ => (0, all.len().saturating_sub(1)),
        };
        let mut block = Block::default();
        let is_its = |at: usize| {
            let mut rows = self.not_its.chunks_exact(2);
            !rows.any(|row| (row[0]..row[1]).contains(&((at - first) as u64)))
        };
        for at in (first..=last).filter(|at| *at < all.len() && is_its(*at)) {
            block.push(all.codes.get(at), all.key(at), all.fingerprints[at]);
        }
        block.runs = vec![Run { expires_at: None, count: block.len() as u32 }];
        Ok(block)
    }
}

/// An entry as it is saved.
#[derive(Clone, Debug)]
pub(super) struct Saved {
    pub(super) entry: Entry,
    revision: u32,
    pub(super) saved_at: i64,
}

/// Who runs entries in this flow.
pub(super) fn owner(host: &Host) -> String {
    let mut owner = String::new();
    base64url(&host.entropy()[..16], &mut owner);
    owner
}

impl Entry {
    /// A new entry: the `turn`th of this flow.
    pub(super) fn new(host: &Host, turn: u32, dynamic: &Dynamic, case_sensitive: bool, count: u64) -> Self {
        let digest = |purpose: &[u8]| {
            Sha256::new().chain_update(purpose).chain_update(turn.to_le_bytes()).chain_update(host.entropy()).finalize()
        };
        let mut id = String::new();
        base64url(&digest(b"id")[..9], &mut id);
        Entry {
            format: 1,
            id,
            seed: digest(b"seed")
                .iter()
                .flat_map(|byte| [byte >> 4, byte & 15])
                .filter_map(|half| char::from_digit(u32::from(half), 16))
                .collect(),
            shop: dynamic.shop.clone(),
            rule: dynamic.rule.clone(),
            pattern: dynamic.pattern.clone(),
            case_sensitive,
            count,
            stored: 0,
            owner: String::new(),
            lease_until: 0,
            failed_at: None,
            words: None,
        }
    }

    /// The seed's bytes.
    pub(super) fn seed(&self) -> [u8; 32] {
        seed(&self.seed)
    }

    /// From what its codes between these places are made.
    pub(super) fn made(&self, from: u64, to: u64) -> Made {
        Made {
            format: 1,
            entry: self.id.clone(),
            seed: self.seed.clone(),
            shop: self.shop.clone(),
            rule: self.rule.clone(),
            pattern: self.pattern.clone(),
            case_sensitive: self.case_sensitive,
            from,
            to,
            first: String::new(),
            last: String::new(),
            not_its: Vec::new(),
        }
    }

    /// Whether it is this entry, and this owner's.
    pub(super) fn is_of(&self, entry: &Entry, owner: &str) -> bool {
        self.id == entry.id && self.owner == owner
    }

    /// Until when somebody else is at it, if anybody is.
    pub(super) fn is_held(&self, owner: &str, now: i64) -> Option<i64> {
        (!self.owner.is_empty() && self.owner != owner && now < self.lease_until).then_some(self.lease_until)
    }
}

fn seed(digits: &str) -> [u8; 32] {
    let mut seed = [0; 32];
    let digits: Vec<u8> = digits.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
    for (byte, pair) in seed.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    seed
}

/// The pool's entry, if there is one.
pub(super) async fn find(host: &Host, pool: &str) -> Result<Option<Saved>> {
    let rows = host.journal(JournalOf { pool: pool.to_owned() }).await?;
    rows.into_iter().find(|row| row.id == TOP_UP).map(|row| read(row, host.now())).transpose()
}

fn read(row: JournalRow, now: i64) -> Result<Saved> {
    let entry = Entry::from_value(row.entry).map_err(|_| Reply::wrong("journal"))?;
    Ok(Saved { entry, revision: row.revision, saved_at: now })
}

/// Writes a new entry down, as this owner's. None if another one is there by now.
pub(super) async fn begin(host: &Host, pool: &str, entry: Entry, owner: &str) -> Result<Option<Saved>> {
    let entry = Entry { owner: owner.to_owned(), lease_until: host.now() + LEASE_MS, ..entry };
    save(host, pool, None, Some(entry)).await
}

impl Saved {
    /// Makes it this owner's for a while longer. None if it is somebody else's by now.
    pub(super) async fn hold(self, host: &Host, pool: &str, owner: &str) -> Result<Option<Saved>> {
        let entry = Entry { owner: owner.to_owned(), lease_until: host.now() + LEASE_MS, ..self.entry };
        save(host, pool, Some(self.revision), Some(entry)).await
    }

    /// Leaves it to whoever comes next, with why it stopped.
    pub(super) async fn leave(self, host: &Host, pool: &str, words: Option<String>) -> Result<()> {
        let failed_at = words.as_ref().map(|_| host.now());
        let entry = Entry { owner: String::new(), lease_until: 0, failed_at, words, ..self.entry };
        save(host, pool, Some(self.revision), Some(entry)).await.map(|_| ())
    }

    /// Takes it out: everything is done.
    pub(super) async fn end(self, host: &Host, pool: &str) -> Result<()> {
        save(host, pool, Some(self.revision), None).await.map(|_| ())
    }
}

async fn save(host: &Host, pool: &str, expected: Option<u32>, entry: Option<Entry>) -> Result<Option<Saved>> {
    let value = entry.as_ref().map_or(Value::Null, Entry::to_value);
    let request = SaveJournal { pool: pool.to_owned(), id: TOP_UP.to_owned(), expected, entry: value };
    let answer = host.save_journal(request).await?;
    match (answer.saved, answer.record, entry) {
        (true, Some(row), Some(_)) => read(row, host.now()).map(Some),
        (true, _, Some(entry)) => Ok(Some(Saved { entry, revision: expected.unwrap_or(0) + 1, saved_at: host.now() })),
        _ => Ok(None),
    }
}
