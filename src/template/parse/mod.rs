//! From source to program: finds the tags, keeps the branches, and asks the HTML reader about every place.

mod foreign;
mod own;

use crate::error::{Code, Error, Result};
use crate::limits::TEMPLATE_BYTES;
use crate::sorted::Sorted;

use super::blocks::Block;
use super::html::Standing;
use super::place::{Cursor, Refusal, Spot};
use super::readings::Readings;
use super::tag::{self, Wrong};
use super::{Mode, Next, Node, Part, PartName, Question, Source, Template, Warning, marker};

/// Parses a mail. With a `nonce` only markers that carry it are tags (see [`marker`](super::marker())).
///
/// Errors: `TEMPLATE_SYNTAX` and `TEMPLATE_PLACE` with `part`, `line` and `column` in their details,
/// `TEMPLATE_TOO_LARGE`, and `INVALID_ARGUMENT` for a bad nonce. Cost: one pass.
pub fn parse(sources: &[Source<'_>], mode: Mode, nonce: Option<&str>) -> Result<Template> {
    parse_before(sources, mode, nonce, None)
}

/// Parses a mail that another engine will read after us (see [`Next`]): as [`parse`], and `TEMPLATE_PLACE` for a tag
/// inside an expression of that engine, or right after a character that could begin one.
pub fn parse_before(sources: &[Source<'_>], mode: Mode, nonce: Option<&str>, next: Option<Next>) -> Result<Template> {
    let bytes: usize = sources.iter().map(|source| source.text.len()).sum();
    if bytes > TEMPLATE_BYTES {
        let text = format!("the template has {bytes} bytes; at most {TEMPLATE_BYTES} are read");
        return Err(Error::new(Code::TemplateTooLarge, text).with("bytes", bytes));
    }
    nonce.map(marker::check_nonce).transpose()?;
    let mut program = Program {
        template: Template {
            parts: Vec::with_capacity(sources.len()),
            nodes: Vec::new(),
            tags: Vec::new(),
            questions: Vec::new(),
            warnings: Vec::new(),
            next,
        },
        questions: Sorted::default(),
    };
    for source in sources {
        let html = match source.part {
            PartName::Whole | PartName::Html => mode != Mode::Text,
            PartName::Amp => true,
            PartName::Subject | PartName::Preheader | PartName::Text => false,
        };
        Reader::new(&mut program, *source, html).part(nonce)?;
    }
    Ok(program.template)
}

/// The template as it grows.
struct Program {
    template: Template,
    questions: Sorted<(String, String), Option<usize>>,
}

impl Program {
    fn question(&mut self, handle: String, slot: String) -> usize {
        let questions = &mut self.template.questions;
        let key = (handle, slot);
        *self.questions.at(&key).get_or_insert_with(|| {
            let (handle, slot) = key.clone();
            questions.push(Question { handle, slot });
            questions.len() - 1
        })
    }
}

enum Frame<'a> {
    Own(OwnIf),
    Foreign(Block<'a>),
}

/// An open `ifcoupon`.
struct OwnIf {
    node: usize,
    spot: Spot,
    question: usize,
    start: Option<Readings>,
    /// Where the first branch ended, once `else` was read.
    first_end: Option<Option<Readings>>,
}

struct Reader<'a, 'p> {
    program: &'p mut Program,
    name: PartName,
    text: &'a str,
    is_html: bool,
    /// The HTML reader; none in plain text.
    html: Option<Readings>,
    /// How far the HTML reader has come.
    read: usize,
    cursor: Cursor<'a>,
    /// Where the static segment under way starts.
    segment: usize,
    segments: Vec<(u32, u32)>,
    /// A byte offset and the UTF-16 offset that it is.
    units: (usize, u32),
    frames: Vec<Frame<'a>>,
    depth: usize,
    raw: Option<Spot>,
    /// The last tag in a `<meta>`.
    meta: Option<Spot>,
}

impl<'a, 'p> Reader<'a, 'p> {
    fn new(program: &'p mut Program, source: Source<'a>, is_html: bool) -> Self {
        Reader {
            program,
            name: source.part,
            text: source.text,
            is_html,
            html: is_html.then_some(Readings::START),
            read: 0,
            cursor: Cursor::new(source.part, source.text),
            segment: 0,
            segments: Vec::new(),
            units: (0, 0),
            frames: Vec::new(),
            depth: 0,
            raw: None,
            meta: None,
        }
    }

    fn part(mut self, nonce: Option<&str>) -> Result<()> {
        let first = self.program.template.nodes.len();
        match nonce {
            Some(nonce) => self.markers(nonce)?,
            None => self.tags()?,
        }
        if let Some(spot) = self.raw {
            return Err(spot.syntax("this raw is never closed; write {% endraw %}"));
        }
        let open = self.frames.iter().find_map(|frame| if let Frame::Own(own) = frame { Some(own.spot) } else { None });
        if let Some(spot) = open {
            return Err(spot.syntax("this ifcoupon is never closed; write {% endifcoupon %}"));
        }
        self.feed(self.text.len());
        if let (true, Some(spot)) = (self.html.is_some_and(|html| html.meta_turned()), self.meta) {
            return Err(refused(spot, Refusal::Guarded));
        }
        self.check_next(self.text.len(), None)?;
        self.end_segment(self.text.len());
        let nodes = first..self.program.template.nodes.len();
        self.program.template.parts.push(Part { name: self.name, segments: self.segments, nodes });
        Ok(())
    }

    /// Reads a source in which `{% … %}` are tags.
    fn tags(&mut self) -> Result<()> {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'{', rest)) {
            let start = at + found;
            at = match bytes.get(start + 1) {
                Some(b'%') => self.tag(start)?,
                Some(b'{' | b'#') if self.html.is_some() => self.expression(start).unwrap_or(start + 1),
                _ => start + 1,
            };
        }
        Ok(())
    }

    /// Reads the `{%` at `start`, whosever it is, and says where to go on.
    fn tag(&mut self, start: usize) -> Result<usize> {
        let inside = &self.text[start + 2..];
        let (name, _) = tag::name(inside);
        let in_own = matches!(self.frames.last(), Some(Frame::Own(_)));
        let own = match self.raw {
            Some(_) => name == "endraw",
            None => tag::is_own(name) || (name == "else" && in_own),
        };
        if !own {
            return self.foreign(start, name, in_own);
        }
        self.feed(start);
        let spot = self.cursor.at(start);
        if self.raw.is_none() && self.in_comment() {
            self.warn(
                spot,
                format!("{{% {name} %}} stands in a comment and is left there as text; remove it or the comment"),
            );
            return Ok(start + 2);
        }
        let (tag, length) = tag::read(inside, self.is_html).map_err(|Wrong { at, text }| {
            let offset = if at == 0 { start } else { start + 2 + at };
            self.cursor.clone().at(offset).syntax(text)
        })?;
        let end = start + 2 + length;
        self.own(tag, spot, start, end)?;
        Ok(end)
    }

    /// Reads a source in which only markers with this nonce are tags.
    fn markers(&mut self, nonce: &str) -> Result<()> {
        // The start of a nonce is enough to see that a marker was cut off or taken apart.
        for found in self.text.match_indices(&nonce[..marker::TELLING]).map(|(at, _)| at) {
            let start = found.saturating_sub(marker::OPEN.len());
            let whole = self.text[..found].ends_with(marker::OPEN) && self.text[found..].starts_with(nonce);
            let spot = self.cursor.at(if whole { start } else { found });
            let rest = self.text.get(found + nonce.len()..).unwrap_or("");
            let Some((inside, length)) = marker::read(rest).filter(|_| whole) else {
                let text = "a marker was changed by the other template engine; print it unescaped and not URL-encoded";
                return Err(spot.syntax(text));
            };
            self.feed(start);
            if self.in_comment() {
                self.warn(
                    spot,
                    "a marker stands in a comment and is left there as text; remove it or the comment".to_owned(),
                );
                continue;
            }
            let (name, _) = tag::name(&inside);
            if !(name == "else" || (tag::is_own(name) && !name.ends_with("raw"))) {
                return Err(spot.syntax(format!("the marker holds \"{name}\", which is no tag that a marker can be")));
            }
            let (tag, _) = tag::read(&inside, false).map_err(|wrong| spot.syntax(wrong.text))?;
            self.own(tag, spot, start, found + nonce.len() + length)?;
        }
        Ok(())
    }

    /// Checks the text since the last tag of ours against the engine that runs next; `tag` is the tag that follows.
    fn check_next(&self, end: usize, tag: Option<Spot>) -> Result<()> {
        let text = self.text.get(self.segment..end).unwrap_or("");
        let clash = self.program.template.next.and_then(|next| next.clash(text, tag.is_some()));
        let Some(clash) = clash else { return Ok(()) };
        let spot = tag.unwrap_or_else(|| self.cursor.clone().at(end));
        Err(spot.error(Code::TemplatePlace, clash.advice()))
    }

    fn in_comment(&self) -> bool {
        self.html.is_some_and(|html| html.standing() == Standing::Comment)
    }

    fn warn(&mut self, spot: Spot, text: String) {
        // A broken generator must not make a report longer than its template.
        if self.program.template.warnings.len() < 100 {
            self.program.template.warnings.push(Warning { spot, text });
        }
    }

    /// Lets the HTML reader come up to `end`.
    fn feed(&mut self, end: usize) {
        if let (Some(html), Some(bytes)) = (&mut self.html, self.text.as_bytes().get(self.read..end)) {
            html.read(bytes);
        }
        self.read = end;
    }

    /// Ends the static segment under way.
    fn end_segment(&mut self, end: usize) {
        let start = self.units_at(self.segment);
        let stop = self.units_at(end);
        if start < stop {
            self.program.template.nodes.push(Node::Static(self.segments.len() as u32));
            self.segments.push((start, stop));
        }
    }

    /// The UTF-16 offset of a byte offset; offsets only grow.
    fn units_at(&mut self, offset: usize) -> u32 {
        let passed = self.text.as_bytes().get(self.units.0..offset).unwrap_or(&[]);
        // One unit for each character, and a second for those of four bytes.
        let units: usize =
            passed.iter().map(|byte| usize::from(byte & 0xc0 != 0x80) + usize::from(*byte >= 0xf0)).sum();
        self.units = (self.units.0.max(offset), self.units.1 + units as u32);
        self.units.1
    }
}

fn refused(spot: Spot, refusal: Refusal) -> Error {
    spot.error(Code::TemplatePlace, refusal.advice())
}
