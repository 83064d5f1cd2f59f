//! The set of equality keys in one file: exact, compact, and never copied as a whole while it grows.
//!
//! Keys lie end to end in segments, in the order they came; a table of 8-byte slots (number of a key and half a hash)
//! finds them by linear probing. The table is cut into parts by the hash, so that growth moves one part at a time: 20
//! million codes of 10 characters take about 550 MB. A table of our own, because it can be asked for many keys before
//! any of them is needed: waiting for memory is most of the work, and `hashbrown` has no way to say so.

use crate::error::{Code, Error, Result};

/// Bytes in a segment of keys, and numbers in a segment of ends.
const SEGMENT: usize = 1 << 20;
const ENDS: usize = 1 << 16;
/// Parts of the table: growing one of 64 is short and needs little room beside.
const PARTS: usize = 64;
/// Slots of a part at first.
const SLOTS: usize = 64;
/// Parts of at most so many slots grow when half of them are used, larger ones at three quarters: the fuller a part, the
/// more often the processor guesses wrong where a search ends, and small ones have room to give away.
const ROOMY: usize = 1 << 16;
/// Keys looked for at once: their slots (one cache line each) fit the innermost cache.
const WARM_KEYS: usize = 128;

/// Half a hash above the number of a key plus one; 0 is free.
type Slot = u64;

struct Part {
    slots: Vec<Slot>,
    used: usize,
}

/// A set of texts that only grows.
pub(super) struct KeySet {
    keys: Keys,
    parts: Vec<Part>,
}

impl KeySet {
    /// An empty set, with room for about so many keys.
    pub(super) fn new(expected: usize) -> Self {
        let slots = (expected / PARTS * 2).next_power_of_two().max(SLOTS);
        KeySet { keys: Keys::default(), parts: (0..PARTS).map(|_| Part { slots: vec![0; slots], used: 0 }).collect() }
    }

    /// Adds `count` keys, which lie end to end in `text`; tells the index of each that was there already, in order.
    /// Equal hashes of different keys are no matter: the texts are compared.
    #[inline]
    pub(super) fn insert(
        &mut self,
        count: usize,
        text: &[u8],
        end: impl Fn(usize) -> usize,
        hash: impl Fn(usize) -> u64,
        mut known: impl FnMut(usize),
    ) -> Result<()> {
        let first = self.keys.count;
        // All of them, also those that will turn out to be there: one copy costs less than many.
        self.keys.append(text, (0..count).map(&end))?;
        for start in (0..count).step_by(WARM_KEYS) {
            let stop = count.min(start + WARM_KEYS);
            self.warm((start..stop).map(&hash));
            for index in start..stop {
                let hash = hash(index);
                let part = &mut self.parts[part_of(hash)];
                let key = || &text[if index == 0 { 0 } else { end(index - 1) }..end(index)];
                if part.insert(hash as u32, first + index as u32, |other| self.keys.is(other, key())) {
                    part.grow_if_full();
                } else {
                    known(index);
                }
            }
        }
        Ok(())
    }

    /// How much memory it holds, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let slots: usize = self.parts.iter().map(|part| part.slots.len()).sum();
        self.keys.held() + slots * size_of::<Slot>()
    }

    /// Brings the slots of keys that are about to be added close to the processor, all at once.
    #[inline]
    fn warm(&self, hashes: impl Iterator<Item = u64>) {
        let touch = |sum: u64, hash: u64| {
            let part = &self.parts[part_of(hash)];
            sum ^ part.slots[hash as u32 as usize & (part.slots.len() - 1)]
        };
        std::hint::black_box(hashes.fold(0, touch));
    }
}

impl Part {
    /// Puts the number of a key into its slot, unless the key is there.
    #[inline]
    fn insert(&mut self, hash: u32, number: u32, is_same: impl Fn(u32) -> bool) -> bool {
        let slots = &mut self.slots[..];
        let last = slots.len() - 1;
        let mut at = hash as usize & last;
        loop {
            let slot = slots[at];
            if slot == 0 {
                break;
            }
            if (slot >> 32) as u32 == hash && is_same(slot as u32 - 1) {
                return false;
            }
            at = (at + 1) & last;
        }
        slots[at] = u64::from(hash) << 32 | u64::from(number + 1);
        self.used += 1;
        true
    }

    #[inline]
    fn grow_if_full(&mut self) {
        if self.used * 4 > self.slots.len() * if self.slots.len() <= ROOMY { 2 } else { 3 } {
            self.grow();
        }
    }

    #[cold]
    fn grow(&mut self) {
        let mut slots = vec![0; self.slots.len() * 2];
        let last = slots.len() - 1;
        for slot in self.slots.iter().copied().filter(|slot| *slot != 0) {
            let mut at = (slot >> 32) as usize & last;
            while slots[at] != 0 {
                at = (at + 1) & last;
            }
            slots[at] = slot;
        }
        self.slots = slots;
    }
}

/// The part by the half of the hash that slots do not hold.
#[inline]
fn part_of(hash: u64) -> usize {
    (hash >> 32) as usize % PARTS
}

/// Texts end to end, by number.
#[derive(Default)]
struct Keys {
    segments: Vec<Vec<u8>>,
    /// Where each text ends, counted over all segments.
    ends: Vec<Vec<u32>>,
    count: u32,
    bytes: u32,
}

impl Keys {
    fn held(&self) -> usize {
        self.segments.len() * SEGMENT + self.ends.len() * ENDS * size_of::<u32>()
    }

    fn append(&mut self, mut text: &[u8], ends: impl Iterator<Item = usize>) -> Result<()> {
        let start = self.bytes;
        self.bytes = u32::try_from(start as usize + text.len()).map_err(|_| {
            Error::new(Code::UploadTooManyCodes, "The file holds more codes than one upload can compare. Split it.")
        })?;
        while !text.is_empty() {
            match self.segments.last_mut() {
                Some(segment) if segment.len() < SEGMENT => {
                    let (now, rest) = text.split_at(text.len().min(SEGMENT - segment.len()));
                    segment.extend_from_slice(now);
                    text = rest;
                }
                _ => self.segments.push(Vec::with_capacity(SEGMENT)),
            }
        }
        let mut ends = ends.map(|end| start + end as u32).peekable();
        while ends.peek().is_some() {
            match self.ends.last_mut() {
                Some(segment) if segment.len() < ENDS => segment.extend(ends.by_ref().take(ENDS - segment.len())),
                _ => self.ends.push(Vec::with_capacity(ENDS)),
            }
        }
        self.count =
            self.ends.len().saturating_sub(1) as u32 * ENDS as u32 + self.ends.last().map_or(0, Vec::len) as u32;
        Ok(())
    }

    fn end(&self, number: u32) -> usize {
        self.ends[number as usize / ENDS][number as usize % ENDS] as usize
    }

    /// Whether the text of this number is `key`.
    #[cold]
    fn is(&self, number: u32, key: &[u8]) -> bool {
        let start = number.checked_sub(1).map_or(0, |before| self.end(before));
        if self.end(number) - start != key.len() {
            return false;
        }
        let (segment, at) = (start / SEGMENT, start % SEGMENT);
        let (head, tail) = key.split_at(key.len().min(SEGMENT - at));
        self.segments[segment][at..at + head.len()] == *head
            && (tail.is_empty() || self.segments[segment + 1][..tail.len()] == *tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Texts;

    /// Adds keys under their hashes; answers the indexes of those that were there.
    fn insert(set: &mut KeySet, keys: &[(&str, u64)]) -> Vec<usize> {
        let texts: Texts = keys.iter().map(|(key, _)| *key).collect();
        let mut known = Vec::new();
        let end = |index: usize| texts.ends()[index] as usize;
        let hash = |index: usize| keys[index].1;
        set.insert(keys.len(), texts.buffer().as_bytes(), end, hash, |index| known.push(index)).unwrap();
        known
    }

    #[test]
    fn the_first_of_equal_keys_is_new_and_no_other() {
        let mut set = KeySet::new(0);
        let keys: Vec<String> =
            (0..200_000u32).map(|number| format!("KEY-{}", number.wrapping_mul(2_654_435_761))).collect();
        let keys: Vec<(&str, u64)> = keys.iter().map(|key| (key.as_str(), crate::code::fingerprint(key))).collect();
        for batch in keys.chunks(777) {
            assert_eq!(insert(&mut set, batch), Vec::<usize>::new());
        }
        assert_eq!(insert(&mut set, &keys), (0..keys.len()).collect::<Vec<_>>());
        assert!(set.keys.segments.len() > 2);
    }

    #[test]
    fn equal_hashes_are_no_proof() {
        let mut set = KeySet::new(0);
        assert_eq!(insert(&mut set, &[("A", 7), ("B", 7), ("AB", 7), ("A", 7)]), [3]);
        assert_eq!(insert(&mut set, &[("AB", 7), ("BA", 7), ("", 7), ("B", 7), ("", 7)]), [0, 3, 4]);
    }
}
