//! Which element and which attribute a name stands for, as far as that decides what a value may do there.

use super::place::Refusal;

/// A name as it is being read, in lower case. Longer names than any that matter are all alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    bytes: [u8; Name::ROOM],
    length: u8,
}

impl Name {
    pub(super) const EMPTY: Name = Name { bytes: [0; Name::ROOM], length: 0 };
    const ROOM: usize = 22;
    const UNKNOWN: u8 = u8::MAX;

    pub(super) fn push(&mut self, byte: u8) {
        if let Some(room) = self.bytes.get_mut(usize::from(self.length)) {
            *room = byte.to_ascii_lowercase();
            self.length += 1;
        } else if self.length != Self::UNKNOWN {
            self.length = Self::ROOM as u8 + 1;
        }
    }

    /// A part of the name comes from elsewhere: it can be any name.
    pub(super) fn forget(&mut self) {
        *self = Name { bytes: [0; Name::ROOM], length: Self::UNKNOWN };
    }

    pub(super) fn is_unknown(&self) -> bool {
        self.length == Self::UNKNOWN
    }

    /// The name, if it was short enough to be kept whole and is known.
    pub(super) fn as_bytes(&self) -> Option<&[u8]> {
        self.bytes.get(..usize::from(self.length))
    }

    /// As much of the name as is kept.
    fn start(&self) -> &[u8] {
        if self.is_unknown() { &[] } else { self.as_bytes().unwrap_or(&self.bytes) }
    }
}

/// What an element's name means for what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Ordinary,
    /// The name comes from another engine.
    Unknown,
    /// An MJML component: most of its attributes become styles.
    Mjml,
    Meta,
    /// A `<meta>` that says by `itemprop`, `name` or `property` what its content is.
    MetaNamed,
    /// A `<meta>` whose content holds a code, so it must not turn into `http-equiv`.
    MetaFilled,
    /// Its attributes decide what is loaded or run.
    Guarded,
    Template,
    /// `<svg>` and `<math>`, in which browsers read other elements by other rules.
    Vector,
    /// Its content is read as text up to its own end tag.
    Raw(Raw),
}

/// Elements whose content is not markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    Script,
    Style,
    MjStyle,
    Title,
    Textarea,
    Xmp,
    Iframe,
    Noembed,
    Noframes,
    MjHtmlAttribute,
    Plaintext,
}

impl Raw {
    /// The last bytes (at most 16) of the start of the end tag, which no other end tag ends with.
    pub(super) const fn end(self) -> &'static [u8] {
        match self {
            Raw::Script => b"</script",
            Raw::Style => b"</style",
            Raw::MjStyle => b"</mj-style",
            Raw::Title => b"</title",
            Raw::Textarea => b"</textarea",
            Raw::Xmp => b"</xmp",
            Raw::Iframe => b"</iframe",
            Raw::Noembed => b"</noembed",
            Raw::Noframes => b"</noframes",
            Raw::MjHtmlAttribute => b"j-html-attribute",
            Raw::Plaintext => b"",
        }
    }
}

pub(super) fn element(name: &Name) -> Element {
    if name.is_unknown() {
        return Element::Unknown;
    }
    match name.start() {
        b"script" => Element::Raw(Raw::Script),
        b"style" => Element::Raw(Raw::Style),
        b"mj-style" => Element::Raw(Raw::MjStyle),
        b"title" => Element::Raw(Raw::Title),
        b"textarea" => Element::Raw(Raw::Textarea),
        b"xmp" => Element::Raw(Raw::Xmp),
        b"iframe" => Element::Raw(Raw::Iframe),
        b"noembed" => Element::Raw(Raw::Noembed),
        b"noframes" => Element::Raw(Raw::Noframes),
        b"mj-html-attribute" => Element::Raw(Raw::MjHtmlAttribute),
        b"plaintext" => Element::Raw(Raw::Plaintext),
        b"meta" => Element::Meta,
        b"template" => Element::Template,
        b"svg" | b"math" => Element::Vector,
        b"base" | b"link" | b"object" | b"embed" | b"applet" | b"param" | b"frame" | b"frameset" | b"portal"
        | b"set" | b"use" | b"html" | b"bgsound" => Element::Guarded,
        name if name.starts_with(b"animate") => Element::Guarded,
        name if name.starts_with(b"mj-") => Element::Mjml,
        _ => Element::Ordinary,
    }
}

/// What an attribute's name means for its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    Plain,
    Url,
    /// `type` of a `<script>`, whose value is read.
    ScriptType,
    Refused(Refusal),
}

pub(super) fn attribute(element: Element, name: &Name) -> Attribute {
    if name.is_unknown() {
        return Attribute::Refused(Refusal::UnknownAttribute);
    }
    let refused = Attribute::Refused;
    match name.start() {
        b"style" => return refused(Refusal::StyleAttribute),
        b"srcset" | b"imagesrcset" | b"ping" | b"archive" => return refused(Refusal::Srcset),
        b"srcdoc" => return refused(Refusal::Srcdoc),
        b"codebase" | b"classid" | b"http-equiv" | b"is" | b"slot" => return refused(Refusal::Guarded),
        // AMP's action attribute is called `on`.
        name if name.starts_with(b"on") => return refused(Refusal::Handler),
        name if is_binding(name) => return refused(Refusal::Binding),
        _ => {}
    }
    let is_url = matches!(
        name.start(),
        b"href"
            | b"src"
            | b"action"
            | b"formaction"
            | b"background"
            | b"poster"
            | b"cite"
            | b"data"
            | b"xlink:href"
            | b"longdesc"
            | b"icon"
            | b"manifest"
            | b"usemap"
            | b"lowsrc"
            | b"dynsrc"
            | b"profile"
            | b"action-xhr"
            | b"background-url"
            | b"thumbnails-src"
            | b"base-url"
            | b"itemid"
            | b"xml:base"
            | b"resource"
            | b"about"
    );
    match element {
        Element::Raw(Raw::Script) if name.start() == b"type" => Attribute::ScriptType,
        Element::Raw(Raw::Script | Raw::Style | Raw::MjStyle) | Element::Template | Element::Unknown => {
            refused(Refusal::Guarded)
        }
        _ if is_url => Attribute::Url,
        Element::Raw(Raw::Iframe) | Element::Guarded => refused(Refusal::Guarded),
        Element::Mjml | Element::Raw(Raw::MjHtmlAttribute) => match name.start() {
            b"alt" | b"title" | b"name" | b"aria-label" => Attribute::Plain,
            _ => refused(Refusal::MjmlAttribute),
        },
        Element::MetaNamed | Element::MetaFilled if name.start() == b"content" => Attribute::Plain,
        Element::Meta | Element::MetaNamed | Element::MetaFilled => refused(Refusal::MetaContent),
        _ => Attribute::Plain,
    }
}

/// Attributes that Vue, Angular, Alpine, htmx or AMP read as a program, and names that are none.
fn is_binding(name: &[u8]) -> bool {
    let framework: [&[u8]; 8] =
        [b"v-", b"x-", b"ng-", b"hx-", b"data-amp-bind-", b"data-ng-", b"data-hx-", b"data-bind"];
    let known = name.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':' | b'.'));
    !known || framework.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        let mut name = Name::default();
        text.bytes().for_each(|byte| name.push(byte));
        name
    }

    #[test]
    fn names_are_compared_in_lower_case_and_long_ones_are_no_other_name() {
        assert_eq!(element(&name("ScRiPt")), Element::Raw(Raw::Script));
        assert_eq!(element(&name("scripts")), Element::Ordinary);
        assert_eq!(element(&name(&"a".repeat(300))), Element::Ordinary);
        assert_eq!(
            attribute(Element::Ordinary, &name("data-amp-bind-and-more-of-it")),
            Attribute::Refused(Refusal::Binding)
        );
        assert_eq!(attribute(Element::Ordinary, &name("data-a-long-name-of-our-own")), Attribute::Plain);
    }

    #[test]
    fn attributes_that_run_or_load_something_take_no_value() {
        for text in [
            "onclick",
            "ON",
            "style",
            "srcdoc",
            "srcset",
            "[text]",
            "@click",
            ":href",
            "v-html",
            "x-data",
            "http-equiv",
            "\"a",
        ] {
            assert!(matches!(attribute(Element::Ordinary, &name(text)), Attribute::Refused(_)), "{text}");
        }
        for text in ["title", "alt", "data-code", "value", "aria-label", "content", "xml:lang"] {
            assert_eq!(attribute(Element::Ordinary, &name(text)), Attribute::Plain, "{text}");
        }
    }

    #[test]
    fn mjml_attributes_become_styles_but_for_a_few() {
        assert_eq!(attribute(Element::Mjml, &name("href")), Attribute::Url);
        assert_eq!(attribute(Element::Mjml, &name("alt")), Attribute::Plain);
        assert_eq!(attribute(Element::Mjml, &name("color")), Attribute::Refused(Refusal::MjmlAttribute));
    }

    #[test]
    fn a_meta_says_what_it_is_before_its_content_takes_a_value() {
        assert_eq!(attribute(Element::Meta, &name("content")), Attribute::Refused(Refusal::MetaContent));
        assert_eq!(attribute(Element::MetaNamed, &name("content")), Attribute::Plain);
    }
}
