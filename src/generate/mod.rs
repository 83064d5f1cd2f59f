//! Codes by a pattern: unguessable, unbiased, and no two the same.
//!
//! The characters come from ChaCha (12 rounds, `rand_chacha`), seeded by 32 bytes that the caller hands in. The same
//! seed and pattern give the same codes for ever, on every machine: a top-up keeps the seed and not the codes.

mod check;
mod known;
pub mod pattern;
mod words;

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::code::{self, Block, Run, fingerprint};
use crate::error::Result;
use check::Check;
use known::Known;
use pattern::Pattern;
use words::Words;

/// Codes whose fingerprints are looked up together: as many as a processor waits for at a time, and more.
const BATCH: usize = 64;

/// Makes codes of one pattern from one seed.
///
/// Two codes are told apart by the fingerprints of their equality keys: a candidate whose fingerprint is known is
/// thrown away, so equal fingerprints of different keys (one pair in 10^7 million-code batches) cost a candidate and
/// never a duplicate.
pub struct Generator {
    chance: ChaCha12Rng,
    /// The code with blanks at the places that are drawn.
    frame: Vec<u8>,
    /// Where the characters of the body stand in the frame, the check character's last.
    places: Vec<usize>,
    alphabet: Vec<u8>,
    /// How many characters are drawn at random.
    length: usize,
    /// How many characters one number of 32 bits gives, and how many such groups of characters there are.
    group: usize,
    groups: u32,
    check: Option<Check>,
    words: Option<Words>,
    known: Known,
    pattern: Pattern,
    case_sensitive: bool,
}

impl Generator {
    /// A generator at the beginning of its codes. `case_sensitive` is the pool's: keys are made as the pool compares.
    /// Errors: those of [`Pattern::check`].
    pub fn new(pattern: &Pattern, seed: [u8; 32], case_sensitive: bool) -> Result<Self> {
        pattern.check(case_sensitive)?;
        let alphabet = pattern.alphabet.characters().as_bytes().to_vec();
        let (frame, places) = pattern.frame();
        let size = alphabet.len() as u32;
        let (mut group, mut groups) = (1, size);
        // Small groups are seldom thrown away: under one in sixteen.
        while group < pattern.length && groups.checked_mul(size).is_some_and(|next| next <= 1 << 28) {
            (group, groups) = (group + 1, groups * size);
        }
        Ok(Generator {
            chance: ChaCha12Rng::from_seed(seed),
            check: pattern.check.then(|| Check::of(&alphabet)),
            words: pattern.words.then(|| Words::around(&frame, &places)),
            frame,
            places,
            alphabet,
            length: pattern.length,
            group,
            groups,
            known: Known::new(),
            pattern: pattern.clone(),
            case_sensitive,
        })
    }

    /// Makes no code whose key has one of these fingerprints ([`fingerprint`]).
    pub fn avoid(&mut self, fingerprints: &[u64]) {
        self.known.reserve(fingerprints.len());
        for known in fingerprints {
            self.known.insert(*known);
        }
    }

    /// The next `count` codes, all with this expiry; different from all codes made or avoided before.
    /// Errors: `PATTERN_TOO_SMALL`, when more than a quarter of the pattern's codes would be used. Cost: one pass.
    pub fn block(&mut self, count: usize, expires_at: Option<i64>) -> Result<Block> {
        self.pattern.check_room((self.known.len() + count) as u64)?;
        self.known.reserve(count);
        let mut block = Block::with_capacity(count, count * self.frame.len());
        let (mut texts, mut prints) = (Vec::new(), Vec::with_capacity(BATCH));
        let mut body = vec![0; self.places.len()];
        while block.len() < count {
            texts.clear();
            prints.clear();
            while prints.len() < BATCH.min(count - block.len()) {
                self.candidate(&mut body);
                if self.words.as_mut().is_some_and(|words| words.are_in(&body)) {
                    continue;
                }
                for (place, character) in self.places.iter().zip(&body) {
                    self.frame[*place] = *character;
                }
                prints.push(fingerprint(&code::key(text(&self.frame), self.case_sensitive)));
                texts.extend_from_slice(&self.frame);
            }
            self.known.warm(&prints);
            for (bytes, print) in texts.chunks_exact(self.frame.len()).zip(&prints) {
                if self.known.insert(*print) {
                    block.push(text(bytes), &code::key(text(bytes), self.case_sensitive), *print);
                }
            }
        }
        block.runs = vec![Run { expires_at, count: count as u32 }];
        Ok(block)
    }
    /// Draws the characters of one code, each from the whole alphabet with the same chance, and adds the check
    /// character.
    fn candidate(&mut self, body: &mut [u8]) {
        let size = self.alphabet.len() as u64;
        let (drawn, rest) = body.split_at_mut(self.length);
        for group in drawn.chunks_mut(self.group) {
            let groups = if group.len() == self.group { self.groups } else { (size as u32).pow(group.len() as u32) };
            while !spread(self.chance.next_u32(), size, groups, group) {}
            for character in group {
                *character = self.alphabet[usize::from(*character)];
            }
        }
        if let (Some(check), [last]) = (&self.check, rest) {
            *last = self.alphabet[check.character(drawn)];
        }
    }
}

/// Frames and alphabets are ASCII.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Spreads one number over several places, each below `size`; `groups` is `size` to the power of how many there are.
/// False for the numbers that would make some groups likelier than others: these are thrown away (Brackett-Rozinsky and
/// Lemire, "Batched Ranged Random Integer Generation", 2024).
fn spread(number: u32, size: u64, groups: u32, group: &mut [u8]) -> bool {
    let mut rest = number;
    for place in group {
        let product = u64::from(rest) * size;
        *place = (product >> 32) as u8;
        rest = product as u32;
    }
    rest >= groups || rest >= groups.wrapping_neg() % groups
}

#[cfg(test)]
mod tests;
