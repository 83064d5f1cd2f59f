//! Templates: pools' tags in a mail, where they stand, and what a render shows.
//!
//! [`parse`] reads a mail once and finds its tags, the place of each and the branches. A render then goes in rounds:
//! [`Template::wants`] says which codes are needed next, given the answers so far, until nothing is wanted any more;
//! [`Template::fill`] hands out the escaped values. Everything that is no tag of ours stays byte for byte: a template
//! keeps no text, only where its pieces lie, so the caller slices its own string.
//!
//! ```
//! use coupon_pools::template::{Answer, Mode, Outcome, PartName, Source, parse};
//!
//! let text = "<p>Your code: {% coupon \"spring-sale\" %}</p>";
//! let template = parse(&[Source { part: PartName::Whole, text }], Mode::Html, None)?;
//! let mut answers = template.unanswered();
//! while let [want, ..] = template.wants(&answers)[..] {
//!     let code = Answer::Code { code: "A&B".into(), expires_at: None, time_zone: "UTC".into() };
//!     answers[want.question] = Some(code);
//! }
//! assert_eq!(template.outcome(&answers), Outcome::Shown);
//! let filled = template.fill(&answers, &[]);
//! assert_eq!(filled.parts[0].pieces, [0, !0, 1]);
//! assert_eq!(filled.parts[0].values, ["A&amp;B"]);
//! assert_eq!(template.parts()[0].segments(), [(0, 14), (40, 44)]);
//! # Ok::<(), coupon_pools::error::Error>(())
//! ```

mod blocks;
mod escape;
mod fill;
mod format;
mod html;
mod marker;
#[cfg(feature = "manage")]
pub mod migrate;
mod names;
mod next;
mod parse;
mod place;
mod readings;
mod rounds;
mod tag;
mod url;

use std::ops::Range;

pub use crate::pool::document::OnEmpty;
pub use fill::{DateRequest, Filled, FilledPart};
pub use format::{DIRECTIVES, DateFormat};
pub use marker::marker;
pub use next::Next;
pub use parse::{parse, parse_before};
pub use place::{Place, Spot};
pub use rounds::{Answer, Outcome, Want};

/// What the text of a string template, or of the `html` part, is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// HTML: the default, because it is the strictest.
    #[default]
    Html,
    /// MJML, before it is compiled to HTML.
    Mjml,
    /// Plain text: nothing is escaped.
    Text,
}

/// Which part of a mail a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartName {
    /// The template is one string.
    Whole,
    /// The subject: plain text.
    Subject,
    /// The preheader: plain text.
    Preheader,
    /// The HTML part, in the mode of the render.
    Html,
    /// The text part: plain text.
    Text,
    /// The AMP part: HTML.
    Amp,
}

impl PartName {
    /// The name of the part in the public face; `template` for a template that is one string.
    pub const fn as_str(self) -> &'static str {
        match self {
            PartName::Whole => "template",
            PartName::Subject => "subject",
            PartName::Preheader => "preheader",
            PartName::Html => "html",
            PartName::Text => "text",
            PartName::Amp => "amp",
        }
    }
}

/// One text of a mail, to be parsed.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Which part it is.
    pub part: PartName,
    /// The text.
    pub text: &'a str,
}

/// A code that a template may show: one for each pool and slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Question {
    /// The pool's handle.
    pub handle: String,
    /// The slot; empty for a tag without one.
    pub slot: String,
}

/// What a tag does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `coupon`: shows the code.
    Coupon,
    /// `coupon_expiry`: shows when the code runs out.
    Expiry,
    /// `ifcoupon`: chooses a branch.
    If,
}

/// A tag where it occurs.
#[derive(Clone, Debug)]
pub struct Occurrence {
    /// Which code it asks for: an index into [`Template::questions`].
    pub question: usize,
    /// What it does.
    pub kind: Kind,
    /// Where it stands, for people.
    pub spot: Spot,
    /// The place of its value; `None` for an `ifcoupon`.
    pub place: Option<Place>,
    /// Its own `fallback:`.
    pub fallback: Option<String>,
    /// Whether it stands in the first branch of an `ifcoupon` of the same pool. Where it does not, a pool that says
    /// `omit` leaves a gap in the text.
    pub guarded: bool,
    commented: bool,
    date: Option<(DateFormat, String)>,
}

/// Something that is probably not meant so, but is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where.
    pub spot: Spot,
    /// What, and what to do.
    pub text: String,
}

/// The static text of one part: where it lies in the source.
#[derive(Clone, Debug)]
pub struct Part {
    name: PartName,
    segments: Vec<(u32, u32)>,
    nodes: Range<usize>,
}

impl Part {
    /// Which part it is.
    pub fn name(&self) -> PartName {
        self.name
    }

    /// Start and end of each piece of static text, in UTF-16 code units of the source, in order; none is empty.
    pub fn segments(&self) -> &[(u32, u32)] {
        &self.segments
    }
}

/// A step of the program that a template is. Branches are ranges of nodes, so the whole is one flat list.
#[derive(Clone, Copy, Debug)]
enum Node {
    /// A static segment of the part.
    Static(u32),
    /// A `coupon` or `coupon_expiry`: an index into the occurrences.
    Value(u32),
    /// An `ifcoupon`: its first branch runs up to `otherwise`, its second up to `end`.
    If { tag: u32, otherwise: u32, end: u32 },
}

/// A parsed mail. It holds no text of the mail but the arguments of the tags.
#[derive(Clone, Debug)]
pub struct Template {
    parts: Vec<Part>,
    nodes: Vec<Node>,
    tags: Vec<Occurrence>,
    questions: Vec<Question>,
    warnings: Vec<Warning>,
    /// The engine that reads the mail after us.
    next: Option<Next>,
}

impl Template {
    /// The parts, in the order of the sources.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Every code the template may show, in the order of first occurrence. Answers are aligned with it.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// An empty list of answers, one for each question.
    pub fn unanswered(&self) -> Vec<Option<Answer>> {
        self.questions.iter().map(|_| None).collect()
    }

    /// The handles of the pools that occur, sorted, each once.
    pub fn pools(&self) -> Vec<&str> {
        let mut pools: Vec<&str> = Vec::new();
        for question in &self.questions {
            if let Err(at) = pools.binary_search(&question.handle.as_str()) {
                pools.insert(at, &question.handle);
            }
        }
        pools
    }

    /// Every tag where it occurs, in the order of parts and text.
    pub fn tags(&self) -> &[Occurrence] {
        &self.tags
    }

    /// What is probably not meant so.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}
