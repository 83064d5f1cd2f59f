//! Nobody shares a code, and a retry is the same draw.

use std::collections::{BTreeMap, BTreeSet};

use coupon_pools::flow::HostTraits;
use coupon_pools::flow::step::{Claim, ClaimAnswer, Outcome, Release, ReleaseOutcome};
use coupon_pools::pool::document::{Kind, OnEmpty, Reuse};
use coupon_pools::pool::stock::is_drawable;

use super::{Answered, Heard, Use, ensure};
use crate::chance::Chance;
use crate::orders::{Order, Showing};
use crate::schedule::Kept;
use crate::store::{Place, Store};

/// Who holds what, by the store's answers, and who was told what, by the flows'.
#[derive(Default)]
pub(crate) struct Draws {
    /// What each use holds.
    pub(super) held: BTreeMap<Use, Held>,
    /// What callers were told as part of a mail or draw that succeeded, until the host takes it back.
    told: BTreeMap<Use, (u64, String)>,
    /// Draws that the host took back.
    recalled: BTreeSet<(Use, u64)>,
    /// The highest number of each pool.
    highest: BTreeMap<String, u64>,
    /// Who stands behind a use's key.
    people: BTreeMap<String, Showing>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) number: u64,
    pub(super) code: String,
    /// Contact and slot, where the contact holds it.
    holder: Option<(String, String)>,
    expires_at: Option<i64>,
}

impl Draws {
    pub(super) fn claimed(
        &mut self,
        request: &Claim,
        answer: &ClaimAnswer,
        store: &Store,
        limits: &HostTraits,
        heard: &mut Heard,
    ) -> Kept {
        let Some(pool) = store.pools.get(&request.pool) else { return Ok(()) };
        let document = &pool.document;
        heard.saw(&request.pool, document);
        let ClaimAnswer::Claimed { outcomes, remaining, added, .. } = answer else { return Ok(()) };
        ensure!(request.version == document.version, "a claim of old settings drew");
        ensure!(document.kind != Kind::Fixed, "a claim for a fixed pool reached the store");
        ensure!(!document.archived, "an archived pool gave codes");
        let settings = (request.reuse, request.expires_at, request.min_validity);
        ensure!(
            settings == (document.reuse, document.expires_at, document.min_validity),
            "a claim names other settings than its version has"
        );
        ensure!(request.uses.len() <= limits.claim_items, "a claim of {} items", request.uses.len());
        let different: BTreeSet<_> = request.uses.iter().collect();
        ensure!(different.len() == request.uses.len(), "a claim names a use twice");
        ensure!(
            document.on_empty == OnEmpty::Stop
                || document.kind == Kind::Dynamic
                || request.falls_back.iter().all(|counts| *counts),
            "an omission or a fallback is not counted"
        );
        for (at, outcome) in outcomes.items.iter().enumerate() {
            self.decided(request, at, *outcome, outcomes.codes.get(at), store, heard)?;
        }
        let free: Vec<_> = pool.codes.iter().filter(|code| pool.is_free(code)).collect();
        let drawable =
            |expires_at: Option<i64>| is_drawable(expires_at.or(request.expires_at), request.min_validity, request.now);
        let left = free.iter().filter(|code| drawable(code.expires_at)).count() as u64;
        let present = pool.codes.iter().filter(|code| pool.is_present(code)).count() as u64;
        ensure!((*remaining, *added) == (left, present), "a claim tells {remaining} of {added}: {left} of {present}");
        ensure!(left == 0 || !outcomes.items.contains(&Outcome::Empty), "empty, but {left} codes are left");
        Ok(())
    }

    fn decided(
        &mut self,
        request: &Claim,
        at: usize,
        outcome: Outcome,
        code: &str,
        store: &Store,
        heard: &mut Heard,
    ) -> Kept {
        let key = request.uses[at].to_string();
        let (contact, slot) = (request.contacts.get(at).to_owned(), request.slots.get(at).to_owned());
        let message = request.messages.get(at).to_owned();
        self.people.insert(key.clone(), Showing { message, contact: contact.clone(), slot: slot.clone() });
        let place = (request.pool.clone(), key);
        let holder = (request.reuse != Reuse::PerMessage).then_some((contact, slot));
        let known = self.held.get(&place).cloned();
        let mine = |held: &&Held| holder.is_some() && held.holder == holder;
        let in_pool = || self.held.iter().filter(|((pool, _), _)| *pool == request.pool).map(|(_, held)| held);
        let Outcome::Code { number, expires_at, repeat, fresh, answers } = outcome else {
            ensure!(known.is_none(), "use {place:?} held {known:?} and a retry got nothing");
            let valid =
                in_pool().filter(mine).any(|held| is_drawable(held.expires_at.or(request.expires_at), 0, request.now));
            ensure!(!valid, "the holder of {place:?} has a valid code and got nothing");
            let expired = request.reuse == Reuse::PerContact && in_pool().filter(mine).count() > 0;
            ensure!((outcome == Outcome::Expired) == expired, "{place:?}: {outcome:?}");
            heard.hears(place, Answered { code: None, new: false, first: 0, last: 0, order: 0, counts: true });
            return Ok(());
        };
        let now = Held { number, code: code.to_owned(), holder: holder.clone(), expires_at };
        match (repeat, fresh) {
            (true, _) => ensure!(known.as_ref() == Some(&now), "a retry of {place:?} got {now:?} instead of {known:?}"),
            (false, false) => {
                ensure!(known.is_none(), "{place:?} was answered before");
                ensure!(in_pool().any(|held| *held == now && holder.is_some()), "{place:?} shares {now:?}");
                ensure!(
                    is_drawable(expires_at.or(request.expires_at), 0, request.now),
                    "{place:?} got an expired code"
                );
            }
            (false, true) => {
                ensure!(known.is_none(), "{place:?} was answered before");
                let highest = self.highest.get(&request.pool).copied().unwrap_or(0);
                ensure!(number > highest, "number {number} of {} was used before", request.pool);
                let other = self.held.iter().find(|((pool, _), held)| *pool == request.pool && held.code == code);
                ensure!(other.is_none(), "{place:?} got {code}, which is held: {other:?}");
                let other = self.told.iter().find(|((pool, _), (_, told))| *pool == request.pool && told == code);
                ensure!(other.is_none(), "{place:?} got {code}, which somebody was told: {other:?}");
                let valid = is_drawable(expires_at.or(request.expires_at), request.min_validity, request.now);
                ensure!(valid, "{place:?} drew an expired code");
                let had = in_pool()
                    .filter(mine)
                    .any(|held| is_drawable(held.expires_at.or(request.expires_at), 0, request.now));
                ensure!(!had, "{place:?}: the holder has a valid code and drew another");
                self.highest.insert(request.pool.clone(), number);
            }
        }
        let pool = store.pools.get(&request.pool);
        let shown = expires_at.or(pool.and_then(|pool| pool.document.expires_at));
        let order = pool.and_then(|pool| pool.uses.get(&place.1)).map_or(0, |known| known.order);
        let before = heard.answers.get(&place).filter(|before| before.order == order);
        let new = !repeat || before.is_some_and(|before| before.new);
        let first = before.map_or(answers, |before| before.first);
        let answered =
            Answered { code: Some((code.to_owned(), number, shown)), new, first, last: answers, order, counts: true };
        heard.counted.insert((request.pool.clone(), number, answers));
        heard.hears(place.clone(), answered);
        self.held.insert(place, now);
        Ok(())
    }

    pub(super) fn released(
        &mut self,
        request: &Release,
        outcomes: &[ReleaseOutcome],
        limits: &HostTraits,
        heard: &Heard,
    ) -> Kept {
        ensure!(request.items.len() <= limits.claim_items, "a release of {} items", request.items.len());
        let by_host = matches!(*heard.order, Order::Release { .. });
        ensure!(
            request.items.iter().all(|item| item.answers.is_none() == by_host),
            "only the host's word takes a draw back whatever happened since: {request:?}"
        );
        for (item, outcome) in request.items.iter().zip(outcomes).filter(|(_, outcome)| outcome.released) {
            let place = (request.pool.clone(), item.key.clone());
            let held = self.held.remove(&place);
            ensure!(held.as_ref().is_some_and(|held| held.number == item.number), "released {item:?} of {held:?}");
            let shared = self.held.iter().any(|((pool, _), held)| *pool == request.pool && held.number == item.number);
            ensure!(outcome.freed != shared, "{item:?}: freed {}, shown elsewhere {shared}", outcome.freed);
            if item.answers.is_none() {
                self.recalled.insert((place.clone(), item.number));
                self.told.remove(&place);
            }
            ensure!(!self.told.contains_key(&place), "{place:?} was taken back after somebody had been told");
        }
        Ok(())
    }

    /// A caller is told that this use shows this code.
    pub(super) fn tell(&mut self, place: Use, number: u64, code: &str) -> Kept {
        if self.recalled.contains(&(place.clone(), number)) {
            return Ok(());
        }
        let held = self.held.get(&place);
        let right = held.is_some_and(|held| (held.number, held.code.as_str()) == (number, code));
        ensure!(right, "{place:?} is told {code} (number {number}) and holds {held:?}");
        let before = self.told.get(&place);
        ensure!(
            before.is_none_or(|before| *before == (number, code.to_owned())),
            "{place:?} is told {code} and was told {before:?}"
        );
        let mine = |use_key: &str| self.people.get(use_key).map(|showing| (&showing.contact, &showing.slot));
        let other = self.told.iter().find(|((pool, other), (known, told))| {
            *pool == place.0 && told == code && (*known != number || mine(other) != mine(&place.1))
        });
        ensure!(other.is_none(), "{place:?} is told {code}, which was told to {other:?}");
        self.told.insert(place, (number, code.to_owned()));
        Ok(())
    }

    /// Nothing that a flow was newly given and did not show may still be held, unless somebody else was answered it: the
    /// use since, or, between two answers about the use, its draw, which may have been the use as far as the flow knows.
    pub(super) fn nothing_kept(&self, heard: &Heard, shown: &BTreeSet<Use>, store: &Store) -> Kept {
        let unshown = heard.answers.iter().filter(|(place, answered)| answered.new && !shown.contains(place));
        for (place, answered) in unshown {
            let pool = store.pools.get(&place.0);
            let known = pool.and_then(|pool| pool.uses.get(&place.1));
            let number = answered.code.as_ref().map(|(_, number, _)| *number);
            let redeemed = pool.zip(number).is_some_and(|(pool, number)| pool.is_redeemed(number));
            let kept = known.is_some_and(|known| (known.order, known.answers) == (answered.order, answered.last));
            let of_draw = |answers| (place.0.clone(), number.unwrap_or(0), answers);
            let own = heard.counted.range(of_draw(answered.first)..=of_draw(answered.last)).count();
            let kept = kept && own as u32 == answered.last - answered.first + 1;
            ensure!(!kept || redeemed, "{place:?} is not shown and holds {:?}", answered.code);
        }
        Ok(())
    }

    pub(super) fn told_by_chance(&self, chance: &mut Chance) -> Option<(String, Showing, u64, String)> {
        let (place, (number, code)) = self.told.iter().nth(chance.below(self.told.len()))?;
        Some((place.0.clone(), self.people.get(&place.1)?.clone(), *number, code.clone()))
    }

    pub(super) fn all_told(&self) -> BTreeMap<String, Vec<Showing>> {
        let mut all: BTreeMap<String, Vec<Showing>> = BTreeMap::new();
        for (pool, key) in self.told.keys() {
            all.entry(pool.clone()).or_default().extend(self.people.get(key).cloned());
        }
        all
    }

    /// Whether the store's uses are those that were answered and not taken back.
    pub(super) fn agree(&self, handle: &str, store: &Store) -> Kept {
        let Some(pool) = store.pools.get(handle) else { return Ok(()) };
        let held = self.held.iter().filter(|((pool, _), _)| pool == handle);
        ensure!(held.clone().count() == pool.uses.len(), "uses of {handle} came or went by themselves");
        for ((_, key), held) in held {
            let number = pool.uses.get(key).map(|known| known.number);
            let code = number.and_then(|number| pool.draws.get(&number)).map(|draw| &pool.codes[draw.code]);
            let same = code.is_some_and(|code| code.text == held.code && code.place == Place::Held(held.number));
            ensure!(same, "{held:?} of {handle} is not what the store holds: {code:?}");
        }
        Ok(())
    }
}
