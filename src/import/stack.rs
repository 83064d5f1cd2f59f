//! Codes -> blocks: duplicates out, sorted by expiry.

use hashbrown::HashTable;

use super::dedupe::KeySet;
use super::intake::spread;
use super::options::{ImportLimits, past};
use super::report::Report;
use crate::code::{self, Block, Run, Texts};
use crate::error::{Code, Result};

/// One code, beside its text.
#[derive(Clone, Copy)]
struct Entry {
    fingerprint: u64,
    /// Its expiry as a number that orders as expiries do.
    rank: u64,
    row: u64,
}

/// Codes on their way into blocks.
pub(super) struct Stack {
    /// At most this many codes a block.
    limit: usize,
    /// Whether anybody wants the blocks.
    wanted: bool,
    seen: KeySet,
    entries: Vec<Entry>,
    codes: Texts,
    /// The keys of all of them, or none if each key is its code.
    keys: Texts,
    /// How many of the codes are known to be no duplicates.
    settled: usize,
    all_expiries: HashTable<i64>,
    last_rank: u64,
    limits: ImportLimits,
}

impl Stack {
    /// Nothing yet, to be given out in blocks of at most `limit` codes if they are `wanted`; about `expected` codes are
    /// to come.
    pub(super) fn new(limit: usize, wanted: bool, expected: usize, limits: ImportLimits) -> Self {
        Stack {
            limit,
            wanted,
            seen: KeySet::new(expected),
            entries: Vec::new(),
            codes: Texts::default(),
            keys: Texts::default(),
            settled: 0,
            all_expiries: HashTable::new(),
            last_rank: NEVER,
            limits,
        }
    }

    /// Adds a code, as bytes known to be UTF-8; whether it is a duplicate is found out by [`Self::settle`].
    #[inline]
    pub(super) fn push(&mut self, row: u64, code: &[u8], key: &[u8], expiry: Option<i64>) {
        let same = std::ptr::eq(key, code) || key == code;
        if !same || !self.keys.is_empty() {
            self.push_key(key);
        }
        self.codes.push_bytes(code);
        self.entries.push(Entry { fingerprint: code::fingerprint_bytes(key), rank: rank_of(expiry), row });
    }

    fn push_key(&mut self, key: &[u8]) {
        if self.keys.is_empty() {
            self.keys = self.codes.clone();
        }
        self.keys.push_bytes(key);
    }

    /// Finds the duplicates among the codes that were not looked at yet, and takes them out. Done for many codes in a
    /// row, because then the processor waits for memory once for several of them.
    pub(super) fn settle(&mut self, report: &mut Report) -> Result<()> {
        let limit = self.limits.dedupe_bytes;
        if self.seen.bytes() > limit {
            let found = format!("The codes take more than {limit} bytes of memory to be compared with each other.");
            return Err(past(Code::UploadTooManyCodes, found, "Split the file.", "dedupeBytes", limit));
        }
        let Stack { entries, codes, keys, settled, .. } = self;
        let keys = if keys.is_empty() { &*codes } else { &*keys };
        let fresh = &entries[*settled..];
        let start = settled.checked_sub(1).map_or(0, |last| keys.ends()[last] as usize);
        let ends = &keys.ends()[*settled..];
        let mut duplicates = Vec::new();
        self.seen.insert(
            fresh.len(),
            &keys.bytes()[start..],
            |index| ends[index] as usize - start,
            |index| fresh[index].fingerprint,
            |index| duplicates.push(*settled + index),
        )?;
        let mut next = duplicates.iter().copied().peekable();
        for place in self.settled..self.entries.len() {
            let Entry { row, rank, .. } = self.entries[place];
            if next.next_if_eq(&place).is_some() {
                report.duplicate(row, self.codes.get(place));
                continue;
            }
            report.take(row, || self.codes.get_bytes(place), || expiry(rank));
            if rank != self.last_rank {
                self.count_expiry(rank)?;
            }
        }
        if !duplicates.is_empty() {
            let mut next = duplicates.iter().copied().peekable();
            let kept: Vec<usize> = (0..self.entries.len()).filter(|place| next.next_if_eq(place).is_none()).collect();
            self.codes = pick(&self.codes, &kept);
            self.keys = pick(&self.keys, &kept);
            self.entries = kept.iter().map(|place| self.entries[*place]).collect();
        }
        self.settled = self.entries.len();
        Ok(())
    }

    fn count_expiry(&mut self, rank: u64) -> Result<()> {
        self.last_rank = rank;
        let Some(expiry) = expiry(rank) else { return Ok(()) };
        let hash = spread(rank);
        if self.all_expiries.find(hash, |other| *other == expiry).is_none() {
            let limit = self.limits.expiries;
            if self.all_expiries.len() == limit {
                let found = format!("The codes have more than {limit} different expiries.");
                let advice = "Round them to days or split the file.";
                return Err(past(Code::UploadTooManyExpiries, found, advice, "expiries", limit));
            }
            self.all_expiries.insert_unique(hash, expiry, |other| spread(rank_of(Some(*other))));
        }
        Ok(())
    }

    /// Whether there are enough new codes to look for duplicates among them: a block's worth, so that taking
    /// duplicates out of the block costs each row the same, however many there are.
    #[inline]
    pub(super) fn must_settle(&self) -> bool {
        self.entries.len() - self.settled >= self.limit
    }

    /// Whether a block is full.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.settled >= self.limit
    }

    /// The codes settled since the last block (at most as many as a block holds), sorted by expiry; none never expires
    /// and comes last. Nothing if there are none, or if blocks are not wanted.
    pub(super) fn next_block(&mut self) -> Option<Block> {
        if self.entries.is_empty() {
            return None;
        }
        if !self.wanted {
            self.entries.clear();
            self.codes.clear();
            self.keys.clear();
            self.settled = 0;
            return None;
        }
        let limit = self.limit.min(self.entries.len());
        let rest = self.entries.split_off(limit);
        let mut entries = std::mem::replace(&mut self.entries, rest);
        let later = |texts: &mut Texts| {
            let rest = if texts.is_empty() { Texts::default() } else { texts.split_off(limit) };
            std::mem::replace(texts, rest)
        };
        let (mut codes, mut keys) = (later(&mut self.codes), later(&mut self.keys));
        self.settled = self.entries.len();
        if !entries.is_sorted_by_key(|entry| entry.rank) {
            // Pairs with the place in them are all different: an unstable sort keeps the order of equal expiries.
            let mut places: Vec<(u64, u32)> = entries.iter().map(|entry| entry.rank).zip(0..).collect();
            places.sort_unstable();
            let places: Vec<usize> = places.iter().map(|(_, place)| *place as usize).collect();
            codes = pick(&codes, &places);
            keys = pick(&keys, &places);
            entries = places.iter().map(|place| entries[*place]).collect();
        }
        let runs = entries
            .chunk_by(|one, next| one.rank == next.rank)
            .map(|run| Run { expires_at: expiry(run[0].rank), count: run.len() as u32 })
            .collect();
        Some(Block { codes, keys, fingerprints: entries.iter().map(|entry| entry.fingerprint).collect(), runs })
    }
}

/// The rank of what never expires.
const NEVER: u64 = u64::MAX;

/// A number that orders as expiries do; none comes last.
fn rank_of(expiry: Option<i64>) -> u64 {
    expiry.map_or(NEVER, |expiry| (expiry as u64 ^ 1 << 63).min(NEVER - 1))
}

/// The reverse.
fn expiry(rank: u64) -> Option<i64> {
    (rank != NEVER).then_some((rank ^ 1 << 63) as i64)
}

/// The texts at `places`, in that order; none of none.
fn pick(texts: &Texts, places: &[usize]) -> Texts {
    let mut picked = Texts::default();
    if !texts.is_empty() {
        picked = Texts::with_capacity(places.len(), texts.bytes().len());
        places.iter().for_each(|place| picked.push_bytes(texts.get_bytes(*place)));
    }
    picked
}
