//! Nothing is lost: counters and codes agree, every code is free or held, and none is there twice.

use std::collections::{BTreeMap, BTreeSet};

use super::draws::Draws;
use super::ensure;
use crate::schedule::Kept;
use crate::store::{BatchState, Place, Store};

pub(super) fn look(handle: &str, store: &Store, draws: &Draws, now: i64) -> Kept {
    let Some(pool) = store.pools.get(handle) else { return Ok(()) };
    let (mut keys, mut held) = (BTreeSet::new(), BTreeSet::new());
    let mut counted: BTreeMap<Option<i64>, [u64; 4]> = BTreeMap::new();
    for code in &pool.codes {
        let state = pool.batches[code.batch].state;
        if matches!(state, BatchState::Staged | BatchState::Dropped) {
            ensure!(code.place == Place::Free, "{} is {:?} and was never committed", code.text, code.place);
            continue;
        }
        let [added, undone, assigned, void] = counted.entry(code.expires_at).or_default();
        *added += 1;
        match code.place {
            Place::Free | Place::Returned => {
                ensure!(state == BatchState::Committed, "{} is free in a batch that was undone", code.text);
            }
            Place::Held(number) => {
                *assigned += 1;
                ensure!(held.insert(number), "number {number} of {handle} holds two codes");
            }
            Place::Void => *void += 1,
            Place::Gone => *undone += 1,
        }
        if code.place != Place::Gone {
            ensure!(keys.insert(&code.key), "{} is in {handle} twice", code.key);
        }
    }
    let stock = pool.stock();
    for sum in &stock.expiries {
        let [added, undone, assigned, void] = counted.remove(&sum.expires_at).unwrap_or_default();
        ensure!(
            (sum.added, sum.undone, sum.assigned, sum.void) == (added, undone, assigned, void),
            "{handle} counts {sum:?}: added {added}, undone {undone}, assigned {assigned}, void {void}"
        );
    }
    ensure!(counted.is_empty(), "{handle} does not count {counted:?}");
    let counts = stock.at(now, &pool.document);
    let sum = counts.remaining + counts.assigned + counts.expired + counts.void;
    ensure!(sum == counts.added, "remaining + assigned + expired + void = {sum}, added - undone = {}", counts.added);
    ensure!(held.iter().eq(pool.draws.keys()), "draws and held codes of {handle} differ");
    let shown: BTreeSet<u64> = pool.uses.values().map(|known| known.number).collect();
    ensure!(shown == held, "a code of {handle} is held by nobody, or a use shows nothing");
    ensure!(pool.holders.values().all(|number| held.contains(number)), "a holder of {handle} holds what is gone");
    let staged = pool.batches.iter().filter(|batch| batch.state == BatchState::Staged).count();
    ensure!(staged <= 1, "{staged} batches of {handle} are staged");
    draws.agree(handle, store)
}
