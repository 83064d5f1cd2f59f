//! Alerts that were sent: the last of them, kept in the pool's alert state.
//!
//! Every claim is answered with the alert state, so the history is one text, a line for each alert: one value to carry,
//! whatever is in it. Only screens read it.

use super::alerts::Alert;
#[cfg(feature = "manage")]
use super::alerts::{AlertKind, AlertState, Pending};
#[cfg(feature = "manage")]
use super::document::PoolDocument;
use crate::record::ToValue;
#[cfg(feature = "manage")]
use crate::record::{FromValue, Value};

/// Alerts that are kept: a pool of five rungs that is refilled every week fills them in ten weeks.
const KEPT: usize = 50;
/// Ends a line: ASCII's record separator, which nobody's words hold.
const END: char = '\u{1e}';

/// Adds an alert that was sent at `now`, and drops the oldest one too many.
pub(super) fn add(sent: &mut String, alert: &Alert, now: i64) {
    let kind = alert.kind.to_value();
    let (kind, words) = (kind.as_text().unwrap_or_default(), alert.words.as_deref().unwrap_or_default());
    let Alert { id, at, remaining, added, .. } = alert;
    let runs_out_at = alert.runs_out_at.unwrap_or_default();
    *sent += &format!("{now} {at} {kind} {id} {remaining} {added} {runs_out_at} {words}\u{1e}");
    let mut ends = 0;
    let old = sent.bytes().rposition(|byte| {
        ends += usize::from(byte == END as u8);
        ends > KEPT
    });
    if let Some(left) = old.and_then(|end| sent.get(end + 1..)) {
        *sent = left.to_owned();
    }
}

/// An alert of the past, or one that waits to be sent.
#[cfg(feature = "manage")]
#[derive(Clone, Debug, PartialEq)]
pub struct PastAlert {
    /// What it said, with the pool's name of today.
    pub alert: Alert,
    /// When it was sent; none if it still waits.
    pub sent_at: Option<i64>,
}

#[cfg(feature = "manage")]
impl ToValue for PastAlert {
    fn to_value(&self) -> Value {
        let mut value = self.alert.to_value();
        if let Value::Map(entries) = &mut value {
            entries.push(("sentAt".to_owned(), self.sent_at.to_value()));
        }
        value
    }
}

/// What waits to be sent and what was sent, newest first.
#[cfg(feature = "manage")]
pub fn past(pool: &PoolDocument, state: &AlertState) -> Vec<PastAlert> {
    let lines = state.sent.as_deref().unwrap_or_default().split(END);
    let mut all: Vec<PastAlert> = lines.filter_map(|line| read(pool, line)).collect();
    all.extend(state.rungs.iter().filter_map(|rung| {
        let alert = Alert::of(pool, rung.kind, &rung.rung, rung.pending.as_ref()?);
        Some(PastAlert { alert, sent_at: None })
    }));
    all.reverse();
    all
}

#[cfg(feature = "manage")]
fn read(pool: &PoolDocument, line: &str) -> Option<PastAlert> {
    let mut fields = line.splitn(8, ' ');
    let sent_at = fields.next()?.parse().ok()?;
    let at = fields.next()?.parse().ok()?;
    let kind = AlertKind::from_value(Value::Text(fields.next()?.to_owned())).ok()?;
    let (rest, arming) = fields.next()?.rsplit_once('/')?;
    let rung = rest.rsplit_once('/')?.1;
    let arming = arming.parse().ok()?;
    let remaining = fields.next()?.parse().ok()?;
    let added = fields.next()?.parse().ok()?;
    let runs_out_at = fields.next()?.parse().ok().filter(|at| *at != 0);
    let words = fields.next().filter(|words| !words.is_empty()).map(str::to_owned);
    let crossing = Pending { at, arming, taken: None, remaining, added, words };
    Some(PastAlert { alert: Alert { runs_out_at, ..Alert::of(pool, kind, rung, &crossing) }, sent_at: Some(sent_at) })
}

#[cfg(all(test, feature = "manage"))]
mod tests {
    use super::super::document::Kind;
    use super::super::settings::Settings;
    use super::super::stock::{ExpirySum, Stock};
    use super::*;

    fn pool() -> PoolDocument {
        let settings = Settings { kind: Some(Kind::Static), ..Settings::default() };
        PoolDocument::create("spring", &settings, None, 0).unwrap()
    }

    fn sent(remaining: u64, words: Option<&str>) -> Alert {
        let words = words.map(str::to_owned);
        let crossing = Pending { at: 7, arming: 3, taken: None, remaining, added: 90, words };
        Alert { runs_out_at: Some(99), ..Alert::of(&pool(), AlertKind::TopUpFailing, "top-up", &crossing) }
    }

    fn history(sent: &str) -> Vec<PastAlert> {
        past(&pool(), &AlertState { sent: Some(sent.to_owned()), ..AlertState::default() })
    }

    #[test]
    fn an_alert_reads_back_as_it_was_sent() {
        let mut text = String::new();
        let (plain, spoken) = (sent(5, None), sent(4, Some("Throttled: try again in 3 s")));
        add(&mut text, &plain, 8);
        add(&mut text, &spoken, 9);
        let read = history(&text);
        assert_eq!(read[0], PastAlert { alert: spoken, sent_at: Some(9) });
        assert_eq!(read[1], PastAlert { alert: plain, sent_at: Some(8) });
    }

    #[test]
    fn the_last_fifty_are_kept_whatever_words_a_shop_used() {
        let mut text = String::new();
        for remaining in 0..60 {
            add(&mut text, &sent(remaining, Some("first\nsecond\u{2028}third")), 8);
        }
        let left: Vec<u64> = history(&text).iter().map(|past| past.alert.remaining).collect();
        assert_eq!(left, (10..60).rev().collect::<Vec<_>>());
        assert_eq!(history(&text)[0].alert.words.as_deref(), Some("first\nsecond\u{2028}third"));
    }

    #[test]
    fn what_waits_to_be_sent_comes_first_and_says_so() {
        let (mut state, pool) = (AlertState::default(), pool());
        let sum = ExpirySum { expires_at: Some(500), added: 2, undone: 0, assigned: 0, void: 0 };
        state.observe_expiries(&pool, &Stock { expiries: vec![sum], ..Stock::default() }, 0);
        let alerts = state.take_up(&pool, 0);
        assert!(state.mark_sent(&alerts[0], 1));
        state.observe(&pool, super::super::alerts::Level { remaining: 0, added: 2 }, 2);
        let told: Vec<_> = past(&pool, &state).into_iter().map(|past| (past.alert.id, past.sent_at)).collect();
        assert_eq!(told, [("spring/0/1".to_owned(), None), ("spring/500/1".to_owned(), Some(1))]);
    }

    #[test]
    fn what_another_version_wrote_is_left_out() {
        assert_eq!(history("8 7 on-fire spring/0/1 2 3 0 \u{1e}nonsense\u{1e}"), []);
    }
}
