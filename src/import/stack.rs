//! Codes -> blocks: duplicates out, sorted by expiry.

use hashbrown::HashTable;

use super::dedupe::KeySet;
use super::intake::spread;
use super::report::Report;
use crate::code::{self, Block, Run, Texts};
use crate::error::{Code, Error, Result};
use crate::limits::BATCH_EXPIRIES;

/// Codes looked for at once: their slots (one cache line each) fit the innermost cache.
const WARM_CODES: usize = 128;

/// Codes on their way into blocks.
pub(super) struct Stack {
    /// At most this many codes a block.
    limit: usize,
    /// Whether anybody wants the blocks.
    wanted: bool,
    seen: KeySet,
    block: Block,
    expiries: Vec<Option<i64>>,
    /// How many codes of the block are known to be no duplicates, and the rows of the others.
    settled: usize,
    rows: Vec<u64>,
    all_expiries: HashTable<i64>,
    last_expiry: Option<i64>,
}

impl Stack {
    /// Nothing yet, to be given out in blocks of at most `limit` codes if they are `wanted`.
    pub(super) fn new(limit: usize, wanted: bool) -> Self {
        Stack {
            limit,
            wanted,
            seen: KeySet::new(),
            block: Block::default(),
            expiries: Vec::new(),
            settled: 0,
            rows: Vec::new(),
            all_expiries: HashTable::new(),
            last_expiry: None,
        }
    }

    /// Adds a code to the block; whether it is a duplicate is found out by [`Self::settle`].
    #[inline]
    pub(super) fn push(&mut self, row: u64, code: &str, key: &str, expiry: Option<i64>) {
        self.block.push(code, key, code::fingerprint(key));
        self.expiries.push(expiry);
        self.rows.push(row);
    }

    /// Finds the duplicates among the codes of the block that were not looked at yet, and takes them out. Done for
    /// many codes in a row, because then the processor waits for memory once for several of them.
    pub(super) fn settle(&mut self, report: &mut Report) -> Result<()> {
        let total = self.block.len();
        let mut duplicates = Vec::new();
        for start in (self.settled..total).step_by(WARM_CODES) {
            let end = total.min(start + WARM_CODES);
            self.seen.warm(&self.block.fingerprints[start..end]);
            for place in start..end {
                if !self.seen.insert(self.block.key(place), self.block.fingerprints[place])? {
                    duplicates.push(place);
                }
            }
        }
        let mut next = duplicates.iter().copied().peekable();
        for place in self.settled..total {
            let (row, code) = (self.rows[place - self.settled], self.block.codes.get(place));
            if next.next_if_eq(&place).is_some() {
                report.duplicate(row, code);
                continue;
            }
            let expiry = self.expiries[place];
            report.take(row, code, expiry);
            if expiry != self.last_expiry {
                self.count_expiry(expiry)?;
            }
        }
        if !duplicates.is_empty() {
            let mut next = duplicates.iter().copied().peekable();
            let kept: Vec<usize> = (0..total).filter(|place| next.next_if_eq(place).is_none()).collect();
            self.expiries = kept.iter().map(|place| self.expiries[*place]).collect();
            self.block = pick(&self.block, kept);
        }
        self.settled = self.block.len();
        self.rows.clear();
        Ok(())
    }

    fn count_expiry(&mut self, expiry: Option<i64>) -> Result<()> {
        self.last_expiry = expiry;
        let Some(expiry) = expiry else { return Ok(()) };
        let hash = spread(expiry as u64);
        if self.all_expiries.find(hash, |other| *other == expiry).is_none() {
            if self.all_expiries.len() == BATCH_EXPIRIES {
                return Err(Error::new(
                    Code::UploadTooManyExpiries,
                    format!(
                        "The codes have more than {BATCH_EXPIRIES} different expiries. Round them to days or split the file."
                    ),
                )
                .with("limit", BATCH_EXPIRIES));
            }
            self.all_expiries.insert_unique(hash, expiry, |other| spread(*other as u64));
        }
        Ok(())
    }

    /// Whether there are enough new codes to look for duplicates among them: a block's worth, so that taking
    /// duplicates out of the block costs each row the same, however many there are.
    #[inline]
    pub(super) fn must_settle(&self) -> bool {
        self.rows.len() >= self.limit
    }

    /// Whether a block is full.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.settled >= self.limit
    }

    /// The codes settled since the last block (at most as many as a block holds), sorted by expiry; none never expires
    /// and comes last. Nothing if there are none, or if blocks are not wanted.
    pub(super) fn next_block(&mut self) -> Option<Block> {
        if self.expiries.is_empty() {
            return None;
        }
        if !self.wanted {
            self.block.clear();
            self.expiries.clear();
            self.settled = 0;
            return None;
        }
        let limit = self.limit;
        let room = Block {
            codes: Texts::with_capacity(limit.min(8_192), limit.min(8_192) * 12),
            keys: Texts::with_capacity(limit.min(8_192), 0),
            fingerprints: Vec::with_capacity(limit.min(8_192)),
            runs: Vec::new(),
        };
        let mut block = std::mem::replace(&mut self.block, room);
        let mut expiries = std::mem::take(&mut self.expiries);
        if expiries.len() > limit {
            self.expiries = expiries.split_off(limit);
            self.block = pick(&block, limit..block.len());
            block = pick(&block, 0..limit);
        }
        self.settled = self.block.len();
        if !expiries.is_sorted_by_key(|expiry| rank(*expiry)) {
            // Pairs with the place in them are all different: an unstable sort keeps the order of equal expiries.
            let mut places: Vec<(u64, u32)> = expiries.iter().map(|expiry| rank(*expiry)).zip(0..).collect();
            places.sort_unstable();
            expiries = places.iter().map(|(_, place)| expiries[*place as usize]).collect();
            block = pick(&block, places.iter().map(|(_, place)| *place as usize));
        }
        block.runs = expiries
            .chunk_by(|one, next| one == next)
            .map(|run| Run { expires_at: run[0], count: run.len() as u32 })
            .collect();
        Some(block)
    }
}

/// A number that orders as expiries do; none comes last.
fn rank(expiry: Option<i64>) -> u64 {
    expiry.map_or(u64::MAX, |expiry| (expiry as u64 ^ 1 << 63).min(u64::MAX - 1))
}

/// The codes of `block` at `places`, in that order, without runs.
fn pick(block: &Block, places: impl IntoIterator<Item = usize>) -> Block {
    let mut picked = Block {
        codes: Texts::with_capacity(block.len(), block.codes.buffer().len()),
        keys: Texts::with_capacity(block.len(), block.keys.buffer().len()),
        fingerprints: Vec::with_capacity(block.len()),
        runs: Vec::new(),
    };
    for place in places {
        picked.push(block.codes.get(place), block.key(place), block.fingerprints[place]);
    }
    picked
}
