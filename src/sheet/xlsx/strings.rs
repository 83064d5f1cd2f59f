//! Texts: those that a workbook keeps apart from its cells and numbers, and those that stand in a cell.
//!
//! ECMA-376 Part 1, §18.4. A text may be of several runs with formats of their own, which are joined; what is there to
//! be pronounced (`rPh`) is no part of it.

use crate::error::Result;
use crate::sheet::xml::{Event, Xml, into_text};
use crate::sheet::xml_text::{find, plain_length};
use crate::sheet::{Limits, damaged, too_large};

/// Shared texts, in one buffer: they cost their bytes and four more each.
pub(super) struct Strings {
    /// What is still to be read of them.
    xml: Option<Xml>,
    texts: String,
    ends: Vec<u32>,
    /// Numbers of those that were too long, in order.
    long: Vec<u32>,
    scratch: Vec<u8>,
    limits: Limits,
}

impl Strings {
    /// Texts that are not read yet; none if the workbook has none.
    pub(super) fn new(xml: Option<Xml>, limits: Limits) -> Self {
        // A position in the buffer has 32 bits.
        let limits = Limits { shared_strings_bytes: limits.shared_strings_bytes.min(u32::MAX as usize), ..limits };
        Strings { xml, texts: String::new(), ends: Vec::new(), long: Vec::new(), scratch: Vec::new(), limits }
    }

    /// Reads up to `count` more. Answers whether more are left.
    pub(super) fn read(&mut self, count: usize) -> Result<bool> {
        let Some(xml) = &mut self.xml else { return Ok(false) };
        for _ in 0..count {
            if let Some(length) = plain_item(xml, self.limits.cell_bytes, &mut self.texts) {
                xml.pass(length);
                self.ends.push(self.texts.len() as u32);
                check(&self.texts, &self.ends, &self.limits)?;
                continue;
            }
            // Inside `sst`, its items; nothing else there holds any.
            loop {
                match xml.next()? {
                    Event::Open if xml.name() == b"si" && xml.depth() == 2 => break,
                    Event::Open if xml.depth() > 1 => xml.skip()?,
                    Event::Empty if xml.name() == b"si" => self.ends.push(self.texts.len() as u32),
                    Event::End => {
                        self.xml = None;
                        self.scratch = Vec::new();
                        return Ok(false);
                    }
                    _ => {}
                }
            }
            self.scratch.clear();
            if rich_text(xml, self.limits.cell_bytes, &mut self.scratch)? {
                self.long.push(self.ends.len() as u32);
            }
            match std::str::from_utf8(&self.scratch) {
                Ok(text) if !has_escapes(text.as_bytes()) => self.texts.push_str(text),
                _ => self.texts.push_str(&unescape(&into_text(std::mem::take(&mut self.scratch)))),
            }
            self.ends.push(self.texts.len() as u32);
            check(&self.texts, &self.ends, &self.limits)?;
        }
        Ok(true)
    }

    /// A text by its number, and whether it was too long and is cut.
    pub(super) fn get(&mut self, number: &[u8]) -> Result<(&str, bool)> {
        let index = std::str::from_utf8(number).ok().and_then(|number| number.trim_ascii().parse::<usize>().ok());
        let index = index.ok_or_else(|| damaged("a cell names a text by something that is no number"))?;
        while index >= self.ends.len() && self.read(usize::MAX)? {}
        let Some(end) = self.ends.get(index) else {
            return Err(damaged(&format!("a cell shows text number {index}, and there are only {}", self.ends.len())));
        };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        let text = self.texts.get(start as usize..*end as usize).unwrap_or_default();
        Ok((text, !self.long.is_empty() && self.long.binary_search(&(index as u32)).is_ok()))
    }
}

fn check(texts: &str, ends: &[u32], limits: &Limits) -> Result<()> {
    if texts.len() + 4 * ends.len() <= limits.shared_strings_bytes {
        return Ok(());
    }
    let what = "The texts of the workbook take too many bytes";
    Err(too_large(what, "sharedStringsBytes", limits.shared_strings_bytes as u64))
}

/// Adds the next item's text if it looks as nearly every one does, `<si><t>A</t></si>`, and answers how long the item
/// is; `None`, with nothing added, if it looks in any way different.
#[inline]
fn plain_item(xml: &Xml, limit: usize, texts: &mut String) -> Option<usize> {
    let found = xml.unread();
    let rest = found.strip_prefix(b"<si><t>").filter(|_| xml.depth() == 1)?;
    let (text, rest) = rest.split_at_checked(plain_length(rest)?)?;
    let rest = rest.strip_prefix(b"</t></si>")?;
    if text.len() > limit || has_escapes(text) {
        return None;
    }
    texts.push_str(std::str::from_utf8(text).ok()?);
    Some(found.len() - rest.len())
}

/// Reads the text of the element that was just opened, up to its end. Answers whether it was longer than `limit` bytes
/// and is cut.
pub(super) fn rich_text(xml: &mut Xml, limit: usize, into: &mut Vec<u8>) -> Result<bool> {
    if let Some(text) = xml.plain_child(b"<t>", b"</t>", limit) {
        into.extend_from_slice(text);
    }
    let outside = xml.depth() - 1;
    let (mut within, mut long) = (false, false);
    loop {
        match xml.next()? {
            Event::Text if within => long |= add_within(xml, limit, into)?,
            Event::Open => match xml.name() {
                b"rPh" => xml.skip()?,
                name => within = name == b"t",
            },
            Event::Close if xml.depth() == outside => return Ok(long),
            Event::Close | Event::End => within = false,
            Event::Text | Event::Empty => {}
        }
    }
}

/// Adds a piece of text, up to a limit. Answers whether something was left out.
pub(super) fn add_within(xml: &mut Xml, limit: usize, into: &mut Vec<u8>) -> Result<bool> {
    if into.len() >= limit {
        return Ok(true);
    }
    xml.add_text(into)?;
    let long = into.len() > limit;
    if long {
        // Not in the middle of a character.
        let cut = (0..=limit).rev().find(|cut| into[*cut] & 0xc0 != 0x80).unwrap_or(limit);
        into.truncate(cut);
    }
    Ok(long)
}

/// Whether characters may be written as `_x000D_` (§22.9.2.19).
pub(super) fn has_escapes(text: &[u8]) -> bool {
    find(text, b"_x").is_some()
}

/// The text with such characters resolved. Half of a pair is no character: it is replaced, and the import reports the
/// row.
pub(super) fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some(at) = find(rest, b"_x") {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let Some(unit) = escaped(rest) else {
            out.push(b'_');
            rest = &rest[1..];
            continue;
        };
        rest = &rest[ESCAPE_BYTES..];
        let pair = (0xd800..0xdc00).contains(&unit).then(|| escaped(rest)).flatten();
        let letter = match pair {
            Some(low @ 0xdc00..0xe000) => {
                rest = &rest[ESCAPE_BYTES..];
                char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
            }
            _ => char::from_u32(unit),
        };
        let letter = letter.unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }
    out.extend_from_slice(rest);
    into_text(out)
}

const ESCAPE_BYTES: usize = "_x0000_".len();

fn escaped(bytes: &[u8]) -> Option<u32> {
    let [b'_', b'x', digits @ .., b'_'] = bytes.get(..ESCAPE_BYTES)? else { return None };
    digits.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_may_be_written_as_numbers() {
        for (written, meant) in [
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD83D__xDE00_", "\u{1f600}"),
            ("_xD83D_", "\u{fffd}"),
            ("_x00_", "_x00_"),
            ("_x+041_", "_x+041_"),
            ("_x0041", "_x0041"),
            ("__x0041_", "_A"),
            ("é_x0041_é", "éAé"),
        ] {
            assert_eq!(unescape(written), meant, "{written}");
        }
    }
}
