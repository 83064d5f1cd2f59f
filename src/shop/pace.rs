//! Pace: how fast a shop may be asked, by what its answers report.
//!
//! Shopify's throttle is a bucket of points that fills at a steady rate. Its level is known as of the last answer; what
//! was sent since and has not been answered is taken off. A small part stays in the bucket for whoever else uses it.

use super::shopify::ThrottleStatus;

/// Share of the bucket that is left in it: at a steady pace it costs nothing, because the rate is what limits.
const SPARE: f64 = 0.05;

/// How fast a shop may be asked.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// As of an answer at this time; none before the first.
    status: Option<(ThrottleStatus, i64)>,
    /// Points of calls that were sent and have not been answered.
    under_way: f64,
    calls: u32,
    /// The shop wants to be left alone until then.
    paused_until: i64,
}

impl Pace {
    /// When a call of this cost may be sent: now, or later. None: not before an answer has come.
    pub(super) fn when(&self, cost: f64, now: i64) -> Option<i64> {
        let at = match &self.status {
            // How much there is, the first answer tells.
            None if self.calls > 0 && cost > 0.0 => return None,
            None => now,
            Some((status, seen)) => {
                let spare = (status.maximum * SPARE).min((status.maximum - cost).max(0.0));
                let level =
                    (status.available + (now - seen) as f64 * status.restore_rate / 1_000.0).min(status.maximum);
                let missing = cost + self.under_way + spare - level;
                if missing <= 0.0 { now } else { now + (missing * 1_000.0 / status.restore_rate).ceil() as i64 }
            }
        };
        Some(at.max(self.paused_until))
    }

    pub(super) fn sent(&mut self, cost: f64) {
        self.under_way += cost;
        self.calls += 1;
    }

    /// An answer has come, or never will: then its points are gone, as far as anybody knows.
    pub(super) fn heard(&mut self, cost: f64, status: Option<ThrottleStatus>, now: i64) {
        self.under_way = (self.under_way - cost).max(0.0);
        self.calls = self.calls.saturating_sub(1);
        match (status, &mut self.status) {
            (Some(status), _) => self.status = Some((status, now)),
            (None, Some((known, _))) => known.available -= cost,
            (None, None) => {}
        }
    }

    pub(super) fn pause(&mut self, until: i64) {
        self.paused_until = self.paused_until.max(until);
    }

    /// Calls that were sent and have not been answered.
    pub(super) fn calls(&self) -> u32 {
        self.calls
    }
}
