//! Stock: what remains, what has expired and what is assigned, as sums over expiries at the caller's clock.

use super::document::PoolDocument;
use crate::record::record;

/// What one expiry of a pool holds, as stores count it.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpirySum {
    /// The codes' own expiry, or none where the pool's applies.
    pub expires_at: Option<i64>,
    /// Codes of committed batches.
    pub added: u64,
    /// Codes that left the pool by an undo.
    pub undone: u64,
    /// Codes that have a holder.
    pub assigned: u64,
    /// Codes taken out for good by the system.
    pub void: u64,
}

record!(ExpirySum { expires_at, added, undone, assigned, void });
record!(Stock { expiries, fell_back, redeemed });

impl ExpirySum {
    /// Codes that nobody holds and that are still the pool's.
    pub fn free(&self) -> u64 {
        self.added.saturating_sub(self.undone + self.assigned + self.void)
    }
}

/// A pool's stock, summed by expiry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stock {
    /// One sum for each expiry.
    pub expiries: Vec<ExpirySum>,
    /// Fallbacks and omissions.
    pub fell_back: u64,
    /// Codes marked as redeemed in the shop.
    pub redeemed: u64,
}

/// The figures that people see, at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Codes added and not undone: the base of every percentage.
    pub added: u64,
    /// Codes nobody holds and that are valid long enough to be drawn.
    pub remaining: u64,
    /// Codes drawn.
    pub assigned: u64,
    /// Free codes that have expired, or expire within the pool's `minValidity`.
    pub expired: u64,
    /// Codes taken out of stock by the system.
    pub void: u64,
}

/// Whether a free code with this effective expiry may be drawn at `now`.
pub fn is_drawable(expiry: Option<i64>, min_validity: i64, now: i64) -> bool {
    expiry.is_none_or(|at| at > now.saturating_add(min_validity))
}

impl Stock {
    /// The figures at `now`, under a pool's settings. `remaining + assigned + expired + void = added`.
    pub fn at(&self, now: i64, pool: &PoolDocument) -> Counts {
        let mut counts = Counts::default();
        for sum in &self.expiries {
            counts.added += sum.added - sum.undone.min(sum.added);
            counts.assigned += sum.assigned;
            counts.void += sum.void;
            if is_drawable(pool.effective_expiry(sum.expires_at), pool.min_validity, now) {
                counts.remaining += sum.free();
            } else {
                counts.expired += sum.free();
            }
        }
        counts
    }

    /// The expiry that the next draw's code would have: `Some(None)` for a code that never expires, `None` if no code is left.
    pub fn next_expiry(&self, now: i64, pool: &PoolDocument) -> Option<Option<i64>> {
        self.expiries
            .iter()
            .filter(|sum| sum.free() > 0)
            .map(|sum| pool.effective_expiry(sum.expires_at))
            .filter(|expiry| is_drawable(*expiry, pool.min_validity, now))
            .min_by_key(|expiry| expiry.unwrap_or(i64::MAX))
    }
}

impl Counts {
    /// How much of what was ever added remains, in percent.
    pub fn percent_remaining(&self) -> f64 {
        if self.added == 0 { 0.0 } else { self.remaining as f64 * 100.0 / self.added as f64 }
    }
}
