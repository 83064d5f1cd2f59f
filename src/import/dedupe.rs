//! The set of equality keys in one file: exact, compact, and never copied as a whole while it grows.
//!
//! Keys lie end to end in segments; a table of 8-byte slots (place and half a hash) finds them by linear probing. The
//! table is cut into parts by the hash, so that growth moves one part at a time: 20 million codes of 10 characters
//! take about 600 MB. A table of our own, because it can be asked for many keys before any of them is needed
//! ([`KeySet::warm`]): waiting for memory is most of the work, and `hashbrown` has no way to say so.

use crate::error::{Code, Error, Result};

/// Bytes in a segment. A key (at most some 1,000 bytes) never crosses the end of one.
const SEGMENT: usize = 1 << 20;
/// Keys start at even bytes, so that a place in 32 bits reaches 8 GB.
const GRAIN: usize = 2;
/// Parts of the table: growing one of 64 is short and needs little room beside.
const PARTS: usize = 64;
/// Slots of a part at first.
const SLOTS: usize = 64;

/// Half a hash above the place of a key; 0 is free, because no key lies at place 0.
type Slot = u64;

struct Part {
    slots: Vec<Slot>,
    used: usize,
}

/// A set of texts that only grows.
pub(super) struct KeySet {
    segments: Vec<Vec<u8>>,
    parts: Vec<Part>,
}

impl KeySet {
    /// An empty set.
    pub(super) fn new() -> Self {
        KeySet { segments: Vec::new(), parts: (0..PARTS).map(|_| Part { slots: vec![0; SLOTS], used: 0 }).collect() }
    }

    /// Brings the slots of keys that are about to be added close to the processor, all at once.
    pub(super) fn warm(&self, fingerprints: &[u64]) {
        let touch = |sum: u64, fingerprint: &u64| {
            let part = &self.parts[part_of(*fingerprint)];
            sum ^ part.slots[*fingerprint as u32 as usize & (part.slots.len() - 1)]
        };
        std::hint::black_box(fingerprints.iter().fold(0, touch));
    }

    /// Adds a key with its fingerprint; answers whether it is new. Equal fingerprints of different keys are
    /// no matter: the texts are compared.
    #[inline]
    pub(super) fn insert(&mut self, key: &str, fingerprint: u64) -> Result<bool> {
        let key = key.as_bytes();
        let hash = fingerprint as u32;
        let part = &mut self.parts[part_of(fingerprint)];
        let last = part.slots.len() - 1;
        let mut at = hash as usize & last;
        loop {
            let slot = part.slots[at];
            if slot == 0 {
                break;
            }
            if (slot >> 32) as u32 == hash && text_at(&self.segments, slot as u32) == key {
                return Ok(false);
            }
            at = (at + 1) & last;
        }
        part.slots[at] = u64::from(hash) << 32 | u64::from(append(&mut self.segments, key)?);
        part.used += 1;
        if part.used * 4 > part.slots.len() * 3 {
            part.grow();
        }
        Ok(true)
    }
}

impl Part {
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

/// The part by the half of the fingerprint that slots do not hold.
fn part_of(fingerprint: u64) -> usize {
    (fingerprint >> 32) as usize % PARTS
}

fn text_at(segments: &[Vec<u8>], place: u32) -> &[u8] {
    let at = place as usize * GRAIN;
    let segment = &segments[at / SEGMENT][at % SEGMENT..];
    let length = usize::from(u16::from_le_bytes([segment[0], segment[1]]));
    &segment[2..2 + length]
}

fn append(segments: &mut Vec<Vec<u8>>, key: &[u8]) -> Result<u32> {
    let full = segments.last().is_none_or(|segment| segment.len() + GRAIN + 2 + key.len() > SEGMENT);
    if full {
        let mut segment = Vec::with_capacity(SEGMENT);
        segment.resize(if segments.is_empty() { GRAIN } else { 0 }, 0);
        segments.push(segment);
    }
    let number = segments.len().saturating_sub(1);
    let place = segments.last_mut().and_then(|segment| {
        let length = u16::try_from(key.len()).ok()?;
        if segment.len() % GRAIN == 1 {
            segment.push(0);
        }
        let place = u32::try_from((number * SEGMENT + segment.len()) / GRAIN).ok()?;
        segment.extend_from_slice(&length.to_le_bytes());
        segment.extend_from_slice(key);
        Some(place)
    });
    place.ok_or_else(|| Error::new(Code::Internal, "The file holds more codes than one upload can compare. Split it."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::fingerprint;

    #[test]
    fn the_first_of_equal_keys_is_new_and_no_other() {
        let mut set = KeySet::new();
        for round in 0..2 {
            for number in 0..200_000u32 {
                let key = format!("KEY-{}", number.wrapping_mul(2_654_435_761));
                assert_eq!(set.insert(&key, fingerprint(&key)).unwrap(), round == 0);
            }
        }
        assert!(set.segments.len() > 2);
    }

    #[test]
    fn equal_fingerprints_are_no_proof() {
        let mut set = KeySet::new();
        assert!(set.insert("A", 7).unwrap());
        assert!(set.insert("B", 7).unwrap());
        assert!(!set.insert("A", 7).unwrap());
    }
}
