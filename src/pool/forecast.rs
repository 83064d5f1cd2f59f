//! Forecast: how long the stock lasts at the present rate.

use crate::record::record;

/// An hour, in milliseconds.
pub const HOUR: i64 = 3_600_000;
/// A day, in milliseconds.
pub const DAY: i64 = 24 * HOUR;
/// How far back the rate looks: a week holds every weekday's habits once.
pub const LOOK_BACK: i64 = 7 * DAY;

/// Fresh draws in one UTC hour or day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// When the hour or day starts.
    pub at: i64,
    /// Fresh draws in it.
    pub draws: u64,
}

record!(Usage { at, draws });

/// When `remaining` codes run out at the rate of the last day, or of the last week if the last day was quiet.
/// None if nothing was drawn in a week or the end is more than a century away.
pub fn runs_out_at(remaining: u64, usage: &[Usage], now: i64) -> Option<i64> {
    let rate = rate(usage, now, DAY).or_else(|| rate(usage, now, LOOK_BACK))?;
    let left = remaining as f64 / rate;
    (left < 100.0 * 365.0 * DAY as f64).then(|| now + left as i64)
}

/// Codes per millisecond over the last `span`, or since the first draw if that was later; at least an hour's base,
/// so that a send that has just begun does not look like a flood.
fn rate(usage: &[Usage], now: i64, span: i64) -> Option<f64> {
    let recent = usage.iter().filter(|hour| hour.at > now - span - HOUR && hour.at <= now && hour.draws > 0);
    let (mut draws, mut first) = (0, now);
    for hour in recent {
        draws += hour.draws;
        first = first.min(hour.at);
    }
    let began_before = usage.iter().any(|hour| hour.draws > 0 && hour.at <= now - span - HOUR);
    let base = if began_before { span } else { (now - first).clamp(HOUR, span) };
    (draws > 0).then(|| draws as f64 / base as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000 * DAY;

    #[test]
    fn the_last_day_tells_the_rate() {
        let usage: Vec<_> = (0..7 * 24).map(|hour| Usage { at: NOW - LOOK_BACK + hour * HOUR, draws: 10 }).collect();
        let at = runs_out_at(2_400, &usage, NOW).unwrap();
        assert!((at - NOW - 10 * DAY).abs() < DAY, "{}", (at - NOW) / HOUR);
    }

    #[test]
    fn a_quiet_day_falls_back_to_the_week_and_a_quiet_week_says_nothing() {
        let usage = [Usage { at: NOW - 5 * DAY, draws: 500 }];
        assert_eq!(runs_out_at(500, &usage, NOW), Some(NOW + 5 * DAY));
        assert_eq!(runs_out_at(500, &[], NOW), None);
        assert_eq!(runs_out_at(500, &[Usage { at: NOW - 9 * DAY, draws: 5 }], NOW), None);
    }

    #[test]
    fn a_send_that_has_just_begun_counts_as_an_hour() {
        assert_eq!(runs_out_at(100, &[Usage { at: NOW, draws: 50 }], NOW + 60_000), Some(NOW + 60_000 + 2 * HOUR));
    }
}
