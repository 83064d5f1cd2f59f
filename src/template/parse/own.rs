//! Our own tags: each finds its place, its question and its branch.

use crate::error::{Code, Result};
use crate::limits::{TEMPLATE_DEPTH, TEMPLATE_TAGS};

use super::super::html::Standing;
use super::super::place::{Place, Refusal, Spot};
use super::super::tag::{Ask, Tag};
use super::super::{DateFormat, Kind, Node, Occurrence};
use super::{Frame, OwnIf, Reader, refused};

impl Reader<'_, '_> {
    /// Takes a tag of ours that lies from `start` to `end`.
    pub(super) fn own(&mut self, tag: Tag, spot: Spot, start: usize, end: usize) -> Result<()> {
        self.check_next(start, Some(spot))?;
        self.end_segment(start);
        self.segment = end;
        self.read = end;
        match tag {
            Tag::Coupon(ask) => self.value(Kind::Coupon, ask, None, spot, start),
            Tag::Expiry(ask, format, locale) => self.value(Kind::Expiry, ask, Some((format, locale)), spot, start),
            Tag::If(ask) => self.open(ask, spot),
            Tag::Else => self.otherwise(spot),
            Tag::EndIf => self.close(spot),
            Tag::Raw => {
                self.raw = Some(spot);
                Ok(())
            }
            Tag::EndRaw if self.raw.take().is_some() => Ok(()),
            Tag::EndRaw => Err(spot.syntax("this endraw has no {% raw %} before it; remove it")),
        }
    }

    fn value(
        &mut self,
        kind: Kind,
        ask: Ask,
        date: Option<(DateFormat, String)>,
        spot: Spot,
        start: usize,
    ) -> Result<()> {
        let (place, commented) = match self.html.as_mut().map(|html| html.standing()) {
            None => (Place::Plain, false),
            Some(Standing::Place(place, commented)) => (place, commented),
            Some(Standing::Refused(refusal)) => return Err(refused(spot, refusal)),
            Some(Standing::Comment) => return Ok(()),
        };
        check_before(place, &self.text.as_bytes()[..start]).map_err(|refusal| refused(spot, refusal))?;
        if let Some(html) = &mut self.html {
            html.fill();
            if html.in_meta() {
                self.meta = Some(spot);
            }
        }
        let guarded = self.frames.iter().any(|frame| match frame {
            Frame::Own(own) => {
                own.first_end.is_none() && self.program.template.questions[own.question].handle == ask.handle
            }
            Frame::Foreign(_) => false,
        });
        let question = self.program.question(ask.handle, ask.slot);
        let tag = self.occurrence(Occurrence {
            question,
            kind,
            spot,
            place: Some(place),
            fallback: ask.fallback,
            guarded,
            commented,
            date,
        })?;
        self.program.template.nodes.push(Node::Value(tag));
        Ok(())
    }

    fn occurrence(&mut self, occurrence: Occurrence) -> Result<u32> {
        let tags = &mut self.program.template.tags;
        if tags.len() >= TEMPLATE_TAGS {
            let text = format!("the template has more than {TEMPLATE_TAGS} tags");
            return Err(occurrence.spot.error(Code::TemplateTooLarge, text));
        }
        tags.push(occurrence);
        Ok(tags.len() as u32 - 1)
    }

    fn open(&mut self, ask: Ask, spot: Spot) -> Result<()> {
        if self.depth >= TEMPLATE_DEPTH {
            let text = format!("more than {TEMPLATE_DEPTH} ifcoupon stand in each other; close some or remove them");
            return Err(spot.error(Code::TemplateTooLarge, text));
        }
        let question = self.program.question(ask.handle, ask.slot);
        let tag = self.occurrence(Occurrence {
            question,
            kind: Kind::If,
            spot,
            place: None,
            fallback: None,
            guarded: true,
            commented: false,
            date: None,
        })?;
        let nodes = &mut self.program.template.nodes;
        self.frames.push(Frame::Own(OwnIf { node: nodes.len(), spot, question, start: self.html, first_end: None }));
        self.depth += 1;
        nodes.push(Node::If { tag, otherwise: 0, end: 0 });
        Ok(())
    }

    fn otherwise(&mut self, spot: Spot) -> Result<()> {
        let html = self.html;
        match self.frames.last_mut() {
            Some(Frame::Own(own)) if own.first_end.is_none() => {
                own.first_end = Some(html);
                self.html = own.start;
                let next = self.program.template.nodes.len() as u32;
                if let Some(Node::If { otherwise, .. }) = self.program.template.nodes.get_mut(own.node) {
                    *otherwise = next;
                }
                Ok(())
            }
            Some(Frame::Own(own)) => {
                Err(spot.syntax(format!("the ifcoupon of line {} has an else already; remove one", own.spot.line)))
            }
            _ => Err(spot.syntax("this else has no ifcoupon before it; remove it")),
        }
    }

    fn close(&mut self, spot: Spot) -> Result<()> {
        if let (Some(Frame::Foreign(block)), true) = (self.frames.last(), self.depth > 0) {
            let text = format!(
                "the {{% {} %}} of line {} is still open inside this ifcoupon; close it before endifcoupon",
                block.name, block.spot.line
            );
            return Err(spot.syntax(text));
        }
        let Some(Frame::Own(own)) = self.frames.pop_if(|frame| matches!(frame, Frame::Own(_))) else {
            return Err(spot.syntax("this endifcoupon has no {% ifcoupon … %} before it; remove it or write one"));
        };
        self.depth -= 1;
        let next = self.program.template.nodes.len() as u32;
        if let Some(Node::If { otherwise, end, .. }) = self.program.template.nodes.get_mut(own.node) {
            *end = next;
            if own.first_end.is_none() {
                *otherwise = next;
            }
        }
        let other = own.first_end.unwrap_or(own.start);
        if let (Some(html), Some(other)) = (self.html, other) {
            let Some(met) = other.join(html) else {
                let text = format!(
                    "the branches of the ifcoupon of line {} end in different HTML states (a tag, a quote or a comment is open in one of them only); close in each branch what it opens",
                    own.spot.line
                );
                return Err(spot.error(Code::TemplatePlace, text));
            };
            self.html = Some(met);
        }
        Ok(())
    }
}

/// Refuses a value that would be read together with the text right before it.
fn check_before(place: Place, before: &[u8]) -> std::result::Result<(), Refusal> {
    let url = matches!(place, Place::UrlPath | Place::UrlTail);
    if url || place == Place::Markup {
        // The longest character reference has 31 letters.
        let name =
            before.iter().rev().take(32).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'#').count();
        if before[..before.len() - name].last() == Some(&b'&') {
            return Err(Refusal::Reference);
        }
    }
    let percent = |back: usize| before.len().checked_sub(back).and_then(|at| before.get(at)) == Some(&b'%');
    // A tag of ours right before ends in `%}`, so its `%` is not meant.
    if url && (percent(1) || (percent(2) && before.last().is_some_and(u8::is_ascii_hexdigit))) {
        return Err(Refusal::Percent);
    }
    Ok(())
}
