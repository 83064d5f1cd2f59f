//! Two readings of one document: other engines' expressions resolved, and as they are written.
//!
//! `href="{{ "logo.png" | asset_url }}"` is one value for who runs the other engine first, and three attributes for
//! who does not. A tag gets a place only where both readings agree on it; usually they are the same, and one is kept.

use super::html::{Standing, State};
use super::place::{Doubt, Place, Refusal};

#[derive(Clone, Copy, Debug)]
pub(super) struct Readings {
    resolved: State,
    /// The reading of expressions as text, where it differs.
    literal: Option<State>,
}

impl Readings {
    pub(super) const START: Readings = Readings { resolved: State::START, literal: None };

    pub(super) fn read(&mut self, bytes: &[u8]) {
        self.resolved.read(bytes);
        if let Some(literal) = &mut self.literal {
            literal.read(bytes);
            if *literal == self.resolved {
                self.literal = None;
            }
        }
    }

    /// Passes an expression of another engine.
    pub(super) fn skip(&mut self, expression: &[u8]) {
        let mut literal = self.literal.unwrap_or(self.resolved);
        literal.read(expression);
        self.resolved.skip();
        self.literal = (literal != self.resolved).then_some(literal);
    }

    pub(super) fn fill(&mut self) {
        self.resolved.fill();
        if let Some(literal) = &mut self.literal {
            literal.fill();
        }
    }

    pub(super) fn doubt(&mut self, doubt: Doubt) {
        self.resolved.doubt(doubt);
        if let Some(literal) = &mut self.literal {
            literal.doubt(doubt);
        }
    }

    pub(super) fn in_meta(&self) -> bool {
        self.resolved.in_meta()
    }

    pub(super) fn meta_turned(&self) -> bool {
        self.resolved.meta_turned() || self.literal.is_some_and(|literal| literal.meta_turned())
    }

    pub(super) fn standing(&self) -> Standing {
        let resolved = self.resolved.standing();
        let Some(literal) = self.literal.map(|literal| literal.standing()) else {
            return resolved;
        };
        match (resolved, literal) {
            (a, b) if a == b => a,
            (Standing::Refused(refusal), _) => Standing::Refused(refusal),
            (
                Standing::Place(Place::UrlPath | Place::UrlTail, a),
                Standing::Place(Place::UrlPath | Place::UrlTail, b),
            ) if a == b => Standing::Place(Place::UrlPath, a),
            _ => Standing::Refused(Refusal::Doubt(Doubt::Readings)),
        }
    }

    /// The readings where two branches meet, if whatever follows is read alike after both.
    pub(super) fn join(self, other: Readings) -> Option<Readings> {
        let resolved = self.resolved.join(other.resolved)?;
        if self.literal.is_none() && other.literal.is_none() {
            return Some(Readings { resolved, literal: None });
        }
        let literal = |readings: Readings| readings.literal.unwrap_or(readings.resolved);
        let literal = literal(self).join(literal(other))?;
        Some(Readings { resolved, literal: (literal != resolved).then_some(literal) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(text: &str) -> Standing {
        let mut readings = Readings::START;
        let mut rest = text;
        while let Some(at) = rest.find("{{") {
            let end = rest.find("}}").unwrap() + 2;
            readings.read(&rest.as_bytes()[..at]);
            readings.skip(&rest.as_bytes()[at..end]);
            rest = &rest[end..];
        }
        readings.read(rest.as_bytes());
        readings.standing()
    }

    #[test]
    fn readings_that_meet_again_are_one_again() {
        for text in [
            "<p>{{ a }} ",
            "<p title='{{ \"a\" }} ",
            "<img src=\"{{ \"a\" | url }}\"><p>",
            "<td {{ a }} class=\"",
            "<!--[if mso]>{{ a }}<![endif]--><p>",
        ] {
            assert_eq!(standing(text), Standing::Place(Place::Markup, false), "{text}");
        }
        assert_eq!(standing("<a href=\"{{ a }}/?b="), Standing::Place(Place::UrlTail, false));
    }

    #[test]
    fn where_readings_disagree_there_is_no_place() {
        assert_eq!(standing("<p title=\"{{ \"a\" }} "), Standing::Refused(Refusal::Doubt(Doubt::Readings)));
        assert_eq!(standing("<p>{{ \"<style>\" }} "), Standing::Refused(Refusal::Doubt(Doubt::Readings)));
    }
}
