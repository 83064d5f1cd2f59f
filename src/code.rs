//! What a code is: which texts may be one, when two are the same, and blocks of them.
//!
//! A code is 1 to 255 characters of printable Unicode without line breaks, control or invisible characters.
//! There is no fixed format: shops differ, and so do the people who make codes up.

#[cfg(feature = "manage")]
use std::borrow::Cow;

use crate::limits::CODE_CHARS;

/// Why a text is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing is there, or only white space.
    Empty,
    /// More than [`CODE_CHARS`] characters.
    TooLong,
    /// A line break, a control character or one that cannot be seen stands in it.
    Invisible,
    /// The replacement character stands in it: the text was damaged by an earlier conversion.
    Damaged,
}

impl Fault {
    /// The stable name of the fault, as in upload reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Fault::Empty => "empty",
            Fault::TooLong => "too-long",
            Fault::Invisible => "invisible-character",
            Fault::Damaged => "damaged-character",
        }
    }
}

/// Checks that `text` (already trimmed) may be a code. Cost: one pass.
pub fn check(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    let bytes = text.as_bytes();
    if bytes.len() <= CODE_CHARS && bytes.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        return Ok(());
    }
    let mut chars = 0;
    for character in text.chars() {
        chars += 1;
        if character == char::REPLACEMENT_CHARACTER {
            return Err(Fault::Damaged);
        }
        if is_invisible(character) {
            return Err(Fault::Invisible);
        }
    }
    if chars > CODE_CHARS { Err(Fault::TooLong) } else { Ok(()) }
}

/// Whether a character cannot be seen: controls, formats, separators other than a plain space, private use and
/// non-characters (Unicode 16, general categories Cc, Cf, Zl, Zp, Zs, Co and `Default_Ignorable_Code_Point`).
pub fn is_invisible(character: char) -> bool {
    matches!(character as u32,
        0x00..=0x1f | 0x7f..=0xa0 | 0xad | 0x034f | 0x0600..=0x0605 | 0x061c | 0x06dd | 0x070f | 0x0890..=0x0891
        | 0x08e2 | 0x115f..=0x1160 | 0x1680 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x2000..=0x200f
        | 0x2028..=0x202f | 0x205f..=0x206f | 0x3000 | 0x3164 | 0xe000..=0xf8ff | 0xfdd0..=0xfdef
        | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0xfffe..=0xffff | 0x110bd | 0x110cd
        | 0x13430..=0x1343f | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff | 0xf0000..=0x10ffff)
        || (character as u32 & 0xfffe) == 0xfffe
}

/// Whether the host must bring `text` to NFC before [`key`] is asked: no character below U+0300 combines.
pub fn needs_nfc(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(|character| character >= '\u{300}')
}

/// The equality key of a code that is in NFC: two codes of a pool are the same code when their keys are equal.
///
/// With `case_sensitive` it is the text itself. Without, it is simple case folding (Unicode's `CaseFolding.txt`,
/// statuses C and S) followed by upper-casing ASCII letters, which keeps folded texts apart and leaves
/// nearly every code as it stands.
#[cfg(feature = "manage")]
pub fn key(text: &str, case_sensitive: bool) -> Cow<'_, str> {
    if case_sensitive {
        return Cow::Borrowed(text);
    }
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
            Cow::Owned(text.to_ascii_uppercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    Cow::Owned(text.chars().map(|character| fold(character).to_ascii_uppercase()).collect())
}

#[cfg(feature = "manage")]
fn fold(character: char) -> char {
    unicode_case_mapping::case_folded(character).and_then(|folded| char::from_u32(folded.get())).unwrap_or(character)
}

/// The fingerprint of an equality key: XXH3 (64 bits, no seed), the same for ever because stores keep it.
/// Equal fingerprints are a hint, never a proof: every hit is checked against the text.
pub fn fingerprint(key: &str) -> u64 {
    fingerprint_bytes(key.as_bytes())
}

#[inline]
pub(crate) fn fingerprint_bytes(key: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(key)
}

/// Appends `bytes`. Most codes have 8 to 16 bytes: those are moved as two words that may overlap, because a copy of any
/// length is a call, which in WebAssembly costs four times as much as the two words.
#[inline]
fn append(to: &mut Vec<u8>, bytes: &[u8]) {
    if let (Some(first), Some(last), ..=16) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>(), bytes.len()) {
        let start = to.len();
        to.extend_from_slice(first);
        to.truncate(start + bytes.len() - 8);
        to.extend_from_slice(last);
    } else {
        to.extend_from_slice(bytes);
    }
}

/// Many texts in one buffer: the form in which codes cross boundaries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// UTF-8: only whole texts go in. As bytes, because short ones can be copied faster into bytes than into a `String`.
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Texts {
    /// An empty list with room for `count` texts of `bytes` bytes in all.
    pub fn with_capacity(count: usize, bytes: usize) -> Self {
        Texts { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(count) }
    }

    /// Adds one text.
    #[inline]
    pub fn push(&mut self, text: &str) {
        self.push_bytes(text.as_bytes());
    }

    /// Adds one text, as bytes that are known to be UTF-8.
    #[inline]
    pub(crate) fn push_bytes(&mut self, text: &[u8]) {
        append(&mut self.bytes, text);
        self.ends.push(self.bytes.len() as u32);
    }

    /// Takes all texts out, and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text at `index`, or the empty text past the end.
    pub fn get(&self, index: usize) -> &str {
        std::str::from_utf8(self.get_bytes(index)).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn get_bytes(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends.get(index - 1).copied().unwrap_or(0) as usize };
        let end = self.ends.get(index).copied().unwrap_or(start as u32) as usize;
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// The texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// The whole buffer, texts end to end.
    pub fn buffer(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    /// The whole buffer, as bytes.
    #[cfg(feature = "manage")]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The texts at `places`, in that order; none of no texts.
    #[cfg(feature = "manage")]
    pub(crate) fn pick(&self, places: &[u32]) -> Texts {
        let mut picked = Texts::default();
        if !self.is_empty() {
            let share = self.bytes.len() * places.len() / self.len();
            picked = Texts::with_capacity(places.len(), share + 16);
            places.iter().for_each(|place| picked.push_bytes(self.get_bytes(*place as usize)));
        }
        picked
    }

    /// Keeps the first `count` texts and, of those after them, the ones at `places` (ascending); none of no texts.
    #[cfg(feature = "manage")]
    pub(crate) fn keep(&mut self, count: usize, places: &[usize]) {
        if self.is_empty() {
            return;
        }
        let mut end = count.checked_sub(1).map_or(0, |last| self.ends[last] as usize);
        for (to, from) in (count..).zip(places) {
            let text = from.checked_sub(1).map_or(0, |before| self.ends[before] as usize)..self.ends[*from] as usize;
            let length = text.len();
            self.bytes.copy_within(text, end);
            end += length;
            self.ends[to] = end as u32;
        }
        self.bytes.truncate(end);
        self.ends.truncate(count + places.len());
    }

    /// Where each text ends in the buffer, in bytes.
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }
}

impl<'a> FromIterator<&'a str> for Texts {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        let mut list = Texts::default();
        for text in texts {
            list.push(text);
        }
        list
    }
}

impl FromIterator<String> for Texts {
    fn from_iter<I: IntoIterator<Item = String>>(texts: I) -> Self {
        let mut list = Texts::default();
        for text in texts {
            list.push(&text);
        }
        list
    }
}

/// Codes with one expiry inside a [`Block`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// When they stop being valid (exclusive, milliseconds since 1970), or never by themselves.
    pub expires_at: Option<i64>,
    /// How many codes follow.
    pub count: u32,
}

/// Some thousand codes of one upload, as they go to the store: sorted by expiry, each with its equality key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The codes as uploaded.
    pub codes: Texts,
    /// Their equality keys, in the same order; none at all if each key is its code.
    pub keys: Texts,
    /// Their fingerprints, in the same order.
    pub fingerprints: Vec<u64>,
    /// Runs of equal expiry, in order; their counts add up to the number of codes.
    pub runs: Vec<Run>,
}

impl Block {
    /// An empty block with room for `count` codes of `bytes` bytes in all.
    #[cfg(feature = "manage")]
    pub fn with_capacity(count: usize, bytes: usize) -> Self {
        Block {
            codes: Texts::with_capacity(count, bytes),
            keys: Texts::default(),
            fingerprints: Vec::with_capacity(count),
            runs: Vec::new(),
        }
    }

    /// Adds a code with its key, without touching the runs. The first key that is not its code brings all of them.
    #[cfg(feature = "manage")]
    pub fn push(&mut self, code: &str, key: &str, fingerprint: u64) {
        if !self.keys.is_empty() || key != code {
            if self.keys.is_empty() {
                self.keys = self.codes.clone();
            }
            self.keys.push(key);
        }
        self.codes.push(code);
        self.fingerprints.push(fingerprint);
    }

    /// The equality key of the code at `index`.
    pub fn key(&self, index: usize) -> &str {
        if self.keys.is_empty() { self.codes.get(index) } else { self.keys.get(index) }
    }

    /// How many codes there are.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_texts_are_codes_whatever_their_format() {
        for text in [
            "A",
            "spring-10%",
            "SAVE 10",
            "ÄÖÜ-5",
            "割引10",
            "🎁2026",
            "'x",
            "=1+1",
            &"x".repeat(255),
            &"ß".repeat(255),
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        assert_eq!(check(""), Err(Fault::Empty));
        assert_eq!(check(&"x".repeat(256)), Err(Fault::TooLong));
        assert_eq!(check(&"ß".repeat(256)), Err(Fault::TooLong));
        for text in [
            "a\nb",
            "a\tb",
            "a\u{0}",
            "a\u{200b}b",
            "\u{feff}a",
            "a\u{ad}b",
            "a\u{a0}b",
            "a\u{202e}b",
            "a\u{2028}b",
            "\u{e0041}",
            "\u{1fffe}",
            "\u{e000}",
        ] {
            assert_eq!(check(text), Err(Fault::Invisible), "{text:?}");
        }
        assert_eq!(check("a\u{fffd}"), Err(Fault::Damaged));
    }

    #[test]
    fn equality_ignores_case_as_both_shops_do() {
        assert_eq!(key("Spring-10", false), "SPRING-10");
        assert_eq!(key("SPRING-10", false), "SPRING-10");
        assert_eq!(key("Ärger", false), key("äRGER", false));
        assert_eq!(key("ΣΑΣ", false), key("σας", false));
        // Two characters that fold to ASCII: the Kelvin sign and the long s.
        assert_eq!(key("\u{212a}\u{17f}", false), "KS");
        assert_ne!(key("ß", false), key("ss", false), "simple folding never changes the length");
        assert_eq!(key("Spring", true), "Spring");
    }

    #[test]
    fn fingerprints_are_stable_because_stores_keep_them() {
        assert_eq!(fingerprint(""), 0x2d06_8005_38d3_94c2);
    }

    #[test]
    fn texts_of_every_length_come_out_as_they_went_in() {
        let all = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let texts: Texts = (0..=all.len()).map(|length| &all[..length]).collect();
        assert!(texts.iter().enumerate().all(|(length, text)| text == &all[..length]));
    }

    #[test]
    fn texts_are_picked_and_kept_by_their_places() {
        let mut texts: Texts = ["a", "", "bc", "d", "efg", "h"].into_iter().collect();
        assert_eq!(texts.pick(&[4, 0, 2]).iter().collect::<Vec<_>>(), ["efg", "a", "bc"]);
        texts.keep(2, &[3, 4]);
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["a", "", "d", "efg"]);
        texts.keep(0, &[1, 3]);
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["", "efg"]);
    }

    #[test]
    fn texts_keep_their_order_and_bounds() {
        let texts: Texts = ["a", "", "bc"].into_iter().collect();
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["a", "", "bc"]);
        assert_eq!((texts.len(), texts.get(7)), (3, ""));
    }
}
