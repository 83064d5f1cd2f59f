//! Number formats: what `00000000`, `yyyy-mm-dd` or `#,##0.00 "€"` make of a number.
//!
//! Only what a code or an expiry needs is told apart: whether a format shows whole numbers in a way that is the same
//! on every machine (then its exact text is known), whether it shows a date or a time, or something else. The codes
//! of formats are those of ECMA-376 Part 1 (5th edition), §18.8.30 and §18.8.31, which are the same in every language
//! of the program.

use super::decimal::Decimal;

/// What a cell's number format does, ready to be applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberFormat {
    sections: Vec<Section>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Section {
    condition: Option<Condition>,
    shows: Shows,
}

/// What one section of a format shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shows {
    /// The number as it is.
    General,
    /// A whole number, piece by piece.
    Whole { pieces: Vec<Piece>, grouped: bool },
    /// A date, a time of day, or both.
    Date { date: bool, time: bool },
    /// Scientific notation.
    Scientific,
    /// Anything else: decimals, fractions, percentages, prices, other numerals.
    Other,
}

/// A piece of a whole number's shown form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// These characters.
    Literal(String),
    /// `0`: a digit, or a zero.
    Zero,
    /// `#`: a digit, or nothing.
    Digit,
    /// `?`: a digit, or a space.
    Space,
    /// The number as it is, with literals around it.
    Number,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Condition {
    comparison: Comparison,
    with: f64,
}

// A condition is read from text: there is no NaN in it.
impl Eq for Condition {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
}

impl Condition {
    fn holds(self, value: f64) -> bool {
        match self.comparison {
            Comparison::Less => value < self.with,
            Comparison::LessOrEqual => value <= self.with,
            Comparison::Equal => value == self.with,
            Comparison::NotEqual => value != self.with,
            Comparison::GreaterOrEqual => value >= self.with,
            Comparison::Greater => value > self.with,
        }
    }
}

/// What a format shows of one number.
pub(super) struct Chosen<'a> {
    pub(super) shows: &'a Shows,
    /// Whether a minus stands before a negative number; `None` where that depends on the program.
    pub(super) minus: Option<bool>,
}

impl NumberFormat {
    /// The highest number of a format that need not be described.
    pub const LAST_BUILTIN: u32 = 81;

    /// Reads the code of a format. Every text is one: what is not understood shows nothing that could be known.
    pub fn parse(code: &str) -> Self {
        let sections: Vec<Section> = Sections(code).map(section).collect();
        let general = matches!(sections.as_slice(), [Section { condition: None, shows: Shows::General }]);
        NumberFormat { sections: if general { Vec::new() } else { sections } }
    }

    /// The format with this number, where the file does not describe it (§18.8.30). Those above 26 that are not listed
    /// there for every language are dates in some East Asian languages and, from 71, in Thai; the rest are numbers.
    pub fn builtin(id: u32) -> Self {
        Self::parse(match id {
            1 => "0",
            2 | 4 | 39 | 40 | 43 | 44 | 60 => "0.00",
            3 | 37 | 38 | 41 | 42 | 61 => "#,##0",
            5..=8 => "$0.00",
            9 | 10 | 67 | 68 => "0%",
            11 | 48 => "0.00E+00",
            12 | 13 | 69 | 70 => "# ?/?",
            14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 | 71..=74 => "yyyy-mm-dd",
            18..=21 | 32..=35 | 45..=47 | 55 | 56 | 75 | 76 | 78..=80 => "hh:mm",
            22 | 77 | 81 => "yyyy-mm-dd hh:mm",
            59 => "0",
            62 => "#,##0.00",
            49 => "@",
            _ => "General",
        })
    }

    /// Whether it shows every number as it is.
    pub(super) fn is_general(&self) -> bool {
        self.sections.is_empty()
    }

    /// Whether it shows dates or times: the same for every section of such formats.
    pub(super) fn date(&self) -> Option<(bool, bool)> {
        match self.sections.first()?.shows {
            Shows::Date { date, time } => Some((date, time)),
            _ => None,
        }
    }

    /// The section that shows this number. `None` where no section does.
    pub(super) fn choose(&self, value: f64) -> Option<Chosen<'_>> {
        let sections = &self.sections[..self.sections.len().min(3)];
        let of = |index: usize| sections.get(index);
        let conditions = [0, 1].map(|index| of(index).and_then(|section| section.condition));
        let (index, minus) = match (conditions, sections.len()) {
            (_, 0) => return Some(Chosen { shows: &Shows::General, minus: Some(true) }),
            ([None, None], 1) => (0, Some(true)),
            ([None, None], 2) => (usize::from(value < 0.0), Some(false)),
            ([None, None], _) => (if value > 0.0 { 0 } else { 1 + usize::from(value == 0.0) }, Some(false)),
            ([first, second], _) => {
                let holds = |condition: Option<Condition>| condition.is_some_and(|condition| condition.holds(value));
                let index = if holds(first) {
                    0
                } else if holds(second) {
                    1
                } else {
                    1 + usize::from(first.is_some() && second.is_some())
                };
                (index, None)
            }
        };
        of(index).map(|section| Chosen { shows: &section.shows, minus })
    }
}

/// The sections of a code, parted by semicolons that are not quoted. The fourth is for text and is left out.
struct Sections<'a>(&'a str);

impl<'a> Iterator for Sections<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let (mut quoted, mut bracketed, mut escaped) = (false, false, false);
        let end = self.0.bytes().position(|byte| {
            if std::mem::take(&mut escaped) {
                return false;
            }
            match byte {
                b'"' if !bracketed => quoted = !quoted,
                _ if quoted => {}
                b'[' => bracketed = true,
                b']' => bracketed = false,
                b'\\' | b'_' | b'*' if !bracketed => escaped = true,
                b';' => return !bracketed,
                _ => {}
            }
            false
        });
        let end = end.unwrap_or(self.0.len());
        let (section, rest) = (self.0.get(..end)?, self.0.get(end + 1..).unwrap_or_default());
        self.0 = rest;
        Some(section)
    }
}

/// What stands in a section, gathered letter by letter.
#[derive(Default)]
struct Parts {
    pieces: Vec<Piece>,
    digits: usize,
    /// A comma after a digit: it groups if another digit follows.
    comma: bool,
    grouped: bool,
    date: bool,
    /// Months or minutes.
    month: bool,
    time: bool,
    scientific: bool,
    other: bool,
    condition: Option<Condition>,
}

impl Parts {
    fn literal(&mut self, letter: char) {
        match self.pieces.last_mut() {
            Some(Piece::Literal(text)) => text.push(letter),
            _ => self.pieces.push(Piece::Literal(letter.into())),
        }
        // A price is no code, wherever its sign stands.
        self.other |= matches!(letter, '$' | '%' | '\u{a2}'..='\u{a5}' | '\u{20a0}'..='\u{20cf}');
    }

    fn digit(&mut self, piece: Piece) {
        self.grouped |= std::mem::take(&mut self.comma);
        self.digits += 1;
        self.pieces.push(piece);
    }
}

fn section(code: &str) -> Section {
    let mut parts = Parts::default();
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                for letter in letters.by_ref().take_while(|letter| *letter != '"') {
                    parts.literal(letter);
                }
            }
            '[' => {
                let inside: String = letters.by_ref().take_while(|letter| *letter != ']').collect();
                bracket(&inside, &mut parts);
            }
            '\\' => letters.next().into_iter().for_each(|letter| parts.literal(letter)),
            // As wide as the next letter: a space.
            '_' => letters.next().into_iter().for_each(|_| parts.literal(' ')),
            // The next letter, as often as there is room for: known only if it is a space.
            '*' => parts.other |= letters.next().is_some_and(|letter| letter != ' '),
            _ => {
                let tail = letters.as_str();
                match WORDS.iter().find(|(first, rest, _)| letter.eq_ignore_ascii_case(first) && starts(tail, rest)) {
                    Some((_, rest, word)) => {
                        letters = tail.get(rest.len()..).unwrap_or_default().chars();
                        match word {
                            Word::Number => parts.pieces.push(Piece::Number),
                            Word::Time => parts.time = true,
                            Word::Power => parts.scientific |= parts.digits > 0,
                        }
                    }
                    None => symbol(letter, &mut parts),
                }
            }
        }
    }
    Section { condition: parts.condition, shows: shows(parts) }
}

/// What words mean: their first letter, and what follows it.
const WORDS: [(char, &str, Word); 5] = [
    ('g', "eneral", Word::Number),
    ('a', "m/pm", Word::Time),
    ('a', "/p", Word::Time),
    ('e', "+", Word::Power),
    ('e', "-", Word::Power),
];

enum Word {
    Number,
    Time,
    Power,
}

fn symbol(letter: char, parts: &mut Parts) {
    match letter {
        '0' => parts.digit(Piece::Zero),
        '#' => parts.digit(Piece::Digit),
        '?' => parts.digit(Piece::Space),
        ',' if parts.digits > 0 => parts.comma = true,
        '.' | ',' => parts.other = true,
        '/' if parts.digits > 0 => parts.other = true,
        '@' => parts.pieces.push(Piece::Number),
        'y' | 'Y' | 'd' | 'D' | 'e' | 'E' | 'g' | 'G' | 'b' | 'B' => parts.date = true,
        'h' | 'H' | 's' | 'S' => parts.time = true,
        'm' | 'M' => parts.month = true,
        letter if letter.is_ascii_alphabetic() => parts.other = true,
        letter => parts.literal(letter),
    }
}

/// Colours, conditions, languages, currencies, hours past a day.
fn bracket(inside: &str, parts: &mut Parts) {
    match inside.as_bytes() {
        [b'<' | b'=' | b'>', ..] => parts.condition = condition(inside.as_bytes()),
        [b'$', locale @ ..] => {
            let (currency, language) = match locale.iter().position(|byte| *byte == b'-') {
                Some(dash) => (&locale[..dash], &locale[dash + 1..]),
                None => (locale, &[][..]),
            };
            // Above the language's 16 bits: other numerals and calendars. Languages may also be named: `en-US`.
            let is_number = language.iter().all(u8::is_ascii_hexdigit);
            parts.other |= !currency.is_empty() || is_number && language.len() > "FFFF".len();
        }
        [b'D' | b'd', ..] => parts.other |= starts(inside, "dbnum"),
        letters => {
            let elapsed = !letters.is_empty() && letters.iter().all(|byte| matches!(byte | 0x20, b'h' | b'm' | b's'));
            parts.time |= elapsed;
        }
    }
}

fn condition(inside: &[u8]) -> Option<Condition> {
    let (comparison, with) = match inside {
        [b'<', b'=', with @ ..] => (Comparison::LessOrEqual, with),
        [b'<', b'>', with @ ..] => (Comparison::NotEqual, with),
        [b'>', b'=', with @ ..] => (Comparison::GreaterOrEqual, with),
        [b'<', with @ ..] => (Comparison::Less, with),
        [b'>', with @ ..] => (Comparison::Greater, with),
        [b'=', with @ ..] => (Comparison::Equal, with),
        _ => return None,
    };
    Some(Condition { comparison, with: Decimal::parse(with.trim_ascii())?.approximate() })
}

fn shows(parts: Parts) -> Shows {
    if parts.date || parts.time || parts.month {
        return Shows::Date { date: parts.date || !parts.time, time: parts.time };
    }
    let mut numbers = parts.pieces.iter().filter(|piece| **piece == Piece::Number);
    let alone = numbers.next().is_some() && numbers.next().is_none() && parts.digits == 0;
    match parts {
        Parts { scientific: true, .. } => Shows::Scientific,
        // A comma that no digit follows divides by a thousand.
        Parts { other: true, .. } | Parts { comma: true, .. } => Shows::Other,
        Parts { pieces, .. } if alone && pieces.len() == 1 => Shows::General,
        Parts { pieces, grouped, digits, .. } if alone || digits > 0 && !pieces.contains(&Piece::Number) => {
            Shows::Whole { pieces, grouped }
        }
        // Nothing, or words without the number.
        _ => Shows::Other,
    }
}

fn starts(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(code: &str) -> Option<(bool, bool)> {
        NumberFormat::parse(code).date()
    }

    #[test]
    fn dates_and_times_are_told_by_their_letters() {
        for code in
            ["yyyy-mm-dd", "d.m.yy", "mmm", "[$-409]d\\-mmm\\-yyyy;@", "[$-F800]dddd, mmmm dd, yyyy", "gge", "M"]
        {
            assert_eq!(date(code), Some((true, false)), "{code}");
        }
        for code in ["h:mm", "[h]:mm:ss", "mm:ss.0", "h AM/PM", "[mm]"] {
            assert_eq!(date(code), Some((false, true)), "{code}");
        }
        for code in ["m/d/yy h:mm", "[$-en-US]yyyy\\-mm\\-dd\"T\"hh:mm:ss", "dd hh"] {
            assert_eq!(date(code), Some((true, true)), "{code}");
        }
        for code in
            ["General", "0", "\"day\" 0", "0_d", "\\d0", "[Red]0", "[Color 12]0", "0.00E+00", "@", "*d0", "\"m\"0", ""]
        {
            assert_eq!(date(code), None, "{code}");
        }
    }

    #[test]
    fn formats_that_change_nothing_are_general() {
        for code in ["General", "GENERAL", "@", ""] {
            assert!(NumberFormat::parse(code).is_general(), "{code}");
        }
        assert!(NumberFormat::builtin(0).is_general());
        assert!(NumberFormat::builtin(49).is_general());
        assert!(NumberFormat::builtin(4_711).is_general());
        assert!(!NumberFormat::parse("\"x\"General").is_general());
    }

    #[test]
    fn builtin_formats_are_what_the_standard_lists() {
        for id in [14, 15, 16, 17, 27, 36, 50, 58] {
            assert_eq!(NumberFormat::builtin(id).date(), Some((true, false)), "{id}");
        }
        for id in [18, 19, 20, 21, 45, 46, 47] {
            assert_eq!(NumberFormat::builtin(id).date(), Some((false, true)), "{id}");
        }
        assert_eq!(NumberFormat::builtin(22).date(), Some((true, true)));
        for id in [1, 2, 3, 4, 9, 10, 11, 12, 13, 37, 38, 39, 40, 48] {
            assert_eq!(NumberFormat::builtin(id).date(), None, "{id}");
            assert!(!NumberFormat::builtin(id).is_general(), "{id}");
        }
    }

    #[test]
    fn semicolons_in_quotes_part_nothing() {
        assert_eq!(Sections("0\";\"0;\\;0;[<1;]0").collect::<Vec<_>>(), ["0\";\"0", "\\;0", "[<1;]0"]);
        assert_eq!(Sections("0;").collect::<Vec<_>>(), ["0"]);
        assert_eq!(Sections(";0").collect::<Vec<_>>(), ["", "0"]);
    }
}
