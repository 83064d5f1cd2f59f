//! Where in a document a tag stands, what that means for its value, and errors that point at it.

use crate::error::{Code, Error};

use super::PartName;

/// A place in which a value can be made safe, and so which escaping it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Plain text: a subject, a preheader, a text part. Nothing is escaped.
    Plain,
    /// HTML text, `<title>`, `<textarea>` and quoted attributes: character references.
    Markup,
    /// The path of a URL in a quoted attribute: percent-encoding.
    UrlPath,
    /// The query or fragment of a URL in a quoted attribute: percent-encoding.
    UrlTail,
    /// Inside a string of `<script type="application/ld+json">`: JSON escapes.
    Json,
}

/// Why no escaping makes a value safe at some place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Refusal {
    Style,
    Script,
    JsonBare,
    RawText,
    Cdata,
    Template,
    TagName,
    InTag,
    Unquoted,
    StyleAttribute,
    Handler,
    Srcset,
    Srcdoc,
    Binding,
    Guarded,
    MjmlAttribute,
    MetaContent,
    UnknownAttribute,
    UrlStart,
    UrlScript,
    UrlOdd,
    HalfEndTag,
    Reference,
    Percent,
    Doubt(Doubt),
}

/// Why a reader's state is not known for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Doubt {
    /// Branches of another engine end in different states.
    Branches,
    /// With another engine's expressions resolved the tag stands elsewhere than without.
    Readings,
    /// A conditional comment ends inside a tag, or a tag inside a conditional comment.
    Conditional,
    /// `<![CDATA[` holds a `>`: browsers and XML readers disagree where it ends.
    Cdata,
    /// A script holds `<!--` and `<script`.
    Script,
    /// Markup in `<style>`, `<script>` or `<title>` inside `<svg>` or `<math>`, which browsers read by other rules.
    Vector,
    /// The element's name comes from another engine.
    Element,
}

impl Refusal {
    /// What is wrong there and what to write instead.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Refusal::Style => "inside <style> a code can change the page's styles; move the tag into the text",
            Refusal::Script => {
                "inside <script> a code could become a program; move the tag into the text, or into a string of <script type=\"application/ld+json\">"
            }
            Refusal::JsonBare => {
                "inside JSON a code must stand in a string; write the quotes around the tag: \"{% coupon … %}\""
            }
            Refusal::RawText => "this element's content is not read as text by every client; move the tag out of it",
            Refusal::Cdata => "inside <![CDATA[ … ]]> nothing can be escaped; remove the CDATA section",
            Refusal::Template => {
                "inside <template> another template language reads the content; move the tag out of it"
            }
            Refusal::TagName => {
                "a code cannot be part of a tag's name; if the < before it is meant as text, write &lt;"
            }
            Refusal::InTag => {
                "a code cannot be an attribute's name; put it into a quoted value: title=\"{% coupon … %}\""
            }
            Refusal::Unquoted => "the attribute's value has no quotes around it; write them: title=\"{% coupon … %}\"",
            Refusal::StyleAttribute => "inside a style attribute a code can change styles; move the tag into the text",
            Refusal::Handler => {
                "inside an event handler a code could become a program; move the tag into the text or a data- attribute"
            }
            Refusal::Srcset => "a list of image addresses cannot be escaped safely; use src with one address",
            Refusal::Srcdoc => "srcdoc is a document inside an attribute; move the tag out of it",
            Refusal::Binding => "this attribute holds an expression of a framework; move the tag into the text",
            Refusal::Guarded => "this element's attributes decide what a client loads or runs; move the tag out of it",
            Refusal::MjmlAttribute => {
                "MJML turns this attribute into styles; only addresses (href, src), alt, title, name and aria-label take a code"
            }
            Refusal::MetaContent => {
                "in <meta> only content can hold a code, after itemprop, name or property: <meta itemprop=\"discountCode\" content=\"{% coupon … %}\">"
            }
            Refusal::UnknownAttribute => {
                "the attribute's name is made by another template engine; write the name plainly before the tag"
            }
            Refusal::UrlStart => {
                "a code cannot be the start of an address; complete scheme and host first: https://shop.example/?code={% coupon … %}"
            }
            Refusal::UrlScript => "an address with this scheme can run a program; use an https: address",
            Refusal::UrlOdd => {
                "scheme and host of this address cannot be read for certain; write them plainly (no entities, tabs or backslashes): https://shop.example/?code={% coupon … %}"
            }
            Refusal::HalfEndTag => {
                "the text before the tag starts an end tag that a code could complete; write \\u003c or &lt; for <"
            }
            Refusal::Reference => {
                "together with the & before it a code could be read as a character reference; write &amp; for &"
            }
            Refusal::Percent => {
                "together with the % before it a code could be read as an encoded character; write %25 for %"
            }
            Refusal::Doubt(Doubt::Branches) => {
                "the branches of another engine's block above end in different HTML states, so it is not certain where this tag stands; close quotes and tags in the branch that opens them"
            }
            Refusal::Doubt(Doubt::Readings) => {
                "another engine's {{ … }} or {% … %} before it contains quotes or angle brackets, so it is not certain where this tag stands; use the other kind of quotes in one of them"
            }
            Refusal::Doubt(Doubt::Conditional) => {
                "a conditional comment above ends inside a tag or a quoted value, so it is not certain where this tag stands; close the tag before <![endif]-->"
            }
            Refusal::Doubt(Doubt::Cdata) => {
                "a CDATA section above holds a >, where browsers end it; remove the CDATA section"
            }
            Refusal::Doubt(Doubt::Script) => {
                "a script above holds both <!-- and <script, so its end is not certain; write \\x3c for one of the <"
            }
            Refusal::Doubt(Doubt::Vector) => {
                "an <svg> or <math> above holds markup in <style>, <script> or <title>, so it is not certain where this tag stands; link the picture with <img> instead"
            }
            Refusal::Doubt(Doubt::Element) => {
                "an element above gets its name from another template engine, so it is not certain where this tag stands; write the name plainly"
            }
        }
    }
}

/// A point in a source that people can find: line and column count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spot {
    /// Which part of the mail.
    pub part: PartName,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters (not bytes, not UTF-16 units).
    pub column: u32,
}

impl Spot {
    /// An error that points here, in its text and in its details.
    pub(crate) fn error(self, code: Code, text: impl AsRef<str>) -> Error {
        let part = match self.part {
            PartName::Whole => String::new(),
            other => format!("{}, ", other.as_str()),
        };
        Error::new(code, format!("{part}line {}, column {}: {}", self.line, self.column, text.as_ref()))
            .with("part", self.part.as_str())
            .with("line", u64::from(self.line))
            .with("column", u64::from(self.column))
    }

    pub(super) fn syntax(self, text: impl AsRef<str>) -> Error {
        self.error(Code::TemplateSyntax, text)
    }
}

/// Finds lines and columns of offsets that mostly grow. Cost over a source: one pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    part: PartName,
    text: &'a str,
    offset: usize,
    line: u32,
    column: u32,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(part: PartName, text: &'a str) -> Self {
        Cursor { part, text, offset: 0, line: 1, column: 1 }
    }

    /// Moves on to `offset` (never back) and says where that is.
    pub(super) fn at(&mut self, offset: usize) -> Spot {
        let passed = self.text.as_bytes().get(self.offset..offset).unwrap_or(&[]);
        let mut rest = passed;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.line = self.line.saturating_add(1);
            self.column = 1;
            rest = &rest[end + 1..];
        }
        let characters = rest.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        self.column = self.column.saturating_add(characters as u32);
        self.offset = self.offset.max(offset);
        Spot { part: self.part, line: self.line, column: self.column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spot_counts_lines_and_characters_from_one() {
        let text = "a\nß🎁x\r\ny";
        let mut cursor = Cursor::new(PartName::Html, text);
        let mut spot = |offset| {
            let spot = cursor.at(offset);
            (spot.line, spot.column)
        };
        assert_eq!(spot(0), (1, 1));
        assert_eq!(spot(2), (2, 1));
        assert_eq!(spot(text.find('x').unwrap()), (2, 3));
        assert_eq!(spot(text.find('y').unwrap()), (3, 1));
    }

    #[test]
    fn an_error_names_part_line_and_column_in_text_and_details() {
        let error = Spot { part: PartName::Subject, line: 2, column: 7 }.syntax("no");
        assert_eq!(error.message(), "subject, line 2, column 7: no");
        assert_eq!(error.details().len(), 3);
    }
}
