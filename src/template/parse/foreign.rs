//! Other engines' tags and expressions: passed over byte for byte, their blocks followed.

use crate::error::{Code, Result};

use super::super::blocks::{Block, Role, role};
use super::{Frame, Reader};

/// Deepest nesting of other engines' blocks that is followed: past any mail, and it bounds memory.
const FOREIGN_DEPTH: usize = 256;

impl<'a> Reader<'a, '_> {
    /// Passes another engine's tag, and follows its blocks.
    pub(super) fn foreign(&mut self, start: usize, name: &'a str, in_own: bool) -> Result<usize> {
        let Some(end) = self.expression(start) else {
            return Ok(start + 2);
        };
        // `{%%20coupon` is what an address bar makes of a tag.
        let meant = if name.is_empty() { &self.text[start..end] } else { name };
        if ["coupon", "cupon", "coupn"].iter().any(|like| meant.contains(like)) {
            let spot = self.cursor.at(start);
            let text = "this looks like a tag of ours but is none, and is left as it is; ours are {% coupon … %}, {% coupon_expiry … %} and {% ifcoupon … %} … {% endifcoupon %}";
            self.warn(spot, text.to_owned());
        }
        if self.raw.is_some() {
            return Ok(end);
        }
        match role(name) {
            Role::None => {}
            Role::Opens => {
                let foreign = self.frames.len() - self.depth;
                let spot = self.cursor.at(start);
                if foreign >= FOREIGN_DEPTH {
                    let text = format!("more than {FOREIGN_DEPTH} blocks of another engine are open; close them");
                    return Err(spot.error(Code::TemplateTooLarge, text));
                }
                self.frames.push(Frame::Foreign(Block::new(name, spot, self.html)));
            }
            Role::Branches(last) => match self.frames.last_mut() {
                Some(Frame::Foreign(block)) => block.branch(&mut self.html, last),
                Some(Frame::Own(_)) if in_own && name != "when" && name != "empty" => {
                    let text =
                        format!("an ifcoupon has no {{% {name} %}}; write {{% else %}} and another ifcoupon inside");
                    return Err(self.cursor.at(start).syntax(text));
                }
                _ => {}
            },
            Role::Closes(block) => self.close_foreign(block, start)?,
        }
        Ok(end)
    }

    fn close_foreign(&mut self, name: &str, start: usize) -> Result<()> {
        let is_it = |frame: &Frame<'_>| matches!(frame, Frame::Foreign(block) if block.name == name);
        let Some(index) = self.frames.iter().rposition(is_it) else {
            return Ok(());
        };
        if let Some(own) =
            self.frames[index..].iter().find_map(|frame| if let Frame::Own(own) = frame { Some(own) } else { None })
        {
            let text = format!(
                "{{% end{name} %}} closes a block around the ifcoupon of line {}, which is still open; write {{% endifcoupon %}} before it",
                own.spot.line
            );
            return Err(self.cursor.at(start).syntax(text));
        }
        while self.frames.len() > index {
            if let Some(Frame::Foreign(block)) = self.frames.pop() {
                block.close(&mut self.html);
            }
        }
        Ok(())
    }

    /// Passes an expression of another engine in the HTML reader, and says where it ends. It is none if it is not
    /// closed before the next one opens.
    pub(super) fn expression(&mut self, start: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let close = match bytes.get(start + 1)? {
            b'%' => b'%',
            b'{' => b'}',
            _ => b'#',
        };
        // Handlebars writes three braces for unescaped values.
        let triple = bytes.get(start + 1..start + 3) == Some(b"{{");
        let mut at = start + if triple { 3 } else { 2 };
        loop {
            at += memchr::memchr2(close, b'{', bytes.get(at..)?)?;
            let next = *bytes.get(at + 1)?;
            if bytes[at] == close && next == b'}' {
                break;
            }
            if bytes[at] == b'{' && matches!(next, b'{' | b'%' | b'#') {
                return None;
            }
            at += 1;
        }
        let mut end = at + 2;
        if triple && bytes.get(end) == Some(&b'}') {
            end += 1;
        }
        self.feed(start);
        if let Some(html) = &mut self.html {
            html.skip(&bytes[start..end]);
        }
        self.read = end;
        Some(end)
    }
}
