//! Deliveries: codes on their way into a shop, piece by piece, until the shop is known to have each of them.
//!
//! A piece is what one call takes. Pieces settle in any order and can be sent again without harm: a code that a lost
//! call added is found by looking it up. A delivery performs nothing and knows no clock; it says what to send or how
//! long to wait ([`Delivery::next`]) and is told what was heard.

use std::collections::VecDeque;

use super::pace::Pace;
use super::piece::{LOOKS, Piece, State, TRIES};
use super::shopify::{self, Job};
use super::{Call, Fault, Heard, Kind, Order, Response, Rule, custom, magento};
use crate::code::Texts;
use crate::record::Value;

/// Jobs that Shopify is given at a time: two seconds of the largest plan, and what a crash leaves in doubt.
const SHOPIFY_PIECES: usize = 192;
/// Codes that Magento is sent at a time: PHP workers of a small shop are not all ours.
const MAGENTO_PIECES: usize = 8;
/// Orders under way at a time at a callback: it may not expect two.
const CUSTOM_PIECES: usize = 1;
/// Calls under way at a time.
const CALLS: u32 = 16;
/// Jobs asked after in one query.
const JOBS_ASKED: usize = 25;
/// How long after its start a job is first asked after, at first; later by how long jobs take. In milliseconds.
const FIRST_LOOK: i64 = 1_000;
/// How many calls may be lost in a row while the rule is read: there a shop that is down is found out.
const RULE_TRIES: u32 = 4;
/// The pause after a call that was lost; it doubles with each.
const FIRST_PAUSE: i64 = 500;

/// What is needed next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// This is to be sent; its answer comes under this ticket.
    Send(u32, Call),
    /// Nothing, until an answer comes, or until this time if there is one.
    Wait(Option<i64>),
    /// Nothing is left to do.
    Idle,
}

/// A piece that the shop is known to have.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// Its number.
    pub number: u32,
    /// Which of its codes are not ours: somebody else had them before.
    pub foreign: Vec<u32>,
    /// The codes, where the shop made them.
    pub codes: Option<Texts>,
}

/// Codes on their way into a shop.
pub struct Delivery {
    target: Target,
    pace: Pace,
    pieces: Vec<Piece>,
    /// Calls that were sent, by ticket.
    tickets: Vec<Ticket>,
    last_ticket: u32,
    settled: VecDeque<Settled>,
    rule: RuleState,
    /// Lost in a row while the rule was read.
    rule_losses: u32,
    /// How long jobs take, as far as it is known.
    job_time: i64,
    failed: Option<Fault>,
}

/// Where the codes go.
#[derive(Clone, Debug)]
pub enum Target {
    /// To this discount.
    Shopify(String),
    /// To this rule.
    Magento(u64),
    /// To a callback: the order without its number, count and suggested codes.
    Custom(Order),
}

impl Target {
    /// How many codes may be sent at most beyond what is stored, whatever the shop: as many as a delivery has under way.
    pub const MOST_AHEAD: u64 = SHOPIFY_PIECES as u64 * shopify::CODES_PER_CALL as u64;

    /// The target of a rule as users write it; none if it cannot be one.
    pub fn of(kind: Kind, entry: &str, rule: &str, pattern: Value) -> Option<Self> {
        match kind {
            Kind::Shopify => shopify::discount_id(rule).map(Target::Shopify),
            Kind::Magento => magento::rule_id(rule).map(Target::Magento),
            Kind::Custom => {
                let (id, rule) = (entry.to_owned(), rule.to_owned());
                Some(Target::Custom(Order { id, rule, count: 0, pattern, suggested: Texts::default() }))
            }
        }
    }

    /// Codes in a piece, unless the host says otherwise.
    pub fn codes_per_call(&self) -> u32 {
        match self {
            Target::Shopify(_) => shopify::CODES_PER_CALL,
            Target::Magento(_) => 1,
            Target::Custom(_) => custom::CODES_PER_ORDER,
        }
    }

    fn pieces(&self) -> usize {
        match self {
            Target::Shopify(_) => SHOPIFY_PIECES,
            Target::Magento(_) => MAGENTO_PIECES,
            Target::Custom(_) => CUSTOM_PIECES,
        }
    }
}

enum RuleState {
    Unread,
    Asking,
    Read(Rule),
}

struct Ticket {
    number: u32,
    cost: f64,
    about: About,
}

enum About {
    Rule,
    /// Numbers of pieces.
    Pieces(Vec<u32>),
}

impl Delivery {
    /// A delivery with nothing in it. The rule is read first.
    pub fn new(target: Target) -> Self {
        let rule =
            if matches!(target, Target::Custom(_)) { RuleState::Read(Rule::default()) } else { RuleState::Unread };
        Delivery {
            target,
            pace: Pace::default(),
            pieces: Vec::new(),
            tickets: Vec::new(),
            last_ticket: 0,
            settled: VecDeque::new(),
            rule,
            rule_losses: 0,
            job_time: FIRST_LOOK,
            failed: None,
        }
    }

    /// The rule, once it is read.
    pub fn rule(&self) -> Option<&Rule> {
        match &self.rule {
            RuleState::Read(rule) => Some(rule),
            _ => None,
        }
    }

    /// Whether it would take another piece now.
    pub fn has_room(&self) -> bool {
        self.failed.is_none() && self.rule().is_some() && self.pieces.len() < self.target.pieces()
    }

    /// Takes one more piece.
    pub fn push(&mut self, number: u32, codes: Texts) {
        self.pieces.push(Piece::new(number, codes));
    }

    /// The next piece that the shop is known to have.
    pub fn settled(&mut self) -> Option<Settled> {
        self.settled.pop_front()
    }

    /// Why nothing more is sent.
    pub fn fault(&self) -> Option<&Fault> {
        self.failed.as_ref()
    }

    /// What is needed next.
    pub fn next(&mut self, now: i64) -> Next {
        if self.failed.is_some() {
            return Next::Idle;
        }
        if matches!(self.rule, RuleState::Unread) {
            return self.send_rule(now);
        }
        let mut wake: Option<i64> = None;
        if self.pace.calls() < CALLS {
            for index in self.in_turn() {
                let piece = &self.pieces[index];
                let at = match self.pace.when(self.cost(piece), now) {
                    Some(at) => at.max(piece.at),
                    None => continue,
                };
                if at <= now {
                    return self.send(index, now);
                }
                wake = Some(wake.map_or(at, |wake| wake.min(at)));
                // What comes first in turn is not overtaken by something cheaper.
                if piece.at <= now {
                    break;
                }
            }
        }
        if self.pieces.is_empty() && self.tickets.is_empty() { Next::Idle } else { Next::Wait(wake) }
    }

    /// An answer has come, or never will.
    pub fn heard(&mut self, ticket: u32, heard: Heard, now: i64) {
        let Some(at) = self.tickets.iter().position(|known| known.number == ticket) else { return };
        let Ticket { cost, about, .. } = self.tickets.swap_remove(at);
        let status = match (&self.target, &heard) {
            (Target::Shopify(_), Heard::Response(response)) => shopify::throttle(response),
            _ => None,
        };
        self.pace.heard(cost, status, now);
        let outcome = match about {
            About::Rule => self.heard_rule(&heard, now),
            About::Pieces(numbers) => self.heard_pieces(&numbers, &heard, now),
        };
        if let Err(fault) = outcome {
            self.failed.get_or_insert(fault);
        }
    }

    fn send_rule(&mut self, now: i64) -> Next {
        match self.pace.when(shopify::RULE_COST, now) {
            Some(at) if at <= now => {}
            at => return Next::Wait(at),
        }
        let request = match &self.target {
            Target::Shopify(discount) => shopify::rule(discount),
            Target::Magento(rule) => magento::rule(*rule),
            Target::Custom(_) => return Next::Idle,
        };
        self.rule = RuleState::Asking;
        self.ticket(shopify::RULE_COST, About::Rule, Call::Http(request))
    }

    fn heard_rule(&mut self, heard: &Heard, now: i64) -> Result<(), Fault> {
        let read = match &self.target {
            Target::Shopify(_) => response(heard).and_then(shopify::read_rule),
            Target::Magento(_) => response(heard).and_then(magento::read_rule),
            Target::Custom(_) => Ok(Rule::default()),
        };
        self.rule = RuleState::Unread;
        match read {
            Ok(rule) => self.rule = RuleState::Read(rule),
            Err(Fault::Later(pause)) => self.pace.pause(now + pause),
            Err(Fault::Lost(_)) if self.rule_losses + 1 < RULE_TRIES => {
                self.pace.pause(now + (FIRST_PAUSE << self.rule_losses));
                self.rule_losses += 1;
            }
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    /// Which pieces may be asked for, the most advanced first: what is nearly done makes room.
    fn in_turn(&self) -> Vec<usize> {
        let rank = |state: &State| match state {
            State::Refused(_) => 0,
            State::Doubtful(_) => 1,
            State::Job(..) => 2,
            State::Fresh => 3,
            State::Asking(_) => 4,
        };
        let mut turn: Vec<usize> = (0..self.pieces.len()).filter(|at| rank(&self.pieces[*at].state) < 4).collect();
        turn.sort_by_key(|at| (rank(&self.pieces[*at].state), self.pieces[*at].number));
        turn
    }

    fn cost(&self, piece: &Piece) -> f64 {
        match (&self.target, &piece.state) {
            (Target::Shopify(_), State::Fresh) => shopify::ADD_COST,
            (Target::Shopify(_), State::Doubtful(_)) => shopify::OBJECT_COST * piece.open.len() as f64,
            (Target::Shopify(_), State::Refused(_)) => shopify::FAILURES_COST,
            (Target::Shopify(_), _) => shopify::OBJECT_COST,
            _ => 0.0,
        }
    }

    fn send(&mut self, index: usize, now: i64) -> Next {
        let piece = &self.pieces[index];
        let open = || piece.open.iter().map(|at| piece.codes.get(*at as usize));
        let first = || open().next().unwrap_or_default();
        let mut asked = vec![index];
        let call = match (&self.target, &piece.state) {
            (Target::Shopify(discount), State::Fresh) => Call::Http(shopify::add(discount, open())),
            (Target::Shopify(_), State::Doubtful(_)) => Call::Http(shopify::lookup(&open().collect::<Vec<_>>())),
            (Target::Shopify(_), State::Refused(job)) => Call::Http(shopify::failures(job)),
            (Target::Shopify(_), _) => {
                // One question for all jobs that are due.
                let due = |piece: &Piece| piece.at <= now && matches!(piece.state, State::Job(..));
                asked = (0..self.pieces.len()).filter(|at| due(&self.pieces[*at])).take(JOBS_ASKED).collect();
                let ids = asked.iter().filter_map(|at| match &self.pieces[*at].state {
                    State::Job(id, ..) => Some(id.as_str()),
                    _ => None,
                });
                Call::Http(shopify::jobs(&ids.collect::<Vec<_>>()))
            }
            (Target::Magento(rule), State::Fresh) => Call::Http(magento::add(*rule, first())),
            (Target::Magento(_), _) => Call::Http(magento::lookup(first())),
            (Target::Custom(order), _) => Call::Order(Order {
                id: format!("{}-{}", order.id, piece.number),
                count: piece.codes.len() as u32,
                suggested: piece.codes.clone(),
                ..order.clone()
            }),
        };
        let cost = asked.iter().map(|at| self.cost(&self.pieces[*at])).sum();
        for at in &asked {
            let piece = &mut self.pieces[*at];
            piece.sent += u32::from(piece.state == State::Fresh);
            let before = std::mem::replace(&mut piece.state, State::Fresh);
            piece.state = State::Asking(Box::new(before));
        }
        let numbers = asked.iter().map(|at| self.pieces[*at].number).collect();
        self.ticket(cost, About::Pieces(numbers), call)
    }

    fn ticket(&mut self, cost: f64, about: About, call: Call) -> Next {
        self.last_ticket += 1;
        self.pace.sent(cost);
        self.tickets.push(Ticket { number: self.last_ticket, cost, about });
        Next::Send(self.last_ticket, call)
    }

    fn heard_pieces(&mut self, numbers: &[u32], heard: &Heard, now: i64) -> Result<(), Fault> {
        let outcome = self.read(numbers, heard, now);
        for number in numbers {
            let Some(at) = self.pieces.iter().position(|piece| piece.number == *number) else { continue };
            let piece = &mut self.pieces[at];
            // Where nothing was learned it is as before, after a pause.
            if let State::Asking(before) = &mut piece.state {
                piece.state = std::mem::replace(before, State::Fresh);
            }
            match &outcome {
                Err(Fault::Lost(cause)) if piece.losses + 1 >= TRIES => return Err(Fault::Lost(*cause)),
                Err(Fault::Lost(_)) => {
                    piece.at = now + (FIRST_PAUSE << piece.losses);
                    piece.losses += 1;
                }
                Err(Fault::Later(_)) => piece.sent -= u32::from(piece.state == State::Fresh),
                _ => piece.losses = 0,
            }
            if piece.open.is_empty() {
                let Piece { number, foreign, .. } = self.pieces.swap_remove(at);
                self.settled.push_back(Settled { number, foreign, codes: None });
            }
        }
        match outcome {
            Err(Fault::Later(pause)) => {
                self.pace.pause(now + pause);
                Ok(())
            }
            Err(Fault::Lost(_)) | Ok(()) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// What the answer says about pieces. Nothing is changed where it says nothing.
    fn read(&mut self, numbers: &[u32], heard: &Heard, now: i64) -> Result<(), Fault> {
        let Some(first) = self.pieces.iter().position(|piece| numbers.first() == Some(&piece.number)) else {
            return Ok(());
        };
        let State::Asking(before) = &self.pieces[first].state else { return Ok(()) };
        let before = (**before).clone();
        if let Target::Custom(_) = self.target {
            return self.read_order(first, heard);
        }
        let response = response(heard)?;
        let piece = &mut self.pieces[first];
        match (&self.target, before) {
            (Target::Shopify(_), State::Fresh) => {
                let (id, job) = shopify::added(response)?;
                piece.went(id, job, now, now, (0, self.job_time));
            }
            (Target::Shopify(_), State::Job(..)) => {
                let jobs = shopify::read_jobs(response, numbers.len())?;
                for (number, job) in numbers.iter().zip(jobs) {
                    let piece = self.pieces.iter_mut().find(|piece| piece.number == *number);
                    if let Some(piece) = piece
                        && let State::Asking(before) = &piece.state
                        && let State::Job(id, since, looks) = (**before).clone()
                    {
                        // Later the next time after a look in vain, else a little sooner: most jobs are asked after once.
                        let time = match job {
                            Job::Running => self.job_time.max((now - since) * 5 / 4),
                            Job::Added | Job::Failed => self.job_time - self.job_time / 400,
                        };
                        self.job_time = time.clamp(*LOOKS.start(), *LOOKS.end());
                        piece.went(id, job, since, now, (looks + 1, self.job_time / 4));
                    }
                }
            }
            (Target::Shopify(discount), State::Doubtful(job)) => {
                let places = shopify::read_lookup(response, piece.open.len())?;
                let open = std::mem::take(&mut piece.open);
                for (at, place) in open.into_iter().zip(places) {
                    match place {
                        Some(place) if place == *discount => {}
                        Some(_) => piece.foreign.push(at),
                        None => piece.open.push(at),
                    }
                }
                piece.missing(job);
            }
            (Target::Shopify(_), State::Refused(_)) => piece.again(shopify::read_failures(response)?)?,
            (Target::Magento(_), State::Fresh) => match magento::added(response)? {
                true => piece.open.clear(),
                false => piece.state = State::Doubtful(None),
            },
            (Target::Magento(rule), _) => match magento::read_lookup(response)? {
                Some(place) => {
                    let open = std::mem::take(&mut piece.open);
                    piece.foreign.extend(open.into_iter().filter(|_| place != *rule));
                }
                None => piece.again(None)?,
            },
            _ => {}
        }
        Ok(())
    }

    fn read_order(&mut self, at: usize, heard: &Heard) -> Result<(), Fault> {
        let codes = match heard {
            Heard::Codes(codes) => custom::read_codes(codes, self.pieces[at].codes.len())?,
            Heard::Lost(cause) => return Err(Fault::Lost(Some(*cause))),
            Heard::Response(_) => return Err(Fault::Lost(None)),
        };
        let Piece { number, .. } = self.pieces.swap_remove(at);
        self.settled.push_back(Settled { number, foreign: Vec::new(), codes: Some(codes) });
        Ok(())
    }
}

fn response(heard: &Heard) -> Result<&Response, Fault> {
    match heard {
        Heard::Response(response) => Ok(response),
        Heard::Lost(cause) => Err(Fault::Lost(Some(*cause))),
        Heard::Codes(_) => Err(Fault::Lost(None)),
    }
}
