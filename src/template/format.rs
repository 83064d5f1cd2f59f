//! How an expiry is to be written. The host does the writing, with its own month names and time zones.

use crate::record::{ToValue, Value};

/// The letters that may follow `%` in a pattern, with an optional `-` (no padding) where it is listed.
///
/// `%Y` year, `%y` its last two digits, `%m` `%-m` month 01 or 1, `%d` `%-d` day 01 or 1, `%e` day padded with a
/// space, `%B` `%b` month's name long or short, `%A` `%a` weekday long or short, `%H` `%-H` hour of 24, `%I` `%-I`
/// hour of 12, `%M` minute, `%S` second, `%p` AM or PM, `%Z` time zone's name, `%%` a percent sign.
pub const DIRECTIVES: [&str; 20] =
    ["Y", "y", "m", "-m", "d", "-d", "e", "B", "b", "A", "a", "H", "-H", "I", "-I", "M", "S", "p", "Z", "%"];

/// Longest pattern, in characters: a date with words around it, not a paragraph.
const PATTERN_CHARS: usize = 100;

/// The form of a date.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DateFormat {
    /// The locale's long date: 31 December 2026.
    Long,
    /// The locale's medium date: 31 Dec 2026.
    Medium,
    /// The locale's short date: 31/12/2026.
    Short,
    /// A pattern made of [`DIRECTIVES`] and text.
    Pattern(String),
}

/// As the host reads it: the style's name, or the pattern, which always has a `%`.
impl ToValue for DateFormat {
    fn to_value(&self) -> Value {
        Value::Text(match self {
            DateFormat::Long => "long".to_owned(),
            DateFormat::Medium => "medium".to_owned(),
            DateFormat::Short => "short".to_owned(),
            DateFormat::Pattern(pattern) => pattern.clone(),
        })
    }
}

impl DateFormat {
    /// Reads `format:`. The error says what is wrong and what is possible.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        match text {
            "long" => return Ok(DateFormat::Long),
            "medium" => return Ok(DateFormat::Medium),
            "short" => return Ok(DateFormat::Short),
            _ => {}
        }
        if text.chars().count() > PATTERN_CHARS || text.chars().any(char::is_control) {
            return Err(format!("a date pattern is one line of at most {PATTERN_CHARS} characters"));
        }
        if !text.contains('%') {
            return Err(format!(
                "format: \"{text}\" is neither \"long\", \"medium\" nor \"short\" nor a pattern such as \"%-d %B %Y\""
            ));
        }
        let mut rest = text;
        while let Some(at) = rest.find('%') {
            rest = &rest[at + 1..];
            let length = if rest.starts_with('-') { 1 } else { 0 };
            let length = rest[length..].chars().next().map_or(length, |letter| length + letter.len_utf8());
            let directive = &rest[..length];
            if !DIRECTIVES.contains(&directive) {
                let known = DIRECTIVES.map(|known| format!("%{known}")).join(" ");
                return Err(format!("\"%{directive}\" is not known in a date pattern; known are {known}"));
            }
            rest = &rest[length..];
        }
        Ok(DateFormat::Pattern(text.to_owned()))
    }
}

/// Whether `text` has the form of a language tag (BCP 47), such as `en-GB`; the host decides whether it knows it.
pub(super) fn is_locale(text: &str) -> bool {
    let mut subtags = text.split('-');
    let first = subtags.next().unwrap_or("");
    text.len() <= 35
        && (2..=8).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags.all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_patterns_are_taken_and_others_named() {
        for pattern in ["%-d %B %Y", "%H:%M %Z", "100%% bis %e. %b", "%-I %p", "%Y年%m月"] {
            assert_eq!(DateFormat::read(pattern), Ok(DateFormat::Pattern(pattern.to_owned())));
        }
        for (pattern, named) in [("%Q", "%Q"), ("%-B", "%-B"), ("ends in %", "\"%\""), ("%-", "%-"), ("%ß", "%ß")] {
            assert!(DateFormat::read(pattern).unwrap_err().contains(named), "{pattern}");
        }
        assert!(DateFormat::read("full").is_err());
        assert!(DateFormat::read("%Y\n%m").is_err());
    }

    #[test]
    fn locales_have_the_form_of_a_language_tag() {
        assert!(["en", "en-GB", "zh-Hant-TW", "de-u-nu-latn"].into_iter().all(is_locale));
        assert!(!["", "e", "en_GB", "en-", "en-ß", "-en"].into_iter().any(is_locale));
    }
}
