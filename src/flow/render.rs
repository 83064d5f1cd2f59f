//! Renders: whole mails, their codes claimed in rounds, pool by pool.
//!
//! All mails of a batch go through their rounds together, so that each round is at most one claim a pool. No store is
//! asked for a transaction over two pools: pools are claimed in handle order, and a mail that cannot be made gives
//! back what it was newly given, unless somebody else was answered the same draw meanwhile.

use std::rc::Rc;

use super::Host;
use super::claim::{Uses, claim, give_back};
use super::draw::out_of_codes;
use super::step::{Outcome, ReleaseItem};
use crate::code::Texts;
use crate::error::{Code, Error, Result};
use crate::pool::keys::{Key, check_key_text};
use crate::sorted::Sorted;
use crate::template::{self, Answer, Filled, Template};

/// The mails to make, in columns.
#[derive(Debug, Default)]
pub struct Mails {
    /// Each mail's template.
    pub templates: Vec<Rc<Template>>,
    /// Messages.
    pub messages: Texts,
    /// Contacts.
    pub contacts: Texts,
}

/// One mail that was made.
#[derive(Debug)]
pub struct Made {
    /// Its parts.
    pub filled: Filled,
    /// The codes it shows.
    pub draws: Vec<MailDraw>,
}

/// One code that a mail shows.
#[derive(Clone, Debug)]
pub struct MailDraw {
    /// The pool's handle.
    pub handle: String,
    /// The slot.
    pub slot: String,
    /// The code.
    pub code: String,
    /// When it stops being valid.
    pub expires_at: Option<i64>,
    /// This use had been answered before.
    pub repeat: bool,
    /// The draw's number, 0 where nothing is stored.
    pub number: u64,
}

/// A draw that a mail holds, and what it takes to give it back.
#[derive(Clone, Copy)]
struct Held {
    key: Key,
    number: u64,
    answers: u32,
    repeat: bool,
    /// An earlier mail of this batch asked for the same use.
    again: bool,
}

struct Mail {
    template: Rc<Template>,
    answers: Vec<Option<Answer>>,
    /// By question.
    held: Vec<Option<Held>>,
    error: Option<Error>,
    /// The questions whose codes it keeps although it could not be made.
    keeps: Vec<usize>,
}

/// Makes every mail, or says why it could not be made.
pub async fn render(host: Host, mails: Mails) -> Result<Vec<Result<Made>>> {
    let count = mails.templates.len();
    let Mails { templates, messages, contacts } = mails;
    let mut batch = Batch { host: &host, mails: templates.into_iter().map(Mail::new).collect(), messages, contacts };
    for (index, mail) in batch.mails.iter_mut().enumerate() {
        let checked = check_key_text("message", batch.messages.get(index))
            .and_then(|()| check_key_text("contact", batch.contacts.get(index)));
        mail.error = checked.err();
    }
    while batch.round().await {}
    let mut made = Vec::with_capacity(count);
    for index in 0..count {
        made.push(batch.fill(index).await);
    }
    batch.give_back(&made).await;
    Ok(made)
}

impl Mail {
    fn new(template: Rc<Template>) -> Self {
        let held = vec![None; template.questions().len()];
        Mail { answers: template.unanswered(), held, template, error: None, keeps: Vec::new() }
    }
}

impl Mail {
    /// Why the mail must not be read by the next engine.
    fn refused(&self, tag: usize) -> Error {
        let tag = &self.template.tags()[tag];
        let asked = &self.template.questions()[tag.question];
        let held = self.held[tag.question];
        let text = format!(
            "what \"{}\" gives here holds characters that the next engine reads as syntax, and plain text cannot hide them; release the draw, or run that engine first, with marks",
            asked.handle
        );
        let error = tag.spot.error(Code::CodeIsSyntax, text).with("pool", asked.handle.as_str());
        match held.filter(|held| held.number > 0) {
            Some(held) => error.with("slot", asked.slot.as_str()).with("number", held.number),
            None => error,
        }
    }
}

struct Batch<'a> {
    host: &'a Host,
    mails: Vec<Mail>,
    messages: Texts,
    contacts: Texts,
}

/// One code that a mail wants of a pool.
#[derive(Clone, Copy)]
struct Wanted {
    mail: usize,
    question: usize,
    falls_back: bool,
}

impl Batch<'_> {
    /// Claims what the mails want next, pool by pool in handle order. Answers whether there was anything to claim.
    async fn round(&mut self) -> bool {
        let mut wanted: Sorted<String, Vec<Wanted>> = Sorted::default();
        for (index, mail) in self.mails.iter().enumerate().filter(|(_, mail)| mail.error.is_none()) {
            for want in mail.template.wants(&mail.answers) {
                let handle = &mail.template.questions()[want.question].handle;
                let item = Wanted { mail: index, question: want.question, falls_back: want.falls_back };
                wanted.at(handle.as_str()).push(item);
            }
        }
        let any = !wanted.is_empty();
        for (handle, mut list) in wanted {
            // Mails that a pool before this one left without a code take no part.
            list.retain(|wanted| self.mails[wanted.mail].error.is_none());
            if !list.is_empty()
                && let Err(error) = self.claim(&handle, &list).await
            {
                for wanted in list {
                    self.mails[wanted.mail].error = Some(error.clone());
                }
            }
        }
        any
    }

    async fn claim(&mut self, handle: &str, list: &[Wanted]) -> Result<()> {
        let mut uses = Uses::default();
        for wanted in list {
            let slot = &self.mails[wanted.mail].template.questions()[wanted.question].slot;
            let (message, contact) = (self.messages.get(wanted.mail), self.contacts.get(wanted.mail));
            uses.push(message, contact, slot, wanted.falls_back);
        }
        let claimed = claim(self.host, handle, &uses).await?;
        let pool = &claimed.pool;
        let mut seen = vec![false; claimed.keys.len()];
        for (index, wanted) in list.iter().enumerate() {
            let again = std::mem::replace(&mut seen[claimed.unique(index)], true);
            let mail = &mut self.mails[wanted.mail];
            let Some((outcome, code, key)) = claimed.get(index) else {
                mail.error.clone_from(&claimed.failed);
                continue;
            };
            let answer = match outcome {
                Outcome::Code { number, expires_at, repeat, answers, .. } => {
                    mail.held[wanted.question] = Some(Held { key, number, answers, repeat, again });
                    Answer::Code {
                        code: code.to_owned(),
                        expires_at: pool.effective_expiry(expires_at),
                        time_zone: pool.time_zone.clone(),
                    }
                }
                Outcome::Empty | Outcome::Expired => Answer::Nothing { policy: pool.on_empty.clone() },
            };
            mail.answers[wanted.question] = Some(answer);
            if let template::Outcome::Failed(_) = mail.template.outcome(&mail.answers) {
                mail.error = Some(out_of_codes(pool, outcome, claimed.top_up.filter(|_| outcome == Outcome::Empty)));
            }
        }
        Ok(())
    }

    async fn fill(&mut self, index: usize) -> Result<Made> {
        let mail = &mut self.mails[index];
        if let Some(error) = mail.error.take() {
            return Err(error);
        }
        let requests = mail.template.dates(&mail.answers);
        let count = requests.len();
        let dates = if count == 0 { Vec::new() } else { self.host.dates(requests).await? };
        if dates.len() != count {
            return Err(Error::new(Code::Internal, "the host wrote another number of dates than it was asked for"));
        }
        let mail = &mut self.mails[index];
        let filled = mail.template.fill(&mail.answers, &dates);
        if let Some(tag) = filled.refused.first() {
            // Given back, this code would be the next one drawn, and would fail the mail of every contact in turn.
            mail.keeps = filled.shown;
            return Err(mail.refused(*tag));
        }
        let mut draws = Vec::with_capacity(filled.shown.len());
        for question in &filled.shown {
            let Some(Some(Answer::Code { code, expires_at, .. })) = mail.answers.get(*question) else { continue };
            let Some(held) = mail.held[*question] else { continue };
            let asked = &mail.template.questions()[*question];
            draws.push(MailDraw {
                handle: asked.handle.clone(),
                slot: asked.slot.clone(),
                code: code.clone(),
                expires_at: *expires_at,
                repeat: held.repeat || (held.again && held.number > 0),
                number: held.number,
            });
        }
        Ok(Made { filled, draws })
    }

    /// Gives back what was newly claimed and is not shown by any mail of this batch. What cannot be given back stays
    /// with the mail's uses: a retry shows it, and `find` finds it.
    async fn give_back(&self, made: &[Result<Made>]) {
        let mut kept: Vec<(&str, Key)> = Vec::new();
        let mut unshown: Sorted<String, Sorted<Key, Vec<Held>>> = Sorted::default();
        for (mail, made) in self.mails.iter().zip(made) {
            let shown: &[usize] = made.as_ref().map_or(&mail.keeps, |made| &made.filled.shown);
            for (question, held) in mail.held.iter().enumerate() {
                let handle = mail.template.questions()[question].handle.as_str();
                match held {
                    Some(held) if shown.contains(&question) => kept.push((handle, held.key)),
                    Some(held) if held.number > 0 && !held.again => {
                        let answers = unshown.at(handle).at(&held.key);
                        let order = |held: &Held| (held.number, held.answers);
                        let at = answers.iter().filter(|other| order(other) < order(held)).count();
                        answers.insert(at, *held);
                    }
                    _ => {}
                }
            }
        }
        for (handle, uses) in unshown {
            // The same use may be shown by another mail of the batch.
            let unshown = uses.into_iter().filter(|(key, _)| !kept.contains(&(&handle, *key)));
            let items: Vec<_> = unshown
                .filter_map(|(_, answers)| self.last_of_new(&handle, &answers))
                .map(|held| ReleaseItem { key: held.key.to_string(), number: held.number, answers: Some(held.answers) })
                .collect();
            give_back(self.host, &handle, &items).await;
        }
    }

    /// The last of this batch's answers about one use, of those since it was recorded for the batch: mails of one batch
    /// may ask about the same use in different rounds. The draw counts its answers to all of its uses, so every one in
    /// between has to be the batch's own. Behind a gap somebody else was answered, perhaps this very use: then what
    /// came before the gap is named, and the store refuses it unless that was the last answer to the use.
    fn last_of_new(&self, handle: &str, answers: &[Held]) -> Option<Held> {
        let new = answers.iter().rposition(|held| !held.repeat)?;
        let (first, more) = answers[new..].split_first()?;
        let unbroken = |last: &&Held| {
            last.number == first.number && self.count(handle, first, last) > (last.answers - first.answers) as usize
        };
        more.iter().rfind(unbroken).or(Some(first)).copied()
    }

    /// How many of a draw's answers, from one to another, are the batch's own.
    fn count(&self, handle: &str, from: &Held, to: &Held) -> usize {
        let counts = |held: &Held| {
            held.number == from.number && (from.answers..=to.answers).contains(&held.answers) && !held.again
        };
        let of_mail = |mail: &Mail| {
            let held = mail.template.questions().iter().zip(&mail.held);
            held.filter(|(question, held)| question.handle == handle && held.as_ref().is_some_and(counts)).count()
        };
        self.mails.iter().map(of_mail).sum()
    }
}
