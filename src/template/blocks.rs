//! Blocks of other engines (Liquid, Jinja, Twig, Django), as far as their `else` must not be taken for ours and their
//! branches say what HTML state follows.

use super::place::{Doubt, Spot};
use super::readings::Readings;

/// What a foreign tag does to blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role<'a> {
    Opens,
    /// Starts another branch; the flag says that it is the last resort.
    Branches(bool),
    /// Ends the block of this name.
    Closes(&'a str),
    None,
}

/// Blocks with branches, or whose content may be left out.
const BLOCKS: [&str; 11] =
    ["if", "unless", "case", "for", "while", "ifchanged", "ifequal", "ifnotequal", "tablerow", "foreach", "switch"];

pub(super) fn role(name: &str) -> Role<'_> {
    match name {
        "else" | "empty" => Role::Branches(true),
        "elsif" | "elif" | "elseif" | "when" => Role::Branches(false),
        name if BLOCKS.contains(&name) => Role::Opens,
        name => match name.strip_prefix("end").map(|block| block.trim_start_matches('_')) {
            Some(block) if BLOCKS.contains(&block) => Role::Closes(block),
            _ => Role::None,
        },
    }
}

/// An open block of another engine.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    pub(super) name: &'a str,
    pub(super) spot: Spot,
    start: Option<Readings>,
    /// Where the branches so far meet; `Err` if they do not.
    ends: Option<Result<Readings, ()>>,
    complete: bool,
}

impl<'a> Block<'a> {
    pub(super) fn new(name: &'a str, spot: Spot, start: Option<Readings>) -> Self {
        Block { name, spot, start, ends: None, complete: false }
    }

    /// Ends a branch and starts the next.
    pub(super) fn branch(&mut self, html: &mut Option<Readings>, last: bool) {
        self.complete |= last;
        self.meet(*html);
        *html = self.start;
    }

    /// Ends the last branch: `html` becomes what follows any of them.
    pub(super) fn close(mut self, html: &mut Option<Readings>) {
        let last = *html;
        self.meet(last);
        if !self.complete {
            self.meet(self.start);
        }
        match (self.ends, html) {
            (Some(Ok(met)), Some(html)) => *html = met,
            (Some(Err(())), Some(html)) => html.doubt(Doubt::Branches),
            _ => {}
        }
    }

    fn meet(&mut self, end: Option<Readings>) {
        if let Some(end) = end {
            self.ends = Some(match self.ends {
                None => Ok(end),
                Some(Ok(met)) => met.join(end).ok_or(()),
                Some(Err(())) => Err(()),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_engines_blocks_are_known_by_name() {
        assert_eq!(role("if"), Role::Opens);
        assert_eq!(role("endfor"), Role::Closes("for"));
        assert_eq!(role("end_case"), Role::Closes("case"));
        assert_eq!(role("else"), Role::Branches(true));
        assert_eq!(role("elsif"), Role::Branches(false));
        assert_eq!(role("assign"), Role::None);
        assert_eq!(role("endifcoupon"), Role::None);
    }
}
