//! Claims and releases, in the order in which the contract decides them.

use coupon_pools::flow::step::{Claim, ClaimAnswer, Outcome, Outcomes, Release, ReleaseItem, ReleaseOutcome};
use coupon_pools::pool::document::Reuse;
use coupon_pools::pool::forecast::HOUR;
use coupon_pools::pool::stock::is_drawable;

use super::{BatchState, Draw, Place, Pool, Store, Use};

impl Store {
    pub(super) fn claim(&mut self, request: &Claim) -> ClaimAnswer {
        let Some(pool) = self.pools.get_mut(&request.pool) else { return ClaimAnswer::Stale(None) };
        if pool.document.version != request.version {
            return ClaimAnswer::Stale(Some(pool.document.clone()));
        }
        let mut outcomes = Outcomes::default();
        for at in 0..request.uses.len() {
            let (outcome, code) = pool.claim_one(request, at);
            if request.falls_back[at] && !matches!(outcome, Outcome::Code { .. }) {
                pool.fell_back += 1;
            }
            outcomes.items.push(outcome);
            outcomes.codes.push(code.map_or("", |code| &pool.codes[code].text));
        }
        let (mut remaining, mut added) = (0, 0);
        for sum in pool.sums.values() {
            added += sum.added - sum.undone;
            if is_drawable(sum.expires_at.or(request.expires_at), request.min_validity, request.now) {
                remaining += sum.free();
            }
        }
        ClaimAnswer::Claimed { outcomes, remaining, added, alerts: pool.alerts.clone() }
    }

    pub(super) fn release(&mut self, request: &Release) -> Vec<ReleaseOutcome> {
        let refused = || ReleaseOutcome { released: false, freed: false, reason: Some("unknown-use".to_owned()) };
        match self.pools.get_mut(&request.pool) {
            Some(pool) => request.items.iter().map(|item| pool.release_one(item)).collect(),
            None => request.items.iter().map(|_| refused()).collect(),
        }
    }
}

impl Pool {
    fn claim_one(&mut self, request: &Claim, at: usize) -> (Outcome, Option<usize>) {
        let key = request.uses[at].to_string();
        if let Some(number) = self.uses.get(&key).map(|known| known.number) {
            return self.answer(&key, number, true, false);
        }
        let holder = (request.reuse != Reuse::PerMessage).then(|| request.holders[at].to_string());
        let current = holder.as_ref().and_then(|holder| self.holders.get(holder)).copied();
        let valid = current.is_some_and(|number| {
            let expires_at = self.codes[self.draws[&number].code].expires_at;
            is_drawable(expires_at.or(request.expires_at), 0, request.now)
        });
        if current.is_some() && !valid && request.reuse == Reuse::PerContact {
            return (Outcome::Expired, None);
        }
        let (number, fresh) = match current.filter(|_| valid) {
            Some(number) => (number, false),
            None => match self.next_free(request) {
                Some(code) => (self.draw(code, holder, request.now), true),
                None => return (Outcome::Empty, None),
            },
        };
        self.uses_ever += 1;
        let known = Use {
            number,
            answers: 0,
            order: self.uses_ever,
            contact: Some(request.contacts.get(at).to_owned()),
            message: Some(request.messages.get(at).to_owned()),
            slot: request.slots.get(at).to_owned(),
        };
        self.uses.insert(key.clone(), known);
        self.answer(&key, number, false, fresh)
    }

    fn answer(&mut self, key: &str, number: u64, repeat: bool, fresh: bool) -> (Outcome, Option<usize>) {
        let draw = self.draws.get_mut(&number).expect("a use has its draw");
        draw.answers += 1;
        let (code, answers) = (draw.code, draw.answers);
        self.uses.get_mut(key).expect("the use was recorded").answers = answers;
        let expires_at = self.codes[code].expires_at;
        (Outcome::Code { number, expires_at, repeat, fresh, answers }, Some(code))
    }

    /// Of the lot that expires first, then of the oldest batch: one that was given back, else the next in order.
    fn next_free(&self, request: &Claim) -> Option<usize> {
        let free = self.codes.iter().enumerate().filter(|(_, code)| {
            matches!(code.place, Place::Free | Place::Returned)
                && self.batches[code.batch].state == BatchState::Committed
                && is_drawable(code.expires_at.or(request.expires_at), request.min_validity, request.now)
        });
        let order = free.map(|(index, code)| {
            let expiry = code.expires_at.or(request.expires_at).unwrap_or(i64::MAX);
            ((expiry, code.batch, code.expires_at, code.place != Place::Returned, index), index)
        });
        order.min().map(|(_, index)| index)
    }

    fn draw(&mut self, code: usize, holder: Option<String>, now: i64) -> u64 {
        self.numbers += 1;
        let number = self.numbers;
        self.codes[code].place = Place::Held(number);
        let expires_at = self.codes[code].expires_at;
        self.sum(expires_at).assigned += 1;
        *self.usage.entry(now.div_euclid(HOUR) * HOUR).or_default() += 1;
        if let Some(holder) = &holder {
            self.holders.insert(holder.clone(), number);
        }
        self.draws.insert(number, Draw { code, holder, at: now, redeemed_at: None, answers: 0 });
        number
    }

    fn release_one(&mut self, item: &ReleaseItem) -> ReleaseOutcome {
        let refused = |reason: &str| ReleaseOutcome { released: false, freed: false, reason: Some(reason.to_owned()) };
        let Some(known) = self.uses.get(&item.key) else { return refused("unknown-use") };
        if known.number != item.number {
            return refused("other-number");
        }
        if item.answers.is_some_and(|answers| answers != known.answers) {
            return refused("answered-since");
        }
        let draw = &self.draws[&item.number];
        if draw.redeemed_at.is_some() {
            return refused("redeemed");
        }
        let code = draw.code;
        self.uses.remove(&item.key);
        let freed = !self.uses.values().any(|other| other.number == item.number);
        if freed {
            self.free(item.number, code);
        }
        ReleaseOutcome { released: true, freed, reason: None }
    }

    fn free(&mut self, number: u64, code: usize) {
        let draw = self.draws.remove(&number);
        if let Some(holder) = draw.and_then(|draw| draw.holder)
            && self.holders.get(&holder) == Some(&number)
        {
            self.holders.remove(&holder);
        }
        let undone = self.batches[self.codes[code].batch].state == BatchState::Undone;
        self.codes[code].place = if undone { Place::Gone } else { Place::Returned };
        let expires_at = self.codes[code].expires_at;
        let sum = self.sum(expires_at);
        sum.assigned -= 1;
        sum.undone += u64::from(undone);
    }
}
