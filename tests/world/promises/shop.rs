//! Every code of a dynamic pool is known to its shop, and no code is left over there.

use std::collections::BTreeSet;

use super::ensure;
use crate::chores::DYNAMIC;
use crate::schedule::Kept;
use crate::shopping::Shop;
use crate::store::{BatchState, Place, Store, StoredCode};

/// After every step: what can be drawn is known to the shop, as ours.
pub(crate) fn look(store: &Store, shop: &Shop) -> Kept {
    let Some(pool) = store.pools.get(DYNAMIC) else { return Ok(()) };
    let counts = |code: &&StoredCode| pool.batches[code.batch].state == BatchState::Committed;
    for code in pool.codes.iter().filter(counts).filter(|code| code.place != Place::Void) {
        ensure!(shop.has(&code.text), "{} is in the pool and not at the shop", code.text);
    }
    Ok(())
}

/// After `maintain` has run: everything that the shop has of ours is in the pool, and nothing is under way.
pub(crate) fn at_rest(store: &Store, shop: &Shop, now: i64) -> Kept {
    look(store, shop)?;
    let Some(pool) = store.pools.get(DYNAMIC) else { return Err("the dynamic pool is gone".to_owned()) };
    ensure!(pool.journal.is_empty(), "the journal still has {:?}", pool.journal);
    // What was withdrawn is gone from the shop, unless a call that was long under way brought it again.
    // What was held when its batch was undone, and released later, left the pool alone.
    let known = pool.codes.iter().filter(|code| match code.place {
        Place::Gone => pool.batches[code.batch].state == BatchState::Undone,
        place => pool.is_present(code) && place != Place::Void,
    });
    let known: BTreeSet<String> = known.map(|code| code.text.to_uppercase()).collect();
    for code in shop.ours().filter(|code| !shop.shopify.came_again.contains(*code)) {
        ensure!(known.contains(code), "{code} is left over at the shop");
    }
    let buffer = pool.document.dynamic().ok().flatten().map_or(0, |dynamic| dynamic.buffer);
    let remaining = pool.stock().at(now, &pool.document).remaining;
    ensure!(remaining >= buffer, "{remaining} codes remain of a buffer of {buffer}");
    Ok(())
}
