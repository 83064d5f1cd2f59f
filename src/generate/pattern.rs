//! Patterns: how generated codes look, and whether they can be guessed or run out.

use crate::error::{Code, Error, Result};
use crate::limits::{CODE_CHARS, PATTERN_LENGTH, ROOM_BITS};
use crate::record::{FromValue, ToValue, Value, expected, record};

/// Letters and digits that look like no other: without B and 8, I and 1, O and 0, S and 5, Z and 2.
const UNAMBIGUOUS: &str = "ACDEFGHJKLMNPQRTUVWXY34679";

/// The characters that codes are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// A to Z and 0 to 9.
    Alphanum,
    /// A to Z.
    Alpha,
    /// 0 to 9.
    Num,
    /// Letters and digits that look like no other.
    Unambiguous,
    /// These.
    Custom(String),
}

impl Alphabet {
    /// The characters, each once.
    pub fn characters(&self) -> &str {
        match self {
            Alphabet::Alphanum => "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
            Alphabet::Alpha => "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            Alphabet::Num => "0123456789",
            Alphabet::Unambiguous => UNAMBIGUOUS,
            Alphabet::Custom(characters) => characters,
        }
    }
}

impl ToValue for Alphabet {
    fn to_value(&self) -> Value {
        match self {
            Alphabet::Alphanum => "alphanum",
            Alphabet::Alpha => "alpha",
            Alphabet::Num => "num",
            Alphabet::Unambiguous => "unambiguous",
            Alphabet::Custom(characters) => return Value::Map(vec![("custom".to_owned(), characters.to_value())]),
        }
        .to_value()
    }
}

impl FromValue for Alphabet {
    fn from_value(mut value: Value) -> Result<Self> {
        let custom = value.take("custom");
        match (value.as_text(), custom) {
            (Some("alphanum"), _) => Ok(Alphabet::Alphanum),
            (Some("alpha"), _) => Ok(Alphabet::Alpha),
            (Some("num"), _) => Ok(Alphabet::Num),
            (Some("unambiguous"), _) => Ok(Alphabet::Unambiguous),
            (None, Value::Text(characters)) => Ok(Alphabet::Custom(characters)),
            _ => Err(expected("\"alphanum\", \"alpha\", \"num\", \"unambiguous\" or { custom: \"ABC…\" }")),
        }
    }
}

/// How the codes of a dynamic pool look: prefix, characters drawn at random, check character, suffix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Stands before the rest; default empty.
    pub prefix: String,
    /// Stands after the rest; default empty.
    pub suffix: String,
    /// How many characters are drawn at random.
    pub length: usize,
    /// What they are drawn from; default unambiguous.
    pub alphabet: Alphabet,
    /// Stands between groups of characters; default `-`, where there are groups.
    pub delimiter: String,
    /// How many characters stand in a group; 0 for no groups, the default.
    pub every: usize,
    /// Whether a check character follows them (ISO/IEC 7064); default no.
    pub check: bool,
    /// Whether codes with offensive words are left out; default yes.
    pub words: bool,
}

record!(to Pattern { prefix, suffix, length, alphabet, delimiter, every, check, words });

impl FromValue for Pattern {
    fn from_value(mut value: Value) -> Result<Self> {
        if !matches!(value, Value::Map(_)) {
            return Err(expected("an object such as { length: 10 }"));
        }
        Ok(Pattern {
            prefix: value.read::<Option<String>>("prefix")?.unwrap_or_default(),
            suffix: value.read::<Option<String>>("suffix")?.unwrap_or_default(),
            length: value.read("length")?,
            alphabet: value.read::<Option<Alphabet>>("alphabet")?.unwrap_or(Alphabet::Unambiguous),
            delimiter: value.read::<Option<String>>("delimiter")?.unwrap_or_else(|| "-".to_owned()),
            every: value.read::<Option<usize>>("every")?.unwrap_or(0),
            check: value.read::<Option<bool>>("check")?.unwrap_or(false),
            words: value.read::<Option<bool>>("words")?.unwrap_or(true),
        })
    }
}

/// What stands in a frame where a character will be drawn.
const BLANK: u8 = b'?';

impl Pattern {
    /// Checks that codes of this pattern can be made, and told apart as the pool compares.
    pub fn check(&self, case_sensitive: bool) -> Result<()> {
        if self.length == 0 || self.length > PATTERN_LENGTH {
            return Err(invalid("length", format!("length is 1 to {PATTERN_LENGTH} characters drawn at random")));
        }
        for (option, text) in [("prefix", &self.prefix), ("suffix", &self.suffix), ("delimiter", &self.delimiter)] {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            if !text.bytes().all(fits) {
                return Err(invalid(option, format!("{option} is made of letters, digits, \"-\", \"_\" and \".\"")));
            }
        }
        self.check_alphabet(case_sensitive)?;
        let (frame, _) = self.frame();
        if frame.len() > CODE_CHARS {
            let message = format!("codes would be {} characters long; shops take at most {CODE_CHARS}", frame.len());
            return Err(invalid("length", message));
        }
        Ok(())
    }

    fn check_alphabet(&self, case_sensitive: bool) -> Result<()> {
        let characters = self.alphabet.characters().as_bytes();
        if characters.len() < 2 || !characters.iter().all(u8::is_ascii_alphanumeric) {
            return Err(invalid(
                "alphabet",
                "an alphabet has at least two characters, all of them letters or digits of ASCII",
            ));
        }
        let same = |a: u8, b: u8| if case_sensitive { a == b } else { a.eq_ignore_ascii_case(&b) };
        let twice =
            characters.iter().enumerate().find(|(at, one)| characters[..*at].iter().any(|other| same(**one, *other)));
        match twice {
            Some((_, character)) => Err(invalid(
                "alphabet",
                format!("\"{}\" is in the alphabet twice (shops do not tell a from A)", char::from(*character)),
            )),
            None => Ok(()),
        }
    }

    /// Bits of the pattern's space: how many different codes there are, as a power of two.
    pub fn bits(&self) -> f64 {
        self.length as f64 * self.bits_of_one()
    }

    fn bits_of_one(&self) -> f64 {
        (self.alphabet.characters().len() as f64).log2()
    }

    /// How hard it is to guess one of `planned` codes: a guesser hits once in two to the power of so many tries.
    pub fn guess_resistance(&self, planned: u64) -> f64 {
        self.bits() - (planned.max(1) as f64).log2()
    }

    /// Checks that `planned` codes can neither be guessed (at least `floor` bits) nor run out (a quarter of the space).
    /// Errors: `PATTERN_TOO_SMALL`, with `details.add`, how many characters to add to the length.
    pub fn check_strength(&self, planned: u64, floor: f64) -> Result<()> {
        let resistance = self.guess_resistance(planned);
        if resistance >= floor {
            return self.check_room(planned);
        }
        let add = self.to_add((floor - resistance).max(ROOM_BITS - resistance));
        Err(too_small(
            add,
            format!(
                "with {planned} codes of this pattern in use, one guess in 2^{} hits one, and 2^{} are wanted: \
                 make it {} longer",
                tenths(resistance.max(0.0)),
                tenths(floor),
                characters(add)
            ),
        ))
    }

    /// How many characters would bring `planned` codes to `wanted` bits of guess resistance: 0 if they are there.
    pub fn short_of(&self, planned: u64, wanted: f64) -> u64 {
        self.to_add(wanted - self.guess_resistance(planned))
    }

    /// Checks that `count` codes are no more than a quarter of all that there are.
    pub fn check_room(&self, count: u64) -> Result<()> {
        let missing = ROOM_BITS - self.guess_resistance(count);
        if missing <= 1e-9 {
            return Ok(());
        }
        let add = self.to_add(missing);
        Err(too_small(
            add,
            format!(
                "{count} codes would use more than a quarter of this pattern's codes: make it {} longer",
                characters(add)
            ),
        ))
    }

    fn to_add(&self, bits: f64) -> u64 {
        if bits <= 1e-9 { 0 } else { (bits / self.bits_of_one()).ceil() as u64 }
    }

    /// A code with blanks, and the places of the blanks. A group's delimiter never stands at the end of the body.
    pub(super) fn frame(&self) -> (Vec<u8>, Vec<usize>) {
        let (mut frame, mut places) = (self.prefix.clone().into_bytes(), Vec::new());
        for at in 0..self.length + usize::from(self.check) {
            if self.every > 0 && at > 0 && at % self.every == 0 {
                frame.extend_from_slice(self.delimiter.as_bytes());
            }
            places.push(frame.len());
            frame.push(BLANK);
        }
        frame.extend_from_slice(self.suffix.as_bytes());
        (frame, places)
    }
}

fn characters(count: u64) -> String {
    format!("{count} character{}", if count == 1 { "" } else { "s" })
}

/// One decimal, without the machinery that prints any float.
fn tenths(bits: f64) -> String {
    let tenths = (bits * 10.0) as u64;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn too_small(add: u64, message: String) -> Error {
    Error::new(Code::PatternTooSmall, message).with("option", "length").with("add", add)
}

fn invalid(option: &'static str, message: impl Into<String>) -> Error {
    Error::new(Code::InvalidArgument, message).with("option", option)
}
