//! The states of an HTML reader, byte by byte: at every offset it knows in what place it is.
//!
//! It follows the tokenizer of the HTML standard (html.spec.whatwg.org, 13.2.5) as far as the states differ in what
//! a value could do there. Downlevel-hidden conditional comments (`<!--[if mso]> … <![endif]-->`) are read as the
//! HTML inside them, and watched for the end that other clients see. Where two readers would disagree about what
//! follows, the state keeps a [`Doubt`] and takes no tag any more.

mod steps;

use super::names::{Attribute, Element, Name, Raw};
use super::place::{Doubt, Place, Refusal};
use super::url::Url;

/// Where the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Text,
    /// After `<`.
    TagOpen,
    /// After `</`.
    EndTagOpen,
    TagName,
    /// Where an attribute's name may start.
    InTag,
    AttributeName,
    AfterAttributeName,
    BeforeValue,
    /// In a value between these quotes.
    Value(u8),
    Unquoted,
    /// After `<!`, with how many bytes of it have passed; also doctypes and other bogus comments.
    Declaration(u8),
    /// In `<!--`, with how many bytes have passed.
    Comment(u8),
    /// In `<!--[if`, before its `]>`.
    Condition,
    Cdata,
    Raw(Raw),
}

/// Where the reader stands inside JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Json {
    Bare,
    Text,
    Escape,
}

/// What stands at a point: the place of a tag, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// An ordinary comment: nothing there is a tag.
    Comment,
    /// A value can stand here; the flag says that it is inside a conditional comment.
    Place(Place, bool),
    Refused(Refusal),
}

/// Everything the reader knows: equal states read the same future alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    at: At,
    element: Element,
    /// The tag being read is an end tag.
    closing: bool,
    /// The last byte in the tag was `/`.
    slash: bool,
    attribute: Attribute,
    url: Url,
    /// The name being read, or the scheme, or a script's type.
    name: Name,
    /// The script's type was read, and whether it is JSON-LD.
    script_type: Option<bool>,
    json: Json,
    /// The last 16 bytes, lower case, kept where an end is looked for.
    window: u128,
    /// Inside a downlevel-hidden conditional comment.
    conditional: bool,
    /// How many `<template>` are open.
    templates: u8,
    /// How many `<svg>` and `<math>` are open.
    vectors: u8,
    /// A script holds `<!--`.
    script_comment: bool,
    /// A `<meta>` whose content holds a code says `http-equiv` too.
    meta_turned: bool,
    doubt: Option<Doubt>,
}

const fn pack(text: &[u8]) -> u128 {
    let mut packed = 0;
    let mut at = 0;
    while at < text.len() {
        packed = packed << 8 | text[at] as u128;
        at += 1;
    }
    packed
}

impl State {
    pub(super) const START: State = State {
        at: At::Text,
        element: Element::Ordinary,
        closing: false,
        slash: false,
        attribute: Attribute::Plain,
        url: Url::Start,
        name: Name::EMPTY,
        script_type: None,
        json: Json::Bare,
        window: 0,
        conditional: false,
        templates: 0,
        vectors: 0,
        script_comment: false,
        meta_turned: false,
        doubt: None,
    };

    /// Reads on. Cost: one pass; text between tags is skipped at the speed of `memchr`.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            if self.at == At::Text && !self.conditional && byte != b'<' {
                rest = memchr::memchr(b'<', rest).and_then(|at| rest.get(at..)).unwrap_or(&[]);
                continue;
            }
            self.step(byte);
            rest = after;
        }
    }

    /// Passes an expression of another engine, whose value is not known.
    pub(super) fn skip(&mut self) {
        self.window <<= 8;
        match self.at {
            At::TagOpen | At::EndTagOpen => {
                self.closing = self.at == At::EndTagOpen;
                self.name.forget();
                self.at = At::TagName;
            }
            At::TagName => self.name.forget(),
            At::InTag | At::AttributeName | At::AfterAttributeName => {
                self.slash = false;
                self.name.forget();
                self.script_type.get_or_insert(false);
                if matches!(self.element, Element::Meta | Element::MetaNamed) {
                    self.element = Element::Guarded;
                }
                self.at = At::AttributeName;
            }
            At::BeforeValue => {
                self.begin_value();
                self.name.forget();
                self.at = At::Unquoted;
            }
            At::Value(_) | At::Unquoted => {
                self.url = self.url.opaque();
                if self.attribute == Attribute::ScriptType {
                    self.name.forget();
                }
            }
            _ => {}
        }
    }

    /// A value was put here.
    pub(super) fn fill(&mut self) {
        self.window <<= 8;
        if self.element == Element::MetaNamed {
            self.element = Element::MetaFilled;
        }
    }

    /// A `<meta>` that holds a code was made a program by a later `http-equiv`.
    pub(super) fn meta_turned(&self) -> bool {
        self.meta_turned
    }

    pub(super) fn doubt(&mut self, doubt: Doubt) {
        self.doubt.get_or_insert(doubt);
    }

    /// What a tag would stand in here.
    pub(super) fn standing(&self) -> Standing {
        if matches!(self.at, At::Declaration(_) | At::Comment(_) | At::Condition) && self.doubt.is_none() {
            return Standing::Comment;
        }
        match self.place() {
            Ok(place) => Standing::Place(place, self.conditional),
            Err(refusal) => Standing::Refused(refusal),
        }
    }

    fn place(&self) -> Result<Place, Refusal> {
        if let Some(doubt) = self.doubt {
            return Err(Refusal::Doubt(doubt));
        }
        match self.at {
            _ if self.templates > 0 => Err(Refusal::Template),
            At::Text => Ok(Place::Markup),
            At::TagOpen | At::EndTagOpen | At::TagName => Err(Refusal::TagName),
            At::InTag | At::AttributeName | At::AfterAttributeName => Err(Refusal::InTag),
            At::BeforeValue | At::Unquoted => Err(Refusal::Unquoted),
            At::Value(_) if self.closing => Err(Refusal::InTag),
            At::Value(_) => match self.attribute {
                Attribute::Plain => Ok(Place::Markup),
                Attribute::Url => self.url.place(),
                Attribute::ScriptType => Err(Refusal::Guarded),
                Attribute::Refused(refusal) => Err(refusal),
            },
            At::Raw(_) if self.vectors > 0 => Err(Refusal::RawText),
            At::Raw(Raw::Script) if self.script_type == Some(true) => match self.json {
                Json::Bare => Err(Refusal::JsonBare),
                _ if self.half_end() => Err(Refusal::HalfEndTag),
                Json::Text => Ok(Place::Json),
                Json::Escape => Err(Refusal::JsonBare),
            },
            At::Raw(Raw::Script) => Err(Refusal::Script),
            At::Raw(Raw::Style | Raw::MjStyle) => Err(Refusal::Style),
            At::Raw(Raw::Title | Raw::Textarea) if self.half_end() => Err(Refusal::HalfEndTag),
            At::Raw(Raw::Title | Raw::Textarea) => Ok(Place::Markup),
            At::Raw(_) => Err(Refusal::RawText),
            At::Cdata => Err(Refusal::Cdata),
            At::Declaration(_) | At::Comment(_) | At::Condition => Err(Refusal::Doubt(Doubt::Readings)),
        }
    }

    /// The state where two branches meet, if whatever follows is read alike after both.
    pub(super) fn join(self, other: State) -> Option<State> {
        let (mut a, mut b) = (self.settled(), other.settled());
        if a.doubt.is_some() || b.doubt.is_some() {
            return Some(State { doubt: a.doubt.or(b.doubt), ..a });
        }
        if a == b {
            return Some(a);
        }
        match (a.at, b.at) {
            (At::Value(_), At::Value(_)) => a.url = a.url.join(b.url),
            // `<input {% if %}checked{% endif %}>`: whichever name stands here, it is not known.
            (
                At::InTag | At::AttributeName | At::AfterAttributeName | At::Unquoted,
                At::InTag | At::AttributeName | At::AfterAttributeName | At::Unquoted,
            ) => {
                a.leave_name();
                b.leave_name();
                a.at = if At::Unquoted == a.at || At::Unquoted == b.at { At::Unquoted } else { At::AttributeName };
                a.attribute = Attribute::Refused(Refusal::UnknownAttribute);
                a.url = Url::Odd;
                a.slash = false;
                a.name.forget();
                a.script_type = a.script_type.or(b.script_type);
                b = State { at: a.at, attribute: a.attribute, script_type: b.script_type.or(a.script_type), ..b };
                b.slash = false;
            }
            _ => return None,
        }
        b.url = a.url;
        b.name = a.name;
        (a == b).then_some(a)
    }

    /// The same state without what the window no longer needs to know.
    fn settled(mut self) -> State {
        let bytes = self.window.to_be_bytes();
        let keep = match self.at {
            At::Comment(0..4) | At::Declaration(_) => 16,
            At::Raw(_) if self.half_end() => self.half_length() + 1,
            _ => bytes.iter().rev().take_while(|byte| matches!(**byte, b'-' | b'!' | b']' | 1)).count(),
        };
        if keep < 16 {
            self.window &= (1 << (8 * keep)) - 1;
        }
        self
    }

    fn ends(&self, text: &[u8]) -> bool {
        let mask = if text.len() >= 16 { u128::MAX } else { (1 << (8 * text.len())) - 1 };
        self.window & mask == pack(text)
    }

    /// Whether the text before could, with letters and `>` added, become an end tag or a comment.
    fn half_end(&self) -> bool {
        let length = self.half_length();
        length < 16 && self.window.to_be_bytes()[15 - length] == b'<'
    }

    fn half_length(&self) -> usize {
        let part = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'-' | b'!');
        self.window.to_be_bytes().iter().rev().take_while(|byte| part(byte)).count()
    }

    /// Whether a value here would be a `<meta>`'s.
    pub(super) fn in_meta(&self) -> bool {
        matches!(self.element, Element::MetaNamed | Element::MetaFilled)
    }
}

#[cfg(test)]
mod tests;
