//! One byte further: the transitions between the states.

use super::super::names::{Attribute, Element, Name, Raw, attribute, element};
use super::super::place::Doubt;
use super::super::url::Url;
use super::{At, Json, State};

/// Stands in the window for the two hyphens of `<!--`, which end a comment in `<!-->` but not in `<!--!>`.
const OPENING: u128 = 0x0101;

impl State {
    pub(super) fn step(&mut self, byte: u8) {
        self.window = self.window << 8 | u128::from(byte.to_ascii_lowercase());
        if byte == b'>'
            && (self.conditional || matches!(self.at, At::Comment(_) | At::Condition))
            && self.comment_ends()
        {
            return;
        }
        match self.at {
            At::Text => {
                if byte == b'<' {
                    self.at = At::TagOpen;
                }
            }
            At::TagOpen => match byte {
                b'!' => self.at = At::Declaration(0),
                b'?' => self.at = At::Declaration(u8::MAX),
                b'/' => self.at = At::EndTagOpen,
                b'<' => {}
                letter if letter.is_ascii_alphabetic() => self.begin_tag(letter, false),
                _ => *self = self.plain(),
            },
            At::EndTagOpen => match byte {
                b'>' => *self = self.plain(),
                letter if letter.is_ascii_alphabetic() => self.begin_tag(letter, true),
                _ => self.at = At::Declaration(u8::MAX),
            },
            At::TagName | At::InTag | At::AttributeName | At::AfterAttributeName | At::BeforeValue => self.tag(byte),
            At::Value(quote) if byte == quote => self.end_value(),
            At::Value(_) => self.value(byte),
            At::Unquoted => match byte {
                b'>' => {
                    self.end_value();
                    self.end_tag();
                }
                space if is_space(space) => self.end_value(),
                _ => self.value(byte),
            },
            At::Declaration(passed) => self.declaration(byte, passed.saturating_add(1)),
            At::Comment(passed) => {
                let passed = if passed == 0 && byte != b'[' { 4 } else { passed.saturating_add(1).min(4) };
                self.at = if passed == 3 && self.ends(b"[if") { At::Condition } else { At::Comment(passed) };
            }
            At::Condition => {
                if byte == b'>' && self.ends(b"]>") {
                    *self = State { conditional: true, window: 0, ..self.plain() };
                }
            }
            At::Cdata => {
                if self.ends(b"]]>") {
                    *self = self.plain();
                } else if byte == b'>' {
                    self.doubt(Doubt::Cdata);
                }
            }
            At::Raw(raw) => self.raw(byte, raw),
        }
    }

    /// After a `>`: whether it ends the comment that other clients see, and if so, does.
    fn comment_ends(&mut self) -> bool {
        let opening = matches!(self.window & 0xff_ffff, w if w == OPENING << 8 | 0x3e || w == 0x01_2d_3e);
        if !(opening || self.ends(b"-->") || self.ends(b"--!>")) {
            return false;
        }
        if !matches!(self.at, At::Text | At::Declaration(_) | At::Comment(_) | At::Condition) {
            self.doubt(Doubt::Conditional);
        }
        *self = State { conditional: false, window: 0, ..self.plain() };
        true
    }

    fn begin_tag(&mut self, letter: u8, closing: bool) {
        self.closing = closing;
        self.name = Name::EMPTY;
        self.name.push(letter);
        self.at = At::TagName;
    }

    /// One byte inside a tag, outside values.
    fn tag(&mut self, byte: u8) {
        match byte {
            b'>' => {
                self.leave_name();
                self.end_tag();
                return;
            }
            b'/' if self.at != At::BeforeValue => {
                self.leave_name();
                self.at = At::InTag;
            }
            space if is_space(space) => match self.at {
                At::TagName => {
                    self.leave_name();
                    self.at = At::InTag;
                }
                At::AttributeName => {
                    self.leave_name();
                    self.at = At::AfterAttributeName;
                }
                _ => {}
            },
            b'=' if matches!(self.at, At::AttributeName | At::AfterAttributeName) => {
                self.leave_name();
                self.at = At::BeforeValue;
            }
            _ if self.at == At::BeforeValue => {
                self.begin_value();
                if matches!(byte, b'"' | b'\'') {
                    self.at = At::Value(byte);
                } else {
                    self.at = At::Unquoted;
                    self.value(byte);
                }
            }
            _ => {
                if matches!(self.at, At::InTag | At::AfterAttributeName) {
                    self.name = Name::EMPTY;
                    self.at = At::AttributeName;
                }
                self.name.push(byte);
            }
        }
        self.slash = byte == b'/';
    }

    /// Decides what the name just read means, if one was.
    pub(super) fn leave_name(&mut self) {
        match self.at {
            At::TagName => {
                self.element = element(&self.name);
                self.name = Name::EMPTY;
            }
            At::AttributeName => {
                self.attribute = attribute(self.element, &self.name);
                match (self.element, self.name.as_bytes()) {
                    (Element::Meta, Some(b"itemprop" | b"name" | b"property")) => self.element = Element::MetaNamed,
                    (Element::Meta | Element::MetaNamed, Some(b"http-equiv")) => self.element = Element::Guarded,
                    (Element::MetaFilled, Some(b"http-equiv")) => self.meta_turned = true,
                    _ => {}
                }
                self.name = Name::EMPTY;
            }
            _ => {}
        }
    }

    pub(super) fn begin_value(&mut self) {
        self.name = Name::EMPTY;
        self.url = Url::Start;
    }

    fn value(&mut self, byte: u8) {
        match self.attribute {
            Attribute::Url => self.url = self.url.step(byte, &mut self.name),
            Attribute::ScriptType => self.name.push(byte),
            _ => {}
        }
    }

    fn end_value(&mut self) {
        if self.attribute == Attribute::ScriptType {
            let json = self.name.as_bytes().is_some_and(|value| value.trim_ascii() == b"application/ld+json");
            self.script_type.get_or_insert(json);
        }
        self.attribute = Attribute::Plain;
        self.begin_value();
        self.slash = false;
        self.at = At::InTag;
    }

    /// After a tag's `>`.
    fn end_tag(&mut self) {
        let (element, closing, slash, script_type) = (self.element, self.closing, self.slash, self.script_type);
        *self = self.plain();
        let count = |open: u8| if closing { open.saturating_sub(1) } else { open.saturating_add(1) };
        match element {
            Element::Unknown if !closing => self.doubt(Doubt::Element),
            Element::Template => self.templates = count(self.templates),
            Element::Vector if !slash => self.vectors = count(self.vectors),
            // MJML is XML: there `/>` ends the element.
            Element::Raw(Raw::MjStyle | Raw::MjHtmlAttribute) if slash => {}
            Element::Raw(_) if slash && self.vectors > 0 => self.doubt(Doubt::Vector),
            Element::Raw(raw) if !closing => {
                self.at = At::Raw(raw);
                self.element = element;
                self.script_type = script_type;
            }
            _ => {}
        }
    }

    /// The state between tags.
    pub(super) fn plain(&self) -> State {
        State {
            conditional: self.conditional,
            templates: self.templates,
            vectors: self.vectors,
            meta_turned: self.meta_turned,
            doubt: self.doubt,
            window: if self.conditional { self.window } else { 0 },
            ..State::START
        }
    }

    fn declaration(&mut self, byte: u8, passed: u8) {
        self.at = At::Declaration(passed);
        if passed == 2 && self.ends(b"<!--") {
            self.at = At::Comment(0);
            self.window = OPENING;
        } else if passed == 7 && self.ends(b"<![cdata[") {
            self.at = At::Cdata;
        } else if byte == b'>' {
            *self = self.plain();
        }
    }

    fn raw(&mut self, byte: u8, raw: Raw) {
        let opened = (self.window >> 8) as u8 == b'<' && (byte.is_ascii_alphabetic() || byte == b'!');
        if opened && self.vectors > 0 {
            self.doubt(Doubt::Vector);
        }
        if raw == Raw::Script {
            if self.script_type == Some(true) {
                self.json = match (self.json, byte) {
                    (Json::Bare, b'"') | (Json::Escape, _) => Json::Text,
                    (Json::Bare, _) | (Json::Text, b'"') => Json::Bare,
                    (Json::Text, b'\\') => Json::Escape,
                    (Json::Text, _) => Json::Text,
                };
            }
            // After `<!--`, `<script` makes the next `</script>` not the end (13.2.5.18 and following).
            if self.ends(b"<!--") {
                self.script_comment = true;
            } else if self.script_comment && self.ends(b"<script") {
                self.doubt(Doubt::Script);
            }
        }
        if !(is_space(byte) || matches!(byte, b'/' | b'>')) || raw == Raw::Plaintext {
            return;
        }
        let before = State { window: self.window >> 8, ..*self };
        if before.ends(raw.end()) {
            let keep = State { at: At::InTag, closing: true, element: Element::Ordinary, ..self.plain() };
            *self = keep;
            if byte == b'>' {
                self.end_tag();
            }
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}
