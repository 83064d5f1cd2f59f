//! Codes -> blocks: duplicates out, in the order that the store wants, sorted by expiry within each block.

use hashbrown::HashTable;

use super::dedupe::KeySet;
use super::intake::spread;
use super::options::{ImportLimits, past};
use super::report::Report;
use crate::code::{self, Block, Run, Texts};
use crate::error::{Code, Result};

/// One code that was not looked at yet, beside its text.
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
    /// So many codes are gathered before they are cut into blocks.
    run: usize,
    /// Whether anybody wants the blocks.
    wanted: bool,
    seen: KeySet,
    /// The codes that are not settled: the last ones.
    entries: Vec<Entry>,
    codes: Texts,
    /// The keys of all of them, or none if each key is its code.
    keys: Texts,
    /// Of the codes that are known to be no duplicates. There may be millions: nothing else of them is kept.
    ranks: Ranks,
    /// The order in which codes go into blocks, once there are enough of them; and how many have gone.
    order: Vec<u32>,
    gone: usize,
    all_expiries: HashTable<i64>,
    last_rank: u64,
    limits: ImportLimits,
}

impl Stack {
    /// Nothing yet, to be given out in blocks of at most `limit` codes if they are `wanted`, `sorted` codes at a time in
    /// the order of their keys; about `expected` codes are to come.
    pub(super) fn new(limit: usize, wanted: bool, sorted: usize, expected: usize, limits: ImportLimits) -> Self {
        Stack {
            limit,
            run: if wanted { sorted.max(limit) } else { limit },
            wanted,
            seen: KeySet::new(expected),
            entries: Vec::new(),
            codes: Texts::default(),
            keys: Texts::default(),
            ranks: Ranks::default(),
            order: Vec::new(),
            gone: 0,
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
        let settled = self.ranks.count;
        let entries = std::mem::take(&mut self.entries);
        let keys = if self.keys.is_empty() { &self.codes } else { &self.keys };
        let start = settled.checked_sub(1).map_or(0, |last| keys.ends()[last] as usize);
        let ends = &keys.ends()[settled..];
        let mut duplicates = Vec::new();
        self.seen.insert(
            entries.len(),
            &keys.bytes()[start..],
            |index| ends[index] as usize - start,
            |index| entries[index].fingerprint,
            |index| duplicates.push(settled + index),
        )?;
        let mut next = duplicates.iter().copied().peekable();
        for (place, &Entry { row, rank, .. }) in (settled..).zip(&entries) {
            if next.next_if_eq(&place).is_some() {
                report.duplicate(row, self.codes.get(place));
                continue;
            }
            report.take(row, || self.codes.get_bytes(place), || expiry(rank));
            self.ranks.push(rank);
            if rank != self.last_rank {
                self.count_expiry(rank)?;
            }
        }
        if !duplicates.is_empty() {
            let mut next = duplicates.iter().copied().peekable();
            let all = settled..settled + entries.len();
            let kept: Vec<usize> = all.filter(|place| next.next_if_eq(place).is_none()).collect();
            self.codes.keep(settled, &kept);
            self.keys.keep(settled, &kept);
        }
        self.entries = entries;
        self.entries.clear();
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
        self.entries.len() >= self.limit
    }

    /// Whether blocks are to be taken before more codes are added.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.ranks.count >= self.run
    }

    /// How many codes are gathered to be sorted, and have not gone into blocks.
    pub(super) fn waiting(&self) -> usize {
        if self.run == self.limit { 0 } else { self.ranks.count + self.entries.len() - self.gone }
    }

    /// The next of the codes that are settled (at most as many as a block holds), sorted by expiry; none never expires
    /// and comes last. Nothing if there are none, or if blocks are not wanted.
    pub(super) fn next_block(&mut self) -> Option<Block> {
        if self.order.is_empty() && self.wanted {
            self.order = self.ordered();
        }
        let left = &self.order[self.gone..];
        if left.is_empty() {
            self.codes.clear();
            self.keys.clear();
            self.ranks.clear();
            self.order.clear();
            self.gone = 0;
            return None;
        }
        let mut places = left[..left.len().min(self.limit)].to_vec();
        self.gone += places.len();
        let rank = |place: &u32| self.ranks.get(*place as usize);
        if !places.is_sorted_by_key(rank) {
            places.sort_by_key(rank);
        }
        let runs = places
            .chunk_by(|one, next| rank(one) == rank(next))
            .map(|run| Run { expires_at: expiry(rank(&run[0])), count: run.len() as u32 })
            .collect();
        let all_keys = self.all_keys();
        let fingerprint = |place: &u32| code::fingerprint_bytes(all_keys.get_bytes(*place as usize));
        let fingerprints = places.iter().map(fingerprint).collect();
        let (codes, keys) = (self.codes.pick(&places), self.keys.pick(&places));
        Some(Block { codes, keys, fingerprints, runs })
    }

    fn all_keys(&self) -> &Texts {
        if self.keys.is_empty() { &self.codes } else { &self.keys }
    }

    /// The places of the codes in the order in which they go into blocks: that of the file, or, where that would make
    /// many blocks and the store asks for it, that of their keys.
    fn ordered(&self) -> Vec<u32> {
        let count = self.ranks.count as u32;
        if self.run == self.limit || self.ranks.count < SORTED_BLOCKS * self.limit {
            return (0..count).collect();
        }
        let keys = self.all_keys();
        let shared = shared_prefix(keys);
        // Eight bytes decide nearly every comparison, without a look at the texts.
        let head = |key: &[u8]| {
            let mut head = [0; 8];
            head.iter_mut().zip(&key[shared..]).for_each(|(to, from)| *to = *from);
            u64::from_be_bytes(head)
        };
        let mut order: Vec<(u64, u32)> =
            (0..count).map(|place| (head(keys.get_bytes(place as usize)), place)).collect();
        let text = |place: u32| keys.get_bytes(place as usize);
        order.sort_unstable_by(|one, other| one.0.cmp(&other.0).then_with(|| text(one.1).cmp(text(other.1))));
        order.into_iter().map(|(_, place)| place).collect()
    }
}

/// The ranks of many codes: one for all of them, as in most files, or one each.
#[derive(Default)]
struct Ranks {
    count: usize,
    all: u64,
    /// Empty while all have the same.
    each: Vec<u64>,
}

impl Ranks {
    #[inline]
    fn push(&mut self, rank: u64) {
        if self.count == 0 {
            self.all = rank;
        } else if self.each.is_empty() && rank != self.all {
            self.each = vec![self.all; self.count];
        }
        if !self.each.is_empty() {
            self.each.push(rank);
        }
        self.count += 1;
    }

    #[inline]
    fn get(&self, place: usize) -> u64 {
        self.each.get(place).copied().unwrap_or(self.all)
    }

    fn clear(&mut self) {
        self.each.clear();
        self.count = 0;
    }
}

/// Fewer blocks than this stay in the order of the file: sorting them would gain little.
const SORTED_BLOCKS: usize = 8;

/// How many bytes all texts start with.
fn shared_prefix(texts: &Texts) -> usize {
    let first = texts.get_bytes(0);
    (1..texts.len()).fold(first.len(), |shared, place| {
        let text = texts.get_bytes(place);
        if text.get(..shared) == Some(&first[..shared]) {
            return shared;
        }
        text.iter().zip(first).take_while(|(one, other)| one == other).count()
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of each block that `count` scattered codes of some expiries make, every tenth of them twice.
    fn blocks(limit: usize, sorted: usize, count: u32, expiries: u32) -> Vec<Vec<String>> {
        let (mut stack, mut report, mut blocks) =
            (Stack::new(limit, true, sorted, 0, ImportLimits::default()), Report::default(), Vec::new());
        let mut take = |stack: &mut Stack| {
            while let Some(block) = stack.next_block() {
                assert!(
                    block.len() <= limit
                        && block.runs.iter().map(|run| run.count as usize).sum::<usize>() == block.len()
                );
                blocks.push((0..block.len()).map(|place| block.key(place).to_owned()).collect());
            }
        };
        for number in 0..count {
            let code = format!("spring-{:x}", (number - u32::from(number % 10 == 9)).wrapping_mul(2_654_435_761));
            let expiry = (number % expiries > 0).then_some(i64::from(number % expiries));
            stack.push(u64::from(number), code.as_bytes(), code.to_uppercase().as_bytes(), expiry);
            if stack.must_settle() {
                stack.settle(&mut report).unwrap();
            }
            if stack.is_full() {
                take(&mut stack);
            }
        }
        stack.settle(&mut report).unwrap();
        take(&mut stack);
        assert_eq!((report.taken, report.duplicates_in_file), (u64::from(count - count / 10), u64::from(count / 10)));
        blocks
    }

    #[test]
    fn a_store_that_asks_for_it_gets_many_blocks_each_from_a_stretch_of_the_keys_of_its_own() {
        let blocks = blocks(50, 1_000, 3_000, 3);
        let ends: Vec<_> = blocks.iter().map(|block| (block.iter().min(), block.iter().max())).collect();
        let runs = ends.windows(2).filter(|pair| pair[0].1 >= pair[1].0).count() + 1;
        assert_eq!((blocks.len(), runs), (55, 3));
    }

    #[test]
    fn a_few_blocks_keep_the_order_of_the_file() {
        let codes = |sorted| blocks(500, sorted, 3_000, 1).concat();
        assert_eq!(codes(1_000_000), codes(0));
    }
}
