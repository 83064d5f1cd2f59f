//! Every crossing is told at least once; where nothing goes wrong, exactly once.

use std::collections::BTreeMap;

use coupon_pools::flow::step::SaveAlerts;
use coupon_pools::pool::alerts::{Alert, AlertKind, AlertState, Pending};
use coupon_pools::pool::document::Kind;

use super::ensure;
use crate::schedule::Kept;
use crate::store::Store;

/// Crossings as they were written, and how often each was told.
pub(super) struct Crossings {
    calm: bool,
    /// The state of each pool as last saved.
    states: BTreeMap<String, AlertState>,
    /// By id.
    crossings: BTreeMap<String, Crossing>,
}

struct Crossing {
    pool: String,
    kind: AlertKind,
    rung: String,
    at: i64,
    told: u32,
    /// Another crossing of the rung came before anybody had heard of this one.
    overtaken: bool,
}

impl Crossings {
    pub(super) fn new(calm: bool) -> Self {
        Crossings { calm, states: BTreeMap::new(), crossings: BTreeMap::new() }
    }

    pub(super) fn saved(&mut self, request: &SaveAlerts) -> Kept {
        let before = self.states.insert(request.pool.clone(), request.state.clone()).unwrap_or_default();
        for state in &request.state.rungs {
            let known = before.rungs.iter().find(|known| (known.kind, &known.rung) == (state.kind, &state.rung));
            let seen = |pending: &Pending| (pending.at, pending.remaining, pending.added);
            let pending_before = known.and_then(|known| known.pending.as_ref()).map(seen);
            let Some(pending) = state.pending.as_ref().filter(|pending| Some(seen(pending)) != pending_before) else {
                continue;
            };
            for crossing in self.crossings.values_mut() {
                if (&crossing.pool, crossing.kind, &crossing.rung) == (&request.pool, state.kind, &state.rung) {
                    crossing.overtaken = true;
                }
            }
            let id = format!("{}/{}/{}", request.pool, state.rung, state.arming);
            let (pool, kind, rung) = (request.pool.clone(), state.kind, state.rung.clone());
            let crossing = Crossing { pool, kind, rung, at: pending.at, told: 0, overtaken: false };
            ensure!(self.crossings.insert(id.clone(), crossing).is_none(), "two crossings have the id {id}");
        }
        Ok(())
    }

    pub(super) fn told(&mut self, alert: &Alert) -> Kept {
        let Some(crossing) = self.crossings.get_mut(&alert.id) else {
            return Err(format!("{} was told and never written", alert.id));
        };
        ensure!((crossing.at, crossing.kind) == (alert.at, alert.kind), "{} is told of another crossing", alert.id);
        crossing.told += 1;
        ensure!(!self.calm || crossing.told == 1, "{} was told twice, and nothing had gone wrong", alert.id);
        Ok(())
    }

    /// After `maintain` has run for some time: everything is told, and every rung is as the stock says.
    pub(super) fn at_rest(&self, store: &Store, now: i64) -> Kept {
        for (id, crossing) in &self.crossings {
            // A pool may have been made fixed before anything was uploaded: its stock is no matter any more.
            let state = self.states.get(&crossing.pool).filter(|_| !is_fixed(store, &crossing.pool));
            let lives = state.is_some_and(|state| {
                state.rungs.iter().any(|known| (known.kind, &known.rung) == (crossing.kind, &crossing.rung))
            });
            // Somebody who took the rung off the ladder does not want to hear of it.
            ensure!(crossing.told > 0 || crossing.overtaken || !lives, "{id} was never told");
        }
        for (handle, pool) in &store.pools {
            let counts = pool.stock().at(now, &pool.document);
            let Some(state) = self.states.get(handle).filter(|_| !is_fixed(store, handle)) else { continue };
            // A pool without any code of its own has no stock that could run low; its ladder stays as it was.
            if counts.added == 0 {
                continue;
            }
            for rung in &pool.document.low_stock {
                let crossed = counts.remaining <= rung.threshold(counts.added);
                let name = rung.to_string();
                let known = state.rungs.iter().find(|known| known.kind == AlertKind::LowStock && known.rung == name);
                let armed = known.is_none_or(|known| known.armed);
                ensure!(armed != crossed, "{handle}: rung {name} is armed {armed} and crossed {crossed}: {counts:?}");
            }
        }
        Ok(())
    }
}

fn is_fixed(store: &Store, pool: &str) -> bool {
    store.pools.get(pool).is_some_and(|pool| pool.document.kind == Kind::Fixed)
}
