//! The fingerprints of codes that are known: a set that only grows.
//!
//! A table of our own, because it can be asked for many fingerprints before any of them is needed ([`Known::warm`]):
//! waiting for memory is most of the work, and `hashbrown` has no way to say so.

/// Slots at first.
const SLOTS: usize = 1 << 8;

/// A set of fingerprints. Linear probing; a fingerprint is its own hash.
pub(super) struct Known {
    /// 0 is free; the fingerprint 0 stands as 1.
    slots: Vec<u64>,
    used: usize,
}

impl Known {
    pub(super) fn new() -> Self {
        Known { slots: vec![0; SLOTS], used: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// Makes room, so that the table does not grow while `more` are added.
    pub(super) fn reserve(&mut self, more: usize) {
        let wanted = (2 * (self.used + more)).next_power_of_two();
        if wanted > self.slots.len() {
            let mut grown = Known { slots: vec![0; wanted], used: 0 };
            for known in self.slots.iter().filter(|slot| **slot != 0) {
                grown.insert(*known);
            }
            *self = grown;
        }
    }

    /// Brings the slots of fingerprints that are about to be added close to the processor, all at once.
    pub(super) fn warm(&self, fingerprints: &[u64]) {
        let last = self.slots.len() - 1;
        std::hint::black_box(fingerprints.iter().fold(0, |sum, print| sum ^ self.slots[*print as usize & last]));
    }

    /// Adds a fingerprint, for which there is room; answers whether it is new.
    pub(super) fn insert(&mut self, fingerprint: u64) -> bool {
        let fingerprint = fingerprint.max(1);
        let last = self.slots.len() - 1;
        let mut at = fingerprint as usize & last;
        loop {
            match self.slots[at] {
                0 => {
                    self.slots[at] = fingerprint;
                    self.used += 1;
                    return true;
                }
                known if known == fingerprint => return false,
                _ => at = (at + 1) & last,
            }
        }
    }
}
