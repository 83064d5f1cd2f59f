//! Mails as trees: their template in the module's language, and what they must come to, worked out the slow way.

use std::collections::BTreeSet;
use std::rc::Rc;

use coupon_pools::flow::render::Made;
use coupon_pools::pool::document::OnEmpty;
use coupon_pools::template::{Mode, PartName, Source, Template, parse};

use crate::chance::Chance;

/// A template with the tree it was written from.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) text: String,
    pub(crate) template: Rc<Template>,
    nodes: Vec<Node>,
}

#[derive(Debug)]
enum Node {
    Text(String),
    Coupon { at: Place, fallback: Option<String> },
    Expiry(Place),
    If { at: Place, then: Vec<Node>, otherwise: Vec<Node> },
}

/// Pool and slot.
pub(crate) type Place = (String, String);

/// What a pool answered.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Code(String, Option<i64>),
    Nothing(OnEmpty),
}

/// What a mail must come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Shown {
        text: String,
        places: BTreeSet<Place>,
    },
    /// A pool said `stop`.
    Fails,
    /// A code that is needed was never asked for.
    Unasked,
}

impl Mail {
    /// A mail over some of these pools.
    pub(crate) fn random(chance: &mut Chance, pools: &[&str]) -> Self {
        let nodes = branch(chance, pools, 0);
        let mut text = String::new();
        write(&nodes, &mut text);
        let template = parse(&[Source { part: PartName::Whole, text: &text }], Mode::Html, None)
            .unwrap_or_else(|error| panic!("{error}\n{text}"));
        Mail { text, template: Rc::new(template), nodes }
    }

    /// The text of a mail that was made.
    pub(crate) fn assemble(&self, made: &Made) -> String {
        let Some(part) = self.template.parts().first() else { return String::new() };
        let filled = &made.filled.parts[0];
        let piece = |piece: &i32| match usize::try_from(*piece) {
            Ok(segment) => {
                let (from, to) = part.segments()[segment];
                &self.text[from as usize..to as usize]
            }
            Err(_) => filled.values[!*piece as usize].as_str(),
        };
        filled.pieces.iter().map(piece).collect()
    }

    /// What the mail must come to with these answers.
    pub(crate) fn verdict(&self, answers: &dyn Fn(&Place) -> Option<Answer>) -> Verdict {
        evaluate(&self.nodes, true, answers)
    }
}

fn branch(chance: &mut Chance, pools: &[&str], depth: usize) -> Vec<Node> {
    let mut nodes = Vec::new();
    for _ in 0..=chance.below(3) {
        let slot = if chance.percent(20) { "second" } else { "" };
        let at = (chance.pick(pools).to_owned(), slot.to_owned());
        nodes.push(match chance.below(10) {
            0..5 => {
                let fallback = chance.percent(15).then(|| "OWN".to_owned());
                Node::Coupon { at, fallback }
            }
            5 => Node::Expiry(at),
            _ if depth < 2 => {
                let then = branch(chance, pools, depth + 1);
                let otherwise = if chance.percent(60) { branch(chance, pools, depth + 1) } else { Vec::new() };
                Node::If { at, then, otherwise }
            }
            _ => Node::Text(format!("text{}", chance.below(10))),
        });
        nodes.push(Node::Text(";".to_owned()));
    }
    nodes
}

fn write(nodes: &[Node], text: &mut String) {
    let tag = |name: &str, (pool, slot): &Place, more: &str| {
        let slot = if slot.is_empty() { String::new() } else { format!(", slot: \"{slot}\"") };
        format!("{{% {name} \"{pool}\"{slot}{more} %}}")
    };
    for node in nodes {
        match node {
            Node::Text(static_text) => text.push_str(static_text),
            Node::Coupon { at, fallback } => {
                let fallback = fallback.as_ref().map(|code| format!(", fallback: \"{code}\"")).unwrap_or_default();
                text.push_str(&tag("coupon", at, &fallback));
            }
            Node::Expiry(at) => text.push_str(&tag("coupon_expiry", at, "")),
            Node::If { at, then, otherwise } => {
                text.push_str(&tag("ifcoupon", at, ""));
                write(then, text);
                if !otherwise.is_empty() {
                    text.push_str("{% else %}");
                    write(otherwise, text);
                }
                text.push_str("{% endifcoupon %}");
            }
        }
    }
}

/// Failing wins over not knowing: a branch that fails needs nothing else.
fn evaluate(nodes: &[Node], outermost: bool, answers: &dyn Fn(&Place) -> Option<Answer>) -> Verdict {
    let (mut text, mut places, mut unasked) = (String::new(), BTreeSet::new(), false);
    for node in nodes {
        let verdict = match node {
            Node::Text(piece) => Verdict::Shown { text: piece.clone(), places: BTreeSet::new() },
            Node::Coupon { at, fallback } => value(at, fallback.as_deref(), false, answers),
            Node::Expiry(at) => value(at, None, true, answers),
            Node::If { at, then, otherwise } => match condition(at, then, otherwise, answers) {
                Verdict::Fails if outermost => Verdict::Shown { text: String::new(), places: BTreeSet::new() },
                verdict => verdict,
            },
        };
        match verdict {
            Verdict::Shown { text: piece, places: more } => {
                text.push_str(&piece);
                places.extend(more);
            }
            Verdict::Unasked => unasked = true,
            Verdict::Fails => return Verdict::Fails,
        }
    }
    if unasked { Verdict::Unasked } else { Verdict::Shown { text, places } }
}

fn value(at: &Place, own: Option<&str>, expiry: bool, answers: &dyn Fn(&Place) -> Option<Answer>) -> Verdict {
    let shown = |text: &str, places| Verdict::Shown { text: text.to_owned(), places };
    match answers(at) {
        None => Verdict::Unasked,
        Some(Answer::Code(code, expires_at)) => {
            let text = match expires_at {
                Some(expires_at) if expiry => date(expires_at - 1),
                None if expiry => String::new(),
                _ => code,
            };
            shown(&text, BTreeSet::from([at.clone()]))
        }
        Some(Answer::Nothing(policy)) => match (own, policy) {
            (Some(own), _) => shown(own, BTreeSet::new()),
            (None, OnEmpty::Stop) => Verdict::Fails,
            (None, OnEmpty::Fallback(code)) if !expiry => shown(&code, BTreeSet::new()),
            (None, _) => shown("", BTreeSet::new()),
        },
    }
}

fn condition(at: &Place, then: &[Node], otherwise: &[Node], answers: &dyn Fn(&Place) -> Option<Answer>) -> Verdict {
    match answers(at) {
        None => return Verdict::Unasked,
        Some(Answer::Code(..)) => match evaluate(then, false, answers) {
            Verdict::Fails => {}
            Verdict::Shown { text, mut places } => {
                places.insert(at.clone());
                return Verdict::Shown { text, places };
            }
            Verdict::Unasked => return Verdict::Unasked,
        },
        Some(Answer::Nothing(_)) => {}
    }
    evaluate(otherwise, false, answers)
}

/// How the world's host writes a date.
pub(crate) fn date(at: i64) -> String {
    format!("D{at}")
}
