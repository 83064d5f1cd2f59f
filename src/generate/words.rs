//! Words that no merchant wants to print, wherever they would stand in a code.

/// Stems of offensive words in English, German, French, Spanish, Italian and Dutch; what contains one is offensive too.
/// In ROT13, so that nobody has to read them here.
const STEMS: [&str; 58] = [
    "nany", "nahf", "nefr", "onfgneq", "ovgpu", "obbo", "oybj", "pnhyr", "pnmmb", "pbpx", "phagf", "pbba", "penc",
    "phz", "phag", "qvpx", "qlxr", "rfry", "snt", "srpxr", "svpx", "sbgm", "shpx", "shx", "uher", "wvmm", "xvxr",
    "xnxxre", "xhg", "xxx", "yhqr", "zreqn", "zreqr", "anmv", "avtn", "avttre", "ahggr", "cnxv", "cravf", "cvff",
    "cbea", "cbeab", "chgn", "chgr", "enpr", "encr", "fpurv", "fpujh", "frk", "fuvg", "fyhg", "fcvp", "gvgf", "gjng",
    "jnax", "jvkre", "jvpuf", "juber",
];
/// Groups of three letters, five bits a letter.
const TRIPLES: usize = 1 << 15;
/// Stands for a character that is no letter; no stem has it.
const NONE: u8 = 31;
/// Letters before and after the body that a word may begin or end with.
const OVERLAP: usize = 8;

/// Looks for words in the bodies of one pattern's codes, with the letters that stand before and after.
pub(super) struct Words {
    stems: Vec<Vec<u8>>,
    /// For each three letters whether a stem begins with them, a bit each.
    starts: Vec<u64>,
    /// The letters of a code: before the body, the body's, after it.
    letters: Vec<u8>,
    before: usize,
    after: usize,
}

impl Words {
    /// For codes with this frame, whose body stands at these places.
    pub(super) fn around(frame: &[u8], places: &[usize]) -> Self {
        let first = places.first().copied().unwrap_or(0);
        let last = places.last().map_or(0, |last| last + 1);
        let letters = |bytes: &[u8]| -> Vec<u8> {
            bytes.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(|byte| letter(*byte)).collect()
        };
        let (mut before, mut after) = (letters(&frame[..first]), letters(&frame[last..]));
        before.drain(..before.len().saturating_sub(OVERLAP));
        after.truncate(OVERLAP);
        let stems: Vec<Vec<u8>> =
            STEMS.iter().map(|stem| stem.bytes().map(|byte| (byte - b'a' + 13) % 26).collect()).collect();
        let mut starts = vec![0; TRIPLES.div_ceil(64)];
        for stem in &stems {
            let triple = stem.iter().take(3).fold(0, |triple, letter| with(triple, *letter));
            starts[triple / 64] |= 1 << (triple % 64);
        }
        let (before_len, after_len) = (before.len(), after.len());
        before.resize(before_len + places.len(), NONE);
        before.append(&mut after);
        Words { stems, starts, letters: before, before: before_len, after: after_len }
    }

    /// Whether a word touches this body. Digits read as the letters they look like.
    pub(super) fn are_in(&mut self, body: &[u8]) -> bool {
        let end = self.letters.len() - self.after;
        for (place, character) in self.letters[self.before..end].iter_mut().zip(body) {
            *place = letter(*character);
        }
        let mut triple = TRIPLES - 1;
        self.letters.iter().enumerate().any(|(last, letter)| {
            triple = with(triple, *letter);
            self.starts[triple / 64] >> (triple % 64) & 1 == 1 && self.begins_at(last.saturating_sub(2), end)
        })
    }

    /// Whether a word begins there and touches the body, which ends at `end`.
    #[cold]
    fn begins_at(&self, at: usize, end: usize) -> bool {
        let rest = &self.letters[at..];
        at < end && self.stems.iter().any(|stem| rest.starts_with(stem) && at + stem.len() > self.before)
    }
}

/// The last two letters of a triple, and one more.
fn with(triple: usize, letter: u8) -> usize {
    (triple << 5 | usize::from(letter)) & (TRIPLES - 1)
}

fn letter(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a',
        b'0' => b'o' - b'a',
        b'1' => b'i' - b'a',
        b'3' => b'e' - b'a',
        b'4' => 0,
        b'5' => b's' - b'a',
        b'7' => b't' - b'a',
        b'8' => 1,
        _ => NONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offends(prefix: &str, body: &str, suffix: &str) -> bool {
        let frame = [prefix, body, suffix].concat().into_bytes();
        let places: Vec<usize> = (prefix.len()..prefix.len() + body.len()).collect();
        Words::around(&frame, &places).are_in(body.as_bytes())
    }

    #[test]
    fn words_are_found_across_digits_and_edges() {
        assert!(offends("", "ABSH1TXY", ""));
        assert!(offends("SH", "ITABCDEF", ""), "the prefix begins it");
        assert!(offends("SH-", "ITABCDEF", ""), "a delimiter does not hide it");
        assert!(offends("", "ABCDEFSH", "IT-9"), "the suffix ends it");
        assert!(!offends("", "SPRINGAB", ""));
    }

    #[test]
    fn what_the_merchant_wrote_is_the_merchant_s_own() {
        assert!(!offends("SHIT-", "ABCDEFGH", ""));
        assert!(!offends("", "ABCDEFGH", "SHIT"));
    }
}
