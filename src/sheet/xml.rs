//! The markup of a spreadsheet's parts, tag by tag, while it is unpacked.
//!
//! Spreadsheets use a small part of XML (ECMA-376 Part 1, §8 and Annex; XML 1.0): elements, attributes, text, the five
//! named characters and numbered ones. Only that is read: a document type declaration, with which entities could be
//! made up, is refused, and nothing is ever nested by recursion. Text is handed out in pieces, so that a text of any
//! length costs no memory; only a tag must fit ([`TAG_BYTES`]). Names are compared without their prefix: the strict and
//! the transitional form differ in their namespaces only.

use std::ops::Range;

pub(in crate::sheet) use super::xml_text::into_text;
#[cfg(feature = "xlsx")]
use super::xml_text::plain_length;
use super::xml_text::{check_encoding, encoding, find, resolve, unify_ends};
use crate::error::{Error, Result};
use crate::limits::TAG_BYTES;
use crate::sheet::damaged;
use crate::sheet::zip::Unpacking;

/// Longest reference to a character that is read: `&#x0010FFFF;`, with some zeros to spare.
const REFERENCE_BYTES: usize = 32;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sheet) enum Event {
    /// A tag that opens an element: [`Xml::name`], [`Xml::attributes`].
    Open,
    /// A tag that opens and closes one: the same. No [`Event::Close`] follows.
    Empty,
    /// A tag that closes the last element that was opened: [`Xml::name`].
    Close,
    /// A piece of text: [`Xml::add_text`].
    Text,
    /// The end of the part, with every element closed.
    End,
}

/// A part that is read.
pub(in crate::sheet) struct Xml {
    part: Unpacking,
    /// What is unpacked and not thrown away yet.
    window: Vec<u8>,
    at: usize,
    ended: bool,
    /// Elements that are open.
    depth: usize,
    name: Range<usize>,
    /// Names and values of the last tag's attributes.
    attributes: Vec<(Range<usize>, Range<usize>)>,
    /// The last piece of text.
    text: Range<usize>,
    /// The text is to be taken as it is.
    verbatim: bool,
    in_cdata: bool,
    /// The line that may name an encoding is past.
    begun: bool,
    /// The last piece of text ended in a carriage return.
    after_return: bool,
}

impl Xml {
    pub(in crate::sheet) fn new(part: Unpacking) -> Result<Self> {
        let mut xml = Xml {
            part,
            window: Vec::new(),
            at: 0,
            ended: false,
            depth: 0,
            name: 0..0,
            attributes: Vec::new(),
            text: 0..0,
            verbatim: false,
            in_cdata: false,
            begun: false,
            after_return: false,
        };
        xml.begin()?;
        Ok(xml)
    }

    /// The part that is read.
    pub(in crate::sheet) fn part(&self) -> &Unpacking {
        &self.part
    }

    /// The byte order mark, and what it forbids.
    fn begin(&mut self) -> Result<()> {
        while self.window.len() < 4 && self.more()? {}
        match self.window.as_slice() {
            [0xef, 0xbb, 0xbf, ..] => self.at = 3,
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, ..] | [_, 0, ..] => return Err(encoding("UTF-16")),
            _ => {}
        }
        Ok(())
    }

    /// How many elements are open.
    pub(in crate::sheet) fn depth(&self) -> usize {
        self.depth
    }

    /// The element's name, without its prefix.
    pub(in crate::sheet) fn name(&self) -> &[u8] {
        &self.window[self.name.clone()]
    }

    /// Its attributes, in their order: name without prefix, and value as it stands there.
    pub(in crate::sheet) fn attributes(&self) -> Attributes<'_> {
        Attributes { window: &self.window, places: self.attributes.iter() }
    }

    /// An attribute's value, its references resolved. `None` if it is not there.
    pub(in crate::sheet) fn attribute(&self, name: &str) -> Result<Option<String>> {
        for (found, value) in self.attributes() {
            if found == name.as_bytes() {
                let mut text = Vec::with_capacity(value.len());
                resolve(value, &mut false, &mut text)?;
                return Ok(Some(into_text(text)));
            }
        }
        Ok(None)
    }

    /// Appends the piece of text, with references resolved and line ends as `\n` (XML 1.0, §2.11).
    pub(in crate::sheet) fn add_text(&mut self, into: &mut Vec<u8>) -> Result<()> {
        let piece = &self.window[self.text.clone()];
        if self.verbatim {
            unify_ends(piece, &mut self.after_return, into);
            return Ok(());
        }
        resolve(piece, &mut self.after_return, into)
    }

    /// The text of the child that comes next, if it begins and ends with just these tags, is unpacked already, no longer
    /// than `limit` and in need of no second look: what nearly every cell and text is, at a fraction of the cost.
    #[cfg(feature = "xlsx")]
    #[cfg(feature = "xlsx")]
    #[inline]
    pub(in crate::sheet) fn plain_child(&mut self, open: &[u8], close: &[u8], limit: usize) -> Option<&[u8]> {
        let found = self.window[self.at..].strip_prefix(open)?;
        let length = plain_length(found)?;
        if length > limit || !found[length..].starts_with(close) {
            return None;
        }
        let start = self.at + open.len();
        self.at = start + length + close.len();
        Some(&self.window[start..start + length])
    }

    /// What is unpacked of what comes next, for a reader that knows how its elements nearly always look.
    #[cfg(feature = "xlsx")]
    #[inline]
    pub(in crate::sheet) fn unread(&self) -> &[u8] {
        if self.in_cdata { &[] } else { &self.window[self.at..] }
    }

    /// Goes on behind so many bytes of [`Self::unread`]: whole elements, that opened and closed.
    #[cfg(feature = "xlsx")]
    #[inline]
    pub(in crate::sheet) fn pass(&mut self, length: usize) {
        self.at = (self.at + length).min(self.window.len());
        self.after_return = false;
    }

    /// Closes the element that is open, if just this tag comes next.
    #[cfg(feature = "xlsx")]
    #[cfg(feature = "xlsx")]
    #[inline]
    pub(in crate::sheet) fn closes(&mut self, close: &[u8]) -> bool {
        let closes = self.window[self.at..].starts_with(close);
        if closes {
            self.at += close.len();
            self.depth -= 1;
        }
        closes
    }

    /// Reads on to the end of the element that was just opened, whatever is in it.
    pub(in crate::sheet) fn skip(&mut self) -> Result<()> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            self.next()?;
        }
        Ok(())
    }

    /// Reads the rest of the part without looking at it, to know that it is whole.
    pub(in crate::sheet) fn finish(&mut self) -> Result<()> {
        while !self.ended {
            self.at = self.window.len();
            self.more()?;
        }
        Ok(())
    }

    /// What comes next.
    pub(in crate::sheet) fn next(&mut self) -> Result<Event> {
        loop {
            if self.in_cdata {
                if self.cdata()? {
                    return Ok(Event::Text);
                }
                continue;
            }
            let Some(first) = self.window.get(self.at) else {
                if self.more()? {
                    continue;
                }
                if self.depth > 0 || self.name.end == 0 {
                    return Err(ends_early());
                }
                return Ok(Event::End);
            };
            if *first != b'<' {
                self.text()?;
                return Ok(Event::Text);
            }
            self.after_return = false;
            // What stands behind the `<` is nearly always there.
            match self.window.get(self.at + 1) {
                Some(b'/') => return self.close(),
                Some(b'!' | b'?') | None => {}
                Some(_) => return self.open(),
            }
            if let Some(event) = self.markup()? {
                return Ok(event);
            }
        }
    }

    /// Unpacks more behind what is left. Answers `false` at the end.
    fn more(&mut self) -> Result<bool> {
        if self.at > 0 {
            self.window.drain(..self.at);
            self.at = 0;
        }
        self.ended = !self.part.fill(&mut self.window)?;
        Ok(!self.ended)
    }

    /// A piece of text up to the next tag, or as much as there is without cutting a reference in two.
    fn text(&mut self) -> Result<()> {
        loop {
            let found = &self.window[self.at..];
            let length = match memchr::memchr(b'<', found) {
                Some(length) => length,
                None => {
                    let tail = found.len().saturating_sub(REFERENCE_BYTES);
                    match memchr::memrchr(b'&', &found[tail..]) {
                        Some(cut) if !self.ended && memchr::memchr(b';', &found[tail + cut..]).is_none() => tail + cut,
                        _ => found.len(),
                    }
                }
            };
            if length > 0 || self.ended {
                // At the end, a reference that was begun is for `add_text` to refuse.
                let length = if length == 0 { found.len() } else { length };
                (self.text, self.verbatim) = (self.at..self.at + length, false);
                self.at += length;
                return Ok(());
            }
            self.more()?;
        }
    }

    /// A piece of a CDATA section; `false` if there was none up to its end.
    fn cdata(&mut self) -> Result<bool> {
        const END: &[u8] = b"]]>";
        loop {
            let found = &self.window[self.at..];
            let end = find(found, END);
            let length = end.unwrap_or(found.len().saturating_sub(END.len() - 1));
            if end.is_some() || length > 0 {
                (self.text, self.verbatim) = (self.at..self.at + length, true);
                self.in_cdata = end.is_none();
                self.at += length + if end.is_some() { END.len() } else { 0 };
                return Ok(length > 0);
            }
            if !self.more()? {
                return Err(ends_early());
            }
        }
    }

    /// A tag, or something between tags that means nothing (`None`).
    fn markup(&mut self) -> Result<Option<Event>> {
        match self.ahead(1)? {
            b'!' => self.declaration(),
            b'?' => {
                let first = !std::mem::replace(&mut self.begun, true);
                self.skip_past(b"?>", 2, first)?;
                Ok(None)
            }
            b'/' => self.close().map(Some),
            _ => self.open().map(Some),
        }
    }

    /// The byte at this distance.
    fn ahead(&mut self, distance: usize) -> Result<u8> {
        loop {
            if let Some(byte) = self.window.get(self.at + distance) {
                return Ok(*byte);
            }
            if !self.more()? {
                return Err(ends_early());
            }
        }
    }

    fn declaration(&mut self) -> Result<Option<Event>> {
        const CDATA: &[u8] = b"<![CDATA[";
        if self.ahead(2)? == b'-' && self.ahead(3)? == b'-' {
            self.skip_past(b"-->", 4, false)?;
            return Ok(None);
        }
        for (distance, byte) in CDATA.iter().enumerate() {
            if self.ahead(distance)? != *byte {
                return Err(damaged("its markup declares a type of its own, which spreadsheets do not"));
            }
        }
        self.at += CDATA.len();
        self.in_cdata = true;
        Ok(None)
    }

    /// Skips what ends with these bytes, however long; `from` is the length of its start.
    fn skip_past(&mut self, end: &[u8], from: usize, first: bool) -> Result<()> {
        let mut checked = from;
        loop {
            let found = &self.window[self.at..];
            if let Some(length) = find(found.get(checked..).unwrap_or_default(), end) {
                if first {
                    check_encoding(&found[..checked + length])?;
                }
                self.at += checked + length + end.len();
                return Ok(());
            }
            // What was searched is let go, but for the start of an end.
            if !first {
                let done = found.len().saturating_sub(end.len() - 1).max(checked);
                self.at += done.min(found.len());
                checked = done - done.min(found.len());
            } else if found.len() > TAG_BYTES {
                return Err(damaged("its first line is too long"));
            }
            if !self.more()? {
                return Err(ends_early());
            }
        }
    }

    fn close(&mut self) -> Result<Event> {
        let (mut name, mut checked) = (2, 2);
        loop {
            let found = &self.window[self.at..];
            while let Some(byte) = found.get(checked) {
                match byte {
                    b'>' => {
                        let end = found[name..checked].iter().position(|byte| is_space(*byte));
                        self.name = self.at + name..self.at + end.map_or(checked, |end| name + end);
                        self.at += checked + 1;
                        self.depth = self.depth.checked_sub(1).ok_or_else(closes_too_often)?;
                        return Ok(Event::Close);
                    }
                    b':' => name = checked + 1,
                    b'<' => return Err(broken_tag()),
                    _ => {}
                }
                checked += 1;
            }
            self.more_of_a_tag(checked)?;
        }
    }

    fn open(&mut self) -> Result<Event> {
        loop {
            match self.tag() {
                Some(Tag::Open) => {
                    self.depth += 1;
                    return Ok(Event::Open);
                }
                Some(Tag::Empty) => return Ok(Event::Empty),
                Some(Tag::Broken) => return Err(broken_tag()),
                None => self.more_of_a_tag(self.window.len() - self.at)?,
            }
        }
    }

    /// Unpacks more of a tag of which there are so many bytes.
    #[cold]
    fn more_of_a_tag(&mut self, length: usize) -> Result<()> {
        if length > TAG_BYTES {
            return Err(damaged("its markup has a tag that is longer than tags of spreadsheets are"));
        }
        if self.more()? { Ok(()) } else { Err(ends_early()) }
    }

    /// Reads the tag that begins here, in one pass: its name, and where its attributes are. `None` if its end is not
    /// unpacked yet.
    #[inline]
    fn tag(&mut self) -> Option<Tag> {
        let window = self.window.as_slice();
        self.attributes.clear();
        let mut at = self.at + 1;
        let mut name = at;
        loop {
            match *window.get(at)? {
                b' ' | b'>' | b'/' | b'\t' | b'\n' | b'\r' => break,
                b':' => name = at + 1,
                b'<' | b'"' | b'\'' | b'=' => return Some(Tag::Broken),
                _ => {}
            }
            at += 1;
        }
        if at == self.at + 1 {
            return Some(Tag::Broken);
        }
        self.name = name..at;
        loop {
            match *window.get(at)? {
                b' ' | b'\t' | b'\n' | b'\r' => at += 1,
                b'>' => {
                    self.at = at + 1;
                    return Some(Tag::Open);
                }
                b'/' => {
                    if *window.get(at + 1)? != b'>' {
                        return Some(Tag::Broken);
                    }
                    self.at = at + 2;
                    return Some(Tag::Empty);
                }
                _ => {
                    let mut name = at;
                    loop {
                        match *window.get(at)? {
                            b'=' | b' ' | b'\t' | b'\n' | b'\r' => break,
                            b':' => name = at + 1,
                            b'<' | b'>' | b'/' | b'"' | b'\'' => return Some(Tag::Broken),
                            _ => {}
                        }
                        at += 1;
                    }
                    let name_end = at;
                    while is_space(*window.get(at)?) {
                        at += 1;
                    }
                    if window[at] != b'=' {
                        return Some(Tag::Broken);
                    }
                    at += 1;
                    while is_space(*window.get(at)?) {
                        at += 1;
                    }
                    let quote = window[at];
                    if !matches!(quote, b'"' | b'\'') {
                        return Some(Tag::Broken);
                    }
                    at += 1;
                    let value = at;
                    while *window.get(at)? != quote {
                        at += 1;
                    }
                    self.attributes.push((name..name_end, value..at));
                    at += 1;
                }
            }
        }
    }
}

/// What a tag does.
enum Tag {
    Open,
    Empty,
    Broken,
}

/// The attributes of a tag.
pub(in crate::sheet) struct Attributes<'a> {
    window: &'a [u8],
    places: std::slice::Iter<'a, (Range<usize>, Range<usize>)>,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.places.next()?;
        Some((&self.window[name.clone()], &self.window[value.clone()]))
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cold]
fn broken_tag() -> Error {
    damaged("its markup has a broken tag")
}

#[cold]
fn closes_too_often() -> Error {
    damaged("its markup closes more than it opens")
}

#[cold]
fn ends_early() -> Error {
    damaged("its markup ends in the middle")
}
