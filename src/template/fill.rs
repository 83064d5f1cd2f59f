//! The filled program: which pieces follow each other, and the escaped values among them.

use super::escape::escape;
use super::rounds::Choice;
use super::{Answer, DateFormat, Kind, Node, Occurrence, OnEmpty, Place, Template};
use crate::record::record;

/// A date that the host must write: it has the tables (`Intl`), the core has not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DateRequest {
    /// The last millisecond in which the code is valid, in milliseconds since 1970.
    pub at: i64,
    /// The time zone to write it in.
    pub time_zone: String,
    /// The language tag to write it in.
    pub locale: String,
    /// The form.
    pub format: DateFormat,
}

record!(to DateRequest { at, time_zone, locale, format });

/// One part of a rendered mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilledPart {
    /// What follows what: a static segment of the part (0 and up), or `!index` of a value (below 0).
    pub pieces: Vec<i32>,
    /// The values, each escaped for its place.
    pub values: Vec<String>,
}

/// A rendered mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// The parts, aligned with [`Template::parts`].
    pub parts: Vec<FilledPart>,
    /// Questions (ascending, each once) whose code is in the mail, or chose a branch that is.
    pub shown: Vec<usize>,
    /// Questions (ascending, each once) without a code for which a fallback is printed instead.
    pub fell_back: Vec<usize>,
    /// Tags (in order) whose value the next engine could read as syntax, in plain text where nothing hides it. Their
    /// values are not in the mail, so it must not be sent.
    pub refused: Vec<usize>,
}

/// What a tag prints.
enum Value<'a> {
    Text(&'a str),
    Date(DateRequest),
    Nothing,
}

impl Template {
    /// The dates that [`Template::fill`] needs, each once, in order. Empty for most mails.
    pub fn dates(&self, answers: &[Option<Answer>]) -> Vec<DateRequest> {
        let mut dates = Vec::new();
        if self.tags.iter().any(|tag| tag.kind == Kind::Expiry) {
            self.walk(answers, |_, node| {
                if let Node::Value(tag) = node
                    && let Value::Date(date) = value(&self.tags[tag as usize], answers)
                    && !dates.contains(&date)
                {
                    dates.push(date);
                }
            });
        }
        dates
    }

    /// The mail, once nothing is wanted any more and the outcome is [`Outcome::Shown`](super::Outcome::Shown).
    /// `dates` are the host's texts for [`Template::dates`], aligned with it. Cost: one pass over tags and segments.
    pub fn fill(&self, answers: &[Option<Answer>], dates: &[String]) -> Filled {
        let mut filled = Filled { parts: vec![FilledPart::default(); self.parts.len()], ..Filled::default() };
        let requests = self.dates(answers);
        self.walk(answers, |part, node| {
            let part = &mut filled.parts[part];
            match node {
                Node::Static(segment) => part.pieces.push(segment as i32),
                Node::If { tag, .. } => note(&mut filled.shown, self.tags[tag as usize].question),
                Node::Value(index) => {
                    let tag = &self.tags[index as usize];
                    let value = value(tag, answers);
                    let drawn = matches!(answers.get(tag.question), Some(Some(Answer::Code { .. })));
                    let text = match &value {
                        Value::Text(text) => text,
                        Value::Date(date) => requests
                            .iter()
                            .position(|request| request == date)
                            .and_then(|index| dates.get(index))
                            .map_or("", String::as_str),
                        Value::Nothing => "",
                    };
                    if drawn {
                        note(&mut filled.shown, tag.question);
                    } else if !text.is_empty() {
                        note(&mut filled.fell_back, tag.question);
                    }
                    if tag.place == Some(Place::Plain) && self.next.is_some_and(|next| next.refuses(text)) {
                        filled.refused.push(index as usize);
                    } else if let (false, Some(place)) = (text.is_empty(), tag.place) {
                        let mut escaped = String::with_capacity(text.len());
                        escape(place, tag.commented, self.next, text, &mut escaped);
                        part.pieces.push(!(part.values.len() as i32));
                        part.values.push(escaped);
                    }
                }
            }
        });
        filled
    }

    /// Visits what is shown: text, values, and each `ifcoupon` whose first branch is.
    fn walk(&self, answers: &[Option<Answer>], mut visit: impl FnMut(usize, Node)) {
        let choices = self.choices(answers);
        // Where a first branch ends, its second is passed over: (end of the first, end of the second).
        let mut jumps: Vec<(usize, usize)> = Vec::new();
        for (index, part) in self.parts.iter().enumerate() {
            let mut at = part.nodes.start;
            loop {
                while let Some((_, end)) = jumps.pop_if(|(from, _)| *from == at) {
                    at = end;
                }
                if at >= part.nodes.end {
                    break;
                }
                let node = self.nodes[at];
                let Node::If { otherwise, end, .. } = node else {
                    visit(index, node);
                    at += 1;
                    continue;
                };
                match choices[at] {
                    Choice::First => {
                        visit(index, node);
                        jumps.push((otherwise as usize, end as usize));
                        at += 1;
                    }
                    Choice::Second => at = otherwise as usize,
                    Choice::None => at = end as usize,
                }
            }
        }
    }
}

/// Adds a question to an ascending list, once.
fn note(list: &mut Vec<usize>, question: usize) {
    if let Err(at) = list.binary_search(&question) {
        list.insert(at, question);
    }
}

/// What a shown tag prints. An expiry's own `fallback:` is printed whenever there is no date to print: also for a
/// code that never runs out.
fn value<'a>(tag: &'a Occurrence, answers: &'a [Option<Answer>]) -> Value<'a> {
    let own = || tag.fallback.as_deref().map_or(Value::Nothing, Value::Text);
    match (answers.get(tag.question).and_then(Option::as_ref), &tag.date) {
        (Some(Answer::Code { expires_at: Some(at), time_zone, .. }), Some((format, locale))) => {
            let (time_zone, locale, format) = (time_zone.clone(), locale.clone(), format.clone());
            Value::Date(DateRequest { at: at.saturating_sub(1), time_zone, locale, format })
        }
        (Some(Answer::Code { code, .. }), None) => Value::Text(code),
        // A pool's fallback is a code, not a date.
        (Some(Answer::Nothing { policy: OnEmpty::Fallback(text) }), None) if tag.fallback.is_none() => {
            Value::Text(text)
        }
        _ => own(),
    }
}
