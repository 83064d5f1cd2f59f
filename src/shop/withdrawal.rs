//! Withdrawals: codes that a shop is to delete, one handful after another, until it is known to have none of them.
//!
//! Only codes on the pool's own rule are deleted: each handful is looked for there first, and looked for again when its
//! deletion is done, so a call whose answer was lost costs a look and nothing else. Like a delivery it performs nothing
//! and knows no clock. Codes are few and nobody waits for them, so there is one call at a time.

use super::delivery::{Next, Target};
use super::pace::Pace;
use super::piece::{LOOKS, TRIES};
use super::{Call, Fault, Heard, Response, magento, shopify};
use crate::code::Texts;

/// Codes that are dealt with at a time: at Shopify, whose look-up costs a point each, at Magento as many as a line holds.
const SHOPIFY_ROUND: usize = 100;
/// Codes whose ids are looked up in one query: 150 points, which every plan has at hand.
const IDS: usize = 25;
/// The pause after a call that was lost, or a deletion that left codes there, in milliseconds; it doubles with each.
const FIRST_PAUSE: i64 = 500;

/// Codes on their way out of a shop.
pub struct Withdrawal {
    target: Target,
    pace: Pace,
    /// Those whose turn has not come.
    waiting: Vec<String>,
    /// Those that are being dealt with: what of them the shop may still have.
    round: Vec<String>,
    state: State,
    /// Not before this time.
    at: i64,
    ticket: u32,
    under_way: Option<f64>,
    losses: u32,
    /// How often codes of this round were still there after their deletion.
    in_vain: u32,
    failed: Option<Fault>,
}

enum State {
    /// The round's codes are to be looked for.
    Look,
    /// So many of them were looked up by now, which gave these ids.
    Identify(usize, Vec<String>),
    /// These are to be deleted: ids at Shopify, codes at Magento.
    Delete(Vec<String>),
    /// A job deletes them.
    Job(String),
}

impl Withdrawal {
    /// A withdrawal of codes. None where a shop cannot delete: a callback.
    pub fn new(target: Target, codes: &Texts) -> Option<Self> {
        let waiting: Vec<String> = codes.iter().map(str::to_owned).collect();
        (!matches!(target, Target::Custom(_))).then(|| Withdrawal {
            target,
            pace: Pace::default(),
            waiting,
            round: Vec::new(),
            state: State::Look,
            at: 0,
            ticket: 0,
            under_way: None,
            losses: 0,
            in_vain: 0,
            failed: None,
        })
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
        if self.under_way.is_some() {
            return Next::Wait(None);
        }
        if self.round.is_empty() {
            let most =
                if matches!(self.target, Target::Magento(_)) { magento::CODES_PER_SEARCH } else { SHOPIFY_ROUND };
            self.round = self.waiting.drain(..most.min(self.waiting.len())).collect();
            (self.state, self.in_vain) = (State::Look, 0);
        }
        if self.round.is_empty() {
            return Next::Idle;
        }
        let (cost, call) = self.call();
        match self.pace.when(cost, now).map(|at| at.max(self.at)) {
            Some(at) if at <= now => {
                self.ticket += 1;
                self.pace.sent(cost);
                self.under_way = Some(cost);
                Next::Send(self.ticket, call)
            }
            at => Next::Wait(at),
        }
    }

    /// An answer has come, or never will.
    pub fn heard(&mut self, ticket: u32, heard: &Heard, now: i64) {
        if ticket != self.ticket {
            return;
        }
        let Some(cost) = self.under_way.take() else { return };
        let status = match (&self.target, heard) {
            (Target::Shopify(_), Heard::Response(response)) => shopify::throttle(response),
            _ => None,
        };
        self.pace.heard(cost, status, now);
        let read = match heard {
            Heard::Response(response) => self.read(response, now),
            Heard::Lost(cause) => Err(Fault::Lost(Some(*cause))),
            Heard::Codes(_) => Err(Fault::Lost(None)),
        };
        match read {
            Ok(state) => (self.state, self.losses) = (state, 0),
            Err(Fault::Later(pause)) => self.pace.pause(now + pause),
            Err(Fault::Lost(_)) if self.losses + 1 < TRIES => {
                self.at = now + (FIRST_PAUSE << self.losses);
                self.losses += 1;
                // A deletion that may have happened is not repeated blindly.
                self.state = State::Look;
            }
            Err(fault) => self.failed = Some(fault),
        }
    }

    fn round(&self) -> Vec<&str> {
        self.round.iter().map(String::as_str).collect()
    }

    /// The codes whose ids are looked up next.
    fn next_ids(&self, from: usize) -> Vec<&str> {
        self.round.iter().skip(from).take(IDS).map(String::as_str).collect()
    }

    fn call(&self) -> (f64, Call) {
        let (cost, request) = match (&self.target, &self.state) {
            (Target::Magento(_), State::Delete(codes)) => (0.0, magento::delete(codes)),
            (Target::Magento(rule), _) => (0.0, magento::search(*rule, &self.round())),
            (Target::Shopify(discount), State::Delete(ids)) => (shopify::ADD_COST, shopify::delete(discount, ids)),
            (_, State::Job(job)) => (shopify::OBJECT_COST, shopify::deletion(job)),
            (_, State::Identify(from, _)) => {
                let codes = self.next_ids(*from);
                (shopify::CODE_ID_COST * codes.len() as f64, shopify::code_ids(&codes))
            }
            _ => (shopify::OBJECT_COST * self.round.len() as f64, shopify::lookup(&self.round())),
        };
        (cost, Call::Http(request))
    }

    fn read(&mut self, response: &Response, now: i64) -> Result<State, Fault> {
        let state = match (&self.target, &self.state) {
            (Target::Magento(rule), State::Look) => {
                self.round = magento::read_search(response, *rule, &self.round)?;
                State::Delete(self.round.clone())
            }
            (Target::Magento(_), _) => {
                magento::deleted(response)?;
                return self.look_again(now);
            }
            (Target::Shopify(discount), State::Look) => {
                let places = shopify::read_lookup(response, self.round.len())?;
                let found = self.round.drain(..).zip(places);
                self.round =
                    found.filter(|(_, place)| place.as_ref() == Some(discount)).map(|(code, _)| code).collect();
                State::Identify(0, Vec::new())
            }
            (Target::Shopify(discount), State::Identify(from, ids)) => {
                let codes = self.next_ids(*from);
                let mut ids = ids.clone();
                ids.extend(shopify::read_code_ids(response, discount, &codes)?.into_iter().flatten());
                match from + codes.len() {
                    from if from < self.round.len() => State::Identify(from, ids),
                    // Gone meanwhile, or not to be found yet: the shop's search may lag behind.
                    _ if ids.is_empty() => return self.look_again(now),
                    _ => State::Delete(ids),
                }
            }
            (Target::Shopify(_), State::Delete(_)) => match shopify::deleted(response)? {
                Some(job) => {
                    self.at = now + 2 * *LOOKS.start();
                    State::Job(job)
                }
                None => return self.look_again(now),
            },
            (_, State::Job(job)) => match shopify::read_deletion(response)? {
                true => return self.look_again(now),
                false => {
                    self.at = now + 4 * *LOOKS.start();
                    State::Job(job.clone())
                }
            },
            _ => State::Look,
        };
        Ok(state)
    }

    /// Only a look tells that codes are gone. Not for ever, though.
    fn look_again(&mut self, now: i64) -> Result<State, Fault> {
        self.in_vain += 1;
        if self.in_vain > TRIES {
            let left = self.round.len();
            return Err(Fault::Refused(format!("{left} codes are still at the shop after their deletion")));
        }
        // The first look comes at once: most deletions work.
        if self.in_vain > 1 {
            self.at = now + (FIRST_PAUSE << (self.in_vain - 2));
        }
        Ok(State::Look)
    }
}
