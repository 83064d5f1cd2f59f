//! The syntax of one tag: what stands between `{%` and `%}`.
//!
//! Quotes are straight, single or double, without escapes. Visual editors write quotes in attributes as `&quot;` or
//! `&#39;` and spaces as `&nbsp;`: in HTML these are understood too, because that is how the author's tag comes back.

use crate::code;
use crate::limits::{HANDLE_CHARS, SLOT_CHARS};

use super::format::{DateFormat, is_locale};

/// A tag as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Coupon(Ask),
    Expiry(Ask, DateFormat, String),
    If(Ask),
    Else,
    EndIf,
    Raw,
    EndRaw,
}

/// Which code a tag asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) handle: String,
    pub(super) slot: String,
    pub(super) fallback: Option<String>,
}

/// What is wrong with a tag, and how many bytes after its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) text: String,
}

/// The name after `{%`, whoever's tag it is. The flag says that `{%-` asks for white space control.
pub(super) fn name(inside: &str) -> (&str, bool) {
    let trimming = inside.starts_with(['-', '+', '~']);
    let rest = inside[usize::from(trimming)..].trim_start_matches(is_space);
    let end = rest.find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
    (&rest[..end.unwrap_or(rest.len())], trimming)
}

pub(super) fn is_space(character: char) -> bool {
    // White space as people and visual editors write it.
    character.is_ascii_whitespace() || character == '\u{a0}'
}

/// Whether `{% name` is always a tag of ours. `else` is one only directly inside an `ifcoupon`.
pub(super) fn is_own(name: &str) -> bool {
    matches!(name, "coupon" | "coupon_expiry" | "ifcoupon" | "endifcoupon" | "raw" | "endraw")
}

/// Reads a tag of ours from what follows its `{%`, up to and with `%}`, and says how long that was.
pub(super) fn read(inside: &str, html: bool) -> Result<(Tag, usize), Wrong> {
    let mut reader = Reader { text: inside, at: 0, html };
    let (name, trimming) = name(inside);
    if trimming {
        return Err(reader.wrong(
            "white space control ({%- … -%}) is not supported, because everything around a tag stays as it is; write {% … %}",
        ));
    }
    reader.spaces();
    reader.at += name.len();
    let options: &[&str] = match name {
        "coupon" => &["slot", "fallback"],
        "coupon_expiry" => &["slot", "format", "locale", "fallback"],
        "ifcoupon" => &["slot"],
        _ => {
            let tag = match name {
                "else" => Tag::Else,
                "endifcoupon" => Tag::EndIf,
                "raw" => Tag::Raw,
                _ => Tag::EndRaw,
            };
            reader.spaces();
            return if reader.close() {
                Ok((tag, reader.at))
            } else {
                Err(reader.wrong(format!("{{% {name} %}} takes nothing after its name")))
            };
        }
    };
    reader.spaces();
    let example = format!("{{% {name} \"spring-sale\" %}}");
    let start = reader.at;
    let Some(handle) = reader.text()? else {
        return Err(reader.wrong(format!("expected the pool's handle in quotes: {example}")));
    };
    if !is_handle(&handle) {
        return Err(Wrong {
            at: start,
            text: format!(
                "\"{handle}\" is not a pool's handle: 1 to {HANDLE_CHARS} lower-case letters, digits, - and _, as in {example}"
            ),
        });
    }
    let mut values: [Option<String>; 4] = [const { None }; 4];
    loop {
        reader.spaces();
        if reader.close() {
            break;
        }
        if !reader.take(",") {
            return Err(reader.wrong(format!("expected a comma and an option, or %}} at the end: {example}")));
        }
        reader.spaces();
        let start = reader.at;
        let option = reader.word();
        let Some(index) = options.iter().position(|known| *known == option) else {
            let known = options.join(", ");
            return Err(Wrong { at: start, text: format!("{name} has no option \"{option}\"; it has: {known}") });
        };
        reader.spaces();
        if !reader.take(":") {
            return Err(reader.wrong(format!("expected a colon after {option}, as in {option}: \"…\"")));
        }
        reader.spaces();
        let start = reader.at;
        let Some(value) = reader.text()? else {
            return Err(reader.wrong(format!("expected a text in quotes after {option}:, as in {option}: \"…\"")));
        };
        if values[index].is_some() {
            return Err(Wrong { at: start, text: format!("{option}: is given twice; keep one") });
        }
        check(option, &value).map_err(|text| Wrong { at: start, text })?;
        values[index] = Some(value);
    }
    let mut value =
        |option: &str| options.iter().position(|known| *known == option).and_then(|index| values[index].take());
    let ask = Ask { handle, slot: value("slot").unwrap_or_default(), fallback: value("fallback") };
    let tag = match name {
        "coupon" => Tag::Coupon(ask),
        "ifcoupon" => Tag::If(ask),
        _ => {
            let format = value("format").map_or(Ok(DateFormat::Long), |text| DateFormat::read(&text));
            let format = format.map_err(|text| Wrong { at: start, text })?;
            Tag::Expiry(ask, format, value("locale").unwrap_or_else(|| "en".to_owned()))
        }
    };
    Ok((tag, reader.at))
}

/// Whether `text` has the form of a handle.
fn is_handle(text: &str) -> bool {
    (1..=HANDLE_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
}

fn check(option: &str, value: &str) -> Result<(), String> {
    match option {
        "format" => DateFormat::read(value).map(|_| ()),
        "locale" if is_locale(value) => Ok(()),
        "locale" => Err(format!("locale: \"{value}\" is not a language tag; write one such as \"en-GB\"")),
        "slot" if value.chars().count() > SLOT_CHARS => Err(format!("a slot has at most {SLOT_CHARS} characters")),
        // A slot and a fallback are shown and stored like codes, and are limited like them.
        _ => code::check(value).map_err(|fault| {
            let reason = match fault {
                code::Fault::Empty => "is empty; leave the option out or write a text",
                code::Fault::TooLong => "is longer than 255 characters",
                code::Fault::Invisible => "holds a line break or an invisible character",
                code::Fault::Damaged => "holds a character that was damaged by an earlier conversion",
            };
            format!("the text after {option}: {reason}")
        }),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    html: bool,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn spaces(&mut self) {
        loop {
            self.at = self.text.len() - self.rest().trim_start_matches(is_space).len();
            if !(self.html && (self.take("&nbsp;") || self.take("&#160;"))) {
                return;
            }
        }
    }

    fn close(&mut self) -> bool {
        self.take("%}")
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | '-')));
        let word = &rest[..end.unwrap_or(rest.len()).min(rest.len())];
        self.at += word.len();
        word
    }

    /// A text in quotes, or none if no quote starts here.
    fn text(&mut self) -> Result<Option<String>, Wrong> {
        let encoded: &[&str] = if self.html { &["&quot;", "&#34;", "&#39;", "&apos;", "&#x27;"] } else { &[] };
        let Some(quote) = ["\"", "'"].iter().chain(encoded).find(|quote| self.rest().starts_with(**quote)) else {
            if self.rest().starts_with(['“', '”', '„', '‘', '’', '«', '»']) {
                return Err(self.wrong("these are typographic quotes; write straight ones: \" or '"));
            }
            return Ok(None);
        };
        self.at += quote.len();
        let Some(length) = self.rest().find(quote) else {
            self.at -= quote.len();
            return Err(self.wrong("this quote is never closed; write the same quote at the end of the text"));
        };
        let text = &self.rest()[..length];
        self.at += length + quote.len();
        Ok(Some(if quote.len() > 1 { decoded(text) } else { text.to_owned() }))
    }

    /// An error here. A tag that runs to the end of the source is told so.
    fn wrong(&self, text: impl Into<String>) -> Wrong {
        if self.rest().is_empty() {
            return Wrong { at: 0, text: "this tag is never closed; write %} at its end".to_owned() };
        }
        let trims = self.rest().starts_with("-%}");
        let text = if trims { "white space control (-%}) is not supported; write %}".to_owned() } else { text.into() };
        Wrong { at: self.at, text }
    }
}

/// What an editor's serialiser encoded, decoded; `&amp;` last, so that nothing is decoded twice.
fn decoded(text: &str) -> String {
    let mut text = text.to_owned();
    for (reference, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
        if text.contains(reference) {
            text = text.replace(reference, character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(handle: &str, slot: &str, fallback: Option<&str>) -> Ask {
        Ask { handle: handle.into(), slot: slot.into(), fallback: fallback.map(Into::into) }
    }

    #[test]
    fn tags_are_read_with_any_quotes_and_spacing() {
        for text in [" coupon \"a-1\" %}", "coupon'a-1'%}", "\n\tcoupon\n\"a-1\"\n%}", "\u{a0}coupon \"a-1\"\u{a0}%}"] {
            assert_eq!(read(text, false), Ok((Tag::Coupon(ask("a-1", "", None)), text.len())), "{text}");
        }
        let text = " coupon \"a\" , slot :'it%}', fallback: 'x \"y\"' %} and more %}";
        let (tag, length) = read(text, false).unwrap();
        assert_eq!(tag, Tag::Coupon(ask("a", "it%}", Some("x \"y\""))));
        assert_eq!(&text[length..], " and more %}");
        let (tag, _) = read(" coupon_expiry \"a\", format: \"%Y\", locale: \"de\" %}", false).unwrap();
        assert_eq!(tag, Tag::Expiry(ask("a", "", None), DateFormat::Pattern("%Y".into()), "de".into()));
        assert_eq!(read("else%}", false), Ok((Tag::Else, 6)));
    }

    #[test]
    fn what_editors_encode_in_html_is_understood_there() {
        let text = " coupon &quot;a&quot;,&nbsp;fallback: &#39;R&amp;lt; 5&#39; %}";
        assert_eq!(read(text, true).unwrap().0, Tag::Coupon(ask("a", "", Some("R&lt; 5"))));
        assert!(read(text, false).is_err());
        assert_eq!(
            read(" coupon \"a\", fallback: \"a&amp;b\" %}", true).unwrap().0,
            Tag::Coupon(ask("a", "", Some("a&amp;b")))
        );
    }

    #[test]
    fn wrong_tags_say_what_and_where() {
        for (text, at, part) in [
            (" coupon %}", 8, "handle in quotes"),
            (" coupon spring %}", 8, "handle in quotes"),
            (" coupon “spring” %}", 8, "typographic"),
            (" coupon \"Spring\" %}", 8, "lower-case"),
            (" coupon \"\" %}", 8, "not a pool's handle"),
            (" coupon \"a %}", 8, "never closed"),
            (" coupon \"a\" slot: \"x\" %}", 12, "comma"),
            (" coupon \"a\", solt: \"x\" %}", 13, "no option \"solt\"; it has: slot, fallback"),
            (" coupon \"a\", slot \"x\" %}", 18, "colon"),
            (" coupon \"a\", slot: x %}", 19, "in quotes"),
            (" coupon \"a\", slot: \"\" %}", 19, "empty"),
            (" coupon \"a\", slot: \"x\", slot: \"y\" %}", 30, "twice"),
            (" coupon \"a\", fallback: \"x\ny\" %}", 23, "line break"),
            (" ifcoupon \"a\", fallback: \"x\" %}", 15, "no option"),
            (" coupon_expiry \"a\", format: \"%Q\" %}", 28, "%Q"),
            (" coupon_expiry \"a\", locale: \"en_GB\" %}", 28, "language tag"),
            (" else if x %}", 6, "takes nothing"),
            ("- coupon \"a\" %}", 0, "white space control"),
            (" coupon \"a\" -%}", 12, "white space control"),
            (" coupon \"a\"", 0, "never closed"),
            (" coupon", 0, "never closed"),
        ] {
            let wrong = read(text, false).unwrap_err();
            assert!(wrong.text.contains(part), "{text}: {}", wrong.text);
            assert_eq!(wrong.at, at, "{text}: {}", wrong.text);
        }
    }
}
