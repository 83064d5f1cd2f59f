//! Alerts: the low-stock ladder, out of codes, expiring soon.
//!
//! Each rung is armed until the stock falls to it. The crossing is written into the alert state first, as pending,
//! then the notifier is called, then the crossing is marked as sent; whoever finds a crossing that stays pending
//! finishes the job. So an alert is delivered at least once, and in normal running exactly once.

use super::document::PoolDocument;
use super::forecast::DAY;
use super::history;
use super::stock::{Stock, is_drawable};
use crate::record::{ToValue, Value, record, words};

/// How long a pending crossing is left to whoever wrote it, in milliseconds, before somebody else delivers it.
pub const DELIVERY_LEASE: i64 = 60_000;
/// How long before its expiry stock is called expiring: a week leaves time for one more campaign.
pub const EXPIRING_SOON: i64 = 7 * DAY;

/// What an alert says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertKind {
    /// The stock fell to a rung of the ladder.
    LowStock,
    /// No code is left.
    OutOfCodes,
    /// Codes that nobody holds expire within a week.
    ExpiringSoon,
    /// A dynamic pool could not be filled.
    TopUpFailing,
    /// The shop's rule is gone, has ended or does not allow codes.
    RuleUnusable,
}

/// One alert, as the notifier hears it.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// The same in every delivery of this crossing, and never used for another.
    pub id: String,
    /// What it says.
    pub kind: AlertKind,
    /// The pool's handle.
    pub pool: String,
    /// The pool's name.
    pub name: String,
    /// The rung that was crossed, as in the settings: `500` or `10%`; for expiring stock, the instant.
    pub rung: String,
    /// Codes left (for expiring stock: codes that expire).
    pub remaining: u64,
    /// Codes added and not undone.
    pub added: u64,
    /// When the stock runs out at the present rate.
    pub runs_out_at: Option<i64>,
    /// When the stock expires, for expiring stock.
    pub expires_at: Option<i64>,
    /// When the crossing was seen.
    pub at: i64,
    /// Why, in the shop's own words, where it is about a shop.
    pub words: Option<String>,
}

/// The alert state of one pool, as stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertState {
    /// Every rung that was ever crossed and is still in the settings.
    pub rungs: Vec<RungState>,
    /// The highest arming number of rungs that are gone: a rung that comes back counts on from it, so that no id is
    /// used for two crossings.
    pub retired: u32,
    /// The newest version of the settings that changed anything here: whoever still knows older ones, and with them
    /// another ladder, changes nothing.
    pub version: u32,
    /// What was sent lately: see [`history`]. None where nothing was, and in states from before there was one.
    pub sent: Option<String>,
}

/// The state of one rung. A rung without a state is armed for the first time.
#[derive(Clone, Debug, PartialEq)]
pub struct RungState {
    /// What the rung is about.
    pub kind: AlertKind,
    /// The rung, as in the settings.
    pub rung: String,
    /// Counts how often the rung has been armed.
    pub arming: u32,
    /// Whether a crossing would be told.
    pub armed: bool,
    /// A crossing that has not been delivered yet.
    pub pending: Option<Pending>,
}

/// A crossing on its way to the notifier.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// When it was seen.
    pub at: i64,
    /// The rung's arming number then: it may have been armed again since.
    pub arming: u32,
    /// When its delivery was last taken up, if it was.
    pub taken: Option<i64>,
    /// Codes left then.
    pub remaining: u64,
    /// Codes added then.
    pub added: u64,
    /// Why, where somebody said so.
    pub words: Option<String>,
}

words!(AlertKind {
    LowStock = "low-stock",
    OutOfCodes = "out-of-codes",
    ExpiringSoon = "expiring-soon",
    TopUpFailing = "top-up-failing",
    RuleUnusable = "rule-unusable",
});
record!(AlertState { rungs, retired, version, sent });
record!(RungState { kind, rung, arming, armed, pending });
record!(Pending { arming, at, taken, remaining, added, words });

impl ToValue for Alert {
    fn to_value(&self) -> Value {
        let entry = |name: &str, value: Value| (name.to_owned(), value);
        Value::Map(vec![
            entry("id", self.id.to_value()),
            entry("type", self.kind.to_value()),
            entry("pool", self.pool.to_value()),
            entry("name", self.name.to_value()),
            entry("rung", self.rung.to_value()),
            entry("remaining", self.remaining.to_value()),
            entry("added", self.added.to_value()),
            entry("runsOutAt", self.runs_out_at.to_value()),
            entry("expiresAt", self.expires_at.to_value()),
            entry("at", self.at.to_value()),
            entry("words", self.words.to_value()),
        ])
    }
}

/// What the stock looks like to the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Codes left.
    pub remaining: u64,
    /// Codes added and not undone.
    pub added: u64,
}

impl AlertState {
    /// Takes note of the stock's level. Of several rungs crossed at once the lowest is told and the rest are disarmed;
    /// a rung is armed again when the stock rises above it. Answers whether anything changed.
    pub fn observe(&mut self, pool: &PoolDocument, level: Level, now: i64) -> bool {
        // A pool that was never filled, or whose uploads were all undone, has no stock that could run low.
        if pool.version < self.version || level.added == 0 {
            return false;
        }
        let before = self.clone();
        let mut ladder: Vec<(u64, AlertKind, String)> = pool
            .low_stock
            .iter()
            .map(|rung| (rung.threshold(level.added), AlertKind::LowStock, rung.to_string()))
            .collect();
        ladder.push((0, AlertKind::OutOfCodes, "0".to_owned()));
        self.keep(|state| {
            !matches!(state.kind, AlertKind::LowStock | AlertKind::OutOfCodes)
                || ladder.iter().any(|(_, kind, rung)| (*kind, rung) == (state.kind, &state.rung))
        });
        let mut told = false;
        // The lowest first; of equal ones, running out, the last in the list, says more.
        while let Some(lowest) = (0..ladder.len()).rev().min_by_key(|index| ladder[*index].0) {
            let (threshold, kind, rung) = ladder.swap_remove(lowest);
            let crossed = level.remaining <= threshold;
            let known = self.rungs.iter_mut().find(|state| state.kind == kind && state.rung == rung);
            match known {
                Some(state) if !crossed && !state.armed => {
                    state.armed = true;
                    state.arming += 1;
                }
                Some(state) if crossed && state.armed => {
                    state.armed = false;
                    if !told {
                        state.pending = Some(Pending::new(level, state.arming, now));
                    }
                    told = true;
                }
                None if crossed => {
                    let arming = self.retired + 1;
                    let pending = (!told).then(|| Pending::new(level, arming, now));
                    self.rungs.push(RungState { kind, rung, arming, armed: false, pending });
                    told = true;
                }
                // A lower rung that was crossed before silences the higher ones too.
                _ => told |= crossed,
            }
        }
        self.changed_since(&before, pool)
    }

    /// Takes note of stock that expires within a week: one crossing for each expiry. Answers whether anything changed.
    pub fn observe_expiries(&mut self, pool: &PoolDocument, stock: &Stock, now: i64) -> bool {
        if pool.version < self.version {
            return false;
        }
        let before = self.clone();
        self.keep(|state| {
            state.kind != AlertKind::ExpiringSoon || state.rung.parse::<i64>().is_ok_and(|expiry| expiry > now)
        });
        let added = stock.at(now, pool).added;
        let mut soon: Vec<(i64, u64)> = Vec::new();
        for sum in &stock.expiries {
            let expiry = pool.effective_expiry(sum.expires_at);
            if let Some(at) =
                expiry.filter(|at| *at <= now + EXPIRING_SOON && is_drawable(expiry, pool.min_validity, now))
            {
                match soon.iter_mut().find(|(known, _)| *known == at) {
                    Some((_, count)) => *count += sum.free(),
                    None => soon.push((at, sum.free())),
                }
            }
        }
        for (at, remaining) in soon.into_iter().filter(|(_, remaining)| *remaining > 0) {
            let rung = at.to_string();
            if !self.rungs.iter().any(|state| state.kind == AlertKind::ExpiringSoon && state.rung == rung) {
                let arming = self.retired + 1;
                let pending = Some(Pending::new(Level { remaining, added }, arming, now));
                self.rungs.push(RungState { kind: AlertKind::ExpiringSoon, rung, arming, armed: false, pending });
            }
        }
        self.changed_since(&before, pool)
    }

    /// Takes note of how a top-up went: one crossing for each series of failures of a kind. Answers whether anything changed.
    #[cfg(feature = "manage")]
    pub fn observe_top_up(
        &mut self,
        pool: &PoolDocument,
        level: Level,
        note: Option<&(AlertKind, String)>,
        now: i64,
    ) -> bool {
        if pool.version < self.version {
            return false;
        }
        let before = self.clone();
        for kind in [AlertKind::TopUpFailing, AlertKind::RuleUnusable] {
            let words = note.filter(|(noted, _)| *noted == kind).map(|(_, words)| words);
            let known = self.rungs.iter_mut().find(|state| state.kind == kind);
            let pending =
                |arming| words.map(|words| Pending { words: Some(words.clone()), ..Pending::new(level, arming, now) });
            match known {
                Some(state) if words.is_some() && state.armed => {
                    (state.armed, state.pending) = (false, pending(state.arming));
                }
                Some(state) if note.is_none() && !state.armed => {
                    state.armed = true;
                    state.arming += 1;
                }
                None if words.is_some() => {
                    let arming = self.retired + 1;
                    let rung = if kind == AlertKind::TopUpFailing { "top-up" } else { "rule" }.to_owned();
                    self.rungs.push(RungState { kind, rung, arming, armed: false, pending: pending(arming) });
                }
                _ => {}
            }
        }
        self.changed_since(&before, pool)
    }

    /// Takes up every crossing whose delivery nobody is at: those just written at `now`, and those left lying.
    /// The state must be saved before they are told.
    pub fn take_up(&mut self, pool: &PoolDocument, now: i64) -> Vec<Alert> {
        let mut alerts = Vec::new();
        for state in &mut self.rungs {
            if let Some(pending) = state.pending.as_mut().filter(|pending| pending.is_free(now)) {
                pending.taken = Some(now);
                alerts.push(Alert::of(pool, state.kind, &state.rung, pending));
            }
        }
        alerts
    }

    /// Whether [`AlertState::take_up`] would find anything.
    pub fn has_work(&self, now: i64) -> bool {
        self.rungs.iter().any(|state| state.pending.as_ref().is_some_and(|pending| pending.is_free(now)))
    }

    /// Marks a crossing as delivered at `now`. Answers whether anything changed.
    pub fn mark_sent(&mut self, alert: &Alert, now: i64) -> bool {
        let state = self.rungs.iter_mut().find(|state| {
            state.kind == alert.kind
                && state.pending.as_ref().is_some_and(|pending| {
                    pending.at == alert.at && alert.id == format!("{}/{}/{}", alert.pool, state.rung, pending.arming)
                })
        });
        let sent = state.is_some_and(|state| state.pending.take().is_some());
        if sent {
            history::add(self.sent.get_or_insert_default(), alert, now);
        }
        sent
    }

    fn changed_since(&mut self, before: &AlertState, pool: &PoolDocument) -> bool {
        let changed = self != before;
        if changed {
            self.version = pool.version;
        }
        changed
    }

    /// Forgets the other rungs, but not how far their numbers went.
    fn keep(&mut self, lives: impl Fn(&RungState) -> bool) {
        let gone = self.rungs.iter().filter(|state| !lives(state)).map(|state| state.arming);
        self.retired = gone.fold(self.retired, u32::max);
        self.rungs.retain(lives);
    }
}

impl Alert {
    /// What a crossing tells.
    pub(super) fn of(pool: &PoolDocument, kind: AlertKind, rung: &str, crossing: &Pending) -> Self {
        Alert {
            id: format!("{}/{}/{}", pool.handle, rung, crossing.arming),
            kind,
            pool: pool.handle.clone(),
            name: pool.name.clone(),
            rung: rung.to_owned(),
            remaining: crossing.remaining,
            added: crossing.added,
            runs_out_at: None,
            expires_at: (kind == AlertKind::ExpiringSoon).then(|| rung.parse().ok()).flatten(),
            at: crossing.at,
            words: crossing.words.clone(),
        }
    }
}

impl Pending {
    /// A crossing that nobody has taken up yet.
    fn new(level: Level, arming: u32, now: i64) -> Self {
        Pending { at: now, arming, taken: None, remaining: level.remaining, added: level.added, words: None }
    }

    fn is_free(&self, now: i64) -> bool {
        self.taken.is_none_or(|taken| now - taken >= DELIVERY_LEASE)
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::{Kind, Rung};
    use super::super::settings::Settings;
    use super::super::stock::ExpirySum;
    use super::*;

    fn pool() -> PoolDocument {
        let low_stock = Some(vec![Rung::Count(100), Rung::Share(5_000), Rung::Count(10)]);
        let settings = Settings { kind: Some(Kind::Static), low_stock, ..Settings::default() };
        PoolDocument::create("spring", &settings, None, 0).unwrap()
    }

    #[test]
    fn a_series_of_failures_is_told_once_in_the_shop_s_words() {
        let (mut state, level) = (AlertState::default(), Level { remaining: 5, added: 10 });
        let failing = (AlertKind::TopUpFailing, "Throttled".to_owned());
        let gone = (AlertKind::RuleUnusable, "Code discount does not exist.".to_owned());
        let mut note = |note: Option<&(AlertKind, String)>, now: i64| {
            state.observe_top_up(&pool(), level, note, now);
            state.observe(&pool(), level, now);
            let alerts = state.take_up(&pool(), now);
            alerts.iter().for_each(|alert| assert!(state.mark_sent(alert, now)));
            alerts.into_iter().filter_map(|alert| Some((alert.id, alert.words?))).collect::<Vec<_>>()
        };
        assert_eq!(note(Some(&failing), 1), [("spring/top-up/1".to_owned(), "Throttled".to_owned())]);
        assert_eq!(note(Some(&failing), 2), []);
        assert_eq!(note(Some(&gone), 3)[0].1, "Code discount does not exist.");
        assert_eq!(note(None, 4), []);
        assert_eq!(note(Some(&failing), 5), [("spring/top-up/2".to_owned(), "Throttled".to_owned())]);
    }

    fn told(state: &mut AlertState, remaining: u64, now: i64) -> Vec<String> {
        state.observe(&pool(), Level { remaining, added: 1_000 }, now);
        let alerts = state.take_up(&pool(), now);
        for alert in &alerts {
            assert!(state.mark_sent(alert, now));
        }
        alerts.into_iter().map(|alert| alert.id).collect()
    }

    #[test]
    fn each_rung_is_told_once_and_the_lowest_of_several() {
        let mut state = AlertState::default();
        assert_eq!(told(&mut state, 1_000, 1), [""; 0]);
        assert_eq!(told(&mut state, 500, 2), ["spring/50%/1"]);
        assert_eq!(told(&mut state, 499, 3), [""; 0]);
        assert_eq!(told(&mut state, 9, 4), ["spring/10/1"], "100 is disarmed with it");
        assert_eq!(told(&mut state, 0, 5), ["spring/0/1"]);
        assert_eq!(told(&mut state, 0, 6), [""; 0]);
    }

    #[test]
    fn a_rung_is_armed_again_when_the_stock_rises_above_it() {
        let mut state = AlertState::default();
        assert_eq!(told(&mut state, 5, 1), ["spring/10/1"]);
        assert_eq!(told(&mut state, 50, 2), [""; 0], "100 stays disarmed");
        assert_eq!(told(&mut state, 5, 3), ["spring/10/2"]);
        assert_eq!(told(&mut state, 600, 4), [""; 0]);
        assert_eq!(told(&mut state, 50, 5), ["spring/100/2"]);
    }

    #[test]
    fn a_crossing_left_pending_is_taken_up_by_somebody_else() {
        let mut state = AlertState::default();
        state.observe(&pool(), Level { remaining: 0, added: 10 }, 1_000);
        assert_eq!(state.take_up(&pool(), 1_000).len(), 1);
        assert!(!state.has_work(1_500), "whoever wrote it is at it");
        assert!(state.has_work(1_000 + DELIVERY_LEASE));
        let again = state.take_up(&pool(), 1_000 + DELIVERY_LEASE);
        assert_eq!(again[0].id, "spring/0/1");
        assert!(state.mark_sent(&again[0], DAY));
        assert!(!state.has_work(DAY));
    }

    #[test]
    fn a_crossing_keeps_its_id_when_the_rung_is_armed_again_before_it_is_told() {
        let mut state = AlertState::default();
        state.observe(&pool(), Level { remaining: 5, added: 1_000 }, 1);
        let first = state.take_up(&pool(), 1);
        state.observe(&pool(), Level { remaining: 600, added: 1_000 }, 2);
        assert_eq!(state.take_up(&pool(), 1 + DELIVERY_LEASE)[0].id, "spring/10/1");
        assert!(state.mark_sent(&first[0], 2));
        assert_eq!(told(&mut state, 5, 3), ["spring/10/2"]);
    }

    #[test]
    fn a_rung_that_leaves_the_ladder_and_comes_back_uses_no_id_again() {
        let mut state = AlertState::default();
        assert_eq!(told(&mut state, 5, 1), ["spring/10/1"]);
        let bare = PoolDocument { low_stock: Vec::new(), ..pool() };
        state.observe(&bare, Level { remaining: 5, added: 1_000 }, 2);
        assert_eq!(told(&mut state, 5, 3), ["spring/10/2"]);
    }

    #[test]
    fn whoever_knows_older_settings_changes_nothing() {
        let (old, mut state) = (pool(), AlertState::default());
        let new = PoolDocument { low_stock: vec![Rung::Count(700)], version: old.version + 1, ..pool() };
        assert!(state.observe(&new, Level { remaining: 600, added: 1_000 }, 1));
        assert!(!state.observe(&old, Level { remaining: 5, added: 1_000 }, 2));
        assert_eq!(state.take_up(&old, 2)[0].id, "spring/700/1", "the crossing is still told");
    }

    #[test]
    fn stock_that_expires_within_a_week_is_told_once() {
        let (mut state, pool) = (AlertState::default(), pool());
        let sum = |expires_at, added| ExpirySum { expires_at, added, undone: 0, assigned: 0, void: 0 };
        let stock =
            Stock { expiries: vec![sum(Some(3 * DAY), 7), sum(Some(30 * DAY), 9), sum(None, 4)], ..Stock::default() };
        assert!(state.observe_expiries(&pool, &stock, 0));
        let alerts = state.take_up(&pool, 0);
        assert_eq!((alerts.len(), alerts[0].remaining, alerts[0].expires_at), (1, 7, Some(3 * DAY)));
        assert!(state.mark_sent(&alerts[0], 0));
        assert!(!state.observe_expiries(&pool, &stock, DAY));
        assert!(state.observe_expiries(&pool, &stock, 4 * DAY), "a past expiry is forgotten");
    }
}
