//! Rounds: which codes a render needs next, and which branches the answers choose.
//!
//! The rules, as the design has them, with what it left open decided here:
//!
//! - Outside any `ifcoupon`, an empty pool under `stop` fails the mail, unless the tag has its own `fallback:`.
//! - A branch *fails* when a tag directly in it is empty under `stop` without a fallback of its own. When the first
//!   branch of an `ifcoupon` fails, its second is shown, as if the condition were false. When the second fails too,
//!   the `ifcoupon` fails, and with it the branch that it stands in: so the nearest enclosing `ifcoupon` that still
//!   has a second branch to show, shows it. When there is none, the outermost `ifcoupon` prints nothing.
//!   A missing `else` is an empty branch, which never fails. So no `ifcoupon` ever fails a mail, and none shows half
//!   a sentence.

use super::{Node, Occurrence, Template};
use crate::pool::document::OnEmpty;

/// What a pool answered to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A code, drawn or fixed.
    Code {
        /// The code.
        code: String,
        /// When it stops being valid: exclusive, in milliseconds since 1970; or never.
        expires_at: Option<i64>,
        /// The pool's time zone, in which the expiry is written.
        time_zone: String,
    },
    /// No code.
    Nothing {
        /// What the pool says about that.
        policy: OnEmpty,
    },
}

/// A code to be claimed next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// An index into [`Template::questions`].
    pub question: usize,
    /// A tag outside any `ifcoupon` and without its own fallback needs it: emptiness under `stop` fails the mail.
    pub required: bool,
    /// A tag that needs it now has a fallback of its own.
    pub falls_back: bool,
}

/// What becomes of the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It can be shown.
    Shown,
    /// The pool of this question (an index into [`Template::questions`]) is empty and says `stop`.
    Failed(usize),
}

/// Which branch of an `ifcoupon` is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    First,
    Second,
    None,
}

/// What a branch comes to.
enum Verdict {
    Prints,
    Pending,
    Fails(usize),
}

struct Round<'a> {
    template: &'a Template,
    answers: &'a [Option<Answer>],
    wants: Vec<Want>,
    /// By node.
    choices: Vec<Choice>,
}

impl Template {
    /// What must be claimed next, given what is answered: each question at most once, in the order of the text.
    /// Empty when the outcome is decided. `answers` is aligned with [`Template::questions`]. Cost: one pass over tags.
    pub fn wants(&self, answers: &[Option<Answer>]) -> Vec<Want> {
        let (round, verdict) = self.round(answers);
        if matches!(verdict, Verdict::Fails(_)) {
            return Vec::new();
        }
        let mut merged: Vec<Want> = Vec::with_capacity(round.wants.len());
        let mut seen: Vec<Option<usize>> = vec![None; self.questions.len()];
        for want in round.wants {
            match seen[want.question] {
                Some(index) => {
                    merged[index].required |= want.required;
                    merged[index].falls_back |= want.falls_back;
                }
                None => {
                    seen[want.question] = Some(merged.len());
                    merged.push(want);
                }
            }
        }
        merged
    }

    /// What becomes of the mail, once nothing is wanted any more.
    pub fn outcome(&self, answers: &[Option<Answer>]) -> Outcome {
        match self.round(answers).1 {
            Verdict::Fails(question) => Outcome::Failed(question),
            Verdict::Prints | Verdict::Pending => Outcome::Shown,
        }
    }

    /// Which branch each `ifcoupon` shows, by node.
    pub(super) fn choices(&self, answers: &[Option<Answer>]) -> Vec<Choice> {
        self.round(answers).0.choices
    }

    fn round<'a>(&'a self, answers: &'a [Option<Answer>]) -> (Round<'a>, Verdict) {
        let choices = vec![Choice::None; self.nodes.len()];
        let mut round = Round { template: self, answers, wants: Vec::new(), choices };
        let verdict = round.branch(0, self.nodes.len(), true);
        (round, verdict)
    }
}

/// Whether a tag that comes away empty makes its branch fail.
fn fails(tag: &Occurrence, answer: &Answer) -> bool {
    tag.fallback.is_none() && matches!(answer, Answer::Nothing { policy: OnEmpty::Stop })
}

impl Round<'_> {
    /// Goes over the nodes of one branch. Recursion is as deep as `ifcoupon`s are nested, which the parser limits.
    fn branch(&mut self, start: usize, end: usize, outermost: bool) -> Verdict {
        let template = self.template;
        let wants = self.wants.len();
        let mut verdict = Verdict::Prints;
        let mut at = start;
        while at < end {
            let mut next = at + 1;
            let one = match template.nodes[at] {
                Node::Static(_) => Verdict::Prints,
                Node::Value(tag) => self.value(&template.tags[tag as usize], outermost),
                Node::If { tag, otherwise, end } => {
                    next = end as usize;
                    let question = template.tags[tag as usize].question;
                    match self.condition(at, question, otherwise as usize, next) {
                        Verdict::Fails(_) if outermost => Verdict::Prints,
                        other => other,
                    }
                }
            };
            match one {
                Verdict::Prints => {}
                Verdict::Pending => verdict = Verdict::Pending,
                Verdict::Fails(question) => {
                    // Nothing else of a branch that is not shown needs a code.
                    self.wants.truncate(wants);
                    return Verdict::Fails(question);
                }
            }
            at = next;
        }
        verdict
    }

    fn value(&mut self, tag: &Occurrence, outermost: bool) -> Verdict {
        match self.answers.get(tag.question) {
            Some(Some(answer)) if fails(tag, answer) => Verdict::Fails(tag.question),
            Some(Some(_)) => Verdict::Prints,
            _ => {
                let falls_back = tag.fallback.is_some();
                self.wants.push(Want { question: tag.question, required: outermost && !falls_back, falls_back });
                Verdict::Pending
            }
        }
    }

    fn condition(&mut self, node: usize, question: usize, otherwise: usize, end: usize) -> Verdict {
        match self.answers.get(question) {
            Some(Some(Answer::Code { .. })) => match self.branch(node + 1, otherwise, false) {
                Verdict::Fails(_) => {}
                verdict => {
                    self.choices[node] = Choice::First;
                    return verdict;
                }
            },
            Some(Some(Answer::Nothing { .. })) => {}
            _ => {
                self.wants.push(Want { question, required: false, falls_back: false });
                return Verdict::Pending;
            }
        }
        let verdict = self.branch(otherwise, end, false);
        if !matches!(verdict, Verdict::Fails(_)) {
            self.choices[node] = Choice::Second;
        }
        verdict
    }
}
